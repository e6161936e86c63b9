package calls_test

import (
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

var funcGate testlib.Gate

// `go f()` of a bound function: it is the first function of its goroutine, with the runtime's goexit as its caller.
func TestGoStatement(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		for _, name := range []string{"gt_gate_sleep", "gt_gate_spin"} {
			gate := testlib.NewGate()
			wait := gangway.MustFunc[func(*testlib.Gate)](l, name, mode.Option)
			go wait(gate)
			go wait(gate)
			gate.Wait(2)
			runtime.GC()
			_ = goroutines()
			gate.Open()
			testlib.Eventually(func() bool { return gate.Inside() == 0 })
		}
		noop := gangway.MustFunc[func()](l, "gt_noop", mode.Option)
		before := runtime.NumGoroutine()
		for i := 0; i < 1000; i++ {
			go noop()
		}
		testlib.Eventually(func() bool { return runtime.NumGoroutine() <= before })
	}
}

// goroutines returns the stacks of all goroutines.
func goroutines() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// A bound function that nothing refers to any more while C is in it.
func TestUnreferencedDuringCall(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		gate := testlib.NewGate()
		done := make(chan int32)
		go func() {
			done <- gangway.MustFunc[func(*testlib.Gate) int32](l, "gt_gate_sleep", mode.Option)(gate)
		}()
		gate.Wait(1)
		for i := 0; i < 5; i++ {
			runtime.GC()
			scribble()
		}
		gate.Open()
		if n := <-done; n != 1 {
			t.Errorf("%s: result %d", mode.Name, n)
		}
	}
}

// scribble allocates objects of the sizes that a bound function has.
func scribble() {
	for i := 0; i < 1000; i++ {
		p := new([18]uintptr)
		for k := range p {
			p[k] = 0xdead
		}
		scribbled = p
	}
}

var scribbled *[18]uintptr

// defer, a panicking goroutine's defers, sync.Once, a timer, a finalizer: Go calls the bound function by other ways than
// a call instruction in Go source.
func TestOtherCallers(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		mark := gangway.MustFunc[func(*testlib.Gate)](l, "gt_gate_mark", mode.Option)
		gate := testlib.NewGate()
		func() {
			defer mark(gate)
			defer func() { recover() }()
			defer mark(gate)
			panic("defers run")
		}()
		if n := gate.Inside(); n != 2 {
			t.Errorf("%s: %d of 2 deferred calls", mode.Name, n)
		}
		var once sync.Once
		noop := gangway.MustFunc[func()](l, "gt_noop", mode.Option)
		once.Do(noop)
		fired := make(chan bool)
		time.AfterFunc(time.Microsecond, noop)
		time.AfterFunc(time.Millisecond, func() { close(fired) })
		<-fired
		setFinalizer(mark)
		testlib.Eventually(func() bool {
			runtime.GC()
			return funcGate.Inside() != 0
		})
		funcGate = testlib.Gate{}
	}
}

type finalizable struct {
	gate *testlib.Gate
	_    [8]int64
}

// setFinalizer makes an object whose finalizer calls C, and drops it.
//
//go:noinline
func setFinalizer(f func(*testlib.Gate)) {
	p := &finalizable{gate: &funcGate}
	runtime.SetFinalizer(p, func(p *finalizable) { f(p.gate) })
}

// Calls at every distance from the end of the goroutine's stack, while signals of the runtime want to take them over: the
// room that the trampolines and entersyscall need must be there.
func TestCallsAtEveryStackDepth(t *testing.T) {
	l := testlib.Lib(t)
	stop := testlib.Collect()
	for _, mode := range testlib.Modes {
		plain := gangway.MustFunc[func(uint32) uint64](l, "gt_spin", mode.Option)
		general := gangway.MustFunc[func(*int64, uint8) unsafe.Pointer](l, "gt_id_pointer", mode.Option)
		many := gangway.MustFunc[func(a, b, c, d, e, f int64) int64](l, "gt_ints6", mode.Option)
		var wg sync.WaitGroup
		for frame := 0; frame < 4; frame++ {
			wg.Add(1)
			go func(frame int) { // a new goroutine has the smallest stack
				defer wg.Done()
				var x int64
				descend := []func(int, func()){descend16, descend24, descend40, descend72}[frame]
				descend(600, func() {
					plain(3)
					if general(&x, 1) != unsafe.Pointer(&x) {
						t.Error("the argument was lost")
					}
					if many(1, 2, 3, 4, 5, 6) != 1+6+15+28+55+78 {
						t.Error("an argument was lost")
					}
				})
			}(frame)
		}
		wg.Wait()
	}
	if stop() == 0 {
		t.Error("no collection ran meanwhile")
	}
}

// descend16 and its kin differ in the size of their frames, so that together they come close to the end of the stack.
//
//go:noinline
func descend16(n int, f func()) {
	f()
	if n > 0 {
		descend16(n-1, f)
	}
}

//go:noinline
func descend24(n int, f func()) {
	var pad [1]int
	f()
	if n > 0 {
		pad[0] = n
		descend24(n-1-use(pad[:]), f)
	}
}

//go:noinline
func descend40(n int, f func()) {
	var pad [3]int
	f()
	if n > 0 {
		pad[0] = n
		descend40(n-1-use(pad[:]), f)
	}
}

//go:noinline
func descend72(n int, f func()) {
	var pad [7]int
	f()
	if n > 0 {
		pad[0] = n
		descend72(n-1-use(pad[:]), f)
	}
}

//go:noinline
func use(a []int) int { return a[0] - a[0] }
