package calls_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// Collections complete while every P sits in a call that does not return, and other goroutines go on.
func TestCollectionDuringCalls(t *testing.T) {
	l := testlib.Lib(t)
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for _, procs := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(procs)
		for _, mode := range testlib.Modes {
			for _, name := range []string{"gt_gate_sleep", "gt_gate_spin"} {
				before := gangway.Takeovers()
				gate := testlib.NewGate()
				wait := gangway.MustFunc[func(*testlib.Gate) int32](l, name, mode.Option)
				var wg sync.WaitGroup
				const calls = 5
				for i := 0; i < calls; i++ {
					wg.Add(1)
					go func() {
						defer wg.Done()
						if n := wait(gate); n < 1 || n > calls {
							t.Errorf("result %d", n)
						}
					}()
				}
				gate.Wait(calls) // this goroutine got a P although all of them are in C
				for i := 0; i < 3; i++ {
					runtime.GC()
				}
				if gate.Inside() != calls {
					t.Errorf("%d calls are inside", gate.Inside())
				}
				gate.Open()
				wg.Wait()
				if road, _ := gangway.CurrentRoad(); road == gangway.RoadFast && mode.Name == "Fast" && gangway.Takeovers() == before {
					t.Errorf("%s with %d procs: no call was taken over", name, procs)
				}
			}
		}
	}
}

// A goroutine that was taken over makes correct calls afterwards, wherever it goes on.
func TestCallsAfterTakeover(t *testing.T) {
	l := testlib.Lib(t)
	spin := gangway.MustFunc[func(uint32) uint64](l, "gt_spin", gangway.Fast())
	ints := gangway.MustFunc[func(a, b, c, d, e, f int64) int64](l, "gt_ints6", gangway.Fast())
	fma := gangway.MustFunc[func(a, b, c float64) float64](l, "gt_fma", gangway.Fast())
	var stop int32
	var wg sync.WaitGroup
	for g := int64(0); g < 6; g++ {
		wg.Add(1)
		go func(g int64) {
			defer wg.Done()
			for i := int64(0); atomic.LoadInt32(&stop) == 0; i++ {
				x, y := float64(g), float64(i)
				spin(uint32(i % 400))
				if n := ints(g, i, 1, 2, 3, 4); n != g+3*i+5+14+33+52 {
					t.Errorf("gt_ints6: %d", n)
					return
				}
				if z := fma(x, y, 1); z != x*y+1 {
					t.Errorf("gt_fma: %v", z)
					return
				}
				if n, k := testlib.Grow(int(i%20), 5, new(int)), 5; n != k {
					t.Errorf("stack contents: %d", n)
					return
				}
			}
		}(g)
	}
	limit := time.Second
	if testing.Short() {
		limit /= 4
	}
	for end := time.Now().Add(limit); time.Now().Before(end); {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
}

// The thread of a call that was taken over while it was locked stays the goroutine's.
func TestTakeoverOnLockedThread(t *testing.T) {
	l := testlib.Lib(t)
	id := gangway.MustFunc[func() int32](l, "gt_thread_id", gangway.Fast())
	wait := gangway.MustFunc[func(*testlib.Gate) int32](l, "gt_gate_spin", gangway.Fast())
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		first := id()
		for i := 0; i < 20; i++ {
			gate := testlib.NewGate()
			go func() {
				gate.Wait(1)
				runtime.GC()
				gate.Open()
			}()
			wait(gate)
			if n := id(); n != first {
				t.Errorf("thread %d, not %d", n, first)
				return
			}
		}
	}()
	<-done
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
		} else {
			t.Logf("%d signals, %d takeovers in all", n, gangway.Takeovers())
		}
	})
}

// Signals at random instants, calls of every mode and shape, results and errno checked.
func TestSignalStorm(t *testing.T) {
	const sigurg, sigprof = 23, 27
	for name, signals := range map[string][]int32{"urg": {sigurg}, "prof": {sigprof}, "both": {sigurg, sigprof}} {
		signals := signals
		t.Run(name, func(t *testing.T) {
			l := testlib.Lib(t)
			storm(t, signals...)
			var stop int32
			var calls int64
			var wg sync.WaitGroup
			for _, mode := range testlib.Modes {
				ints := gangway.MustFunc[func(a, b, c, d, e, f int64) int64](l, "gt_ints6", mode.Option)
				i8 := gangway.MustFunc[func(int8) int8](l, "gt_id_i8", mode.Option)
				doubles := gangway.MustFunc[func(a, b, c, d, e, f, g, h float64) float64](l, "gt_doubles8", mode.Option)
				spin := gangway.MustFunc[func(uint32) uint64](l, "gt_spin", mode.Option)
				pointer := gangway.MustFunc[func(*payload) *payload](l, "gt_id_pointer", mode.Option)
				name := mode.Name
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := int64(0); atomic.LoadInt32(&stop) == 0; i++ {
						for k := int64(0); k < 200; k++ {
							if n := ints(i, k, 1, 2, 3, 4); n != i+3*k+5+14+33+52 {
								t.Errorf("%s: gt_ints6: %d", name, n)
								return
							}
							if n := i8(int8(k)); n != int8(k) {
								t.Errorf("%s: gt_id_i8: %d", name, n)
								return
							}
							x := float64(k)
							if z := doubles(x, 1, 2, 3, 4, 5, 6, 7); z != x+3+10+21+44+65+102+133 {
								t.Errorf("%s: gt_doubles8: %v", name, z)
								return
							}
							if p := pointer(&payload{value: k}); p.value != k {
								t.Errorf("%s: gt_id_pointer: %d", name, p.value)
								return
							}
						}
						spin(uint32(i % 300))
						if i%10 == 0 {
							k := 7
							if n := testlib.Grow(64, 1, &k); n != 8 {
								t.Errorf("%s: stack contents: %d", name, n)
								return
							}
						}
						atomic.AddInt64(&calls, 801)
					}
				}()
			}
			limit := 1500 * time.Millisecond
			if testing.Short() {
				limit /= 3
			}
			for end := time.Now().Add(limit); time.Now().Before(end); {
				runtime.GC()
				time.Sleep(5 * time.Millisecond)
			}
			atomic.StoreInt32(&stop, 1)
			wg.Wait()
			if calls == 0 {
				t.Error("no call was made")
			}
		})
	}
}
