//go:build cgo

package cgoexport

import (
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

var modes = map[string]gangway.Option{"fast": gangway.Fast(), "auto": gangway.Auto(), "blocking": gangway.Blocking(), "safe": gangway.Safe()}

func bindSumExported(t *testing.T, how gangway.Option) func(int64) int64 {
	t.Helper()
	var f func(n int64) int64
	if err := gangway.Bind(gangway.Symbol(sumExportedAddress()), &f, how); err != nil {
		t.Fatal(err)
	}
	return f
}

//go:noinline
func grow(n int) int {
	var a [64]int
	if n == 0 {
		return a[n]
	}
	return grow(n-1) + a[n%64]
}

// A running call whose C code calls a cgo export: runtime.cgocallback expects a system call there.
func TestExportUnderEveryKindOfCall(t *testing.T) {
	for name, how := range modes {
		t.Run(name, func(t *testing.T) {
			f := bindSumExported(t, how)
			hook = func(x int64) int64 {
				switch x % 50 {
				case 7:
					runtime.GC()
				case 9:
					grow(2000)
				case 11:
					runtime.Gosched()
				}
				return x
			}
			for i := 0; i < 20; i++ {
				if sum := f(200); sum != 200*199/2 {
					t.Fatalf("sum is %d", sum)
				}
			}
		})
	}
}

// Go, Gangway, C, cgo export, Go, cgo, C, Gangway callback, Go, and so on, six times deep, with collections and stack moves.
func TestAlternatingNest(t *testing.T) {
	for name, how := range modes {
		t.Run(name, func(t *testing.T) {
			f := bindSumExported(t, how)
			depth := 0
			var down func(x int64) int64
			callback, err := gangway.NewCallback(func(x int64) int64 { return down(x) })
			if err != nil {
				t.Fatal(err)
			}
			defer callback.Close()
			down = func(x int64) int64 {
				if depth == 6 {
					runtime.GC()
					return x
				}
				depth++
				defer func() { depth-- }()
				grow(300)
				if depth%2 == 1 {
					return sumCallback(2, callback.Pointer()) + x - 1
				}
				return f(2) + x - 1
			}
			hook = down
			for i := 0; i < 5; i++ {
				if got := f(2); got != 1 {
					t.Fatalf("result is %d", got)
				}
			}
		})
	}
}

func TestPanicThroughBoth(t *testing.T) {
	for name, how := range modes {
		t.Run(name, func(t *testing.T) {
			f := bindSumExported(t, how)
			callback, err := gangway.NewCallback(func(x int64) int64 { panic("through cgo and Gangway") })
			if err != nil {
				t.Fatal(err)
			}
			defer callback.Close()
			hook = func(x int64) int64 { return sumCallback(1, callback.Pointer()) }
			for i := 0; i < 200; i++ {
				func() {
					defer func() {
						if r := recover(); r != "through cgo and Gangway" {
							t.Fatalf("recovered %v", r)
						}
					}()
					f(1)
				}()
			}
			hook = func(x int64) int64 { return x }
			if sum := f(100); sum != 4950 {
				t.Fatalf("after panics the sum is %d", sum)
			}
		})
	}
}

func TestConcurrently(t *testing.T) {
	f := bindSumExported(t, gangway.Fast())
	hook = func(x int64) int64 {
		if x == 5 {
			grow(500)
		}
		return x
	}
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 200; k++ {
				if sum := f(20); sum != 190 {
					t.Errorf("sum is %d", sum)
					return
				}
			}
		}()
	}
	for i := 0; i < 20; i++ {
		runtime.GC()
	}
	wg.Wait()
}

// Exports that threads of C call make running calls, which collections wait for. Up to Go 1.20 each of these calls of Go has
// another m than the one before, and the runtime may have sent the m's last SIGURG to the thread that had it then.
func TestRunningCallsOnThreadsOfC(t *testing.T) {
	wait := gangway.MustFunc[func(*testlib.Gate) int32](testlib.Lib(t), "gt_gate_spin", gangway.Fast())
	gates := make(chan *testlib.Gate)
	defer close(gates)
	for i := 0; i < 4; i++ {
		go func() {
			for g := range gates {
				g.Wait(1)
				runtime.GC()
				g.Open()
			}
		}()
	}
	stop := testlib.Collect()
	hook = func(x int64) int64 {
		if x%10 == 0 {
			g := testlib.NewGate()
			gates <- g
			if wait(g) != 1 {
				return -1
			}
		}
		return x
	}
	for i := 0; i < 4; i++ {
		if wrong := sumOnThreads(4, 200); wrong != 0 {
			t.Errorf("%d threads got wrong sums", wrong)
		}
	}
	stop()
}

// A goroutine dump from within an export shows the whole stack, down through both kinds of calls.
func TestStackShowsTheCallers(t *testing.T) {
	f := bindSumExported(t, gangway.Fast())
	var stack string
	hook = func(x int64) int64 {
		b := make([]byte, 1<<16)
		stack = string(b[:runtime.Stack(b, false)])
		return x
	}
	f(1)
	for _, want := range []string{"goExported", "TestStackShowsTheCallers"} {
		if !strings.Contains(stack, want) {
			t.Errorf("no %s in\n%s", want, stack)
		}
	}
}

// Floating-point modes that C sets (flush to zero, as a library built with -ffast-math does when it is loaded) are the
// thread's, in Go as well, until C sets them back: as with cgo.
func TestFloatingPointModes(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const flush = 1<<15 | 1<<6 // flush to zero, denormals are zero
	half := math.Float64frombits(1 << 51)
	denormals := func() bool { return half/2 != 0 }
	type seen struct {
		set, kept, inCallback, afterCallback bool // whether there are denormals
		modes, left                          uint32
		elsewhere                            bool
	}
	play := func(f *floating) (s seen) {
		was := f.get() &^ 0x3f // without the flags of exceptions
		defer f.set(was)
		f.set(was | flush)
		s.set = denormals()
		s.modes = f.get() &^ 0x3f
		runtime.GC()
		s.kept = denormals()
		f.set(was)
		s.left = f.call(was|flush, func() { runtime.GC(); s.inCallback = denormals() }) &^ 0x3f
		s.afterCallback = denormals()
		elsewhere := make(chan bool)
		go func() { elsewhere <- denormals() }()
		s.elsewhere = <-elsewhere
		return s
	}
	want := play(floatingByCgo())
	if want.set || !want.afterCallback || !want.elsewhere {
		t.Fatalf("cgo: %+v", want)
	}
	getAddress, setAddress, callAddress := floatingAddresses()
	for name, how := range modes {
		var f floating
		var call func(uint32, uintptr) uint32
		for _, b := range []struct {
			address uintptr
			fn      any
		}{{getAddress, &f.get}, {setAddress, &f.set}, {callAddress, &call}} {
			if err := gangway.Bind(gangway.Symbol(b.address), b.fn, how); err != nil {
				t.Fatal(err)
			}
		}
		f.call = func(v uint32, fn func()) uint32 {
			return call(v, testlib.Callback(t, func(x int64) int64 { fn(); return x }))
		}
		if got := play(&f); got != want {
			t.Errorf("%s: %+v, with cgo %+v", name, got, want)
		}
	}
}
