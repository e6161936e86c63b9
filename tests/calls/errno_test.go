package calls_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func TestErrno(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		set := gangway.MustFunc[func(int32, int64) (int64, syscall.Errno)](l, "gt_errno_set", mode.Option)
		keep := gangway.MustFunc[func(int64) (int64, syscall.Errno)](l, "gt_errno_keep", mode.Option)
		double := gangway.MustFunc[func(float64, int32) (float64, syscall.Errno)](l, "gt_errno_double", mode.Option)
		void := gangway.MustFunc[func(int32) syscall.Errno](l, "gt_errno_void", mode.Option)
		closefd := gangway.MustFunc[func(int32) (int32, syscall.Errno)](gangway.Process(), "close", mode.Option)
		for i := int64(0); i < 100; i++ {
			if n, err := set(int32(i), -i); n != -i || err != syscall.Errno(i) {
				t.Fatalf("%s: set: %d, %d, not %d", mode.Name, n, err, i)
			}
			if n, err := keep(i); n != i || err != 0 {
				t.Fatalf("%s: keep: %d, %d: errno of an earlier call", mode.Name, n, err)
			}
			if x, err := double(0.5, int32(i)); x != 0.5 || err != syscall.Errno(i) {
				t.Fatalf("%s: double: %v, %d, not %d", mode.Name, x, err, i)
			}
			if err := void(int32(i)); err != syscall.Errno(i) {
				t.Fatalf("%s: void: %d, not %d", mode.Name, err, i)
			}
			if n, err := closefd(-1); n != -1 || err != syscall.EBADF {
				t.Fatalf("%s: close(-1): %d, %v", mode.Name, n, err)
			}
		}
	}
}

// errno is that of the thread that C ran on, although a take-over lets the goroutine go on on another one, where other
// goroutines meanwhile set other errnos.
func TestErrnoAcrossTakeover(t *testing.T) {
	l := testlib.Lib(t)
	var stop int32
	var wg sync.WaitGroup
	collector := make(chan bool)
	go func() {
		defer close(collector)
		for atomic.LoadInt32(&stop) == 0 {
			runtime.GC()
		}
	}()
	before := gangway.Takeovers()
	for _, mode := range testlib.Modes {
		sleep := gangway.MustFunc[func(int32, uint32, int64) (int64, syscall.Errno)](l, "gt_errno_sleep", mode.Option)
		spin := gangway.MustFunc[func(int32, uint32, int64) (int64, syscall.Errno)](l, "gt_errno_spin", mode.Option)
		set := gangway.MustFunc[func(int32, int64) (int64, syscall.Errno)](l, "gt_errno_set", mode.Option)
		for g := int64(1); g <= 4; g++ {
			wg.Add(1)
			go func(name string, g int64) {
				defer wg.Done()
				for i := int64(1); i <= 40; i++ {
					want := g*100 + i
					f := sleep
					if i%2 == 0 {
						f = spin
					}
					if n, err := f(int32(want), uint32(i*37), i); n != i || err != syscall.Errno(want) {
						t.Errorf("%s: %d, errno %d, not %d", name, n, err, want)
						return
					}
					if n, err := set(int32(want+1), i); n != i || err != syscall.Errno(want+1) {
						t.Errorf("%s: %d, errno %d, not %d", name, n, err, want+1)
						return
					}
				}
			}(mode.Name, g)
		}
	}
	wg.Wait()
	atomic.StoreInt32(&stop, 1)
	<-collector
	if road, _ := gangway.CurrentRoad(); road == gangway.RoadFast && gangway.Takeovers() == before {
		t.Error("no call was taken over")
	}
}
