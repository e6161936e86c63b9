package testlib

import (
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// Registers mirrors struct registers in clib/registers.c: what gt_capture found at its entry, and what it answers. It spoils
// everything that a C function may.
type Registers struct {
	Ints       [6]uint64 // RDI RSI RDX RCX R8 R9
	Floats     [8]uint64 // the low halves of XMM0-XMM7
	RAX        uint64    // AL counts vector registers for a variadic function
	RSP        uint64    // pointing to the return address
	Flags      uint64
	MXCSR      uint64
	Stack      [32]uint64 // the words above the return address
	AnswerRAX  uint64
	AnswerXMM0 uint64
}

// Captured returns what gt_capture fills: one static block.
func Captured(t TB) *Registers {
	return (*Registers)(gangway.MustFunc[func() unsafe.Pointer](Lib(t), "gt_captured")())
}
