package roads_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What assembly may refer to in the standard library: every release from Go 1.19.0 to 1.27.4 links that. Since Go 1.23 the
// linker refuses what a release does not mean for others, and that differs between patch releases: 1.24.0 refuses
// runtime.lastmoduledatap, 1.23.0 and 1.24.4 do not. So each new name has to be tried on the first and the last of each.
var allowed = map[string]bool{
	"runtime.cgocallback":      true,
	"runtime.entersyscall":     true,
	"runtime.exitsyscall":      true,
	"runtime.morestack_noctxt": true,
}

func TestReferences(t *testing.T) {
	for _, pkg := range []string{"trampolines", "jit"} {
		object := filepath.Join(t.TempDir(), "package.a")
		if out, err := exec.Command("go", "build", "-o", object, "github.com/gangwayffi/gangway/"+pkg).CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		out, err := exec.Command("go", "tool", "nm", object).Output()
		if err != nil {
			t.Fatalf("go tool nm: %v", err)
		}
		assembly := 0
		for _, line := range strings.Split(string(out), "\n") {
			fields := strings.Fields(line)
			if len(fields) < 3 || !strings.Contains(fields[0], "_amd64.o)") {
				continue
			}
			assembly++
			name := fields[len(fields)-1]
			if fields[len(fields)-2] == "U" && strings.Contains(name, ".") && !strings.Contains(name, "/") && !allowed[name] {
				t.Errorf("%s: assembly refers to %s, which may not link on all releases", pkg, name)
			}
		}
		if assembly == 0 {
			t.Errorf("%s: go tool nm shows no assembly", pkg)
		}
	}
}
