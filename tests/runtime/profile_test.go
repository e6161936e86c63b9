package runtime_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// The callers of C that a profile must show; one for each mode, so that they are told apart.

//go:noinline
func burnAuto(f func()) { f(); calls++ }

//go:noinline
func burnBlocking(f func()) { f(); calls++ }

//go:noinline
func burnFast(f func()) { f(); calls++ }

//go:noinline
func burnSafe(f func()) { f(); calls++ }

//go:noinline
func burnNested(f func()) { f(); calls++ }

//go:noinline
func burnForeign(f func()) { f(); calls++ }

var calls int

// Processor time that C uses belongs to the Go functions that called it, through callbacks as well. The profiler's timers
// reach threads that the runtime made (and on older kernels no others), so that samples there come of themselves; for nested
// calls and C's own threads C sends itself the signal, which the runtime counts like the timer's.
func TestProfileOfC(t *testing.T) {
	l := testlib.Lib(t)
	callers := map[string]func(func()){"Auto": burnAuto, "Blocking": burnBlocking, "Fast": burnFast, "Safe": burnSafe}
	for _, mode := range testlib.Modes {
		burn := gangway.MustFunc[func(uint32) uint64](l, "gt_burn", mode.Option)
		raise := gangway.MustFunc[func(int32) int32](l, "gt_raise", mode.Option)
		call := gangway.MustFunc[func(uintptr)](l, "gt_call", mode.Option)
		threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](l, "gt_threads", mode.Option)
		inC := func() {
			callers[mode.Name](func() {
				for i := 0; i < raised; i++ {
					raise(int32(syscall.SIGPROF))
				}
			})
		}
		nested := testlib.Callback(t, inC)
		foreign := testlib.Callback(t, func(x int64) int64 {
			burnForeign(inC)
			return x
		})
		for _, c := range []struct {
			name  string
			run   func()
			stack []string
		}{
			{"nested", func() { burnNested(func() { call(nested) }) }, []string{"burn" + mode.Name, "burnNested"}},
			{"foreign", func() { threads(foreign, 1, 1, 0, 0) }, []string{"burn" + mode.Name, "burnForeign"}},
		} {
			total, found := profiled(t, c.run, c.stack)
			if found < raised {
				t.Errorf("%s, %s: %d of %d samples show %v", mode.Name, c.name, found, total, c.stack)
			}
		}
		// A machine that is busy elsewhere may take few samples.
		for try := 0; ; try++ {
			total, found := profiled(t, func() { callers[mode.Name](func() { burn(150) }) }, []string{"burn" + mode.Name})
			if found > 0 && 2*found >= total {
				break
			}
			if try == 20 {
				t.Errorf("%s: %d of %d samples show the caller", mode.Name, found, total)
				break
			}
		}
	}
}

// raised is how many signals C sends itself.
const raised = 20

// profiled runs f under the profiler and returns how many samples there are and in how many of them the functions are on
// the stack, the innermost first.
func profiled(t *testing.T, f func(), functions []string) (total, found int64) {
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		t.Fatal(err)
	}
	f()
	pprof.StopCPUProfile()
	samples, err := testlib.Samples(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		total += s.Count
		k := 0
		for _, name := range s.Stack {
			if k < len(functions) && strings.HasSuffix(name, "."+functions[k]) {
				k++
			}
		}
		if k == len(functions) {
			found += s.Count
		}
	}
	return total, found
}

// Samples on threads of C that are just about to enter Go or to leave it show Go's callers, not _ExternalCode: package pprof may
// panic over functions that are inlined into others (signalBetween). All but a few instructions in assembly.
func TestProfileOfThreadsOfC(t *testing.T) {
	if road, _ := gangway.CurrentRoad(); road != gangway.RoadFast {
		t.Skip("Gangway has no signal handler on this road")
	}
	l := testlib.Lib(t)
	fn := testlib.Callback(t, func(x int64) int64 { return x })
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		t.Fatal(err)
	}
	start := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")
	stop := gangway.MustFunc[func() int64](l, "gt_background_stop", gangway.Blocking())
	storm := gangway.MustFunc[func(*[1]int32, int32, uint32, uint64) int32](l, "gt_storm_start")
	calm := gangway.MustFunc[func() int64](l, "gt_storm_stop", gangway.Blocking())
	if r := start(fn, 2, 0); r != 0 {
		t.Fatalf("gt_background_start: %d", r)
	}
	if r := storm(&[1]int32{int32(syscall.SIGPROF)}, 1, 50, 1); r != 0 {
		t.Fatalf("gt_storm_start: %d", r)
	}
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		runtime.GC()
	}
	calm()
	stop()
	pprof.StopCPUProfile()
	samples, err := testlib.Samples(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	between := int64(0)
	for _, s := range samples {
		stack := strings.Join(s.Stack, " ")
		outside := s.Stack[len(s.Stack)-1] == "runtime._ExternalCode"
		if !strings.Contains(stack, "exitsyscall") && !strings.Contains(stack, "entersyscall") {
			continue
		}
		if outside {
			t.Errorf("%d samples show %v", s.Count, s.Stack)
		} else if strings.Contains(stack, ".callbackKept") {
			between += s.Count
		}
	}
	kept := !strings.HasPrefix(runtime.Version(), "go1.19") && !strings.HasPrefix(runtime.Version(), "go1.20")
	if between == 0 && kept {
		t.Error("no sample shows a thread of C between C and Go")
	}
}

// mixture makes calls, callbacks, panics through C, take-overs and, if asked to, foreign threads on several goroutines.
//
// No panics through runtime.cgocall while tracing, or profiling of blocking: the runtime forgets about the C frames (m.ncgo)
// before the last deferred functions have run, and then follows frame pointers into what used to be C's stack. A cgo program
// that does this crashes as well (seen with Go 1.26 and 1.27). Gangway's own calls leave no such trace.
func mixture(t *testing.T, tracing, foreign bool) {
	l := testlib.Lib(t)
	road, _ := gangway.CurrentRoad()
	var wg sync.WaitGroup
	for _, mode := range testlib.Modes {
		mode := mode
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", mode.Option)
		threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](l, "gt_threads", mode.Option)
		spin := gangway.MustFunc[func(uint32) uint64](l, "gt_spin", mode.Option)
		sleep := gangway.MustFunc[func(uint32)](l, "gt_sleep", mode.Option)
		ch := make(chan int, 1)
		var mu sync.Mutex
		var fn uintptr
		fn = testlib.Callback(t, func(x int64) int64 {
			mu.Lock()
			ch <- 1
			if x%4 == 0 {
				time.Sleep(10 * time.Microsecond)
			}
			<-ch
			mu.Unlock()
			if x == 100 {
				panic(x)
			}
			if x > 0 {
				return x + call(fn, x-1)
			}
			return 0
		})
		for g := 0; g < 2; g++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := int64(0); i < 30; i++ {
					if n := call(fn, i%10); n != i%10*(i%10+1)/2 {
						t.Errorf("sum %d", n)
					}
					if !tracing || (mode.Name != "Safe" && road != gangway.RoadSafe) {
						func() {
							defer func() { recover() }()
							call(fn, 102)
						}()
					}
					if i%10 == 0 {
						if foreign {
							if n := threads(fn, 2, 3, 0, 0); n != 1+3+6+10+15 {
								t.Errorf("sum %d", n)
							}
						}
						runtime.GC()
					}
					spin(uint32(i * 50))
					sleep(uint32(i * 20))
				}
			}()
		}
	}
	wg.Wait()
}

// Execution traces can be taken at any time, and the trace tool understands them. Before Go 1.22 it does not understand
// callbacks from C's own threads, with cgo neither (golang.org/issue/29707).
func TestTrace(t *testing.T) {
	testlib.Lib(t)
	name := filepath.Join(t.TempDir(), "trace")
	for i := 0; i < 3; i++ {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := trace.Start(f); err != nil {
			t.Fatal(err)
		}
		mixture(t, true, newTracer)
		trace.Stop()
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Size() < 1000 {
			t.Fatalf("trace of %d bytes, %v", info.Size(), err)
		}
	}
	cmd := exec.Command("go", "tool", "trace", "-pprof=syscall", name)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		if s := problem.String(); strings.Contains(s, "no such tool") || strings.Contains(s, "not in std") || strings.Contains(s, "no required module") {
			t.Skipf("this toolchain has no trace tool: %s", s)
		}
		t.Errorf("%v: %v\n%s", cmd.Args, err, problem.String())
	}
	if out.Len() == 0 {
		t.Error("no system calls in the trace")
	}
}

//go:noinline
func waitsInCallback(ch chan int, mu *sync.Mutex) {
	<-ch
	mu.Lock()
	mu.Unlock()
}

//go:noinline
func callsIntoC(call func(uintptr), fn uintptr) { call(fn); calls++ }

// Profiles of blocking show the Go callers above C as well, also where the runtime follows frame pointers.
func TestBlockProfile(t *testing.T) {
	l := testlib.Lib(t)
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	defer runtime.SetBlockProfileRate(0)
	defer runtime.SetMutexProfileFraction(0)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr)](l, "gt_call", mode.Option)
		ch := make(chan int)
		var mu sync.Mutex
		fn := testlib.Callback(t, func() { waitsInCallback(ch, &mu) })
		for i := 0; i < 20; i++ {
			done := make(chan bool)
			go func() {
				defer close(done)
				callsIntoC(call, fn)
			}()
			time.Sleep(100 * time.Microsecond)
			mu.Lock()
			ch <- 1
			time.Sleep(100 * time.Microsecond)
			mu.Unlock()
			<-done
		}
	}
	mixture(t, true, true)
	var buf bytes.Buffer
	if err := pprof.Lookup("block").WriteTo(&buf, 0); err != nil {
		t.Fatal(err)
	}
	samples, err := testlib.Samples(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	found := int64(0)
	for _, s := range samples {
		stack := strings.Join(s.Stack, " ")
		if strings.Contains(stack, "waitsInCallback") && strings.Contains(stack, "callsIntoC") {
			found += s.Count
		}
	}
	if found < 4 {
		t.Errorf("%d samples of blocking show the caller above C", found)
	}
	if err := pprof.Lookup("mutex").WriteTo(&buf, 0); err != nil {
		t.Fatal(err)
	}
}

// Dumps of all goroutines name the callers of those in C, also while they are taken over or come back.
func TestGoroutineDumps(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		for _, name := range []string{"gt_gate_sleep", "gt_gate_spin"} {
			wait := gangway.MustFunc[func(*testlib.Gate)](l, name, mode.Option)
			gate := testlib.NewGate()
			var wg sync.WaitGroup
			for i := 0; i < 3; i++ {
				wg.Add(1)
				go func() {
					defer wg.Done()
					dumped(wait, gate)
				}()
			}
			gate.Wait(3)
			for i := 0; i < 5; i++ {
				var buf bytes.Buffer
				if err := pprof.Lookup("goroutine").WriteTo(&buf, 2); err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(buf.String(), "runtime_test.dumped("); n != 3 {
					t.Errorf("%s, %s: %d callers in\n%s", mode.Name, name, n, buf.String())
				}
				buf.Reset()
				if err := pprof.Lookup("goroutine").WriteTo(&buf, 1); err != nil {
					t.Fatal(err)
				}
			}
			gate.Open()
			wg.Wait()
		}
	}
	// And while calls of all kinds begin and end.
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		buf := make([]byte, 1<<20)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.Stack(buf, true)
			}
		}
	}()
	mixture(t, false, true)
	close(stop)
	<-done
}

//go:noinline
func dumped(wait func(*testlib.Gate), gate *testlib.Gate) { wait(gate); _ = calls }
