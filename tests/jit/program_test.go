package jit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

const everything = "slot control caller counted recurse names unwind fault park preempt load edges"

// The program's scenarios, built in several ways. preempt does not go with gccheckmark, which turns preemption off since Go
// 1.25.
func TestProgram(t *testing.T) {
	newArena(t, 1, 1)
	testlib.Lib(t)
	plain := testlib.Build(t, "jit")
	for _, c := range []struct {
		name      string
		flags     []string
		godebug   string
		scenarios string
	}{
		{"plain", nil, "clobberfree=1", everything},
		{"checkmark", nil, "clobberfree=1,gccheckmark=1", "slot caller counted recurse unwind park load"},
		{"stripped", []string{"-ldflags=-s -w"}, "clobberfree=1", "slot control counted recurse names unwind fault park"},
		{"unoptimised", []string{"-gcflags=github.com/gangwayffi/gangway/...=-N -l"}, "clobberfree=1",
			"slot control caller counted recurse names unwind park load"},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := plain
			if c.name == "stripped" && !testing.Short() {
				c.flags = append(c.flags, "-trimpath") // which compiles the standard library anew
			}
			if c.flags != nil {
				program = testlib.Build(t, "jit", c.flags...)
			}
			t.Log(testlib.RunOK(t, []string{"GOGC=1", "GODEBUG=" + c.godebug}, program, strings.Fields(c.scenarios)...))
			checkCrash(t, program)
		})
	}
}

// checkCrash: the report of a crash goes through the machine code, with its name, file and line.
func checkCrash(t *testing.T, program string) {
	t.Helper()
	r := testlib.Run(t, nil, program, "crash")
	at := strings.Index(r.Out, "\njit.probe(")
	if r.Code != 2 || !strings.Contains(r.Out, "panic: nobody recovers this") || at < 0 ||
		!strings.Contains(r.Out[at:], "\t/jit/probe.src:11 +0x") || !strings.Contains(r.Out[at:], "\nmain.callProbe(") {
		t.Errorf("exit status %d\n%s", r.Code, r.Out)
	}
}

// lost prints whether registration is open, and calls Go on the other two roads.
const lost = `package main

import (
	"fmt"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/jit"
)

func main() {
	_, err := jit.NewArena("a", 4096, 1)
	fmt.Println(err)
	add := func(a, b int64) int64 { return a + b }
	callback, err := gangway.NewCallback(add)
	if err != nil {
		panic(err)
	}
	jump, err := jit.NewCode([]byte{0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0xff, 0xe0})
	if err != nil {
		panic(err)
	}
	var f func(fn uintptr, a, b int64) int64
	if err := jump.Bind(&f); err != nil {
		panic(err)
	}
	gate, err := jit.NewCode([]byte{0x89, 0xc3, 0x31, 0xc9, 0x48, 0x8d, 0x15, 1, 0, 0, 0, 0xc3, 0x31, 0xd2, 0xc3})
	if err != nil {
		panic(err)
	}
	var words jit.Words
	fmt.Println(f(callback.Pointer(), 40, 2), gate.Run(&words, 21, add))
}
`

// On a Go release that is not known, or whose tables are not where the layout says, registration says so, and the other
// roads are open.
func TestUnknownRuntime(t *testing.T) {
	newArena(t, 1, 1)
	for _, c := range []struct{ name, old, new, says string }{
		{"later", `layoutKnown = true`, `layoutKnown = false`, `^jit: calls take the safe road: the layout of go1\S* is not known$`},
		{"unknown", `layoutGo = "[^"]*"`, `layoutGo = ""`, `^jit: the module data of go1\S* is not known$`},
		{"gofunc", `(?m)moduledata_gofunc( +)= \d+`, `moduledata_gofunc$1= 8`, `^jit: start-up check on go1\S*: the runtime's tables are not where they should be: moduledata.gofunc$`},
		{"next", `(?m)moduledata_pctab( +)= \d+`, `moduledata_pctab$1= 56`, `: moduledata.pctab or pcHeader.pctabOffset$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.name != "unknown" {
				t.Skip("a build for each")
			}
			dir := module(t, c.old, c.new)
			cmd := exec.Command("go", "build", "-o", "program", "./lost")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			cmd = exec.Command(filepath.Join(dir, "program"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := strings.Split(string(out), "\n")
			if !regexp.MustCompile(c.says).MatchString(lines[0]) || lines[1] != "42 42" {
				t.Errorf("it says\n%swant %s and 42 42", out, c.says)
			}
		})
	}
}

// module copies the Go module, object included, with a change in what it knows of Go releases.
func module(t *testing.T, old, new string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, sub := range []string{".", "trampolines", "trampolines/withcgo", "jit", "lost"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
		entries, _ := os.ReadDir(filepath.Join(root, sub))
		for _, e := range entries {
			name := filepath.Join(sub, e.Name())
			if !e.Type().IsRegular() || !regexp.MustCompile(`\.(go|s|h|syso|mod)$`).MatchString(name) || strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(filepath.Join(root, name))
			if strings.HasPrefix(name, "jit/layout_") || strings.HasPrefix(name, "trampolines/layout_") {
				data = regexp.MustCompile(old).ReplaceAll(data, []byte(new))
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), data, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "lost", "main.go"), []byte(lost), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}
