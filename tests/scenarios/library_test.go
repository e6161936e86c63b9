package scenarios_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A library in Go, with Gangway, that a C program loads: C had handlers before, has threads of its own, and calls Go by cgo's
// exports. Two such libraries: each has its Go runtime, and the process one handler of SIGURG.
func TestLibraryInC(t *testing.T) {
	goEnv := func(name string) string {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	if goEnv("CGO_ENABLED") != "1" {
		t.Skip("the build mode c-shared is cgo's")
	}
	dir := t.TempDir()
	library, second := filepath.Join(dir, "libarchive.so"), filepath.Join(dir, "libsecond.so")
	program, two := filepath.Join(dir, "host"), filepath.Join(dir, "two")
	for _, c := range [][]string{
		{"go", "build", "-buildmode=c-shared", "-o", library, "github.com/gangwayffi/gangway/tests/programs/archive"},
		{"cp", library, second},
		append(strings.Fields(goEnv("CC")), "-O1", "-Wall", "-Wextra", "-o", program, "c/host.c", "-lpthread", "-ldl"),
		append(strings.Fields(goEnv("CC")), "-O1", "-Wall", "-Wextra", "-o", two, "c/two.c", "-lpthread", "-ldl"),
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	// Two at once: their runtimes start at the same time, or one after the other.
	road, _ := gangway.CurrentRoad()
	for i := 0; i < 6; i++ {
		args := []string{library, second, "wait"}[:2+i%2]
		if out := testlib.RunOK(t, nil, two, args...); !strings.Contains(out, fmt.Sprintf("roads: %d %d\n", road, road)) {
			t.Errorf("two libraries, %v: not on the %v road both\n%s", args, road, out)
		}
	}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for i := 0; i < rounds; i++ {
		testlib.RunOK(t, nil, program, library)
	}
}
