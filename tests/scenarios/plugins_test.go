package scenarios_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/jit"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// Plugins with Gangway, one and two, in a program that has Gangway and in one that has not. Each has functions of its own and
// shares the variables of the first. They make arenas for machine code, which are there when the next plugin is opened.
func TestPlugins(t *testing.T) {
	if !asked() {
		t.Skip("GANGWAY_BUILDS=1 asks for it: make check and tests/scenarios.sh do")
	}
	dir := t.TempDir()
	const programs = "github.com/gangwayffi/gangway/tests/programs/"
	first, second := filepath.Join(dir, "first.so"), filepath.Join(dir, "second.so")
	without, with := filepath.Join(dir, "without"), filepath.Join(dir, "with")
	for _, args := range [][]string{
		{"-buildmode=plugin", "-o", first, programs + "plugin"},
		{"-buildmode=plugin", "-o", second, programs + "plugin/second"},
		{"-o", without, programs + "opener"},
		{"-tags=opener_gangway", "-o", with, programs + "opener"},
	} {
		cmd := exec.Command("go", append([]string{"build"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
	road, _ := gangway.CurrentRoad()
	for _, c := range []struct {
		name, program string
		plugins       []string
	}{
		{"in a program without Gangway", without, []string{first}},
		{"two in a program without Gangway", without, []string{first, second}},
		{"in a program with Gangway", with, []string{second}},
		{"two in a program with Gangway", with, []string{second, first}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := testlib.RunOK(t, nil, c.program, c.plugins...)
			for _, p := range c.plugins {
				name := strings.TrimSuffix(filepath.Base(p), ".so")
				if !strings.Contains(out, fmt.Sprintf("%s %v ", name, road)) {
					t.Errorf("%s is not on the %v road:\n%s", name, road, out)
				}
				if registers := strings.Contains(out, name+" registers"); registers != (jit.Available() == nil) {
					t.Errorf("%s: machine code can be registered: %v; in this process: %v\n%s", name, registers, jit.Available(), out)
				}
			}
		})
	}
}
