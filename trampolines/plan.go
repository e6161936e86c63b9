package trampolines

import (
	"runtime"
	"unsafe"
)

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
	Pool FuncPool
}

// A FuncPool lends C function pointers for Go funcs.
type FuncPool interface {
	// Take returns a C function pointer that calls the func value fn until Put of the token.
	Take(fn unsafe.Pointer) (code uintptr, token any)
	Put(token any)
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
	if len(f.Funcs) == 0 {
		boundCall(f, args)
		return
	}
	boundFuncs(f, args, f.Funcs)
}

// boundFuncs turns the first of params into a C function pointer, and goes on with the others.
func boundFuncs(f *BoundFunc, args *PlanArgs, params []FuncParam) {
	if len(params) == 0 {
		boundCall(f, args)
		return
	}
	p := &params[0]
	fn := *(*unsafe.Pointer)(args.words(f, p.At))
	if fn == nil {
		boundFuncs(f, args, params[1:]) // a nil func is a NULL pointer
		return
	}
	code, token := p.Pool.Take(fn)
	defer p.Pool.Put(token)
	*(*uintptr)(args.words(f, p.At)) = code
	boundFuncs(f, args, params[1:])
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

// CString copies the C string at p; "" for NULL.
func CString(p uintptr) string {
	if p == 0 {
		return ""
	}
	base := *(*unsafe.Pointer)(unsafe.Pointer(&p))
	n := 0
	for *(*byte)(unsafe.Add(base, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(base), n))
}

// PlanRecord mirrors struct gw_go_callback in bridge/goplan.h: what the slot of a thunk for a callback of any signature
// points to. As with CallbackRecord: for good, and only Fn changes.
type PlanRecord struct {
	run    uintptr
	plan   uintptr
	Fn     unsafe.Pointer // the func value
	invoke uintptr        // callbackEntryPlan
	// Not part of the mirror.
	call    CallbackRecord // of the calls of callbackEntryPlan
	shape   PlanShape
	Strings []Place // string parameters
}

// NewPlanRecord returns a record for callbacks by a plan, without Fn.
func NewPlanRecord(plan uintptr) *PlanRecord {
	r := &PlanRecord{run: Core.GoCallbackRun, plan: plan, invoke: Asm.callbackEntryPlan, shape: *ShapeOf(plan)}
	r.call.run, r.call.Fn = callbackRunPlan, invokePlanFunc
	if s := &r.shape; s.StackFrame == 0 && s.Strings == 0 && s.IntsIn <= fewIn && s.FloatsIn <= fewIn &&
		s.IntsOut <= fewOut && s.FloatsOut <= fewOut {
		r.call.run = callbackRunPlanFew
	}
	return r
}

// invokePlanFunc is invokePlan as a func value: what callbackCall calls on threads that are not Go's, with the arguments
// that C called callbackEntryPlan with.
var invokePlanFunc = func() unsafe.Pointer {
	fn := func(call unsafe.Pointer) { invokePlan((*Invocation)(call)) }
	return *(*unsafe.Pointer)(unsafe.Pointer(&fn))
}()

// ShapeOf returns the shape of a plan, in C's memory.
func ShapeOf(plan uintptr) *PlanShape { return *(**PlanShape)(unsafe.Pointer(&plan)) }

// Invocation mirrors struct gw_go_invocation in bridge/goplan.h. It lies on C's stack.
type Invocation struct {
	record *PlanRecord
	regs   GoRegs
	stack  unsafe.Pointer
}

// invokePlan calls the Go func of any invocation.
func invokePlan(call *Invocation) {
	if len(call.record.Strings) != 0 {
		invokeWithStrings(call)
	} else {
		invoke(call)
	}
}

func invoke(call *Invocation) {
	r := call.record
	args, frame := uintptr(r.shape.StackArgs), uintptr(r.shape.StackFrame)
	switch size := frame + unsafe.Sizeof(GoRegs{}); { // a register is spilled to as much as it holds
	case frame == 0:
		callGo(r.Fn, &call.regs)
	case size <= 512:
		callGoStack512(r.Fn, call.stack, args, frame, &call.regs)
	case size <= 4<<10:
		callGoStack4K(r.Fn, call.stack, args, frame, &call.regs)
	case size <= 64<<10:
		callGoStack64K(r.Fn, call.stack, args, frame, &call.regs)
	default: // C's arguments and result are 1 MB at most, each
		callGoStack3M(r.Fn, call.stack, args, frame, &call.regs)
	}
}

// invokeWithStrings copies the C strings among the parameters.
func invokeWithStrings(call *Invocation) {
	r := call.record
	keep := make([]string, 0, 9)
	copied := func(words *[2]uintptr) {
		s := CString(words[0])
		keep = append(keep, s)
		words[0], words[1] = uintptr(stringData(s)), uintptr(len(s))
	}
	for _, p := range r.Strings {
		if offset, ok := p.OnStack(); ok {
			copied((*[2]uintptr)(unsafe.Add(call.stack, offset)))
		} else {
			copied((*[2]uintptr)(call.regs.Ints[p:]))
		}
	}
	invoke(call)
	runtime.KeepAlive(keep)
}
