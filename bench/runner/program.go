package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// For programs that hang: far more than any sample takes, and than any program takes to check itself.
const (
	answerTimeout = 2 * time.Minute
	slowTimeout   = 15 * time.Minute
)

// A program is a running child; package child describes the protocol.
type program struct {
	name        string
	benches     []bench
	versions    map[string]string // of what it uses
	leftOut     []string          // what it cannot do on this machine
	calibration float64           // the shortest one so far, ns
	command     *exec.Cmd
	in          io.WriteCloser
	lines       chan string
	interrupted <-chan struct{} // closed when the user has had enough
	err         error           // why it is not asked any more
}

type bench struct {
	row, impl string
	allocs    *uint64 // per operation, nil where nobody counts
}

// start runs the program and waits until it has checked its benchmarks: all, or those of the rows. When it fails, err
// says why.
func start(path, library string, core int, rows []string, interrupted <-chan struct{}) *program {
	args := append([]string{library, strconv.Itoa(core)}, rows...)
	p := &program{name: filepath.Base(path), command: exec.Command(path, args...),
		lines: make(chan string), versions: map[string]string{}, interrupted: interrupted}
	// An interrupt is for the runner, which still wants their answers to be whole.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.start(); err != nil {
		p.benches = nil // not all are checked
		p.fail(err)
	}
	return p
}

// fail says once why the program is not asked any more, and ends it.
func (p *program) fail(err error) {
	if p.err != nil {
		return
	}
	p.err = err
	if err != errInterrupted {
		why := strings.TrimSpace(err.Error())
		fmt.Fprintf(os.Stderr, "bench: %s\n", why)
		p.leftOut = append(p.leftOut, fmt.Sprintf("%s, in part: %s", p.name, strings.ReplaceAll(why, "\n", " ")))
	}
	if p.command.Process != nil {
		p.command.Process.Kill()
	}
}

var errInterrupted = errors.New("interrupted")

func (p *program) start() error {
	p.command.Stderr = os.Stderr
	in, err := p.command.StdinPipe()
	if err != nil {
		return err
	}
	p.in = in
	out, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.command.Start(); err != nil {
		return err
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
	}()
	for {
		line, err := p.line(slowTimeout)
		if err != nil {
			return err
		}
		if line == "ready" {
			return nil
		}
		if name, version, ok := strings.Cut(strings.TrimPrefix(line, "version "), " "); ok && strings.HasPrefix(line,
			"version ") {
			p.versions[name] = version
			continue
		}
		if strings.HasPrefix(line, "left-out ") {
			p.leftOut = append(p.leftOut, strings.TrimPrefix(line, "left-out "))
			continue
		}
		var b bench
		var kind, allocs string
		if _, err := fmt.Sscanf(line, "bench %s %s %s %s", &b.row, &b.impl, &kind, &allocs); err != nil {
			return fmt.Errorf("%s: says %q", p.name, line)
		}
		if n, err := strconv.ParseUint(allocs, 10, 64); err == nil {
			b.allocs = &n
		}
		p.benches = append(p.benches, b)
	}
}

// line returns the program's next line. One that hangs is made to show its goroutines.
func (p *program) line(timeout time.Duration) (string, error) {
	select {
	case line, ok := <-p.lines:
		if !ok {
			return "", fmt.Errorf("%s has ended: %v", p.name, p.command.Wait())
		}
		return line, nil
	case <-p.interrupted:
		return "", errInterrupted
	case <-time.After(timeout):
		p.command.Process.Signal(syscall.SIGQUIT)
		time.Sleep(time.Second)
		p.command.Process.Kill()
		return "", fmt.Errorf("%s does not answer", p.name)
	}
}

// An answer is what a program says of a sample. All times are in nanoseconds.
type answer struct {
	ns, before, after, delay float64
	quantiles                map[string]float64
}

// measures tells whether a holds times.
func (a *answer) measures() bool {
	for _, ns := range []float64{a.ns, a.before, a.after} {
		if !(ns > 0) || math.IsInf(ns, 0) {
			return false
		}
	}
	for _, ns := range a.quantiles {
		if !(ns >= 0) || math.IsInf(ns, 0) {
			return false
		}
	}
	return a.delay >= 0 && !math.IsInf(a.delay, 0)
}

// run takes one sample of n operations.
func (p *program) run(index, n int, timeout time.Duration) (a answer, err error) {
	if _, err = fmt.Fprintf(p.in, "run %d %d\n", index, n); err != nil {
		return
	}
	line, err := p.line(timeout)
	if err != nil {
		return
	}
	words := strings.Fields(line)
	if _, err = fmt.Sscan(line, &a.ns, &a.before, &a.after, &a.delay); err != nil {
		return a, fmt.Errorf("%s: answers %q", p.name, line)
	}
	a.quantiles = map[string]float64{}
	for _, word := range words[4:] {
		name, text, _ := strings.Cut(word, "=")
		if a.quantiles[name], err = strconv.ParseFloat(text, 64); err != nil {
			return a, fmt.Errorf("%s: answers %q", p.name, line)
		}
	}
	for _, c := range []float64{a.before, a.after} {
		if a.measures() && (p.calibration == 0 || c < p.calibration) {
			p.calibration = c
		}
	}
	return
}

func (p *program) stop() {
	if p.in == nil || p.command.Process == nil {
		return
	}
	p.in.Close()
	for range p.lines {
	}
	p.command.Wait()
}

// lastCore returns the last core that this process may run on: interrupts tend to be served by the first.
func lastCore() (core int) {
	var mask [128]uint64
	n, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(mask),
		uintptr(unsafe.Pointer(&mask)))
	if errno != 0 {
		return 0
	}
	for i := 0; i < int(n)*8; i++ {
		if mask[i/64]>>(uint(i)%64)&1 != 0 {
			core = i
		}
	}
	return core
}
