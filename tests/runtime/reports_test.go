// Package runtime_test tests what Go's runtime and tools make of calls between Go and C: profiles, traces, reports of
// crashes, signals, ids, child processes, the end of a program.
package runtime_test

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// A crash in C ends the program with a report that names the signal and the Go functions that led to C, all of them when
// calls are nested.
func TestCrashReports(t *testing.T) {
	testlib.Lib(t)
	program := testlib.Build(t, "crash")
	words := map[string]string{
		"segfault": "SIGSEGV", "abort": "SIGABRT", "illegal": "SIGILL", "divide": "SIGFPE", "quit": "SIGQUIT",
		"overflow": "SIGSEGV",
		"panic":    "panic: nobody recovers this", "nilpointer": "panic: runtime error: invalid memory address",
	}
	all := []string{"segfault", "abort", "illegal", "divide", "quit", "overflow", "panic", "nilpointer"}
	for i, mode := range testlib.Modes {
		for k, what := range all {
			for j, where := range []string{"plain", "goroutine", "nested", "foreign", "kept"} {
				if testing.Short() && (i+k+j)%4 != 0 {
					continue
				}
				if v := runtime.Version(); what == "overflow" && (cgoOn || strings.HasPrefix(v, "go1.19") || strings.HasPrefix(v, "go1.20")) {
					// Go 1.19 and 1.20 say nothing. runtime/cgo has the runtime take the guard page for a part of the
					// stack, and the report may end when it looks there.
					continue
				}
				name := mode.Name + " " + what + " " + where
				r := testlib.Run(t, []string{"GOTRACEBACK=all"}, program, mode.Name, what, where)
				if r.Code != 2 || strings.Contains(r.Out, "survived") {
					t.Errorf("%s: exit status %d (%v)\n%s", name, r.Code, r.Signal, r.Out)
					continue
				}
				want := []string{words[what], "main.callerOfC("}
				if where == "nested" {
					want = append(want, "main.middleGo(", "main.outerGo(")
				}
				for _, w := range want {
					if !strings.Contains(r.Out, w) {
						t.Errorf("%s: %s is not in the report\n%s", name, w, r.Out)
					}
				}
				// (Before Go 1.20 a crash in C is an "unexpected signal during runtime execution", as with cgo.)
				bad := []string{"runtime: unexpected return pc", "traceback did not unwind", "traceback stuck"}
				if what == "panic" || what == "nilpointer" {
					bad = append(bad, "fatal error: unexpected signal")
				}
				for _, w := range bad {
					if strings.Contains(r.Out, w) {
						t.Errorf("%s: the report says %q\n%s", name, w, r.Out)
					}
				}
			}
		}
	}
}

// Goexit on a thread that C made ends the program: there is no goroutine to end.
func TestGoexitOnForeignThreads(t *testing.T) {
	testlib.Lib(t)
	program := testlib.Build(t, "crash")
	for _, mode := range testlib.Modes {
		for _, where := range []string{"foreign", "kept"} {
			r := testlib.Run(t, nil, program, mode.Name, "goexit", where)
			if r.Code != 2 || !strings.Contains(r.Out, "lockedInt = 1") {
				t.Errorf("%s %s: exit status %d (%v)\n%s", mode.Name, where, r.Code, r.Signal, r.Out)
			}
		}
	}
}

// With GOTRACEBACK=crash the program dies of SIGABRT in the end, so that the system can take a core dump.
func TestCrashDumpsCore(t *testing.T) {
	testlib.Lib(t)
	program := testlib.Build(t, "crash")
	for _, mode := range testlib.Modes {
		r := testlib.Run(t, []string{"GOTRACEBACK=crash"}, "/bin/sh", "-c", `ulimit -c 0; exec "$@"`, "sh", program, mode.Name, "segfault", "nested")
		if r.Signal != syscall.SIGABRT || !strings.Contains(r.Out, "main.callerOfC(") {
			t.Errorf("%s: exit status %d (%v)\n%s", mode.Name, r.Code, r.Signal, r.Out)
		}
	}
}

// runtime.SetCgoTraceback: C frames in crash reports and profiles, contexts around callbacks.
func TestSetCgoTraceback(t *testing.T) {
	testlib.Lib(t)
	program := testlib.Build(t, "traceback")
	for _, mode := range testlib.Modes {
		r := testlib.Run(t, nil, program, "crash", mode.Name)
		if r.Code != 2 {
			t.Errorf("%s: exit status %d (%v)\n%s", mode.Name, r.Code, r.Signal, r.Out)
		}
		for _, w := range []string{"SIGSEGV", "gt_invented_leaf", "invented.c:42", "gt_invented_root", "main.main()"} {
			if !strings.Contains(r.Out, w) {
				t.Errorf("%s: %s is not in the report\n%s", mode.Name, w, r.Out)
			}
		}
		testlib.RunOK(t, nil, program, "callbacks", mode.Name)
		if mode.Name != "Fast" { // the dump itself takes a running call over, by a signal
			testlib.RunOK(t, nil, program, "earlier", mode.Name)
		}
		testlib.RunOK(t, nil, program, "profile", mode.Name)
	}
}

// Programs end while C's threads call Go and goroutines wait in C.
func TestExit(t *testing.T) {
	testlib.Lib(t)
	program := testlib.Build(t, "exit")
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for _, how := range []string{"return", "exit", "goroutine", "callback", "foreign", "c"} {
		for i := 0; i < rounds; i++ {
			testlib.RunOK(t, nil, program, how)
		}
	}
	if r := testlib.Run(t, nil, program, "signal"); r.Signal != syscall.SIGTERM {
		t.Errorf("after SIGTERM: exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
	}
}

// setuid and its family change all threads: those in C, and those that C made.
func TestIds(t *testing.T) {
	testlib.Lib(t)
	if syscall.Geteuid() != 0 {
		t.Skipf("only root may change ids; this is user %d", syscall.Geteuid())
	}
	program := testlib.Build(t, "ids")
	testlib.RunOK(t, nil, program)
}

// Running calls on every kind of thread, collected meanwhile; without SIGURG, and with the collector's own checks, too.
func TestKindsOfThreads(t *testing.T) {
	testlib.Lib(t)
	program := testlib.Build(t, "threads")
	for _, godebug := range []string{"", "asyncpreemptoff=1", "gccheckmark=1", "clobberfree=1,invalidptr=1"} {
		out := testlib.RunOK(t, []string{"GODEBUG=" + godebug}, program)
		if godebug == "asyncpreemptoff=1" && strings.Contains(out, "road: fast") {
			t.Errorf("the fast road without SIGURG:\n%s", out)
		}
		kinds := map[string]int{}
		for _, line := range strings.Split(out, "\n") {
			kinds[strings.Fields(line + " .")[0]]++
		}
		if want := (map[string]int{"main": 1, "goroutine": 1, "template": 4, "locked": 4, "foreign": 10}); fmt.Sprint(pick(kinds, want)) != fmt.Sprint(want) {
			t.Errorf("GODEBUG=%s: threads %v, not %v", godebug, kinds, want)
		}
	}
}

// pick returns the entries of m whose keys are in keys.
func pick(m, keys map[string]int) map[string]int {
	out := map[string]int{}
	for k := range keys {
		out[k] = m[k]
	}
	return out
}
