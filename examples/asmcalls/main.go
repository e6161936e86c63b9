// Asmcalls: hand-written assembly calls Go functions, and pointers stay right while it does. What there is to know:
//
// Arguments. Assembly calls Go by the stack convention, ABI0: arguments, then results, in the caller's frame from 0(SP)
// on, laid out like the fields of a struct, results beginning at a multiple of 8. The linker puts in a wrapper.
//
// Pointers. While a Go function runs, the collector scans all frames above it, and a stack that grows is moved:
// whatever points to a live object, or into the stack, must stand where a map says so. For assembly the toolchain makes
// one map only: that of the arguments, from the Go prototype (which is why every function needs one), and of the
// results once the function says GO_RESULTS_INITIALIZED. There is no way to describe local words; NO_LOCAL_POINTERS
// says that none of them is a pointer. So a pointer that must outlive a call of Go lies in an argument or a result: of
// the function itself, or of another assembly function that it calls. Registers do not outlive a call at all.
//
// "missing stackmap". An assembly function with a frame that says nothing about its locals is fatal as soon as the
// runtime scans or moves a stack on which it stands. A function that calls no Go code never stands there.
//
// calls_amd64.s has a function for each of these, right and wrong; this program proves what happens to each.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// An object is what assembly holds on to. It has a finalizer, which tells when the collector gave it up.
type object struct {
	value int64
	gone  *uint32 // set by the finalizer
	_     [4]*object
}

func newObject() *object {
	o := &object{value: 42, gone: new(uint32)}
	runtime.SetFinalizer(o, func(o *object) { atomic.StoreUint32(o.gone, 1) })
	return o
}

// root is the only pointer to an object that Go code has.
var root *object

// prepare makes a new object reachable from root alone, and returns what will tell of its end.
//
//go:noinline
func prepare() (gone *uint32) {
	root = newObject()
	return root.gone
}

// dropRoot is called by assembly that holds a pointer to *root: it clears root and collects garbage until every object
// that had become garbage by now is gone.
func dropRoot() {
	root = nil
	collect()
}

// collect returns when an object that became garbage after the call was finalized, three times in a row: finalizers run
// one batch of garbage after the other.
func collect() {
	for i := 0; i < 3; i++ {
		for gone := newGarbage(); atomic.LoadUint32(gone) == 0; {
			runtime.GC()
			runtime.Gosched()
		}
	}
}

//go:noinline
func newGarbage() *uint32 { return newObject().gone }

// newCollected returns a new object after a collection that would have taken an object its caller no longer shows.
func newCollected() *object {
	collect()
	return newObject()
}

// growStack makes the stack of its goroutine too small, so that it is moved. (See moved.)
func growStack() { descend(2000) }

func descend(n int) int {
	var pad [256]byte
	if n == 0 {
		return int(pad[n])
	}
	pad[n%256] = 1
	return descend(n-1) + int(pad[n%256])
}

// describe is a Go function with arguments and results of several sizes.
func describe(a int32, b float64, s string) (text string, ok bool) {
	return fmt.Sprintf("%d %g %s", a, b, s), a < 0
}

// arguments: assembly calls Go with arguments on the stack.
func arguments() error {
	if text, ok := callDescribe(-7, 0.5, "seven"); text != "-7 0.5 seven" || !ok {
		return fmt.Errorf("describe got %q, %v", text, ok)
	}
	return nil
}

// kept: pointers in arguments outlive calls of Go.
func kept() error {
	for _, f := range []struct {
		name string
		call func() *object
	}{
		{"keepInArgument", func() *object { return keepInArgument(nil) }},
		{"keepInCallee", keepInCallee},
	} {
		gone := prepare()
		if o := f.call(); atomic.LoadUint32(gone) != 0 || o.value != 42 {
			return fmt.Errorf("%s lost its object", f.name)
		}
		if collect(); atomic.LoadUint32(gone) == 0 {
			return fmt.Errorf("the object of %s stayed though nothing holds it", f.name)
		}
	}
	return nil
}

// lost: a pointer in a local word does not.
func lost() error {
	gone := prepare()
	if stale := keepInLocal(); atomic.LoadUint32(gone) == 0 || stale == 0 {
		return fmt.Errorf("the object of keepInLocal stayed, where there is no map for it")
	}
	return nil
}

// results: a pointer in a result outlives calls of Go after GO_RESULTS_INITIALIZED, and only then.
func results() error {
	a, b := newPair()
	if atomic.LoadUint32(a.gone) != 0 || a.value != 42 || b.value != 42 {
		return fmt.Errorf("newPair lost an object")
	}
	runtime.KeepAlive(a)
	gone := prepare()
	if forgetResult(); atomic.LoadUint32(gone) == 0 {
		return fmt.Errorf("the object of forgetResult stayed, where its map is not in force")
	}
	return nil
}

// moved: a stack move adjusts a pointer in an argument, and leaves a local word alone.
func moved() error {
	done := make(chan error)
	go func() { // whose stack is small still
		x := int64(42)
		local, argument := across(&x)
		here := uintptr(unsafe.Pointer(&x))
		switch {
		case argument != here:
			done <- fmt.Errorf("the argument is %#x after the move, the variable at %#x", argument, here)
		case local == here:
			done <- fmt.Errorf("the stack did not move")
		case x != 42:
			done <- fmt.Errorf("the variable is %d", x)
		default:
			done <- nil
		}
	}()
	return <-done
}

// missing: in a process of its own, a function without a word about its locals meets the collector.
func missing() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"=1", "GOTRACEBACK=single")
	out, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 {
		return fmt.Errorf("the child ended with %v, want exit status 2; its output is\n%s", err, out)
	}
	for _, want := range []string{".sayNothing untyped locals ", "fatal error: missing stackmap\n"} {
		if !bytes.Contains(out, []byte(want)) {
			return fmt.Errorf("the child does not say %q but\n%s", want, out)
		}
	}
	return nil
}

const childVariable = "ASMCALLS_MISSING_STACKMAP"

// child turns the process that missing starts into its victim.
func child() {
	if os.Getenv(childVariable) != "" {
		sayNothing()
		os.Exit(0)
	}
}

func run(w io.Writer) error {
	for _, step := range []struct {
		name string
		f    func() error
	}{
		{"arguments and results on the stack", arguments},
		{"a pointer in an argument keeps its object through a call of Go", kept},
		{"a pointer in a local word does not", lost},
		{"a pointer in a result does after GO_RESULTS_INITIALIZED, not before", results},
		{"a stack move adjusts a pointer in an argument, not in a local word", moved},
		{"a frame that says nothing is fatal: missing stackmap", missing},
	} {
		if err := step.f(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintln(w, "ok:", step.name)
	}
	return nil
}

func main() {
	child()
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "asmcalls:", err)
		os.Exit(1)
	}
}
