package calls_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

// state returns the state behind a bound function: on the fast road, a func value points to its BoundFunc.
func state[F any](f F) *trampolines.AutoState {
	return (*(**trampolines.BoundFunc)(unsafe.Pointer(&f))).State
}

// What is known of a function is forgotten when its library is closed, wherever that lay and whatever comes to lie there;
// and closed libraries leave no states behind.
func TestAutoStatesOfClosedLibraries(t *testing.T) {
	testlib.Lib(t)
	testlib.OnlyFast(t, "Auto is Blocking on other roads")
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "copy.so")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	states, places := map[*trampolines.AutoState]bool{}, map[gangway.Symbol]bool{}
	for i := 0; i < 50; i++ {
		l, err := gangway.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := gangway.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		sym, err := l.Symbol("gt_noop")
		if err != nil {
			t.Fatal(err)
		}
		places[sym] = true
		noop := gangway.MustFunc[func()](l, "gt_noop")
		s := state(noop)
		states[s] = true
		if m := s.Mode(); m != trampolines.AutoProbing {
			t.Fatalf("library %d: mode %d before the first call", i, m)
		}
		if other := state(gangway.MustFunc[func() int32](again, "gt_noop")); other != s {
			t.Fatalf("library %d: two states of one function", i)
		}
		testlib.Eventually(func() bool { noop(); return s.Mode() == trampolines.AutoRunning })
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if m := s.Mode(); m != trampolines.AutoRunning {
			t.Fatalf("library %d: mode %d while one is open", i, m)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		// The next one is to lie elsewhere, mostly.
		spacer, err := syscall.Mmap(-1, 0, 1<<13, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Munmap(spacer)
	}
	if len(places) < 3 {
		t.Errorf("the library lay at %d places only", len(places))
	}
	if len(states) > 3 {
		t.Errorf("%d states for one function at a time", len(states))
	}
}

// Auto: Blocking at first, running once calls are short, back when one turns out long, and running again later.
func TestAutoStates(t *testing.T) {
	l := testlib.Lib(t)
	testlib.OnlyFast(t, "Auto is Blocking on other roads")
	spin := gangway.MustFunc[func(uint32) uint64](l, "gt_spin")
	s := state(spin)
	s.Forget()
	for round := 0; round < 2; round++ {
		running(t, s, func() { spin(0) })
		// A long call is taken over as soon as a collection wants its P.
		testlib.Eventually(func() bool {
			stop := testlib.Collect()
			spin(20000)
			stop()
			return s.Mode() != trampolines.AutoRunning
		})
		if m := s.Mode(); m != trampolines.AutoProbing {
			t.Fatalf("mode %d after a long call", m)
		}
	}
}

// A function that was once seen waiting in the kernel stays Blocking, however short its calls are afterwards.
func TestAutoOfWaits(t *testing.T) {
	l := testlib.Lib(t)
	testlib.OnlyFast(t, "Auto is Blocking on other roads")
	sleep := gangway.MustFunc[func(uint32)](l, "gt_sleep")
	s := state(sleep)
	s.Forget()
	running(t, s, func() { sleep(0) })
	testlib.Eventually(func() bool {
		testlib.Eventually(func() bool { sleep(0); return s.Mode() != trampolines.AutoProbing })
		stop := testlib.Collect()
		sleep(20000)
		stop()
		return s.Mode() == trampolines.AutoBlocking
	})
	for i := 0; i < 100000; i++ {
		sleep(0)
	}
	if m := s.Mode(); m != trampolines.AutoBlocking {
		t.Errorf("mode %d", m)
	}
	// Fast stays Fast.
	fast := gangway.MustFunc[func(uint32)](l, "gt_sleep", gangway.Fast())
	before := gangway.Takeovers()
	stop := testlib.Collect()
	testlib.Eventually(func() bool { fast(2000); return gangway.Takeovers() > before })
	stop()
	if m := state(fast).Mode(); m != trampolines.AutoRunning {
		t.Errorf("Fast became %d", m)
	}
}

// running makes short calls until s says that they are running calls, and some more.
func running(t *testing.T, s *trampolines.AutoState, short func()) {
	t.Helper()
	if m := s.Mode(); m != trampolines.AutoProbing {
		t.Fatalf("mode %d at first", m)
	}
	testlib.Eventually(func() bool {
		for i := 0; i < 1000 && s.Mode() != trampolines.AutoRunning; i++ {
			short()
		}
		return s.Mode() == trampolines.AutoRunning
	})
	for i := 0; i < 10000; i++ {
		short()
	}
}

// C code whose registers look as if it were waiting in the kernel is not taken for that: what an indirect jump leaves in
// RCX is two more than RIP at the jump, as at a system call that is to be made again.
func TestAutoOfJumps(t *testing.T) {
	testlib.OnlyFast(t, "Auto is Blocking on other roads")
	jump := gangway.MustFunc[func(uint64)](testlib.Lib(t), "gt_jump")
	s := state(jump)
	before := gangway.Takeovers()
	for i := 0; gangway.Takeovers() < before+20; i++ {
		if i == 1000 {
			t.Fatalf("%d take-overs only", gangway.Takeovers()-before)
		}
		for k := 0; k < 100000 && s.Mode() == trampolines.AutoProbing; k++ {
			jump(1)
		}
		if m := s.Mode(); m != trampolines.AutoRunning {
			t.Fatalf("mode %d after %d take-overs", m, gangway.Takeovers()-before)
		}
		done := make(chan bool)
		go func() { runtime.GC(); close(done) }()
		for collected := false; !collected; {
			jump(2000)
			select {
			case <-done:
				collected = true
			default:
			}
			if s.Mode() == trampolines.AutoBlocking {
				t.Fatalf("Blocking for good after %d take-overs", gangway.Takeovers()-before)
			}
		}
	}
}

// Long calls never become running calls, however many there are.
func TestAutoOfLongCalls(t *testing.T) {
	l := testlib.Lib(t)
	testlib.OnlyFast(t, "Auto is Blocking on other roads")
	errnoSleep := gangway.MustFunc[func(int32, uint32, int64) int64](l, "gt_errno_sleep")
	for i := 0; i < 200; i++ {
		errnoSleep(0, 100, 0)
		if m := state(errnoSleep).Mode(); m == trampolines.AutoRunning {
			t.Fatalf("a function that sleeps 100 microseconds runs after %d calls", i+1)
		}
	}
}

// All bindings of a C function learn together; Blocking and Fast never change.
func TestStatesAreShared(t *testing.T) {
	l := testlib.Lib(t)
	testlib.OnlyFast(t, "functions have no states on other roads")
	one := gangway.MustFunc[func(int32, int32) int32](l, "gt_add")
	other := gangway.MustFunc[func(uint32, uint32) uint32](l, "gt_add", gangway.Auto())
	if state(one) != state(other) {
		t.Error("two bindings of one function with two states")
	}
	fma := gangway.MustFunc[func(a, b, c float64) float64](l, "gt_fma")
	if state(one) == state(fma) {
		t.Error("two functions with one state")
	}
	blocking := gangway.MustFunc[func(int32, int32) int32](l, "gt_add", gangway.Blocking())
	fast := gangway.MustFunc[func(uint32)](l, "gt_spin", gangway.Fast())
	for i := 0; i < 2000; i++ {
		blocking(1, 2)
	}
	before := gangway.Takeovers()
	testlib.Eventually(func() bool {
		done := make(chan bool)
		go func() {
			defer close(done)
			for i := 0; i < 5; i++ {
				runtime.GC()
			}
		}()
		fast(10000)
		<-done
		return gangway.Takeovers() > before
	})
	if m := state(blocking).Mode(); m != trampolines.AutoBlocking || state(blocking) == state(one) {
		t.Errorf("Blocking became %d", m)
	}
	if m := state(fast).Mode(); m != trampolines.AutoRunning {
		t.Errorf("Fast became %d", m)
	}
}
