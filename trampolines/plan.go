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
}

// FuncParam is a parameter of func type.
type FuncParam struct {
	Reg  uint32 // its integer register
	Pool FuncPool
}

// A FuncPool lends C function pointers for Go funcs.
type FuncPool interface {
	// Take returns a C function pointer that calls the func value fn until Put of the token.
	Take(fn unsafe.Pointer) (code uintptr, token any)
	Put(token any)
}

const goTerminated = ^uintptr(0)

// boundGo makes a call of f for which Go has to work: func parameters become callbacks, strings too long for the system
// stack become copies in the heap, a string result is copied. Called by bindPlanned; args lies in its caller's frame.
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
	if args.pointers[p.Reg] == nil {
		args.regs.Ints[p.Reg] = 0 // a nil func is a NULL pointer
		boundFuncs(f, args, params[1:])
		return
	}
	code, token := p.Pool.Take(args.pointers[p.Reg])
	defer p.Pool.Put(token)
	args.regs.Ints[p.Reg] = code
	boundFuncs(f, args, params[1:])
}

func boundCall(f *BoundFunc, args *PlanArgs) {
	if planCall(f, args) != 0 {
		// Nothing was called: the strings are too long.
		for _, r := range f.Strings {
			b := make([]byte, args.regs.Ints[r+1]+1)
			copy(b, unsafe.Slice((*byte)(args.pointers[r]), args.regs.Ints[r+1]))
			args.pointers[r] = unsafe.Pointer(&b[0])
			args.regs.Ints[r] = uintptr(unsafe.Pointer(&b[0]))
			args.regs.Ints[r+1] = goTerminated
		}
		planCall(f, args)
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
// points to. Who makes one keeps it alive until the thunk no longer points to it.
type PlanRecord struct {
	run    uintptr
	plan   uintptr
	Fn     unsafe.Pointer // the func value
	invoke uintptr        // callbackEntryPlan
	// Not part of the mirror.
	call         CallbackRecord // of the calls of callbackEntryPlan
	shape        PlanShape
	Strings      []uint8  // integer registers of string parameters
	StackStrings []uint32 // offsets of those on the stack
}

// NewPlanRecord returns a record for the func value fn.
func NewPlanRecord(plan uintptr, fn unsafe.Pointer) *PlanRecord {
	r := &PlanRecord{run: addrGoCallbackRun(), plan: plan, Fn: fn, invoke: addrCallbackEntryPlan(), shape: *ShapeOf(plan)}
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
	if r := call.record; len(r.Strings) != 0 || len(r.StackStrings) != 0 {
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
	for _, reg := range r.Strings {
		copied((*[2]uintptr)(call.regs.Ints[reg:]))
	}
	for _, at := range r.StackStrings {
		copied((*[2]uintptr)(unsafe.Add(call.stack, at)))
	}
	invoke(call)
	runtime.KeepAlive(keep)
}
