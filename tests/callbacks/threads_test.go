package callbacks_test

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// threads returns gt_threads: fn, threads, calls for each, stack size (0: the system's), with a signal stack of C's own.
func threads(option gangway.Option) func(fn uintptr, n, calls int32, stack uint64, altStack int32) int64 {
	return gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](testlib.MustOpen(), "gt_threads", option)
}

func sumTo(n int64) int64 { return n * (n - 1) / 2 }

// Threads that C made call Go: many at once, many times each, on stacks of all sizes, with signal stacks of their own.
func TestForeignThreads(t *testing.T) {
	testlib.Lib(t)
	var seen [16 * 50]int32
	fn := testlib.Callback(t, func(x int64) int64 {
		atomic.AddInt32(&seen[x], 1)
		k := int(x)
		if n := testlib.Grow(k%64, k, &k); n != 2*k {
			t.Errorf("stack contents: %d", n)
		}
		switch x % 10 {
		case 1:
			runtime.Gosched()
		case 2:
			time.Sleep(10 * time.Microsecond)
		case 3:
			if x%50 == 3 {
				runtime.GC()
			}
		}
		return x
	})
	for _, mode := range testlib.Modes {
		for _, stack := range []uint64{0, 1 << 16, 1 << 18} {
			for alt := int32(0); alt < 2; alt++ {
				seen = [len(seen)]int32{}
				if n := threads(mode.Option)(fn, 16, 50, stack, alt); n != sumTo(16*50) {
					t.Errorf("%s, stack %d, signal stack %d: sum %d", mode.Name, stack, alt, n)
				}
				for x, n := range seen {
					if n != 1 {
						t.Fatalf("%s: call %d came %d times", mode.Name, x, n)
					}
				}
			}
		}
	}
	own := gangway.MustFunc[func(uintptr, int64, uint64) int64](testlib.MustOpen(), "gt_thread_on_own_stack", gangway.Blocking())
	for i := 0; i < 20; i++ {
		if n := own(fn, 7, 1<<17); n != 7 {
			t.Errorf("on a stack of the caller's own: %d", n)
		}
	}
}

// Callbacks on foreign threads make calls of every kind themselves, and those call back.
func TestForeignThreadsNested(t *testing.T) {
	l := testlib.Lib(t)
	var calls []func(uintptr, int64) int64
	for _, mode := range testlib.Modes {
		calls = append(calls, gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", mode.Option))
	}
	id := gangway.MustFunc[func() int32](l, "gt_thread_id", gangway.Fast())
	var inner uintptr
	inner = testlib.Callback(t, func(x int64) int64 {
		k := int(x)
		if n := testlib.Grow(20, k, &k); n != 2*k {
			t.Errorf("stack contents: %d", n)
		}
		if x%4 == 0 {
			runtime.Gosched()
		}
		if x > 0 {
			return x + calls[x%int64(len(calls))](inner, x-1)
		}
		if x%7 == 0 {
			collect()
		}
		return 0
	})
	outer := testlib.Callback(t, func(x int64) int64 {
		first := id()
		depth := x % 12
		if n := calls[x%int64(len(calls))](inner, depth); n != depth*(depth+1)/2 {
			t.Errorf("nested sum %d for depth %d", n, depth)
		}
		runtime.Gosched()
		if n := id(); n != first {
			t.Errorf("a callback went from thread %d to %d", first, n)
		}
		return x
	})
	for round := 0; round < 4; round++ {
		if n := threads(gangway.Blocking())(outer, 8, 60, 0, 0); n != sumTo(8*60) {
			t.Errorf("sum %d", n)
		}
	}
}

var collecting int32

// collect runs a collection unless one is on already.
func collect() {
	if atomic.CompareAndSwapInt32(&collecting, 0, 1) {
		runtime.GC()
		atomic.StoreInt32(&collecting, 0)
	}
}

// Panics and recovers in callbacks on foreign threads, at each level.
func TestForeignThreadsPanic(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64, int32) int64](l, "gt_call_deep", mode.Option)
		bad := testlib.Callback(t, func(x int64) int64 { panic(x) })
		fn := testlib.Callback(t, func(x int64) (result int64) {
			defer func() { result = recover().(int64) }()
			return call(bad, x, 3)
		})
		if n := threads(gangway.Blocking())(fn, 6, 100, 0, 0); n != sumTo(600) {
			t.Errorf("%s: sum %d", mode.Name, n)
		}
	}
}

// Take-over on foreign threads: they wait in a running call below a callback, and collections go on.
func TestTakeoverOnForeignThreads(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		for _, name := range []string{"gt_gate_spin", "gt_gate_sleep"} {
			wait := gangway.MustFunc[func(*testlib.Gate) int32](l, name, mode.Option)
			gate := testlib.NewGate()
			before := gangway.Takeovers()
			const n = 3
			fn := testlib.Callback(t, func(x int64) int64 {
				wait(gate)
				return x
			})
			sum := make(chan int64)
			go func() { sum <- threads(gangway.Blocking())(fn, n, 2, 0, 0) }()
			gate.Wait(n)
			for i := 0; i < 3; i++ {
				runtime.GC()
			}
			if gate.Inside() != n {
				t.Errorf("%s: %d calls inside", mode.Name, gate.Inside())
			}
			gate.Open()
			if got := <-sum; got != sumTo(2*n) {
				t.Errorf("%s: sum %d", mode.Name, got)
			}
			if road, _ := gangway.CurrentRoad(); road == gangway.RoadFast && mode.Name == "Fast" && gangway.Takeovers() == before {
				t.Errorf("%s: no call was taken over", name)
			}
		}
	}
}

// Threads come and go by the thousand, and leave nothing behind.
func TestThreadsComeAndGo(t *testing.T) {
	testlib.Lib(t)
	fn := testlib.Callback(t, func(x int64) int64 { return x })
	run := threads(gangway.Blocking())
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	before := 0
	for i := 0; i < rounds; i++ {
		if n := run(fn, 20, 2, 1<<17, 0); n != sumTo(40) {
			t.Fatalf("sum %d", n)
		}
		if i == 5 {
			before = testlib.Threads()
		}
	}
	if after := testlib.Threads(); after > before+10 {
		t.Errorf("%d threads, %d before", after, before)
	}
}

// Threads whose last calls come from destructors of thread-specific data, or that end by pthread_exit.
func TestThreadsThatEnd(t *testing.T) {
	l := testlib.Lib(t)
	destructor := gangway.MustFunc[func(uintptr) int64](l, "gt_thread_destructor", gangway.Blocking())
	exit := gangway.MustFunc[func(uintptr) int64](l, "gt_thread_exit", gangway.Blocking())
	fn := testlib.Callback(t, func(x int64) int64 {
		runtime.Gosched()
		return x
	})
	before := testlib.Threads()
	for i := 0; i < 300; i++ {
		if n := destructor(fn); n != 103 {
			t.Fatalf("sum %d", n)
		}
		if n := exit(fn); n != 1 {
			t.Fatalf("result %d", n)
		}
	}
	if after := testlib.Threads(); after > before+10 {
		t.Errorf("%d threads, %d before", after, before)
	}
}

// A thread that C made keeps what the runtime has for it, its goroutine for one, from one callback to the next, with cgo on
// too: making and dropping that takes a hundred times as long as a callback.
func TestThreadsAreKept(t *testing.T) {
	if !keepsThreads {
		t.Skip("this Go release keeps no threads of C's")
	}
	l := testlib.Lib(t)
	start := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")
	stop := gangway.MustFunc[func() int64](l, "gt_background_stop", gangway.Blocking())
	var mu sync.Mutex
	goroutines := map[int64]map[string]int{} // by thread
	fn := testlib.Callback(t, func(x int64) int64 {
		stack := make([]byte, 40)
		goroutine := strings.Fields(string(stack[:runtime.Stack(stack, false)]))[1]
		mu.Lock()
		defer mu.Unlock()
		thread := x >> 32
		if goroutines[thread] == nil {
			goroutines[thread] = map[string]int{}
		}
		goroutines[thread][goroutine]++
		return x
	})
	const n = 3
	if r := start(fn, n, 50); r != 0 {
		t.Fatalf("gt_background_start: %d", r)
	}
	time.Sleep(100 * time.Millisecond)
	if calls := stop(); calls < 10*n {
		t.Fatalf("%d calls", calls)
	}
	seen := map[string]int64{}
	for thread, of := range goroutines {
		for goroutine := range of {
			if other, again := seen[goroutine]; again || len(of) != 1 {
				t.Fatalf("thread %d came as goroutines %v, thread %d as %v", thread, of, other, goroutines[other])
			}
			seen[goroutine] = thread
		}
	}
	if len(seen) != n {
		t.Errorf("%d threads called, not %d", len(seen), n)
	}
}

// A C library attaches its threads ahead of time, and detaches them, through the table that Host returns.
func TestAttachAndDetach(t *testing.T) {
	l := testlib.Lib(t)
	attached := gangway.MustFunc[func(unsafe.Pointer, uintptr, *[4]int32) int32](l, "gt_thread_attached", gangway.Blocking())
	detach := gangway.MustFunc[func(unsafe.Pointer) int32](l, "gt_detach_here", gangway.Blocking())
	const ok, invalid = 0, 1
	calls := int64(0)
	fn := testlib.Callback(t, func(x int64) int64 { return atomic.AddInt64(&calls, 1) })
	want := [4]int32{ok, ok, ok, invalid}
	switch {
	case cgoOn:
		want[2] = invalid
	case !keepsThreads:
		want[3] = ok
	}
	host := gangway.Host()
	if size := *(*uint32)(host); size < 48 || *(*uint32)(unsafe.Add(host, 4)) != 1 {
		t.Fatalf("a table of size %d", size)
	}
	before := testlib.Threads()
	for i := 0; i < 100; i++ {
		var statuses [4]int32
		f := fn
		if i%2 == 0 {
			f = 0
		}
		if r := attached(host, f, &statuses); r != 0 {
			t.Fatalf("gt_thread_attached: %d", r)
		}
		if statuses != want {
			t.Fatalf("attach, attach, detach, detach: %v, not %v", statuses, want)
		}
	}
	if calls != 100 {
		t.Errorf("%d calls", calls)
	}
	if after := testlib.Threads(); after > before+10 {
		t.Errorf("%d threads, %d before", after, before)
	}
	if keepsThreads || cgoOn {
		if r := detach(host); r != invalid {
			t.Errorf("detach of a thread that Go created: %d", r)
		}
	}
}

// Threads of C's call all the time, while goroutines call C, collect, and wait.
func TestThreadsInTheBackground(t *testing.T) {
	l := testlib.Lib(t)
	start := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")
	stop := gangway.MustFunc[func() int64](l, "gt_background_stop", gangway.Blocking())
	work := make(chan int64)
	var served int64
	fn := testlib.Callback(t, func(x int64) int64 {
		if x%3 == 0 {
			work <- x
		}
		return 0
	})
	done := make(chan bool)
	go func() {
		for range work {
			served++
		}
		close(done)
	}()
	if r := start(fn, 6, 50); r != 0 {
		t.Fatalf("gt_background_start: %d", r)
	}
	var wg sync.WaitGroup
	for _, mode := range testlib.Modes {
		add := gangway.MustFunc[func(int32, int32) int32](l, "gt_add", mode.Option)
		sleep := gangway.MustFunc[func(uint32)](l, "gt_sleep", mode.Option)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int32(0); i < 200; i++ {
				if n := add(i, 1); n != i+1 {
					t.Errorf("gt_add: %d", n)
				}
				sleep(uint32(i % 100))
				if i%20 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	wg.Wait()
	calls := stop()
	close(work)
	<-done
	if calls == 0 || served == 0 {
		t.Errorf("%d calls, %d served", calls, served)
	}
}

// storm sends random signals to all threads until the test ends.
func storm(t *testing.T, signals ...int32) {
	l := testlib.MustOpen()
	start := gangway.MustFunc[func(*int32, int32, uint32, uint64) int32](l, "gt_storm_start")
	stop := gangway.MustFunc[func() int64](l, "gt_storm_stop", gangway.Blocking())
	if r := start(&signals[0], int32(len(signals)), 300, uint64(testlib.Seed(t.Name()))); r != 0 {
		t.Fatalf("gt_storm_start: %d", r)
	}
	t.Cleanup(func() {
		if n := stop(); n == 0 {
			t.Error("no signal was sent")
		}
	})
}

// Signals at random instants of callbacks: same thread, foreign threads, nested, with panics.
func TestSignalStorm(t *testing.T) {
	l := testlib.Lib(t)
	const sigurg, sigprof = 23, 27
	storm(t, sigurg, sigprof)
	var stop int32
	var wg sync.WaitGroup
	for _, mode := range testlib.Modes {
		name, threads := mode.Name, threads(mode.Option)
		call := gangway.MustFunc[func(uintptr, int64, int32) int64](l, "gt_call_deep", mode.Option)
		spin := gangway.MustFunc[func(uint32) uint64](l, "gt_spin", mode.Option)
		var fn uintptr
		fn = testlib.Callback(t, func(x int64) int64 {
			switch x % 8 {
			case 0:
				return 1
			case 2:
				runtime.Gosched()
			case 3:
				spin(uint32(x % 60))
			case 5:
				k := int(x)
				if n := testlib.Grow(40, k, &k); n != 2*k {
					t.Errorf("stack contents: %d", n)
				}
			case 6:
				if x > 1000 {
					panic(x)
				}
			}
			return 1 + call(fn, x-1, int32(x%3))
		})
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := int64(0); atomic.LoadInt32(&stop) == 0; i++ {
				if n := call(fn, i%56, 1); n != i%8+1 {
					t.Errorf("%s: depth %d, not %d", name, n, i%8+1)
					return
				}
				if v := recovered(func() { call(fn, 1007, 1) }); v != int64(1006) {
					t.Errorf("%s: recovered %v", name, v)
					return
				}
			}
		}()
		go func() {
			defer wg.Done()
			for atomic.LoadInt32(&stop) == 0 {
				if n := threads(fn, 3, 8, 0, 0); n != 3*36 {
					t.Errorf("%s: sum %d", name, n)
					return
				}
			}
		}()
	}
	limit := 3 * time.Second
	if testing.Short() {
		limit /= 4
	}
	for end := time.Now().Add(limit); time.Now().Before(end); {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
}

// Signals for the process that hit threads of C while these wait in Go for a processor. The runtime takes them for C, and wants
// an extra m for each: when a new thread has just taken the last one, and waits for a processor, too, the first one may be
// given that, and never come to take it (signalBetween).
func TestSignalsOnWaitingThreads(t *testing.T) {
	if road, _ := gangway.CurrentRoad(); road != gangway.RoadFast {
		t.Skip("Gangway has no signal handler on this road; cgo's exports stand still as well")
	}
	l := testlib.Lib(t)
	fn := testlib.Callback(t, func(x int64) int64 {
		runtime.Gosched()
		return x
	})
	threads := threads(gangway.Blocking())
	start := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")
	stop := gangway.MustFunc[func() int64](l, "gt_background_stop", gangway.Blocking())
	storm := gangway.MustFunc[func(*[2]int32, int32, uint32, uint64) int32](l, "gt_storm_start")
	calm := gangway.MustFunc[func() int64](l, "gt_storm_stop", gangway.Blocking())
	if r := start(fn, 4, 0); r != 0 {
		t.Fatalf("gt_background_start: %d", r)
	}
	if r := storm(&[2]int32{int32(syscall.SIGCHLD), int32(syscall.SIGWINCH)}, 2, 20, 1); r != 0 {
		t.Fatalf("gt_storm_start: %d", r)
	}
	collected := testlib.Collect()
	// More threads at once than ever before, again and again: each time the last extra m is taken.
	for n := int32(1); n <= 40; n++ {
		if sum := threads(fn, n, 20, 0, 0); sum != sumTo(int64(n)*20) {
			t.Errorf("sum %d", sum)
		}
	}
	t.Logf("%d collections, %d signals, %d calls", collected(), calm(), stop())
}
