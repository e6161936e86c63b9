package testlib

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Build builds the program of tests/programs with that name, in the build mode of the running test (or of
// GANGWAY_BUILDMODE), and returns its path. GOFLAGS and CGO_ENABLED come through the environment; flags are for go build.
func Build(t TB, name string, flags ...string) string {
	t.Helper()
	mode := os.Getenv("GANGWAY_BUILDMODE")
	if mode == "" {
		mode = "exe"
		if f, err := elf.Open("/proc/self/exe"); err == nil {
			if f.Type == elf.ET_DYN {
				mode = "pie"
			}
			f.Close()
		}
	}
	out := filepath.Join(t.TempDir(), name)
	args := append([]string{"build", "-buildmode=" + mode, "-o", out}, flags...)
	cmd := exec.Command("go", append(args, "github.com/gangwayffi/gangway/tests/programs/"+name)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return out
}

// A Result is how a program ended.
type Result struct {
	Out    string // standard output and error
	Code   int    // exit status, -1 when a signal ended it
	Signal syscall.Signal
}

// Run runs a program with libgwtest.so at hand and env added to the environment. When it does not end within 100
// seconds, it gets SIGQUIT, so that Go prints its goroutines, and the test fails.
func Run(t TB, env []string, program string, args ...string) Result {
	t.Helper()
	lib, err := Path()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env = append(append(os.Environ(), "GANGWAY_TESTLIB="+lib), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for _, sig := range []syscall.Signal{0, syscall.SIGQUIT, syscall.SIGKILL} {
		limit := 100 * time.Second
		if sig != 0 {
			limit = 10 * time.Second
			cmd.Process.Signal(sig)
		}
		select {
		case err = <-ended:
		case <-time.After(limit):
			continue
		}
		if sig != 0 {
			t.Fatalf("%v did not end\n%s", cmd.Args, out.String())
		}
		if _, ok := err.(*exec.ExitError); err != nil && !ok {
			t.Fatalf("%v: %v", cmd.Args, err)
		}
		r := Result{Out: out.String(), Code: cmd.ProcessState.ExitCode()}
		if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			r.Signal = ws.Signal()
		}
		return r
	}
	t.Fatalf("%v cannot be ended", cmd.Args)
	return Result{}
}

// RunOK runs a program that must print OK and exit with 0.
func RunOK(t TB, env []string, program string, args ...string) string {
	t.Helper()
	r := Run(t, env, program, args...)
	if r.Code != 0 || !strings.HasSuffix(strings.TrimSpace(r.Out), "OK") {
		t.Fatalf("%s %v: exit status %d (%v)\n%s", filepath.Base(program), args, r.Code, r.Signal, r.Out)
	}
	return r.Out
}

// Threads returns how many threads this process has.
func Threads() int {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	return len(entries)
}

// A Mapping is a line of /proc/self/maps.
type Mapping struct {
	Start, End uint64
	Perms      string
	Name       string // empty when anonymous
}

// Mappings returns the memory map of this process.
func Mappings() []Mapping {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		panic(err)
	}
	var all []Mapping
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(line)
		m := Mapping{Perms: fields[1]}
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &m.Start, &m.End); err != nil {
			panic(err)
		}
		if len(fields) > 5 {
			m.Name = fields[5]
		}
		all = append(all, m)
	}
	return all
}
