// Package scenarios_test plays what cgo's users rely on, after the list that Go's own tests for cgo make; doc/scenarios.md
// says which test of Go's has its counterpart where. Most of it runs as processes of their own (tests/programs/scenario).
package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A scenario is one of tests/programs/scenario, and how it must end. Without words it prints OK and exits with 0.
type scenario struct {
	group, name string
	env         []string
	preload     bool // tests/scenarios/c/early.c comes before the Go runtime
	root        bool // needs to be root
	guessed     road // on this road the runtime has to guess where a stack of C's ends
	code        int  // exit status
	signal      syscall.Signal
	words       []string // what it says then
}

type road string

const (
	anyRoad  road = "any"
	safeRoad road = "safe"
)

// guesses tells whether the runtime's own guesses do, as seen on the road that is its own. With Go 1.19 and 1.20 they
// do not for C in nested callbacks, with early releases of 1.21 and 1.22 they are not renewed when C has gone on, or
// moved to another stack: in cgo programs all the same.
func (r road) guesses(t *testing.T, program, name string) bool {
	current, _ := gangway.CurrentRoad()
	if r == "" || r == safeRoad && current != gangway.RoadSafe && !strings.HasPrefix(runtime.Version(), "go1.21") {
		return true
	}
	for _, v := range []string{"go1.19", "go1.20", "go1.21", "go1.22"} {
		// With 1.21.0 it depends on where the stacks lie.
		for i := 0; i < 5 && strings.HasPrefix(runtime.Version(), v); i++ {
			if testlib.Run(t, []string{"GANGWAY_ROAD=safe"}, program, name, "Auto").Code != 0 {
				return false
			}
		}
	}
	return true
}

// Go 1.26 says "runtime.Goexit called in a thread that was not created by the Go runtime", earlier releases less.
const goexitOnForeign = "lockedInt = 1"
const lockingMustMatch = "OS thread locking must match locking at coroutine creation"

var all = []scenario{
	{group: "callbacks", name: "deep"},
	{group: "callbacks", name: "shrink"},
	{group: "callbacks", name: "error-calls-c", code: 2, words: []string{"panic: ", "the answer of C is 42"}},
	{group: "callbacks", name: "at-exit"},
	{group: "callbacks", name: "destructors", words: []string{"called at exit: 77\nthe library's destructor\n"}},
	{group: "stacks", name: "coroutines-thread", guessed: anyRoad},
	{group: "stacks", name: "coroutines-nested", guessed: safeRoad},
	{group: "stacks", name: "bottom"},
	{group: "stacks", name: "thread-sizes"},
	{group: "threads", name: "during-init"},
	{group: "threads", name: "cancelled"},
	{group: "threads", name: "linger"},
	{group: "threads", name: "under-fire"},
	{group: "threads", name: "locked-exit"},
	{group: "threads", name: "goroutines"},
	{group: "threads", name: "kept"},
	{group: "threads", name: "goexit", code: 2, words: []string{goexitOnForeign}},
	// The runtime raises the signal again with its default action: there is no goroutine to report.
	{group: "threads", name: "stray-crash", code: -1, signal: syscall.SIGSEGV},
	{group: "threads", name: "ids", root: true},
	{group: "signals", name: "urg"},
	{group: "signals", name: "quit", code: 2, words: []string{"before the report", "SIGQUIT", "main.callerOfRaise("}},
	{group: "signals", name: "replaced"},
	{group: "signals", name: "masked"},
	{group: "signals", name: "pipe"},
	{group: "signals", name: "child"},
	{group: "signals", name: "eintr"},
	{group: "signals", name: "stacks"},
	{group: "signals", name: "early", preload: true},
	{group: "signals", name: "early-crash", preload: true, code: 5, words: []string{"C's own handler"}},
	{group: "signals", name: "outside", code: 2, words: []string{"SIGSEGV"}},
	{group: "signals", name: "prof-stray"},
	{group: "children", name: "fork"},
	{group: "children", name: "exec-mask"},
	{group: "profiles", name: "heap"},
	{group: "profiles", name: "labels"},
	{group: "profiles", name: "not-in-go"},
	{group: "pointers", name: "pointers", env: []string{"GANGWAY_CHECK=pointers"}},
	{group: "pointers", name: "pointers-unchecked"},
	{group: "pointers", name: "pointers-unchecked", env: []string{"GANGWAY_CHECK=pointers", "GODEBUG=cgocheck=0"}},
	{group: "coroutines", name: "pull"},
	{group: "coroutines", name: "pull-in-callback"},
	{group: "coroutines", name: "pull-stopped"},
	{group: "coroutines", name: "pull-across", code: 2, words: []string{lockingMustMatch}},
	{group: "coroutines", name: "pull-yield-across", code: 2, words: []string{lockingMustMatch}},
	{group: "run", name: "exercise", env: []string{"GOMAXPROCS=1"}},
	{group: "run", name: "exercise", env: []string{"GOMAXPROCS=2"}},
	{group: "run", name: "exercise", env: []string{"GOMAXPROCS=64"}},
	{group: "run", name: "exercise", env: []string{"GOGC=1"}},
	{group: "run", name: "exercise", env: []string{"GODEBUG=asyncpreemptoff=1"}},
	{group: "run", name: "exercise", env: []string{"GODEBUG=gccheckmark=1"}},
	{group: "run", name: "exercise", env: []string{"GODEBUG=clobberfree=1"}},
	{group: "run", name: "exercise", env: []string{"GODEBUG=invalidptr=1"}},
	{group: "run", name: "exercise", env: []string{"GODEBUG=cgocheck=1", "GANGWAY_CHECK=pointers"}},
	{group: "run", name: "exercise", env: []string{"GODEBUG=efence=1"}},
}

func (s *scenario) title() string {
	return strings.Join(append([]string{s.group, s.name}, s.env...), "/")
}

// modes are the ways of calls to play a scenario with: all where everything is asked for, else the one with most to lose. On
// the safe road they are all one.
func modes() []string {
	road, _ := gangway.CurrentRoad()
	switch {
	case road == gangway.RoadSafe:
		return []string{"Auto"}
	case asked():
		return []string{"Auto", "Blocking", "Fast", "Safe"}
	}
	return []string{"Fast"}
}

// early returns the library of tests/scenarios/c.
func early(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("c/libgwearly.so")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: make builds it", err)
	}
	return path
}

func TestScenarios(t *testing.T) {
	program := testlib.Build(t, "scenario")
	list := testlib.Run(t, nil, program)
	for i := range all {
		s := &all[i]
		t.Run(s.title(), func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(list.Out, " "+s.name+" ") && !strings.Contains(list.Out, "["+s.name+" ") && !strings.Contains(list.Out, " "+s.name+"]") {
				t.Skipf("needs a later release of Go")
			}
			if s.root && os.Geteuid() != 0 {
				t.Skipf("only root may do this")
			}
			if !s.guessed.guesses(t, program, s.name) {
				t.Skipf("the runtime of %s is wrong about C's stacks", runtime.Version())
			}
			env := s.env
			if s.preload {
				env = append([]string{"LD_PRELOAD=" + early(t)}, env...)
			}
			for _, mode := range modes() {
				if s.code == 0 {
					out := testlib.RunOK(t, env, program, s.name, mode)
					for _, w := range s.words {
						if !strings.Contains(out, w) {
							t.Errorf("%s: it does not say %q\n%s", mode, w, out)
						}
					}
					continue
				}
				r := testlib.Run(t, env, program, s.name, mode)
				if r.Code != s.code || r.Signal != s.signal {
					t.Errorf("%s: exit status %d (%v), not %d (%v)\n%s", mode, r.Code, r.Signal, s.code, s.signal, r.Out)
				}
				for _, w := range s.words {
					if !strings.Contains(r.Out, w) {
						t.Errorf("%s: it does not say %q\n%s", mode, w, r.Out)
					}
				}
			}
		})
	}
}

// A program whose standard output is gone ends by SIGPIPE, also when the write comes from a callback.
func TestBrokenStandardOutput(t *testing.T) {
	lib, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	program := testlib.Build(t, "scenario")
	for _, mode := range modes() {
		// The status of a program that a signal ended is 128 more than the signal.
		script := fmt.Sprintf("{ %s stdout %s; echo $? >&2; } | head -n 1 >/dev/null", program, mode)
		r := testlib.Run(t, []string{"GANGWAY_TESTLIB=" + lib}, "/bin/sh", "-c", script)
		if strings.TrimSpace(r.Out) != "141" {
			t.Errorf("%s: status %s", mode, r.Out)
		}
	}
}

// Signals that hit C, by how the runtime treats them. What it asks is whether the thread was in C: a running call is to
// be taken for a cgo call. So the runtime's own road is what tells how each must end.
var signalsInC = []struct {
	name    string
	signals []syscall.Signal
	fault   bool // the kernel sends them for what C does, too
}{
	{"pipe", []syscall.Signal{syscall.SIGPIPE}, true},
	{"faults", []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE}, true},
	{"fatal", []syscall.Signal{syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT}, true},
	{"reports", []syscall.Signal{syscall.SIGQUIT, syscall.SIGSYS, syscall.SIGSTKFLT}, false},
	{"ending", []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM}, false},
	{"others", []syscall.Signal{syscall.SIGUSR1, syscall.SIGALRM, syscall.SIGCHLD, syscall.SIGIO, 40}, false},
	{"runtime", []syscall.Signal{syscall.SIGURG, syscall.SIGPROF}, false},
}

func TestSignalsInC(t *testing.T) {
	program := testlib.Build(t, "scenario")
	for _, class := range signalsInC {
		class := class
		t.Run(class.name, func(t *testing.T) {
			t.Parallel()
			for _, sig := range class.signals {
				for how := 0; how < 3; how++ {
					if how == 2 && !class.fault {
						continue
					}
					for _, preload := range []string{"", early(t)} {
						env := []string{fmt.Sprintf("GW_SIGNAL=%d %d", sig, how)}
						if preload != "" {
							env = append(env, "LD_PRELOAD="+preload)
						}
						safe := append([]string{"GANGWAY_ROAD=safe"}, env...)
						want := end(testlib.Run(t, safe, program, "in-c", "Auto"))
						for _, mode := range []string{"Fast", "Blocking"} {
							r := testlib.Run(t, env, program, "in-c", mode)
							if got := end(r); got != want {
								t.Errorf("%s: %s, not %s\n%s", env, got, want, r.Out)
							}
						}
					}
				}
			}
		})
	}
}

// end says how a program has ended, without addresses.
func end(r testlib.Result) string {
	s := fmt.Sprintf("status %d, signal %d", r.Code, r.Signal)
	seen := []string{"OK", "C's own handler", "signal arrived during cgo execution", "main.senderOfSignal("}
	for _, words := range seen {
		if strings.Contains(r.Out, words) {
			s += ", " + words
		}
	}
	for _, line := range strings.Split(r.Out, "\n") {
		if strings.HasPrefix(line, "C's handler ran ") || strings.HasPrefix(line, "SIG") {
			s += ", " + line
		}
	}
	return s
}

// GANGWAY_CHECK=signals names the handlers of C's that lack SA_ONSTACK, each once; nothing else does.
func TestHandlersWithoutStack(t *testing.T) {
	program := testlib.Build(t, "scenario")
	const ofCall = "signal 28 (window changed) at libgwtest.so+0x"
	const ofLibrary = "signal 12 (user defined signal 2) at libgwearly.so+0x"
	open := []string{"GW_FLAGLESS=1", "GW_OPEN=" + early(t)}
	preloaded := []string{"GANGWAY_CHECK=signals", "GW_FLAGLESS=1", "LD_PRELOAD=" + early(t)}
	for _, c := range []struct {
		env           []string
		call, library int
	}{
		{open, 0, 0},
		{append([]string{"GANGWAY_CHECK=pointers"}, open...), 0, 0},
		{append([]string{"GANGWAY_CHECK=signals"}, open...), 1, 1},
		{append([]string{"GANGWAY_CHECK=pointers,signals"}, open...), 1, 1},
		{preloaded, 1, 0}, // Go's handler stands before it
	} {
		out := testlib.RunOK(t, c.env, program, "flagless", "Auto")
		if n := strings.Count(out, ofCall); n != c.call {
			t.Errorf("%v: %d times %q\n%s", c.env, n, ofCall, out)
		}
		if n := strings.Count(out, ofLibrary); n != c.library {
			t.Errorf("%v: %d times %q\n%s", c.env, n, ofLibrary, out)
		}
		if n := strings.Count(out, "SA_ONSTACK"); n != c.call+c.library {
			t.Errorf("%v: %d handlers\n%s", c.env, n, out)
		}
	}
}
