// Package reports_test checks what crash reports, profiles and goroutine dumps say of C that Go called.
package reports_test

import (
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

var modes = []string{"fast", "auto", "blocking", "safe"}

func TestCrashInCShowsTheGoCaller(t *testing.T) {
	program := testlib.Build(t, "reports")
	for _, how := range modes {
		r := testlib.Run(t, nil, program, "crash", how)
		if r.Code != 2 || !strings.Contains(r.Out, "SIGSEGV") || !strings.Contains(r.Out, "main.callerOfCrash") {
			t.Errorf("%s: exit %d\n%s", how, r.Code, r.Out)
		}
	}
}

func TestCrashBelowACallbackShowsAllCallers(t *testing.T) {
	program := testlib.Build(t, "reports")
	for _, how := range modes {
		r := testlib.Run(t, nil, program, "nested", how)
		if r.Code != 2 || !strings.Contains(r.Out, "main.callerOfCrash") || !strings.Contains(r.Out, "main.callerOfSort") {
			t.Errorf("%s: exit %d\n%s", how, r.Code, r.Out)
		}
	}
}

func TestProfileOfCNamesTheGoCaller(t *testing.T) {
	program := testlib.Build(t, "reports")
	for _, how := range modes {
		r := testlib.Run(t, nil, program, "profile", how)
		if r.Code != 0 || !strings.Contains(r.Out, "profile names the caller: true") || !strings.Contains(r.Out, "trace: true") {
			t.Errorf("%s: exit %d\n%s", how, r.Code, r.Out)
		}
	}
}

func TestDumpShowsGoroutinesInC(t *testing.T) {
	program := testlib.Build(t, "reports")
	for _, how := range modes {
		r := testlib.Run(t, nil, program, "dump", how)
		if r.Code != 0 || !strings.Contains(r.Out, "dump shows the caller") {
			t.Errorf("%s: exit %d\n%s", how, r.Code, r.Out)
		}
	}
}
