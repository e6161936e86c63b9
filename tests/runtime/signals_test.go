package runtime_test

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// takenOver checks that collections still end running calls.
func takenOver(t *testing.T) {
	t.Helper()
	spin := gangway.MustFunc[func(*testlib.Gate) int32](testlib.MustOpen(), "gt_gate_spin", gangway.Fast())
	gate := testlib.NewGate()
	done := make(chan int32)
	go func() { done <- spin(gate) }()
	gate.Wait(1)
	runtime.GC()
	gate.Open()
	if n := <-done; n != 1 {
		t.Errorf("result %d", n)
	}
}

// os/signal sees the signals that it asks for, SIGURG among them, raised in C and from outside; take-over goes on.
// (SIGPROF never reaches os/signal: the runtime keeps it for the profiler.)
func TestNotify(t *testing.T) {
	l := testlib.Lib(t)
	for _, sig := range []syscall.Signal{syscall.SIGURG, syscall.SIGUSR1, syscall.SIGQUIT} {
		ch := make(chan os.Signal, 100)
		signal.Notify(ch, sig)
		for _, mode := range testlib.Modes {
			raise := gangway.MustFunc[func(int32) int32](l, "gt_raise", mode.Option)
			for i := 0; i < 20; i++ {
				if r := raise(int32(sig)); r != 0 {
					t.Fatalf("raise: %d", r)
				}
			}
			<-ch
			syscall.Kill(os.Getpid(), sig)
			<-ch
			takenOver(t)
		}
		signal.Stop(ch)
		takenOver(t)
	}
	// Reset and Ignore of signals that Gangway has handlers for.
	signal.Reset(syscall.SIGURG, syscall.SIGPROF)
	takenOver(t)
	signal.Ignore(syscall.SIGPROF)
	takenOver(t)
	signal.Reset(syscall.SIGPROF)
	takenOver(t)
}

// C code with a signal handler and a signal stack of its own, in calls that are taken over.
func TestHandlersOfC(t *testing.T) {
	l := testlib.Lib(t)
	install := gangway.MustFunc[func(int32, uint32) int32](l, "gt_handler_install")
	count := gangway.MustFunc[func() int64](l, "gt_handler_count")
	if r := install(int32(syscall.SIGUSR2), 20000); r != 0 {
		t.Fatalf("gt_handler_install: %d", r)
	}
	var stop int32
	collector := make(chan bool)
	go func() {
		defer close(collector)
		for atomic.LoadInt32(&stop) == 0 {
			runtime.GC()
		}
	}()
	for _, mode := range testlib.Modes {
		raise := gangway.MustFunc[func(int32) int32](l, "gt_raise", mode.Option)
		own := gangway.MustFunc[func(int32, int32) int64](l, "gt_raise_on_own_stack", mode.Option)
		call := gangway.MustFunc[func(uintptr)](l, "gt_call", mode.Option)
		before := count()
		back := testlib.Callback(t, func() {
			raise(int32(syscall.SIGUSR2))
			k := 3
			if n := testlib.Grow(30, k, &k); n != 2*k {
				t.Errorf("stack contents: %d", n)
			}
		})
		for i := 0; i < 20; i++ {
			if r := raise(int32(syscall.SIGUSR2)); r != 0 {
				t.Fatalf("raise: %d", r)
			}
			if n := own(int32(syscall.SIGUSR2), 10); n != 10 {
				t.Fatalf("%s: %d of 10 signals on C's own signal stack", mode.Name, n)
			}
			call(back)
		}
		if n := count() - before; n != 20*12 {
			t.Errorf("%s: %d signals handled, not %d", mode.Name, n, 20*12)
		}
	}
	atomic.StoreInt32(&stop, 1)
	<-collector
	takenOver(t)
}

// Child processes while other goroutines are in C, C's threads call Go, and signals fly.
func TestExec(t *testing.T) {
	l := testlib.Lib(t)
	start := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")
	stop := gangway.MustFunc[func() int64](l, "gt_background_stop", gangway.Blocking())
	if r := start(testlib.Callback(t, func(x int64) int64 { return x }), 2, 100); r != 0 {
		t.Fatalf("gt_background_start: %d", r)
	}
	var done int32
	var wg sync.WaitGroup
	for _, mode := range testlib.Modes {
		spin := gangway.MustFunc[func(uint32) uint64](l, "gt_spin", mode.Option)
		sleep := gangway.MustFunc[func(uint32)](l, "gt_sleep", mode.Option)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := uint32(0); atomic.LoadInt32(&done) == 0; i++ {
				spin(i % 200)
				sleep(i % 300)
				if i%50 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	for i := 0; i < 40; i++ {
		out, err := exec.Command("/bin/echo", "hello").Output()
		if err != nil || string(out) != "hello\n" {
			t.Errorf("echo: %q, %v", out, err)
		}
		if err := exec.Command("/bin/false").Run(); err == nil {
			t.Error("false succeeded")
		}
	}
	// A child that is stopped and killed while its parent is in C.
	cmd := exec.Command("/bin/sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Millisecond)
	cmd.Process.Kill()
	if err := cmd.Wait(); err == nil {
		t.Error("a killed child succeeded")
	}
	atomic.StoreInt32(&done, 1)
	wg.Wait()
	if n := stop(); n == 0 {
		t.Error("no call from the background")
	}
	takenOver(t)
}
