package scenarios_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// In gdb, a backtrace from C goes on to the Go functions that called it, and above callbacks; one from Go in a callback shows
// Go's. trampolines/gangway-gdb.py helps with the first.
func TestDebugger(t *testing.T) {
	testlib.Lib(t)
	testlib.OnlyFast(t, "gangway-gdb.py knows Gangway's own calls; those of runtime.cgocall look as with cgo")
	gdb, err := exec.LookPath("gdb")
	if err != nil {
		t.Skipf("no gdb: %v", err)
	}
	program := testlib.Build(t, "scenario")
	bt := func(mode, what, stop string) string {
		args := []string{"-nx", "-batch"}
		for _, c := range []string{
			"set pagination off", "set breakpoint pending on", "set auto-load no", "set width 0", "set debuginfod enabled off", "handle SIGURG nostop noprint pass",
			"source ../../trampolines/gangway-gdb.py", "break " + stop, "run " + what + " " + mode, "bt",
		} {
			args = append(args, "-ex", c)
		}
		r := testlib.Run(t, nil, gdb, append(args, program)...)
		for _, trouble := range []string{"Could not trace the inferior", "Python scripting is not supported", "ptrace: Operation not permitted"} {
			if strings.Contains(r.Out, trouble) {
				t.Skipf("gdb cannot work here: %s", trouble)
			}
		}
		i := strings.Index(r.Out, "#0 ")
		if r.Code != 0 || i < 0 {
			t.Fatalf("gdb: exit status %d\n%s", r.Code, r.Out)
		}
		return r.Out[i:]
	}
	for i, mode := range []string{"Fast", "Blocking"} {
		for k, c := range []struct {
			what, stop string
			want       []string
		}{
			{"debug-direct", "gt_stop_direct", []string{"gt_stop_direct", "main.innerGo", "main.outerGo", "main.main", "runtime.main"}},
			{"debug-errno", "gt_errno_set", []string{"gt_errno_set", "main.innerGo", "main.outerGo", "main.main"}},
			{"debug-struct", "gt_struct_big", []string{"gt_struct_big", "main.innerGo", "main.outerGo", "main.main"}},
			{"debug-thread", "gt_stop_direct", []string{"gt_stop_direct", "main.innerGo", "main.outerGo", "runtime.cgocallbackg"}},
			{"debug-direct", "main.stopsInGo", []string{"main.stopsInGo", "main.innerGo", "main.outerGo", "main.main"}},
		} {
			if !asked() && (i > 0 || k > 0) {
				continue // gdb takes seconds to start
			}
			out := bt(mode, c.what, c.stop)
			rest := out
			for _, w := range c.want {
				i := strings.Index(rest, w+" (")
				if i < 0 {
					t.Errorf("%s, %s: %s is not where it should be in\n%s", mode, c.what, w, out)
					break
				}
				rest = rest[i:]
			}
		}
	}
}
