// Package roads_test checks how a program decides which road its calls take: on request, by GODEBUG, and by the start-up
// check of the runtime's layout.
package roads_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
)

// program prints its road and the reason, then calls C and is called back.
const program = `package main

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

func main() {
	fmt.Println(gangway.CurrentRoad())
	var abs func(int32) int32
	var qsort func(base unsafe.Pointer, n, size, compare uintptr)
	compare, err := gangway.NewCallback(func(a, b *int32) int32 { return *a - *b })
	for _, e := range []error{gangway.Process().Bind("abs", &abs), gangway.Process().Bind("qsort", &qsort), err} {
		if e != nil {
			fmt.Println(e)
			os.Exit(1)
		}
	}
	v := []int32{3, 1, 2}
	qsort(unsafe.Pointer(&v[0]), 3, 4, compare.Pointer())
	fmt.Println(abs(-7), v)
}
`

// TestMain leaves the road of the tests' own environment aside: programs are started with the one that they are to have.
func TestMain(m *testing.M) {
	os.Unsetenv("GANGWAY_ROAD")
	os.Exit(m.Run())
}

// module copies the Go module, object included, to a directory of its own, with the program in it.
func module(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, sub := range []string{".", "trampolines", "trampolines/withcgo"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(filepath.Join(root, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := filepath.Join(sub, e.Name())
			if !e.Type().IsRegular() || !regexp.MustCompile(`\.(go|s|h|syso|mod)$`).MatchString(name) || strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(filepath.Join(root, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), data, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "program"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program", "main.go"), []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// build builds the program and returns its path.
func build(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "program.out")
	cmd := exec.Command("go", "build", "-o", path, "./program")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// run runs the program with env added and returns the first line that it prints; it checks that the calls worked.
func run(t *testing.T, path string, env ...string) string {
	t.Helper()
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "\n7 [1 2 3]\n") {
		t.Fatalf("program with %q: %v\n%s", env, err, out)
	}
	return strings.SplitN(string(out), "\n", 2)[0]
}

func TestRoadIsChosenByEnvironment(t *testing.T) {
	path := build(t, module(t))
	if line := run(t, path); !strings.HasPrefix(line, "fast ") {
		t.Fatalf("without a wish: %s", line)
	}
	for _, c := range []struct{ env, want string }{
		{"GANGWAY_ROAD=safe", "safe asked for"},
		{"GANGWAY_ROAD=blocking", "blocking asked for"},
		{"GANGWAY_ROAD=fast", "fast "},
		{"GANGWAY_ROAD=nonsense", "safe GANGWAY_ROAD=nonsense is none of"},
		{"GODEBUG=asyncpreemptoff=1", "blocking GODEBUG asyncpreemptoff=1"},
		{"GODEBUG=gctrace=0,asyncpreemptoff=1", "blocking GODEBUG asyncpreemptoff=1"},
		{"GODEBUG=asyncpreemptoff=0", "fast "},
	} {
		if line := run(t, path, c.env); !strings.HasPrefix(line, c.want) {
			t.Errorf("with %s: %q, want %q", c.env, line, c.want)
		}
	}
}

// TestNoDefaultTurnsPreemptionOff: the go command refuses to build a program that turns it off by itself, since what is built
// in is not looked at when the road is chosen.
func TestNoDefaultTurnsPreemptionOff(t *testing.T) {
	for _, setting := range []string{"asyncpreemptoff", "gccheckmark"} {
		dir := module(t)
		text := "//go:debug " + setting + "=1\n" + program
		if err := os.WriteFile(filepath.Join(dir, "program", "main.go"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-o", os.DevNull, "./program")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
		out, err := cmd.CombinedOutput()
		refused := err != nil && strings.Contains(string(out), setting)
		if old := regexp.MustCompile(`^go1\.(19|20)\b`).MatchString(runtime.Version()); refused == old {
			t.Errorf("%s: %v\n%s", setting, err, out) // older ones take the line for a comment
		}
	}
}

// TestWrongLayoutMeansSafeRoad gives the program a wrong offset, one field after the other: the start-up check has to
// notice each, and the program has to work all the same.
func TestWrongLayoutMeansSafeRoad(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each offset")
	}
	dir := module(t)
	files, err := filepath.Glob(filepath.Join(dir, "trampolines", "layout_go*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no layout files: %v", err)
	}
	original := map[string]string{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		original[f] = string(data)
	}
	constant := regexp.MustCompile(`(?m)^\t([gm]_\w+) += (\d+)$`)
	names := map[string]bool{}
	for _, m := range constant.FindAllStringSubmatch(original[files[0]], -1) {
		names[m[1]] = true
	}
	if len(names) < 10 {
		t.Fatalf("only %d constants in %s", len(names), files[0])
	}
	for name := range names {
		for f, text := range original {
			wrong := regexp.MustCompile(`(?m)^\t`+name+` += (\d+)$`).ReplaceAllString(text, "\t"+name+" = $1 + 16")
			if wrong == text {
				t.Fatalf("%s has no %s", f, name)
			}
			if err := os.WriteFile(f, []byte(wrong), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if line := run(t, build(t, dir)); !strings.HasPrefix(line, "safe start-up check") {
			t.Errorf("with a wrong %s: %s", name, line)
		} else {
			t.Logf("with a wrong %s: %s", name, line)
		}
	}
}

// TestUnknownRelease builds the program as a Go release does that no layout file covers.
func TestUnknownRelease(t *testing.T) {
	dir := module(t)
	files, err := filepath.Glob(filepath.Join(dir, "trampolines", "layout_go*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no layout files: %v", err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	unknown := filepath.Join(dir, "trampolines", "unknown.go")
	text, err := os.ReadFile(unknown)
	if err != nil {
		t.Fatal(err)
	}
	newer := regexp.MustCompile(`^//go:build go1\.\d+\n`)
	if !newer.Match(text) {
		t.Fatalf("%s begins with %.30q", unknown, text)
	}
	if err := os.WriteFile(unknown, newer.ReplaceAll(text, nil), 0o666); err != nil {
		t.Fatal(err)
	}
	if line := run(t, build(t, dir)); line != "safe the layout of "+runtime.Version()+" is not known" {
		t.Error(line)
	}
}

// foreign lets ten threads of C's call Go.
const foreign = `package main

import (
	"fmt"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/trampolines"
)

func main() {
	fmt.Println(gangway.CurrentRoad())
	process := gangway.Process()
	create := gangway.MustFunc[func(thread *uintptr, attr, start uintptr, arg *[10]int32) int32](process, "pthread_create")
	join := gangway.MustFunc[func(thread uintptr, result *uintptr) int32](process, "pthread_join")
	calls := 0
	start, err := gangway.NewCallback(func(v *[10]int32) uintptr { calls++; return 7 })
	if err != nil {
		panic(err)
	}
	for i := 0; i < 10; i++ {
		var thread, result uintptr
		if create(&thread, 0, start.Pointer(), new([10]int32)) != 0 || join(thread, &result) != 0 || result != 7 {
			panic("a thread of C's did not call Go")
		}
	}
	fmt.Println("foreign threads:", trampolines.ForeignThreads(), calls)
}
`

// A wrong offset of m.isExtraInC is found out by the first callback of a thread that C made: such threads then take the
// runtime's road.
func TestWrongForeignLayout(t *testing.T) {
	dir := module(t)
	if err := os.WriteFile(filepath.Join(dir, "program", "main.go"), []byte(foreign), 0o666); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "trampolines", "layout_go*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no layout files: %v", err)
	}
	says := func() string {
		out, err := exec.Command(build(t, dir)).CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || !strings.HasPrefix(lines[0], "fast ") {
			t.Fatalf("%v\n%s", err, out)
		}
		return lines[len(lines)-1]
	}
	if line := says(); line == "foreign threads:  10" {
		t.Skip("this release keeps nothing for threads of C's")
	} else if line != "foreign threads: kept 10" {
		t.Fatal(line)
	}
	constant := regexp.MustCompile(`(?m)^\tm_isExtraInC += (\d+)$`)
	for _, by := range []string{"-1", "+1", "+16", "+200"} {
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join("../../trampolines", filepath.Base(f)))
			if err == nil {
				err = os.WriteFile(f, constant.ReplaceAll(data, []byte("\tm_isExtraInC = $1 "+by)), 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if line := says(); line != "foreign threads: unexpected 10" {
			t.Errorf("m.isExtraInC %s: %s", by, line)
		}
	}
}

// early collects without end, from before the start-up check on: a package without imports of note, whose path comes before
// that of trampolines, is initialised first.
const early = `package early

import "runtime"

func init() {
	for i := 0; i < 2; i++ {
		go func() {
			for {
				runtime.GC()
			}
		}()
	}
}
`

// TestRoadAmongCollections starts the program again and again while the runtime stops it, moves its stack and sends it
// signals: the start-up check must not take these for a wrong layout.
func TestRoadAmongCollections(t *testing.T) {
	dir := module(t)
	if err := os.Mkdir(filepath.Join(dir, "program", "early"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "program", "early", "early.go"), []byte(early), 0o666); err != nil {
		t.Fatal(err)
	}
	// In front of the others: up to Go 1.20 packages are initialised in the order of the imports.
	collecting := strings.Replace(program, "import (\n", "import (\n\t_ \"github.com/gangwayffi/gangway/program/early\"\n\n", 1)
	if err := os.WriteFile(filepath.Join(dir, "program", "main.go"), []byte(collecting), 0o666); err != nil {
		t.Fatal(err)
	}
	path := build(t, dir)
	for i := 0; i < 1000; i++ {
		if line := run(t, path); !strings.HasPrefix(line, "fast ") {
			t.Fatalf("start %d: %s", i, line)
		}
	}
}

func TestCurrentRoadHasAReason(t *testing.T) {
	if road, why := gangway.CurrentRoad(); why == "" || road.String() == "unknown" {
		t.Fatalf("road %v, reason %q", road, why)
	}
}
