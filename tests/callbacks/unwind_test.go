package callbacks_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// nest returns a function that calls fn below so many C frames and Go callbacks in between: Go, C, Go, C, ..., fn.
func nest(t *testing.T, option gangway.Option, depth int, fn func()) func() {
	call := gangway.MustFunc[func(uintptr, int64, int32) int64](testlib.MustOpen(), "gt_call_deep", option)
	var code uintptr
	code = testlib.Callback(t, func(level int64) int64 {
		if level == 0 {
			fn()
			return 1
		}
		return call(code, level-1, 2)
	})
	return func() {
		if n := call(code, int64(depth), 2); n != 1 {
			t.Errorf("result %d", n)
		}
	}
}

// on runs f on a goroutine of its own, locked to a thread, and waits for its end, be it by return or by Goexit.
func on(f func()) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		f()
	}()
	wg.Wait()
}

// recovered runs f and returns what it panicked with.
func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

var errTest = errors.New("a test")

// A panic goes through all C frames to a recover in Go above, thousands of times, and leaves nothing behind: the system
// stack begins where it did, and the next calls work.
func TestPanicThroughC(t *testing.T) {
	l := testlib.Lib(t)
	rounds := 2000
	if testing.Short() {
		rounds = 300
	}
	for _, mode := range testlib.Modes {
		address := gangway.MustFunc[func() uintptr](l, "gt_stack_address", gangway.Blocking())
		add := gangway.MustFunc[func(int32, int32) int32](l, "gt_add", mode.Option)
		var value any
		through := nest(t, mode.Option, 4, func() { panic(value) })
		on(func() {
			before := address()
			for i := 0; i < rounds; i++ {
				value = i
				if v := recovered(through); v != i {
					t.Errorf("%s: recovered %v, not %d", mode.Name, v, i)
					return
				}
				if n := add(int32(i), 1); n != int32(i)+1 {
					t.Errorf("%s: a call afterwards: %d", mode.Name, n)
					return
				}
				if i%100 == 0 {
					runtime.GC()
				}
			}
			if after := address(); after != before {
				t.Errorf("%s: the C stack moved from %#x to %#x", mode.Name, before, after)
			}
		})
	}
}

// Goexit through C runs the deferred calls and ends the goroutine; its thread goes on to serve others.
func TestGoexitThroughC(t *testing.T) {
	testlib.Lib(t)
	rounds := 2000
	if testing.Short() {
		rounds = 300
	}
	for _, mode := range testlib.Modes {
		deferred := 0
		through := nest(t, mode.Option, 4, func() {
			defer func() { deferred++ }()
			runtime.Goexit()
		})
		before := testlib.Threads()
		for i := 0; i < rounds; i++ {
			var wg sync.WaitGroup
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer func() {
					deferred++
					if v := recover(); v != nil {
						t.Errorf("%s: Goexit became panic %v", mode.Name, v)
					}
				}()
				through()
				t.Errorf("%s: Goexit returned", mode.Name)
			}()
			wg.Wait()
		}
		if deferred != 2*rounds {
			t.Errorf("%s: %d deferred calls, not %d", mode.Name, deferred, 2*rounds)
		}
		// A goroutine that ends locked to its thread takes the thread with it: new threads all the time would show.
		if after := testlib.Threads(); after > before+10 {
			t.Errorf("%s: %d threads, %d before", mode.Name, after, before)
		}
	}
}

// After panics and callbacks a goroutine is no more bound to its thread than before: it moves between threads again.
func TestGoroutineMovesAfterPanics(t *testing.T) {
	l := testlib.Lib(t)
	if runtime.GOMAXPROCS(0) < 2 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	}
	id := gangway.MustFunc[func() int32](l, "gt_thread_id", gangway.Fast())
	for _, mode := range testlib.Modes {
		through := nest(t, mode.Option, 2, func() { panic("through C") })
		back := nest(t, mode.Option, 2, func() {})
		stop := make(chan bool)
		for i := 0; i < 4; i++ {
			go func() { // others that move it around
				for {
					select {
					case <-stop:
						return
					default:
						runtime.Gosched()
					}
				}
			}()
		}
		done := make(chan bool)
		go func() {
			defer close(done)
			for i := 0; i < 10; i++ {
				recovered(through)
				back()
			}
			first := id()
			testlib.Eventually(func() bool {
				for i := 0; i < 1000 && id() == first; i++ {
					runtime.Gosched() // to the global queue, from where any thread may take it
				}
				return id() != first
			})
		}()
		<-done
		close(stop)
	}
}

// What user code does with thread locks in callbacks is its own: locks outlive the callback, unlocks that nobody asked for
// do not free the thread under C's frames.
func TestThreadLocksInCallbacks(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		id := gangway.MustFunc[func() int32](l, "gt_thread_id", mode.Option)
		stays := func(what string) {
			first := id()
			for i := 0; i < 200; i++ {
				runtime.Gosched()
				if n := id(); n != first {
					t.Errorf("%s: %s: from thread %d to %d", mode.Name, what, first, n)
					return
				}
			}
		}
		balanced := nest(t, mode.Option, 2, func() {
			runtime.LockOSThread()
			stays("locked in a callback")
			runtime.UnlockOSThread()
			stays("unlocked in a callback")
		})
		unlock := nest(t, mode.Option, 2, func() {
			for i := 0; i < 5; i++ {
				runtime.UnlockOSThread()
			}
			stays("unlocked too often in a callback")
		})
		lock := nest(t, mode.Option, 2, runtime.LockOSThread)
		var wg sync.WaitGroup
		for g := 0; g < 4; g++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := 0; i < 10; i++ {
					balanced()
					unlock()
				}
				lock()
				stays("locked by a callback that has returned")
				recovered(nest(t, mode.Option, 2, func() { panic(errTest) }))
				stays("locked by a callback, after a panic")
				runtime.UnlockOSThread()
			}()
		}
		wg.Wait()
		on(func() {
			stays("locked outside")
			unlock() // takes the lock of `on` away
			runtime.LockOSThread()
		})
	}
}

// Every kind of panic value and runtime error.
func TestPanicValues(t *testing.T) {
	testlib.Lib(t)
	var null *int
	var m map[string]int
	var array [4]int
	index := 7
	cases := map[string]struct {
		f    func()
		text string
	}{
		"error":        {func() { panic(errTest) }, "a test"},
		"string":       {func() { panic("text") }, "text"},
		"nil pointer":  {func() { *null = 1 }, "invalid memory address or nil pointer dereference"},
		"nil map":      {func() { m["x"] = 1 }, "assignment to entry in nil map"},
		"index":        {func() { array[index%8] = 1 }, "index out of range [7] with length 4"},
		"divide":       {func() { index /= array[0] }, "integer divide by zero"},
		"nested panic": {func() { defer func() { panic("second") }(); panic("first") }, "second"},
		"re-panic":     {func() { defer func() { panic(fmt.Sprint("again: ", recover())) }(); panic("first") }, "again: first"},
	}
	for _, mode := range testlib.Modes {
		for name, c := range cases {
			through := nest(t, mode.Option, 3, c.f)
			for i := 0; i < 20; i++ {
				if v := recovered(through); !strings.Contains(fmt.Sprint(v), c.text) {
					t.Errorf("%s: %s: recovered %v", mode.Name, name, v)
				}
			}
		}
		// panic(nil) is a *runtime.PanicNilError since Go 1.21 and nil before; either way it unwinds.
		returned := false
		through := nest(t, mode.Option, 3, func() { panic(any(nil)) })
		func() {
			defer func() { recover() }()
			through()
			returned = true
		}()
		if returned {
			t.Errorf("%s: panic(nil) returned", mode.Name)
		}
	}
}

// A recover inside the callback: C goes on as if nothing had happened.
func TestRecoverInCallback(t *testing.T) {
	testlib.Lib(t)
	for _, mode := range testlib.Modes {
		n := 0
		back := nest(t, mode.Option, 3, func() {
			defer func() {
				if v := recover(); v != errTest {
					t.Errorf("%s: recovered %v", mode.Name, v)
				}
				n++
			}()
			panic(errTest)
		})
		for i := 0; i < 200; i++ {
			back()
		}
		if n != 200 {
			t.Errorf("%s: %d of 200", mode.Name, n)
		}
	}
}

// A recover at each level between Go and C, with calls in deferred functions while the panic is on its way.
func TestRecoverAtEachLevel(t *testing.T) {
	l := testlib.Lib(t)
	const depth = 6
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64, int32) int64](l, "gt_call_deep", mode.Option)
		add := gangway.MustFunc[func(int32, int32) int32](l, "gt_add", mode.Option)
		address := gangway.MustFunc[func() uintptr](l, "gt_stack_address", gangway.Blocking())
		for stop := int64(0); stop < depth; stop++ {
			var code uintptr
			deferred := 0
			code = testlib.Callback(t, func(level int64) (result int64) {
				before := address()
				defer func() {
					if n := add(int32(level), 7); n != int32(level)+7 {
						t.Errorf("%s: a call in a deferred function: %d", mode.Name, n)
					}
					deferred++
					if level == stop {
						if v := recover(); v != errTest {
							t.Errorf("%s: recovered %v", mode.Name, v)
						}
						if after := address(); after != before {
							t.Errorf("%s: level %d: the C stack moved from %#x to %#x", mode.Name, level, before, after)
						}
						result = level
					}
				}()
				if level == 0 {
					panic(errTest)
				}
				return call(code, level-1, 3)
			})
			on(func() {
				before := address()
				for i := 0; i < 50; i++ {
					deferred = 0
					if n := call(code, depth-1, 3); n != stop || deferred != depth {
						t.Errorf("%s: result %d of a recover at level %d, %d deferred calls", mode.Name, n, stop, deferred)
					}
				}
				if after := address(); after != before {
					t.Errorf("%s: the C stack moved from %#x to %#x", mode.Name, before, after)
				}
			})
		}
	}
}

// Panics while a take-over has made the call below a system call, and while other goroutines collect.
func TestPanicAfterTakeover(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(*testlib.Gate, uintptr, int64) int64](l, "gt_gate_call", mode.Option)
		address := gangway.MustFunc[func() uintptr](l, "gt_stack_address", gangway.Blocking())
		fn := testlib.Callback(t, func(x int64) int64 { panic(x) })
		on(func() {
			before := address()
			for i := int64(0); i < 50; i++ {
				gate := testlib.NewGate()
				go func() {
					gate.Wait(1)
					runtime.GC()
					gate.Open()
				}()
				if v := recovered(func() { call(gate, fn, i) }); v != i {
					t.Errorf("%s: recovered %v, not %d", mode.Name, v, i)
				}
			}
			if after := address(); after != before {
				t.Errorf("%s: the C stack moved from %#x to %#x", mode.Name, before, after)
			}
		})
	}
}
