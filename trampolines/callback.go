package trampolines

import (
	"sync/atomic"
	"unsafe"
)

// callbackFrame lies on the C stack for the time of a callback; callbackEntry makes it. Its size is 8 modulo 16.
type callbackFrame struct {
	g0sp   uintptr // g0.sched.sp before the callback
	record *CallbackRecord
	mark   uintptr // g.sched.pc as the callback found it
	rax    uintptr
	xmm0   uint64
	extend int32
	_      int32
	ints   [6]uintptr
	floats [8]uint64
	_      uintptr
}

const slotRecord = 8 // offset of record in struct gw_thunk_slot (bridge/bridge.h)

// CallbackRecord is what a thunk's slot points to: the Go function behind a callback. Thunks are C memory; who makes a
// record keeps it alive until the thunk no longer points to it.
type CallbackRecord struct {
	Fn     unsafe.Pointer // the func value; its parameters take at most six integer and eight float registers
	Extend int32          // integer result narrower than 64 bits: 64 - its bits, negative when signed; else 0
	_      int32
	// Invoke serves instead of Fn on the safe road, where no register convention may be relied upon.
	Invoke func(a *CallbackArgs)
}

// CallbackArgs are the register arguments of a callback and its result, as Invoke sees them.
type CallbackArgs struct {
	Ints   *[6]uintptr
	Floats *[8]uint64
	Int    uintptr // result
	Float  uint64  // result
}

// callbackRun is the Go side of a callback on the same thread. The deferred function is for panics and Goexit only.
func callbackRun(f *callbackFrame) {
	returned := false
	defer func() {
		if !returned {
			callbackUnwind(f)
		}
	}()
	callbackInvoke(f)
	returned = true
}

// callbackForeignRun is what callbackForeign lets runtime.cgocallback run.
func callbackForeignRun(f *callbackFrame) {
	if road != RoadSafe {
		callbackInvoke(f)
		return
	}
	a := CallbackArgs{Ints: &f.ints, Floats: &f.floats}
	f.record.Invoke(&a)
	f.rax, f.xmm0 = a.Int, a.Float
}

// callbackForeignPC is the code of callbackForeignRun, as runtime.cgocallback wants it.
var callbackForeignPC = func() uintptr {
	fn := callbackForeignRun
	return **(**uintptr)(unsafe.Pointer(&fn))
}()

// SetHost stores the C function that attaches a thread, for gw_thread_attach, and what gw_thread_detach asks.
func SetHost(attach uintptr) {
	if layoutKnown && roadChecked {
		storePointer(addrHostInGoHook(), addrInGo())
	}
	storePointer(addrHostAttachHook(), attach)
}

// storePointer stores v into the C variable at p.
func storePointer(p, v uintptr) {
	atomic.StoreUintptr(*(**uintptr)(unsafe.Pointer(&p)), v)
}
