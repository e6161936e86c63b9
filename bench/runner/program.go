package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// answerTimeout is for a program that hangs: far more than any sample takes.
const answerTimeout = 2 * time.Minute

// A program is a running child; package child describes the protocol.
type program struct {
	name        string
	benches     []bench
	calibration float64 // the shortest one so far, ns
	command     *exec.Cmd
	in          io.WriteCloser
	lines       chan string
}

type bench struct {
	row, impl string
	allocs    *uint64 // per operation, nil where nobody counts
}

// start runs the program and waits until it has checked its benchmarks.
func start(path, library string, core int) (*program, error) {
	p := &program{name: filepath.Base(path), command: exec.Command(path, library, strconv.Itoa(core)), lines: make(chan string)}
	p.command.Stderr = os.Stderr
	in, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.in = in
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
		close(p.lines)
	}()
	for {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		if line == "ready" {
			return p, nil
		}
		var b bench
		var kind, allocs string
		if _, err := fmt.Sscanf(line, "bench %s %s %s %s", &b.row, &b.impl, &kind, &allocs); err != nil {
			return nil, fmt.Errorf("%s: says %q", p.name, line)
		}
		if n, err := strconv.ParseUint(allocs, 10, 64); err == nil {
			b.allocs = &n
		}
		p.benches = append(p.benches, b)
	}
}

// line returns the program's next line. One that hangs is made to show its goroutines.
func (p *program) line() (string, error) {
	select {
	case line, ok := <-p.lines:
		if !ok {
			return "", fmt.Errorf("%s has ended: %v", p.name, p.command.Wait())
		}
		return line, nil
	case <-time.After(answerTimeout):
		p.command.Process.Signal(syscall.SIGQUIT)
		time.Sleep(time.Second)
		p.command.Process.Kill()
		return "", fmt.Errorf("%s does not answer", p.name)
	}
}

// run takes one sample of n operations. All results are in nanoseconds.
func (p *program) run(index, n int) (ns, before, after, delay float64, err error) {
	if _, err = fmt.Fprintf(p.in, "run %d %d\n", index, n); err != nil {
		return
	}
	line, err := p.line()
	if err != nil {
		return
	}
	if _, err = fmt.Sscan(line, &ns, &before, &after, &delay); err != nil || ns <= 0 || before <= 0 || after <= 0 {
		err = fmt.Errorf("%s: answers %q", p.name, line)
		return
	}
	for _, c := range []float64{before, after} {
		if p.calibration == 0 || c < p.calibration {
			p.calibration = c
		}
	}
	return
}

func (p *program) stop() {
	p.in.Close()
	for range p.lines {
	}
	p.command.Wait()
}

// lastCore returns the last core that this process may run on: interrupts tend to be served by the first.
func lastCore() (core int) {
	var mask [128]uint64
	n, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
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
