package callbacks_test

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// Go and C take turns, 50 deep, in every mode and in alternation. Each level keeps a variable on the goroutine stack and
// a pointer to it, makes the stack move, and blocks.
func TestNested(t *testing.T) {
	l := testlib.Lib(t)
	var calls []func(uintptr, int64) int64
	for _, mode := range testlib.Modes {
		calls = append(calls, gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", mode.Option))
	}
	deep := gangway.MustFunc[func(uintptr, int64, int32) int64](l, "gt_call_deep", gangway.Fast())
	calls = append(calls, func(fn uintptr, x int64) int64 { return deep(fn, x, int32(x%5)) })
	const depth = 50
	for first := range calls {
		for _, alternate := range []bool{false, true} {
			pick := func(level int64) func(uintptr, int64) int64 {
				if alternate {
					return calls[(first+int(level))%len(calls)]
				}
				return calls[first]
			}
			var fn uintptr
			fn = testlib.Callback(t, func(level int64) int64 {
				local := level
				p := &local
				k := int(level)
				if n := testlib.Grow(int(level)%17*8, k, &k); n != 2*k {
					t.Errorf("level %d: stack contents: %d", level, n)
				}
				switch level % 5 {
				case 1:
					runtime.Gosched()
				case 2:
					time.Sleep(time.Microsecond)
				case 3:
					runtime.GC() // also shrinks stacks
				}
				sum := level
				if level > 0 {
					sum += pick(level)(fn, level-1)
				}
				if *p != level || local != level {
					t.Errorf("level %d: a variable became %d", level, local)
				}
				return sum
			})
			done := make(chan int64)
			go func() { done <- pick(depth)(fn, depth) }() // a small stack to begin with
			if n := <-done; n != depth*(depth+1)/2 {
				t.Errorf("mode %d, alternating %v: sum %d", first, alternate, n)
			}
		}
	}
}

// Stacks are walked across callbacks: the innermost Go function sees all of its Go callers.
func TestCallersAreVisible(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", mode.Option)
		var fn uintptr
		var stack, all string
		fn = testlib.Callback(t, func(level int64) int64 {
			if level > 0 {
				return innerCaller(call, fn, level-1)
			}
			pcs := make([]uintptr, 200)
			frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
			for {
				f, more := frames.Next()
				stack += f.Function + "\n"
				if !more {
					break
				}
			}
			buf := make([]byte, 1<<20)
			all = string(buf[:runtime.Stack(buf, true)])
			return 1
		})
		done := make(chan int64)
		go func() { done <- outerCaller(call, fn, 3) }()
		if n := <-done; n != 1 {
			t.Errorf("%s: result %d", mode.Name, n)
		}
		if n := strings.Count(stack, "innerCaller"); n != 3 || strings.Count(stack, "outerCaller") != 1 {
			t.Errorf("%s: %d inner callers in\n%s", mode.Name, n, stack)
		}
		if n := strings.Count(all, "innerCaller("); n != 3 || !strings.Contains(all, "outerCaller(") {
			t.Errorf("%s: %d inner callers in\n%s", mode.Name, n, all)
		}
	}
}

//go:noinline
func outerCaller(f func(uintptr, int64) int64, fn uintptr, x int64) int64 { return f(fn, x) + zero }

//go:noinline
func innerCaller(f func(uintptr, int64) int64, fn uintptr, x int64) int64 { return f(fn, x) + zero }

var zero int64

// C code keeps what it had on its stack and in its registers while Go moves the goroutine's stack.
func TestStackMoves(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		deep := gangway.MustFunc[func(uintptr, int64, int32) int64](l, "gt_call_deep", mode.Option)
		step := 0
		fn := testlib.Callback(t, func(x int64) int64 {
			k := int(x)
			step++
			if n := testlib.Grow(step*16%2000, k, &k); n != 2*k {
				t.Errorf("stack contents: %d", n)
			}
			runtime.GC()
			return x + 1
		})
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int64(0); i < 60; i++ {
				x := i
				p := &x
				if n := deep(fn, i, int32(i%20)); n != i+1 || *p != i {
					t.Errorf("%s: result %d for %d", mode.Name, n, i)
					return
				}
			}
		}()
		wg.Wait()
	}
}

// Callbacks wait for other goroutines: channels, mutexes, condition variables, sleep, and system calls.
func TestBlockingInCallback(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int32) int64](l, "gt_call_n", mode.Option)
		ask, reply := make(chan int64), make(chan int64)
		var mu sync.Mutex
		go func() {
			for x := range ask {
				mu.Lock()
				runtime.Gosched()
				mu.Unlock()
				reply <- 2 * x
			}
		}()
		fn := testlib.Callback(t, func(x int64) int64 {
			mu.Lock()
			if x%16 == 0 {
				time.Sleep(10 * time.Microsecond)
			}
			mu.Unlock()
			ask <- x
			select {
			case n := <-reply:
				return n
			case <-time.After(3 * time.Minute):
				return -1 << 40
			}
		})
		var wg sync.WaitGroup
		for g := 0; g < 4; g++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				sum := int64(0)
				for i := 0; i < 10; i++ {
					sum += call(fn, 10)
				}
				atomic.AddInt64(&zeroSum, sum)
			}()
		}
		wg.Wait()
		close(ask)
		if n := atomic.SwapInt64(&zeroSum, 0); n != 4*10*90 {
			t.Errorf("%s: sum %d", mode.Name, n)
		}
	}
}

var zeroSum int64

// A callback on a goroutine whose call has been taken over, and takes it over again and again.
func TestCallbackAfterTakeover(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		before := gangway.Takeovers()
		call := gangway.MustFunc[func(uintptr, int32) int64](l, "gt_call_n", mode.Option)
		spin := gangway.MustFunc[func(*testlib.Gate) int32](l, "gt_gate_spin", mode.Option)
		wait := func(gate *testlib.Gate) {
			go func() {
				gate.Wait(1)
				runtime.GC() // takes over the call that holds the gate, and those around it
				gate.Open()
			}()
			spin(gate)
		}
		fn := testlib.Callback(t, func(x int64) int64 {
			wait(testlib.NewGate())
			k := int(x)
			if n := testlib.Grow(100, k, &k); n != 2*k {
				t.Errorf("stack contents: %d", n)
			}
			return x
		})
		if n := call(fn, 10); n != 45 {
			t.Errorf("%s: sum %d", mode.Name, n)
		}
		if mode.Name == "Fast" && gangway.Takeovers() == before {
			if road, _ := gangway.CurrentRoad(); road == gangway.RoadFast {
				t.Error("no call was taken over")
			}
		}
	}
}

// C calls back right after a take-over: it waited in C itself, not in a call of Go's.
func TestTakeoverThenCallback(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(*testlib.Gate, uintptr, int64) int64](l, "gt_gate_call", mode.Option)
		fn := testlib.Callback(t, func(x int64) int64 {
			k := int(x)
			if n := testlib.Grow(50, k, &k); n != 2*k {
				t.Errorf("stack contents: %d", n)
			}
			return 2 * x
		})
		for i := int64(0); i < 20; i++ {
			gate := testlib.NewGate()
			go func() {
				gate.Wait(1)
				runtime.GC()
				gate.Open()
			}()
			if n := call(gate, fn, i); n != 4*i {
				t.Errorf("%s: result %d for %d", mode.Name, n, i)
			}
		}
	}
}

// User data by handle, as C libraries with a void * take it.
func TestHandles(t *testing.T) {
	l := testlib.Lib(t)
	call := gangway.MustFunc[func(uintptr, gangway.Handle) int64](l, "gt_call_user")
	fn := testlib.Callback(t, func(h gangway.Handle) int64 {
		values := h.Value().([]int64)
		sum := int64(0)
		for _, v := range values {
			sum += v
		}
		return sum
	})
	a, b := gangway.NewHandle([]int64{1, 2, 3}), gangway.NewHandle([]int64{40})
	runtime.GC()
	if x, y := call(fn, a), call(fn, b); x != 6 || y != 40 || a == b || a < 4096 || b < 4096 {
		t.Errorf("sums %d and %d of handles %d and %d", x, y, a, b)
	}
	a.Delete()
	for _, f := range []func(){func() { a.Value() }, a.Delete, func() { gangway.Handle(0).Value() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("an invalid handle was accepted")
				}
			}()
			f()
		}()
	}
	b.Delete()
}

// Pointers that C hands back: to C memory, to Go memory that the caller keeps alive, and to nothing.
func TestPointerArguments(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, *[4]int64) *[4]int64](l, "gt_call_pointer", mode.Option)
		fn := testlib.Callback(t, func(p *[4]int64) *[4]int64 {
			if p == nil {
				return nil
			}
			runtime.GC()
			p[1]++
			return (*[4]int64)(unsafe.Pointer(&p[0]))
		})
		p := &[4]int64{1, 2, 3, 4}
		for i := 0; i < 5; i++ {
			if q := call(fn, p); q != p {
				t.Errorf("%s: %p became %p", mode.Name, p, q)
			}
		}
		if p[1] != 7 {
			t.Errorf("%s: %v", mode.Name, p)
		}
		if q := call(fn, nil); q != nil {
			t.Errorf("%s: nil became %p", mode.Name, q)
		}
	}
}
