// Calljit: machine code made at run time calls Go functions, with arguments and results. The Go function runs the garbage
// collector and makes its stack grow, so that the stack moves away under the machine code's feet. Two roads:
//
//	a  the code is a C function: gangway.Bind calls it on the system stack, and it calls Go through the pointer of a
//	   callback. It may do whatever C may do. Nothing of it stands on the goroutine stack.
//	b  the code runs on the goroutine stack, below an assembly frame, the gate (gate_amd64.s). To call Go it returns to
//	   the gate with a request; the gate makes the call and enters the code again where it wants to go on. No return
//	   address into machine code is on the stack while Go runs: the runtime can unwind, scan and move it. A call
//	   is cheaper than on road a, but the code has a few fixed words in place of a stack.
//
// Both compute the same thing, and so does plain Go:
//
//	do { for (k = steps; k > 0; k--) x = 5 * x + 1;  x = visit(x, n); } while (--n > 0);
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// A job is what the Go functions work on. On road b it lies on the goroutine stack.
type job struct {
	calls int
	moves int      // how often the stack moved while the machine code was further up
	kept  []*int64 // objects that live as long as the job: the x of every visit
	funcs [2]func(j *job, x, i int64) int64
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

// add is another one, for those who look at the requests of road b one by one.
func add(j *job, x, i int64) int64 {
	j.calls++
	return x + i
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
	code, err := newCode(systemStackCode)
	if err != nil {
		return 0, j, err
	}
	defer code.free()
	callback, err := gangway.NewCallback(func(x, i int64) int64 { return visit(&j, x, i) })
	if err != nil {
		return 0, j, err
	}
	defer callback.Close()
	var call func(visit uintptr, x, n, steps int64) int64
	if err := gangway.Bind(gangway.Symbol(code.addr), &call); err != nil {
		return 0, j, err
	}
	x = call(callback.Pointer(), x, n, steps)
	return x, j, nil
}

// onGoroutineStack takes road b.
func onGoroutineStack(x, n, steps int64) (int64, job, error) {
	j := job{funcs: [2]func(*job, int64, int64) int64{visit, add}}
	code, err := newCode(goroutineStackCode)
	if err != nil {
		return 0, j, err
	}
	defer code.free()
	x = gate(code.addr, &j, x, n, steps)
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
		{"road b: code on the goroutine stack", onGoroutineStack},
	} {
		done := make(chan error)
		go func() { // whose stack is small still
			got, j, err := road.call(x, n, steps)
			if err == nil {
				err = j.check(x, n, steps, got)
			}
			done <- err
		}()
		if err := <-done; err != nil {
			return fmt.Errorf("%s: %w", road.name, err)
		}
		fmt.Fprintf(w, "%s called Go %d times, the stack moved, the result is right\n", road.name, n)
	}
	return nil
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "calljit:", err)
		os.Exit(1)
	}
}
