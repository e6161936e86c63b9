package trampolines

import (
	"sync/atomic"
	"unsafe"
)

// BoundFunc is the object behind a bound func value: to Go a func value is a pointer to {code, data}. Its fields do not
// change after Finish, except State, which Close of a library replaces. All that a call touches is in one cache line.
type BoundFunc struct {
	code     uintptr
	Code     uintptr    // machine code of the plan
	Fn       uintptr    // the C function
	State    *AutoState // may be auto of another BoundFunc
	auto     AutoState
	At       int32             // from Go's stack arguments to SP at the entry of bindCall
	Pointers [fewPointers]int8 // for bindFew: -1 for an integer register that is a pointer, else 0

	Plan         uintptr        // bridge/goplan.h; in C's memory for good
	Refused      unsafe.Pointer // the func value that serves when List refuses its arguments
	Name         string         // for reports
	StringResult bool
	Strings      []Place // string parameters
	Funcs        []FuncParam
	List         ListParam
}

const _ = -(64 ^ unsafe.Offsetof(BoundFunc{}.Plan))

// Auto returns an Auto state that b has room for.
func (f *BoundFunc) Auto() *AutoState { return &f.auto }

// A Place is where Go passes a parameter, or a part of it: a number of its first integer register, or onStack and its
// offset among the stack arguments.
type Place uint32

const onStack = 1 << 31

// OnStack returns whether p is on Go's stack, at an offset.
func (p Place) OnStack() (offset uint32, ok bool) { return uint32(p &^ onStack), p&onStack != 0 }

// callArgs is what bindEnter finds in the frame of its caller.
type callArgs struct {
	state    *AutoState
	fn, code uintptr
	at       int // At for bindEnter
}

// How many pointers among the parameters bindFew, bindMany and bindWork have room for (bridge/goplan.h).
const (
	fewPointers  = 3
	manyPointers = 8
	workPointers = 25
)

// Finish chooses the code of f according to its fields and returns the func value as a pointer.
// Not for RoadSafe: the code is entered with Go's register convention.
func (f *BoundFunc) Finish() unsafe.Pointer {
	shape := ShapeOf(f.Plan)
	f.Code = shape.Code
	f.StringResult = shape.StringResult != 0
	// Between the stack arguments and the entry of bindCall: a return PC, and a frame with another one and saved
	// BP.
	const pc, bp, word = 8, 8, 8
	f.At = -pc
	switch {
	case f.StringResult || len(f.Funcs) != 0 || f.List.Types != nil || shape.Slots > manyPointers:
		f.code = Asm.bindWork
	case shape.Plain != 0:
		f.code = Asm.bindPlain
	case shape.Slots == 0:
		f.code = Asm.bindCall
	case shape.Slots == fewPointers:
		f.code = Asm.bindFew
		for i := range f.Pointers {
			f.Pointers[i] = -int8(shape.Pointers >> i & 1)
		}
		f.At -= bp + fewPointers*word + pc
	default:
		f.code = Asm.bindMany
		f.At -= bp + manyPointers*word + pc
	}
	return unsafe.Pointer(f)
}

// Close makes every further call of f panic through ClosedCall.
func (f *BoundFunc) Close() {
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&f.State)), unsafe.Pointer(StateClosed))
}

// Closed tells whether Close has been called.
func (f *BoundFunc) Closed() bool {
	return atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&f.State))) == unsafe.Pointer(StateClosed)
}

// ClosedCall is what a call of a bound function panics with after its library was closed. Set by package gangway.
var ClosedCall func(name string)

// boundClosed is called by bindTold and boundEnter.
func boundClosed(f *BoundFunc) { ClosedCall(f.Name) }
