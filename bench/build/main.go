// The build rows: what it takes to build and to start a hello that calls libm (bench/hello), with cgo, with Gangway,
// and without C. It runs in a copy of the module, whose hellos it changes; GO is the go command.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gangwayffi/gangway/bench/child"
)

const want = "hello, cos(1) = 0.5403\n"

// A hello is one of the programs.
type hello struct {
	impl, dir string
	cgo       string // CGO_ENABLED
	work      string // for what is built
	warmCache string // which the hellos share
	changes   int
}

func main() {
	work, err := filepath.Abs(filepath.Join(filepath.Dir(child.Library()), "hello"))
	child.Fail(err)
	var benches []child.Bench
	for _, h := range []*hello{
		{impl: "gangway-auto", dir: "gangway", cgo: "0"},
		{impl: "cgo", dir: "cgo", cgo: "1"},
		{impl: "go", dir: "goref", cgo: "0"},
	} {
		h := h
		h.work, h.warmCache = filepath.Join(work, h.dir), filepath.Join(work, "cache")
		child.Fail(os.MkdirAll(h.work, 0o777))
		for _, b := range []child.Bench{
			{Row: "build-cold", Run: h.cold}, // which checks what it has built, every time
			{Row: "build-warm", CheckN: 1, Run: h.warm},
			{Row: "build-size", CheckN: 1, Run: func(int) time.Duration { return h.size("") }},
			{Row: "size-stripped", CheckN: 1, Run: func(int) time.Duration { return h.size(stripped) }},
			{Row: "start", CheckN: 1, Run: func(n int) time.Duration { return h.start("", n) }},
			{Row: "start-stripped", CheckN: 1, Run: func(n int) time.Duration { return h.start(stripped, n) }},
		} {
			b.Impl, b.Threads, b.Run = h.impl, true, unpinned(b.Run)
			benches = append(benches, b)
		}
	}
	child.Serve(benches)
}

// unpinned returns a run that is not on the thread that is pinned to a core: programs that it starts have all cores.
func unpinned(run func(n int) time.Duration) func(n int) time.Duration {
	return func(n int) time.Duration {
		took := make(chan time.Duration)
		go func() { took <- run(n) }()
		return <-took
	}
}

// stripped is what has the linker leave the symbol table and DWARF out.
const stripped = "-s -w"

// build builds the hello with those flags for the linker, and returns how long that took.
func (h *hello) build(cache, ldflags string) time.Duration {
	goTool := os.Getenv("GO")
	if goTool == "" {
		goTool = "go"
	}
	command := exec.Command(goTool, "build", "-ldflags="+ldflags, "-o", h.binary(ldflags), "./hello/"+h.dir)
	command.Env = append(os.Environ(), "CGO_ENABLED="+h.cgo, "GOCACHE="+cache)
	start := time.Now()
	text, err := command.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		err = fmt.Errorf("%v: %s", err, text)
	}
	child.Fail(err)
	return took
}

func (h *hello) binary(ldflags string) string {
	return filepath.Join(h.work, "hello"+strings.ReplaceAll(ldflags, " ", ""))
}

// cold builds n times with an empty cache.
func (h *hello) cold(n int) (took time.Duration) {
	for ; n > 0; n-- {
		cache, err := os.MkdirTemp(h.work, "cache")
		child.Fail(err)
		took += h.build(cache, "")
		h.start("", 1)
		child.Fail(os.RemoveAll(cache))
	}
	return took
}

// warm builds n times, each time after another change of the source.
func (h *hello) warm(n int) (took time.Duration) {
	if h.changes == 0 {
		h.build(h.warmCache, "")
	}
	for ; n > 0; n-- {
		h.changes++
		source := fmt.Sprintf("package main\n\nconst _ = %d\n", h.changes)
		child.Fail(os.WriteFile(filepath.Join("hello", h.dir, "change.go"), []byte(source), 0o666))
		took += h.build(h.warmCache, "")
		h.start("", 1)
	}
	return took
}

// size returns how many bytes the program has: the runner takes them as they are.
func (h *hello) size(ldflags string) time.Duration {
	h.built(ldflags)
	info, err := os.Stat(h.binary(ldflags))
	child.Fail(err)
	return time.Duration(info.Size())
}

// start runs the program n times.
func (h *hello) start(ldflags string, n int) time.Duration {
	h.built(ldflags)
	var out bytes.Buffer
	start := time.Now()
	for i := 0; i < n; i++ {
		command := exec.Command(h.binary(ldflags))
		command.Stdout = &out
		child.Fail(command.Run())
	}
	took := time.Since(start)
	child.Check("start", out.String() == strings.Repeat(want, n))
	return took
}

// built sees to it that the program is there.
func (h *hello) built(ldflags string) {
	if _, err := os.Stat(h.binary(ldflags)); err != nil {
		h.build(h.warmCache, ldflags)
	}
}
