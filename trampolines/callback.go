package trampolines

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// callbackFrame lies on the C stack for the time of a callback; callbackEntry makes it. Its size is 8 modulo 16.
type callbackFrame struct {
	g0sp   uintptr    // g0.sched.sp before the callback; through runtime.cgocallback: the outer such frame (bridge/callback.c)
	record uintptr    // *CallbackRecord
	mark   uintptr    // g.sched.pc as the callback found it
	auto   *AutoState // of the C function that called back, while its call is Blocking
	rax    uintptr    // result
	ints   [6]uintptr
	floats [8]float64 // then the first is the result, the others are for Then
}

// Its alignment keeps the C stack aligned below callbackEntry's six pushes and return address.
const _ = uint(unsafe.Sizeof(callbackFrame{})%16-8) - uint(8-unsafe.Sizeof(callbackFrame{})%16)

const slotRecord = 8 // offset of record in struct gw_thunk_slot (bridge/bridge.h)

// CallbackRecord is what a thunk's slot points to: the Go function behind a callback. Who makes a record keeps it for good,
// and changes nothing but Fn when the slot points to it. For C and assembly carry its address where the collector does not
// see it, and may wait meanwhile: a thread that has entered the thunk, for a processor. Fn is read when that is over, by Go
// code, in whose registers and frames the func value is seen.
type CallbackRecord struct {
	Fn     unsafe.Pointer // the func value; its parameters take at most six integer and eight float registers
	Extend int32          // integer result narrower than 64 bits: 64 - its bits, negative when signed; else 0
	Floats uint32         // not 0 when it has float parameters or a float result
	run    func(f *callbackFrame, a, b, c uintptr)
	// On the safe road, where no register convention may be relied upon, Fn is a func(*CallbackArgs).
}

// CallbackArgs are the register arguments of a callback and its result, as Fn has them on the safe road.
type CallbackArgs struct {
	Ints   *[6]uintptr
	Floats *[8]float64
	Int    uintptr // result
	Float  float64 // result
}

// Entry prepares a record whose function has so many integer parameters, and returns the code that thunks with this
// record go to.
func (r *CallbackRecord) Entry(ints int) uintptr {
	r.run = callbackRun
	if road == RoadSafe || r.Floats != 0 || r.Extend != 0 || ints > 3 {
		return Asm.callbackEntry
	}
	r.run = callbackRunFew
	return Asm.callbackEntryFew
}

// callbackCall calls the Go function of f's record and leaves the result in f.
//
// The function has whatever parameters; the first six integers and eight floats of any list travel in the same registers,
// so calling it by these types loads all that it may look at.
func callbackCall(f *callbackFrame) {
	r := f.called()
	if r.Floats != 0 {
		callbackCallFloats(f)
		return
	}
	fn := *(*func(a, b, c, d, e, f uintptr) uintptr)(unsafe.Pointer(&r.Fn))
	extend := uint(r.Extend)
	v := fn(f.ints[0], f.ints[1], f.ints[2], f.ints[3], f.ints[4], f.ints[5])
	f.rax = narrow(v, extend)
}

func callbackCallFloats(f *callbackFrame) {
	r := f.called()
	fn := *(*func(a, b, c, d, e, f uintptr, g, h, i, j, k, l, m, n float64) (uintptr, float64))(unsafe.Pointer(&r.Fn))
	extend := uint(r.Extend)
	v, x := fn(f.ints[0], f.ints[1], f.ints[2], f.ints[3], f.ints[4], f.ints[5], f.floats[0], f.floats[1], f.floats[2],
		f.floats[3], f.floats[4], f.floats[5], f.floats[6], f.floats[7])
	f.rax, f.floats[0] = narrow(v, extend), x
}

// narrow extends an integer result to the register, which C compilers expect of _Bool at least: extend is an Extend.
func narrow(v uintptr, extend uint) uintptr {
	if int(extend) < 0 {
		extend = -extend
		return uintptr(int64(v) << (extend & 63) >> (extend & 63))
	}
	return v << (extend & 63) >> (extend & 63)
}

// A departure is what a callback defers, for panics and Goexit: a func value made by hand, whose code is callbackUnwind. The
// compiler's own would be a function with a stack check and a frame, of which a callback that returns has no use.
type departure struct {
	code uintptr
	f    *callbackFrame // nil when the Go function has returned
}

var unwindPC = Asm.callbackUnwind

// fn returns d as a func value.
func (d *departure) fn() func() { return *(*func())(unsafe.Pointer(&d)) }

// callbackRun is the Go side of a callback on the same thread; callbackGo calls it with the first three integers as well.
func callbackRun(f *callbackFrame, _, _, _ uintptr) {
	d := departure{unwindPC, f}
	defer d.fn()()
	callbackCall(f)
	d.f = nil
}

// callbackRunFew is callbackRun for callbackEntryFew.
func callbackRunFew(f *callbackFrame, a, b, c uintptr) {
	d := departure{unwindPC, f}
	defer d.fn()()
	fn := *(*func(a, b, c uintptr) uintptr)(unsafe.Pointer(&f.called().Fn))
	f.rax = fn(a, b, c)
	d.f = nil
}

// callbackRunPlan is callbackRun for callbackEntryPlan; call is what C has called that with, an *Invocation.
func callbackRunPlan(f *callbackFrame, call, _, _ uintptr) {
	d := departure{unwindPC, f}
	defer d.fn()()
	invokePlan(*(**Invocation)(unsafe.Pointer(&call)))
	d.f = nil
}

// What callbackRunPlanFew serves: registers of either kind.
const fewIn, fewOut = 4, 2

// callbackRunPlanFew is callbackRunPlan for functions whose parameters and results are in few registers. Whatever their
// types, the first registers of either kind carry them, bit by bit, and a caller of this signature loads those and has
// spill space for them.
func callbackRunPlanFew(f *callbackFrame, address, _, _ uintptr) {
	d := departure{unwindPC, f}
	defer d.fn()()
	call := *(**Invocation)(unsafe.Pointer(&address))
	fn := *(*func(a, b, c, d uintptr, e, f, g, h float64) (p, q uintptr, r, s float64))(unsafe.Pointer(&call.record.Fn))
	i, x := &call.regs.Ints, &call.regs.Floats
	p, q, r, s := fn(i[0], i[1], i[2], i[3], x[0], x[1], x[2], x[3])
	i[0], i[1], x[0], x[1] = p, q, r, s
	d.f = nil
}

// called returns the record of the callback, whose address C memory holds.
func (f *callbackFrame) called() *CallbackRecord {
	return *(**CallbackRecord)(unsafe.Pointer(&f.record))
}

// callbackForeignRun is what callbackForeign lets runtime.cgocallback run.
func callbackForeignRun(f *callbackFrame) {
	returned := false
	defer func() {
		if !returned {
			runtimeCgocall(Core.CallbackLeft, uintptr(unsafe.Pointer(f))) // Call would find that its callback has changed
		}
	}()
	callbackForeignCall(f)
	returned = true
}

func callbackForeignCall(f *callbackFrame) {
	if road != RoadSafe {
		clearSignalPending()
		if f.mark == 0 && atomic.LoadUint32(&extra) == extraUnknown {
			firstForeign(f)
		}
		callbackCall(f)
		return
	}
	a := CallbackArgs{Ints: &f.ints, Floats: &f.floats}
	invoke := atomic.LoadPointer(&f.called().Fn)
	(*(*func(*CallbackArgs))(unsafe.Pointer(&invoke)))(&a)
	f.rax, f.floats[0] = a.Int, a.Float
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

// ForeignThreads returns "" when the runtime's data for threads of C's that it keeps are not known yet, else whether they are
// as expected, on which the shorter way of such threads' callbacks relies.
func ForeignThreads() string { return [...]string{"", "kept", "unexpected"}[atomic.LoadUint32(&extra)] }

// firstForeign begins the check of m.isExtraInC: in a callback of a thread without an m, 0. Callbacks of other threads may do
// the same at the same time.
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
