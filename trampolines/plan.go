package trampolines

import "unsafe"

// GoRegs mirrors struct gw_go_regs in bridge/goplan.h: the registers of Go's ABIInternal.
type GoRegs struct {
	Ints   [9]uintptr
	Floats [15]float64
}

// PlanShape mirrors struct gw_go_shape in bridge/goplan.h.
type PlanShape struct {
	IntsIn, FloatsIn      uint32
	IntsOut, FloatsOut    uint32
	StackArgs, StackFrame uint32
	Pointers              uint32
	HiddenPointers        uint32
	Slots                 uint32
	Strings               uint32
	Functions             uint32
	StringResult          uint32
	LongResult            uint32
	Plain                 uint32
	Code                  uintptr
}

// boundArgs is the frame of bindWork: all registers as they came, then as they go; the BoundFunc and the pointers among
// the parameters, which the collector sees there.
type boundArgs struct {
	regs     GoRegs
	f        *BoundFunc
	pointers [workPointers]unsafe.Pointer
}

// From a boundArgs to the stack arguments: bindWork's saved BP and return PC are between.
const argsToStack = unsafe.Sizeof(boundArgs{}) + 16

// FuncParam is a parameter of func type.
type FuncParam struct {
	At   Place
	Pool *FuncPool
}

const goTerminated = ^uintptr(0)

// stringsMax is what the machine code of a plan has room for: bytes of all strings, with a zero byte for each
// (bridge/goplan.h).
const stringsMax = 4096

// words returns where the parameter at p is.
func (args *boundArgs) words(p Place) unsafe.Pointer {
	if offset, ok := p.OnStack(); ok {
		return unsafe.Add(unsafe.Pointer(args), argsToStack+uintptr(offset))
	}
	return unsafe.Pointer(&args.regs.Ints[p])
}

// boundGo makes a call of f for which Go has to work: func parameters become callbacks, strings too long for the system
// stack become copies in the heap, a string result is copied, a list of arguments is laid out. Called by bindWork, in
// whose frame args lies. It returns true when a list was refused, and nothing has been done.
//
// Pointers among the parameters are in args.pointers too: what they point to stays, even when a word is overwritten
// here.
func boundGo(f *BoundFunc, args *boundArgs) (refused bool) { return boundFuncs(f, args, f.Funcs) }

// boundFuncs turns the first of params into a C function pointer, and goes on with the others.
func boundFuncs(f *BoundFunc, args *boundArgs, params []FuncParam) (refused bool) {
	if len(params) == 0 {
		return boundCall(f, args)
	}
	p := &params[0]
	word := args.words(p.At)
	fn := *(*unsafe.Pointer)(word)
	if fn == nil {
		return boundFuncs(f, args, params[1:]) // a nil func is a NULL pointer
	}
	lent := p.Pool.Take(fn)
	defer p.Pool.Put(lent)
	*(*uintptr)(word) = lent.Code
	if len(params) == 1 {
		return boundCall(f, args)
	}
	return boundFuncs(f, args, params[1:])
}

func boundCall(f *BoundFunc, args *boundArgs) (refused bool) {
	switch {
	case f.List.Types != nil:
		if !boundList(f, args) {
			return true
		}
	case len(f.Strings) == 0 || stringsFit(f, args):
		boundEnter(f, f.Code, &args.regs, args.words(onStack))
	default:
		copies := make([]terminatedCopy, 0, 8)
		for _, at := range f.Strings {
			copies = append(copies, terminated(args.words(at)))
		}
		boundEnter(f, f.Code, &args.regs, args.words(onStack))
		for _, c := range copies {
			c.release()
		}
	}
	if f.StringResult {
		s := CString(args.regs.Ints[0])
		args.regs.Ints[0] = uintptr(stringData(s))
		args.regs.Ints[1] = uintptr(len(s))
		args.pointers[0] = stringData(s)
	}
	return false
}

// stringsFit returns whether the machine code has room for f's string parameters.
func stringsFit(f *BoundFunc, args *boundArgs) bool {
	room := uintptr(stringsMax)
	for _, at := range f.Strings {
		if !takeString(&room, args.words(at)) {
			return false
		}
	}
	return true
}

// takeString takes the room for a string; false when there is not so much.
func takeString(room *uintptr, words unsafe.Pointer) bool {
	n := (*[2]uintptr)(words)[1]
	if n >= *room {
		return false
	}
	*room -= n + 1
	return true
}

func stringData(s string) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&s)) }

// ShapeOf returns the shape of a plan, in C's memory.
func ShapeOf(plan uintptr) *PlanShape { return *(**PlanShape)(unsafe.Pointer(&plan)) }
