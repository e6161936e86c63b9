// Syso: a Go program uses a C library (../c) that calls Go from threads of its own. Here the library is an object file
// in this directory, clib_linux_amd64.syso, which Go's linker takes in by itself. Package ../so loads the same library
// as a shared object.
//
// What it takes:
//
//   - The object, compiled with the flags that Go's internal linker wants (the project's Makefile has them): position
//     independent, no thread-local variables, no constructors, no stack protector.
//   - A stub for each C function, in Go assembler (stubs_amd64.s), with gangway_amd64.h copied beside it.
//   - With cgo off, the list of what the object needs from libc (imports_nocgo.go).
package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// clibRun is the stub of clib_run (clib.h). The pointers are visible to the collector for as long as the call lasts.
func clibRun(host unsafe.Pointer, threads int32, calls int64, fn uintptr, user gangway.Handle, sum *float64) int32

// A tally is the user data of one clib_run.
type tally struct{ calls, sum int64 }

// add is what the C threads call in the end, several at once.
func (t *tally) add(a int64, b float64) float64 {
	atomic.AddInt64(&t.calls, 1)
	atomic.AddInt64(&t.sum, a)
	return float64(a) + b
}

// use makes one clib_run and checks what came of it.
func use(callback *gangway.Callback, threads int32, calls int64) error {
	t := new(tally)
	user := gangway.NewHandle(t)
	defer user.Delete()
	var sum float64
	if status := clibRun(gangway.Host(), threads, calls, callback.Pointer(), user, &sum); status != 0 {
		return fmt.Errorf("clib_run: gw_status %d", status)
	}
	n := int64(threads) * calls
	sumA := n * (n - 1) / 2
	if t.calls != n || t.sum != sumA {
		return fmt.Errorf("Go was called %d times with numbers that add up to %d, want %d and %d",
			t.calls, t.sum, n, sumA)
	}
	if want := float64(sumA) + float64(threads)*float64(calls*(calls-1))/4; sum != want {
		return fmt.Errorf("C adds the results up to %g, want %g", sum, want)
	}
	return nil
}

func run(w io.Writer) error {
	const users, threads, calls = 3, 4, 5000
	// One callback for all: user tells them apart.
	callback, err := gangway.NewCallback(func(user gangway.Handle, a int64, b float64) float64 {
		return user.Value().(*tally).add(a, b)
	})
	if err != nil {
		return err
	}
	defer callback.Close()
	errs := make([]error, users)
	var all sync.WaitGroup
	for i := range errs {
		i := i
		all.Add(1)
		go func() {
			defer all.Done()
			errs[i] = use(callback, threads, calls)
		}()
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "clib, linked in: %d users, %d C threads each, %d calls of Go from every thread, "+
		"the sums are right\n",
		users, threads, calls)
	return nil
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "clib:", err)
		os.Exit(1)
	}
}
