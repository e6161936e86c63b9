package scenarios_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// A library in Go, with Gangway, that a C program loads: C had handlers before, has threads of its own, and calls Go by cgo's
// exports.
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
	library, program := filepath.Join(dir, "libarchive.so"), filepath.Join(dir, "host")
	for _, c := range [][]string{
		{"go", "build", "-buildmode=c-shared", "-o", library, "github.com/gangwayffi/gangway/tests/programs/archive"},
		append(strings.Fields(goEnv("CC")), "-O1", "-Wall", "-Wextra", "-o", program, "c/host.c", "-lpthread", "-ldl"),
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
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
