// Calljit: machine code made at run time calls Go functions, with arguments and results. The Go function runs the
// garbage collector and makes its stack grow, so that the stack moves away under the machine code's feet. The three
// roads of package jit:
//
//	a  the code is a C function on the system stack, and calls Go through the pointer of a callback. It may do whatever C may
//	   do. Nothing of it stands on the goroutine stack.
//	b  the code runs on the goroutine stack behind a gate. To call Go it returns to the gate with a request; the gate makes
//	   the call and enters the code again where it wants to go on. No return address into machine code is on the stack while
//	   Go runs: the runtime can unwind, scan and move it. A call is cheaper than on road a, but the code has a few fixed words
//	   in place of a stack.
//	c  the code is registered with the runtime: a Go function with frames of its own, which calls Go functions as such.
//
// All compute the same thing, and so does plain Go:
//
//	do { for (k = steps; k > 0; k--) x = 5 * x + 1;  x = visit(x, n); } while (--n > 0);
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/jit"
)

// A job is what the Go functions work on.
type job struct {
	calls int
	moves int      // how often the stack moved while the machine code was further up
	kept  []*int64 // objects that live as long as the job: the x of every visit
}

// visit is the Go function that the machine code calls.
func visit(j *job, x, i int64) int64 {
	runtime.GC()
	var mark byte
	before := uintptr(unsafe.Pointer(&mark))
	x += descend(1000)
	if uintptr(unsafe.Pointer(&mark)) != before {
		j.moves++
	}
	j.calls++
	p := new(int64)
	*p = x
	j.kept = append(j.kept, p)
	return x ^ i
}

// descend needs some hundred bytes of stack for each level and returns the number of levels.
func descend(n int64) int64 {
	var pad [256]byte
	if n == 0 {
		return int64(pad[n])
	}
	pad[n%256] = 1
	return descend(n-1) + int64(pad[n%256])
}

// onSystemStack takes road a.
func onSystemStack(x, n, steps int64) (int64, job, error) {
	var j job
	code, err := jit.NewCode(systemStackCode)
	if err != nil {
		return 0, j, err
	}
	defer code.Free()
	callback, err := gangway.NewCallback(func(x, i int64) int64 { return visit(&j, x, i) })
	if err != nil {
		return 0, j, err
	}
	defer callback.Close()
	var call func(visit uintptr, x, n, steps int64) int64
	if err := code.Bind(&call); err != nil {
		return 0, j, err
	}
	x = call(callback.Pointer(), x, n, steps)
	return x, j, nil
}

// behindTheGate takes road b.
func behindTheGate(x, n, steps int64) (int64, job, error) {
	var j job
	code, err := jit.NewCode(gateCode)
	if err != nil {
		return 0, j, err
	}
	defer code.Free()
	x = code.Run(&jit.Words{n, steps}, x, func(x, i int64) int64 { return visit(&j, x, i) })
	return x, j, nil
}

// registered takes road c.
func registered(x, n, steps int64) (int64, job, error) {
	var j job
	arena, err := jit.NewArena("calljit", 4096, 1)
	if err != nil {
		return 0, j, err
	}
	defer arena.Close()
	entry, err := arena.Add(registeredCode())
	if err != nil {
		return 0, j, err
	}
	var call func(visit func(x, i int64) int64, x, n, steps int64) int64
	if err := entry.Func(&call); err != nil {
		return 0, j, err
	}
	x = call(func(x, i int64) int64 { return visit(&j, x, i) }, x, n, steps)
	return x, j, nil
}

// plain is what the machine code computes, without any.
func plain(x, n, steps int64) int64 {
	for ; n > 0; n-- {
		for k := steps; k > 0; k-- {
			x = 5*x + 1
		}
		x = (x + 1000) ^ n
	}
	return x
}

// check says whether a road did what it should have.
func (j job) check(x, n, steps, got int64) error {
	if want := plain(x, n, steps); got != want {
		return fmt.Errorf("the result is %#x, want %#x", got, want)
	}
	if int64(j.calls) != n || int64(len(j.kept)) != n {
		return fmt.Errorf("%d calls of Go and %d objects, want %d", j.calls, len(j.kept), n)
	}
	for _, p := range j.kept {
		for k := steps; k > 0; k-- {
			x = 5*x + 1
		}
		if *p != x+1000 {
			return fmt.Errorf("an object holds %#x, want %#x", *p, x+1000)
		}
		x = *p ^ n
		n--
	}
	if j.moves == 0 {
		return fmt.Errorf("the stack never moved")
	}
	return nil
}

func run(w io.Writer) error {
	const x, n, steps = 42, 50, 1000
	for _, road := range []struct {
		name string
		call func(x, n, steps int64) (int64, job, error)
	}{
		{"road a: code on the system stack", onSystemStack},
		{"road b: code behind a gate", behindTheGate},
		{"road c: registered code", registered},
	} {
		done := make(chan error)
		road := road
		go func() { // whose stack is small still
			got, j, err := road.call(x, n, steps)
			if err == nil {
				err = j.check(x, n, steps, got)
			}
			done <- err
		}()
		switch err := <-done; {
		case errors.Is(err, jit.ErrUnavailable):
			fmt.Fprintf(w, "%s is closed here: %v\n", road.name, err)
		case err != nil:
			return fmt.Errorf("%s: %w", road.name, err)
		default:
			fmt.Fprintf(w, "%s called Go %d times, the stack moved, the result is right\n", road.name, n)
		}
	}
	return nil
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "calljit:", err)
		os.Exit(1)
	}
}
