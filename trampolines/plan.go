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
	Strings               uint32
	Functions             uint32
	StringResult          uint32
	LongResult            uint32
	Code                  uintptr
}

// PlanArgs is the argument area of bindPlanned, in bindPlan's frame: the parameters that are pointers, which the collector
// sees there, the BoundFunc, and all registers as they came, then as they go.
type PlanArgs struct {
	pointers [9]unsafe.Pointer
	f        *BoundFunc
	regs     GoRegs
	refused  uintptr
}

// From a PlanArgs to the stack arguments: bindPlan's saved BP and return PC are between; with bindHidden also the frames of
// hiddenPinned (8 bytes and those two) and its own.
const (
	planStack   = unsafe.Sizeof(PlanArgs{}) + 16
	hiddenStack = planStack + 8 + 16 + 8*HiddenMax + 16
)

// FuncParam is a parameter of func type.
type FuncParam struct {
	At   Place
	Pool *FuncPool
}

const goTerminated = ^uintptr(0)

// words returns where the parameter at p of f's call is.
func (args *PlanArgs) words(f *BoundFunc, p Place) unsafe.Pointer {
	if offset, ok := p.OnStack(); ok {
		return unsafe.Add(unsafe.Pointer(args), f.StackAt+uintptr(offset))
	}
	return unsafe.Pointer(&args.regs.Ints[p])
}

// boundGo makes a call of f for which Go has to work: func parameters become callbacks, strings too long for the system
// stack become copies in the heap, a string result is copied, a list of arguments is laid out. Called by bindPlanned; args
// lies in its caller's frame.
//
// Pointers among the registers are in args.pointers too, and those on the stack in bindHidden's frame: what they point to
// stays, even when a word is overwritten here.
func boundGo(f *BoundFunc, args *PlanArgs) {
	boundFuncs(f, args, f.Funcs)
}

// boundFuncs turns the first of params into a C function pointer, and goes on with the others.
func boundFuncs(f *BoundFunc, args *PlanArgs, params []FuncParam) {
	if len(params) == 0 {
		boundCall(f, args)
		return
	}
	p := &params[0]
	word := args.words(f, p.At)
	fn := *(*unsafe.Pointer)(word)
	if fn == nil {
		boundFuncs(f, args, params[1:]) // a nil func is a NULL pointer
		return
	}
	lent := p.Pool.Take(fn)
	defer p.Pool.Put(lent)
	*(*uintptr)(word) = lent.Code
	if len(params) == 1 {
		boundCall(f, args)
	} else {
		boundFuncs(f, args, params[1:])
	}
}

func boundCall(f *BoundFunc, args *PlanArgs) {
	if f.List.Types != nil {
		args.refused = 0
		if !boundList(f, args) {
			args.refused = 1
			return
		}
	} else if planCall(f, f.Plan, &args.regs, args.words(f, onStack)) != 0 {
		// Nothing was called: the strings are too long.
		copies := make([]terminatedCopy, 0, 8)
		for _, at := range f.Strings {
			copies = append(copies, terminated(args.words(f, at)))
		}
		planCall(f, f.Plan, &args.regs, args.words(f, onStack))
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
}

func stringData(s string) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&s)) }

// ShapeOf returns the shape of a plan, in C's memory.
func ShapeOf(plan uintptr) *PlanShape { return *(**PlanShape)(unsafe.Pointer(&plan)) }
