package scenarios_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// A build is an unusual way to build a program, and how the program of tests/programs/scenario must fare then.
type build struct {
	name  string
	cgo   string // CGO_ENABLED; empty: as it is
	flags []string
	env   []string // for the build
	play  []string // scenarios, "exercise" by default
	since int      // Go 1.since
}

var builds = []build{
	{name: "race", cgo: "1", flags: []string{"-race"}},
	{name: "asan", cgo: "1", flags: []string{"-asan"}},
	{name: "cover", flags: []string{"-cover"}, since: 20},
	{name: "stripped", flags: []string{"-trimpath", "-ldflags=-s -w"}},
	{name: "unoptimised", flags: []string{"-gcflags=all=-N -l"}, play: []string{"exercise", "bottom", "urg"}},
	{name: "pie", flags: []string{"-buildmode=pie"}},
	{name: "pie-external", cgo: "1", flags: []string{"-buildmode=pie", "-ldflags=-linkmode=external"}},
	{name: "external", cgo: "1", flags: []string{"-ldflags=-linkmode=external"}},
	{name: "cgocheck2", env: []string{"GOEXPERIMENT=cgocheck2"}, play: []string{"exercise", "pointers"}, since: 21},
}

// asked tells whether to build programs whose standard library has to be compiled anew, which takes minutes on a cold cache.
func asked() bool { return os.Getenv("GANGWAY_BUILDS") != "" }

// Programs that are built with the race detector, with coverage, without symbols, without optimisation, and by the C linker.
func TestBuilds(t *testing.T) {
	if !asked() {
		t.Skip("GANGWAY_BUILDS=1 asks for it: make check and tests/scenarios.sh do")
	}
	for i := range builds {
		b := &builds[i]
		t.Run(b.name, func(t *testing.T) {
			if minor(t) < b.since {
				t.Skipf("needs Go 1.%d", b.since)
			}
			program := compile(t, b)
			play := b.play
			if play == nil {
				play = []string{"exercise"}
			}
			env := []string{"GANGWAY_CHECK=pointers", "GOCOVERDIR=" + t.TempDir()}
			for _, name := range play {
				for _, mode := range []string{"Auto", "Fast"} {
					testlib.RunOK(t, env, program, name, mode)
				}
			}
		})
	}
}

// With the memory sanitizer there is no object to link: the build says so. (The tag alone, as gcc has no such sanitizer.)
func TestMemorySanitizerIsRefused(t *testing.T) {
	if !asked() {
		t.Skip("GANGWAY_BUILDS=1 asks for it: make check and tests/scenarios.sh do")
	}
	out, err := exec.Command("go", "build", "-tags=msan", "github.com/gangwayffi/gangway").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "undefined: Gangway_cannot_be_built_with_msan") {
		t.Errorf("%v\n%s", err, out)
	}
}

// What cgocheck=2 finds: a Go pointer that Go code stores in C's memory.
func TestPointersStored(t *testing.T) {
	var program string
	var env []string
	if minor(t) < 21 {
		program, env = testlib.Build(t, "scenario"), []string{"GODEBUG=cgocheck=2"}
	} else {
		if !asked() {
			t.Skip("GANGWAY_BUILDS=1 asks for it: make check and tests/scenarios.sh do")
		}
		program = compile(t, &build{name: "cgocheck2", env: []string{"GOEXPERIMENT=cgocheck2"}})
	}
	r := testlib.Run(t, env, program, "pointers-stored", "Auto")
	if r.Code != 2 || !strings.Contains(r.Out, "C's own pointer is stored") || !strings.Contains(r.Out, "Go pointer stored into non-Go memory") || !strings.Contains(r.Out, "main.pointersStored") {
		t.Errorf("exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
	}
}

// compile builds the scenarios' program.
func compile(t *testing.T, b *build) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "scenario")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, b.flags...), "github.com/gangwayffi/gangway/tests/programs/scenario")...)
	cmd.Env = append(os.Environ(), b.env...)
	if b.cgo != "" {
		cmd.Env = append(cmd.Env, "CGO_ENABLED="+b.cgo)
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return out
}

// minor returns the N of this toolchain's go1.N.
func minor(t *testing.T) int {
	t.Helper()
	n := 0
	for _, c := range strings.TrimPrefix(runtime.Version(), "go1.") {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	if n == 0 {
		t.Fatalf("unknown version %s", runtime.Version())
	}
	return n
}
