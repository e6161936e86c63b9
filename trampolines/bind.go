package trampolines

import (
	"sync/atomic"
	"unsafe"
)

// BoundFunc is the object behind a bound func value: to Go a func value is a pointer to {code, data}. Make one with
// NewBoundFunc; its fields do not change, except State, which Close of a library replaces.
type BoundFunc struct {
	code   uintptr
	Fn     uintptr // what ccall calls for bindPlain and bindGeneral: the C function, or gw_errno_call
	Chain  uintptr // the C function
	State  *AutoState
	Mask   [9]uintptr // all ones for an integer argument that is a pointer
	Narrow uint32     // index + 1 of the last narrow argument, 0 when there is none
	Errno  uint32
	Floats uint32  // how many float arguments
	Shift  [8]int8 // for each integer argument: 64 - its bits, negative when signed, 0 for 64 bits
	Simple bool    // nothing but integers, pointers and floats, all of them in registers, and what is above says how
	Name   string  // for reports

	// With a plan (bridge/goplan.h), in C's memory for good, these count; Floats are those in registers.
	Plan         uintptr
	Code         uintptr // machine code of the plan, or 0
	Other        uintptr // what bindCode and its kind leave to others: all but running calls
	Direct       uint32  // Code needs nothing but registers
	LongResult   uint32  // more than AX and X0
	GoWork       uint32  // Go code takes part: Funcs, StringResult, List
	StringResult bool
	StackAt      uintptr  // from the PlanArgs of a call to its stack arguments
	Hidden       []uint32 // where pointers are among the stack arguments, HiddenMax at most
	Strings      []Place  // string parameters
	Funcs        []FuncParam
	List         ListParam
	Refused      unsafe.Pointer // the func value that serves when List refuses its arguments
}

// A Place is where Go passes a parameter, or a part of it: a number of its first integer register, or onStack and its
// offset among the stack arguments.
type Place uint32

const onStack = 1 << 31

// OnStack returns whether p is on Go's stack, at an offset.
func (p Place) OnStack() (offset uint32, ok bool) { return uint32(p &^ onStack), p&onStack != 0 }

// HiddenMax is how many pointers among the stack arguments of a function there can be.
const HiddenMax = 16

// Where errno goes among the integer results.
const (
	ErrnoNone   = 0
	ErrnoSecond = 1 // after an integer result: BX
	ErrnoFirst  = 2 // alone or after a float result: AX
)

// Finish chooses the code of f according to its fields and returns the func value as a pointer.
// Not for RoadSafe: the code is entered with Go's register convention.
func (f *BoundFunc) Finish() unsafe.Pointer {
	f.Fn = f.Chain
	if f.Plan != 0 {
		f.usePlan()
		return unsafe.Pointer(f)
	}
	f.code = Asm.bindPlain
	return unsafe.Pointer(f)
}

// usePlan chooses the code for a function with a plan.
func (f *BoundFunc) usePlan() {
	shape := ShapeOf(f.Plan)
	f.Code = shape.Code
	if f.Simple {
		if f.Errno != ErrnoNone {
			f.Fn = Core.ErrnoCall
		}
		f.Other = Asm.bindGeneral
	} else {
		for i := range f.Mask {
			if shape.Pointers&(1<<i) != 0 {
				f.Mask[i] = ^uintptr(0)
			}
		}
		f.Floats = shape.FloatsIn
		f.LongResult = shape.LongResult
		if f.Refused != nil {
			f.LongResult = 1 // where bindPlan asks whether it was refused
		}
		f.StringResult = shape.StringResult != 0
		if f.StringResult || len(f.Funcs) != 0 || f.List.Types != nil {
			f.GoWork = 1
		}
		f.StackAt = planStack
		if f.Code != 0 && shape.StackFrame == 0 && shape.Strings == 0 && f.List.Types == nil {
			f.Direct = 1
		}
		f.Other = Asm.bindPlan
	}
	switch {
	case len(f.Hidden) != 0:
		f.StackAt = hiddenStack
		f.code = Asm.bindHidden
	case f.Simple && shape.Pointers != 0 && shape.IntsIn <= 3 && f.Narrow == 0 && f.Errno == ErrnoNone:
		f.code = Asm.bindPlainPointers
	case f.Code == 0 || f.GoWork != 0 || shape.Pointers != 0 && shape.StackFrame != 0:
		f.code = f.Other
	case shape.Pointers == 0:
		f.code = Asm.bindCode
	case shape.Strings != 0 && shape.IntsIn <= 3:
		f.code = Asm.bindStrings3
	case shape.Strings != 0:
		f.code = Asm.bindStrings9
	case shape.IntsIn <= 3:
		f.code = Asm.bindPointers3
	default:
		f.code = Asm.bindPointers9
	}
}

// Close makes every further call of f panic through ClosedCall.
func (f *BoundFunc) Close() {
	// bindPlain and bindPinned load State once for each call.
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&f.State)), unsafe.Pointer(StateClosed))
}

// Closed tells whether Close has been called.
func (f *BoundFunc) Closed() bool {
	return atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&f.State))) == unsafe.Pointer(StateClosed)
}

// ClosedCall is what a call of a bound function panics with after its library was closed. Set by package gangway.
var ClosedCall func(name string)

// boundClosed is called by bindPinned.
func boundClosed(f *BoundFunc) { ClosedCall(f.Name) }
