package trampolines

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// callbackFrame lies on the C stack for the time of a callback; callbackEntry makes it. Its size is 8 modulo 16.
type callbackFrame struct {
	unwind uintptr    // code: the frame is a func value, which the callback defers
	g0sp   uintptr    // g0.sched.sp before; by runtime.cgocallback the outer such frame (bridge/callback.c)
	record uintptr    // *CallbackRecord, where it is not in a register
	mark   uintptr    // g.sched.pc as the callback found it, where it is not incall+1
	auto   *AutoState // of the C function that called back, while its call is Blocking
	ints   [3]uintptr // arguments, where they are not in registers; then the first is the result
	then   [thenArgs + ThenMax]uintptr
}

// Its alignment keeps the C stack aligned below callbackEntry's six pushes and return address.
const _ = uint(unsafe.Sizeof(callbackFrame{})%16-8) - uint(8-unsafe.Sizeof(callbackFrame{})%16)

const slotRecord = 8 // offset of record in struct gw_thunk_slot (bridge/bridge.h)

// CallbackRecord is what a thunk's slot points to: the Go function behind a callback. It begins as struct
// gw_go_callback does (bridge/goplan.h). Who makes a record keeps it for good, and changes nothing but Fn when the slot
// points to it. For C and assembly carry its address where the collector does not see it, and may wait meanwhile: a
// thread that has entered the thunk, for a processor. Fn is read when that is over, by Go code, in whose registers and
// frames the func value is seen.
type CallbackRecord struct {
	enter   uintptr        // callbackEntry, for generated code
	Fn      unsafe.Pointer // the func value
	run     callbackRun    // with callbackUnwind deferred, for callbackGo and its kind
	call    callbackRun    // without, for runtime.cgocallback
	shape   *PlanShape     // nil for few integers
	strings []Place        // string parameters
}

// A callbackRun calls the Go function of r with what C has called callbackEntry with, and leaves the result in f. The
// order of the parameters is CALLBACK_RUN's.
type callbackRun func(f *callbackFrame, c uintptr, r *CallbackRecord, a, b uintptr)

// NewCallbackRecord returns a record without Fn, and where the thunks with it go: for functions of up to three integers
// or pointers, with no result or one that fills 32 or 64 bits of a register, plan is 0. Not for RoadSafe: Go functions
// are entered with Go's register convention.
func NewCallbackRecord(plan uintptr, strings []Place) (r *CallbackRecord, entry uintptr) {
	r = &CallbackRecord{enter: Asm.callbackEntry, run: callbackRunFew, call: callbackCallFew, strings: strings}
	if plan == 0 {
		return r, r.enter
	}
	r.shape = ShapeOf(plan)
	r.run, r.call = callbackRunAny, callbackCallAny
	if s := r.shape; s.StackFrame == 0 && len(strings) == 0 {
		switch {
		case s.IntsIn <= intsIn && s.IntsOut <= intsOut && s.FloatsIn+s.FloatsOut == 0:
			r.run = callbackRunInts
		case s.IntsIn <= mixedIn && s.FloatsIn <= mixedIn && s.IntsOut <= mixedOut && s.FloatsOut <= mixedOut:
			r.run = callbackRunMixed
		}
	}
	return r, r.shape.Code
}

// ReflectedRecord is the record of a callback on the safe road, where no register convention may be relied upon: it
// begins as struct gw_handled (bridge/signature.h) does, and goes on with what C does not look at. Its lifetime is a
// CallbackRecord's.
type ReflectedRecord struct {
	handler uintptr
	user    uintptr        // the record itself
	Fn      unsafe.Pointer // a func(result, args uintptr); atomic
}

// NewReflectedRecord returns a record without Fn. The thunks with it go to Core.ClosureEntryOf of a gw_signature.
func NewReflectedRecord() *ReflectedRecord {
	r := &ReflectedRecord{handler: Asm.callbackReflected}
	r.user = uintptr(unsafe.Pointer(r)) // whoever has the record keeps it; what new returns does not move
	return r
}

// staticSlot is a struct gw_thunk_slot without a thunk.
type staticSlot struct {
	entry  uintptr
	record *CallbackRecord
}

// reflectedSlot is the slot of callbackReflected.
var reflectedSlot = staticSlot{record: &CallbackRecord{call: callbackCallReflected}}

func callbackCallReflected(_ *callbackFrame, record uintptr, _ *CallbackRecord, result, args uintptr) {
	r := *(**ReflectedRecord)(unsafe.Pointer(&record))
	fn := atomic.LoadPointer(&r.Fn)
	(*(*func(result, args uintptr))(unsafe.Pointer(&fn)))(result, args)
}

var returnedPC = Asm.callbackReturned

// departure returns what a callback defers, for panics and Goexit: callbackUnwind, and callbackReturned when the Go
// function has returned. The compiler's own func value would be a function with a stack check and a frame, of which a
// callback that returns has no use.
func (f *callbackFrame) departure() func() { return *(*func())(unsafe.Pointer(&f)) }

// callbackRunFew is the run of records without a plan. The function has whatever parameters: the first three integers
// of any list travel in the same registers, so calling it by this type loads all that it may look at.
func callbackRunFew(f *callbackFrame, c uintptr, r *CallbackRecord, a, b uintptr) {
	defer f.departure()()
	f.ints[0] = (*(*func(a, b, c uintptr) uintptr)(unsafe.Pointer(&r.Fn)))(a, b, c)
	f.unwind = returnedPC
}

func callbackCallFew(f *callbackFrame, c uintptr, r *CallbackRecord, a, b uintptr) {
	f.ints[0] = (*(*func(a, b, c uintptr) uintptr)(unsafe.Pointer(&r.Fn)))(a, b, c)
}

// Invocation mirrors struct gw_go_invocation in bridge/goplan.h. It lies on C's stack.
type Invocation struct {
	regs  GoRegs
	stack unsafe.Pointer
}

// What callbackRunInts serves: integer registers, and one for the result.
const intsIn, intsOut = 6, 1

// callbackRunInts is the run of records whose functions have all in integer registers. Whatever the types, the first
// registers carry them, bit by bit, and a caller of this signature loads those and has spill space for them.
func callbackRunInts(f *callbackFrame, _ uintptr, r *CallbackRecord, call, _ uintptr) {
	defer f.departure()()
	i := &(*(**Invocation)(unsafe.Pointer(&call))).regs.Ints
	fn := *(*func(a, b, c, d, e, f uintptr) uintptr)(unsafe.Pointer(&r.Fn))
	i[0] = fn(i[0], i[1], i[2], i[3], i[4], i[5])
	f.unwind = returnedPC
}

// What callbackRunMixed serves: registers of either kind.
const mixedIn, mixedOut = 4, 2

// callbackRunMixed is callbackRunInts for records whose functions have all in few registers of either kind.
func callbackRunMixed(f *callbackFrame, _ uintptr, r *CallbackRecord, call, _ uintptr) {
	defer f.departure()()
	regs := &(*(**Invocation)(unsafe.Pointer(&call))).regs
	fn := *(*func(a, b, c, d uintptr, e, f, g, h float64) (p, q uintptr, r, s float64))(unsafe.Pointer(&r.Fn))
	i, x := &regs.Ints, &regs.Floats
	i[0], i[1], x[0], x[1] = fn(i[0], i[1], i[2], i[3], x[0], x[1], x[2], x[3])
	f.unwind = returnedPC
}

// callbackRunAny is the run of all other records.
func callbackRunAny(f *callbackFrame, c uintptr, r *CallbackRecord, call, b uintptr) {
	defer f.departure()()
	callbackCallAny(f, c, r, call, b)
	f.unwind = returnedPC
}

func callbackCallAny(_ *callbackFrame, _ uintptr, r *CallbackRecord, address, _ uintptr) {
	call := *(**Invocation)(unsafe.Pointer(&address))
	if len(r.strings) != 0 {
		invokeWithStrings(r, call)
	} else {
		invoke(r, call)
	}
}

func invoke(r *CallbackRecord, call *Invocation) {
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
func invokeWithStrings(r *CallbackRecord, call *Invocation) {
	keep := make([]string, 0, 9)
	copied := func(words *[2]uintptr) {
		s := CString(words[0])
		keep = append(keep, s)
		words[0], words[1] = uintptr(stringData(s)), uintptr(len(s))
	}
	for _, p := range r.strings {
		if offset, ok := p.OnStack(); ok {
			copied((*[2]uintptr)(unsafe.Add(call.stack, offset)))
		} else {
			copied((*[2]uintptr)(call.regs.Ints[p:]))
		}
	}
	invoke(r, call)
	runtime.KeepAlive(keep)
}

// currentCallback returns the frame of the callback that this thread is in, to which the goroutine is locked.
func currentCallback() *callbackFrame {
	f := peek(peek(peek(getg()+g_m)+m_g0) + g_sched_sp)
	return *(**callbackFrame)(unsafe.Pointer(&f))
}

// clearSignalPending makes sure that the runtime will send SIGURG to this thread, to which the goroutine is locked,
// when it wants it. It sends none while m.signalPending says that one is under way, and a SIGURG that hits a foreign
// thread between two of its m's is lost without clearing it. The runtime then waits for a stack check, and a loop in
// the callback may come by none. (Running calls clear it for themselves: RUNNING.) One SIGURG too many is harmless.
func clearSignalPending() { poke32(peek(getg()+g_m)+m_signalPending, 0) }

// callbackForeignRun is what callbackForeign lets runtime.cgocallback run.
func callbackForeignRun(f *callbackFrame) {
	returned := false
	defer func() {
		if !returned {
			runtimeCgocall(Core.CallbackLeft, uintptr(unsafe.Pointer(f))) // Call would find that its callback has changed
		}
	}()
	if road != RoadSafe {
		clearSignalPending()
		if f.mark == 0 && atomic.LoadUint32(&extra) == extraUnknown {
			firstForeign(f)
		}
	}
	r := *(**CallbackRecord)(unsafe.Pointer(&f.record))
	r.call(f, f.ints[2], r, f.ints[0], f.ints[1])
	returned = true
}

// goexitPC is where every goroutine would go on when its function returns, and the one of a thread that C made between
// callbacks: runtime.goexit, behind its first instruction. All ones if that is not where this goroutine ends.
var goexitPC = func() uintptr {
	for size := 64; ; size *= 2 {
		pcs := make([]uintptr, size)
		n := runtime.Callers(0, pcs)
		if n == size {
			continue
		}
		if f := runtime.FuncForPC(pcs[n-1]); f != nil && f.Name() == "runtime.goexit" && pcs[n-1] == f.Entry()+1 {
			return pcs[n-1]
		}
		return ^uintptr(0)
	}
}()

// idlePC is goexitPC, or all ones when no thread of C's can be known to be idle: see callbackForeign.
var idlePC = func() uintptr {
	if m_isExtraInC < 0 {
		return ^uintptr(0)
	}
	return goexitPC
}()

// extra says whether m.isExtraInC is where the layout says.
var extra uint32 = extraUnknown

const (
	extraUnknown = 0
	extraFits    = 1
	extraWrong   = 2

	markFirstForeign = 1 // in callbackFrame: callbackForeign is to look at m.isExtraInC when the thread is in C again
)

// ForeignThreads returns "" when the runtime's data for threads of C's that it keeps are not known yet, else whether
// they are as expected, on which the shorter way of such threads' callbacks relies.
func ForeignThreads() string { return [...]string{"", "kept", "unexpected"}[atomic.LoadUint32(&extra)] }

// firstForeign begins the check of m.isExtraInC: in a callback of a thread without an m, 0. Callbacks of other threads
// may do the same at the same time.
func firstForeign(f *callbackFrame) {
	if m_isExtraInC < 0 {
		return
	}
	if offset := m_isExtraInC; peek8(peek(getg()+g_m)+uintptr(offset)) != 0 {
		atomic.StoreUintptr(&idlePC, ^uintptr(0))
		atomic.StoreUint32(&extra, extraWrong)
		return
	}
	f.mark = markFirstForeign
}

// callbackForeignPC is the code of callbackForeignRun, as runtime.cgocallback wants it.
var callbackForeignPC = func() uintptr {
	fn := callbackForeignRun
	return **(**uintptr)(unsafe.Pointer(&fn))
}()

// SetHost stores the C function that attaches a thread, for gw_thread_attach, and what gw_thread_detach asks.
func SetHost(attach uintptr) {
	if layoutKnown && roadChecked {
		storePointer(Core.HostInGoHook, Asm.inGo)
	}
	storePointer(Core.HostAttachHook, attach)
}

// storePointer stores v into the C variable at p.
func storePointer(p, v uintptr) {
	atomic.StoreUintptr(*(**uintptr)(unsafe.Pointer(&p)), v)
}
