package jit

import (
	"runtime"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/trampolines"
)

// A Code is machine code in memory of its own that the runtime does not know of: for the roads a and b.
type Code struct {
	c    uintptr // gw_code
	addr uintptr
}

// NewCode copies machine code to memory where it may run. The memory is writable first and executable then, never both.
// The error is an *Error.
func NewCode(code []byte) (*Code, error) {
	out := trampolines.Escape(new(uintptr))
	err := checked(func() uintptr {
		return trampolines.CallBlocking(trampolines.Core.CodeNew, uintptr(unsafe.Pointer(out)), uintptr(len(code)), 0, 0, 0, 0)
	})
	if err != nil {
		return nil, err
	}
	c := &Code{c: *out}
	c.addr = trampolines.Call(trampolines.Core.CodeData, c.c, 0, 0, 0, 0, 0)
	copy(unsafe.Slice(*(**byte)(unsafe.Pointer(&c.addr)), len(code)), code)
	err = checked(func() uintptr { return trampolines.CallBlocking(trampolines.Core.CodeSeal, c.c, 0, 0, 0, 0, 0) })
	if err != nil {
		c.Free()
		return nil, err
	}
	return c, nil
}

// Addr returns the address of the code, 0 after Free.
func (c *Code) Addr() uintptr { return c.addr }

// Bind makes *fn, a variable of func type, call the code as a C function, by the System V convention and on the system
// stack: road a. Types, options and errors are those of gangway.Bind.
func (c *Code) Bind(fn any, opts ...gangway.Option) error {
	return gangway.Bind(gangway.Symbol(c.addr), fn, opts...)
}

// Free gives the memory back. Nothing may run in it now or later.
func (c *Code) Free() {
	trampolines.CallBlocking(trampolines.Core.CodeFree, c.c, 0, 0, 0, 0, 0)
	c.c, c.addr = 0, 0
}

// Words is the memory of code on road b.
type Words [8]int64

// Where code on road b finds Words: the offset of its first word from SP.
const WordsAt = gateWords + 8

// Run runs the code on the goroutine stack behind a gate: road b. It returns the code's result. The protocol, from the
// code's side:
//
//	In        RAX x when entered first, then the result of the last request. words at WordsAt+RSP, its own to change: they
//	          keep their values across requests. Every other register is undefined.
//	Request   RCX the number of a function of calls, RAX and RBX its arguments, RDX where to go on. RET.
//	Finished  RDX 0, RAX the result. RET.
//	Keeps     RSP and RBP.
//
// The code has no stack: it pushes nothing, and keeps no address of the stack across a request, for Go may move it. It
// holds no Go pointers. While it runs nobody can stop it, and a collection waits: it has to make a request within
// microseconds, or return. A fault in it is a Go panic, and so is the number of no function. *words is what the code
// has left when it has finished; after a panic it is what it was.
func (c *Code) Run(words *Words, x int64, calls ...func(a, b int64) int64) int64 {
	w := *words
	x = gate(c.addr, &calls, &w, x)
	*words = w
	runtime.KeepAlive(c)
	return x
}

// gate runs code on the goroutine stack. Contract: gate_amd64.s.
func gate(code uintptr, calls *[]func(a, b int64) int64, w *Words, x int64) int64

// gateWords is the offset of the words in gate's frame.
const gateWords = 48

// dispatch is the Go side of the gate: it makes the call that the machine code asked for. A wrong number is a Go panic,
// which unwinds through the gate.
func dispatch(calls *[]func(a, b int64) int64, which uintptr, a, b int64) int64 {
	return (*calls)[which](a, b)
}
