package roads_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/trampolines"
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

// TestAddresses: no address is missing in the tables that assembly and the C core fill.
func TestAddresses(t *testing.T) {
	for _, table := range []any{*trampolines.Core, *trampolines.Asm} {
		v := reflect.ValueOf(table)
		for i := 0; i < v.NumField(); i++ {
			if v.Field(i).Uint() == 0 {
				t.Errorf("%s.%s is 0", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
}

// What assembles under -dynlink, and is wrong in a plugin all the same: a mark from the copy's own incall, and LOCK in front of
// an access to a global, which becomes two instructions.
func TestPluginAssembly(t *testing.T) {
	files, err := filepath.Glob("../../trampolines/*_amd64.[sh]")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files of assembly: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		locked := false
		for i, line := range strings.Split(string(text), "\n") {
			code := strings.SplitN(line, "//", 2)[0]
			if strings.Contains(code, "·incall+") && !strings.HasPrefix(code, "DATA") {
				t.Errorf("%s:%d: a mark without MARK: %s", file, i+1, line)
			}
			if locked && strings.Contains(code, "(SB)") {
				t.Errorf("%s:%d: LOCK and a global: %s", file, i+1, line)
			}
			locked = strings.HasPrefix(strings.TrimSpace(code), "LOCK")
		}
	}
}
