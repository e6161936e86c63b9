package trampolines

import (
	"sync"
	"unsafe"
)

// callRegs mirrors struct gw_call_regs in bridge/call.h.
type callRegs struct {
	fn         uintptr
	chain      uintptr
	al         uintptr
	ints       [6]uintptr
	floats     [8]uint64
	stackBytes uintptr
	stack      unsafe.Pointer
	rax, rdx   uintptr
	xmm0, xmm1 uint64
	errno      uintptr
}

// ccallOther's frame is 16 bytes larger.
const _ = -(192 ^ unsafe.Sizeof(callRegs{}))

//go:linkname runtimeCgocall runtime.cgocall
func runtimeCgocall(fn, arg uintptr) int32

// safeBlocks holds the blocks that calls on the safe road work on. They lie in the heap: a callback may move the
// goroutine's stack while C holds their address.
var safeBlocks = sync.Pool{New: func() any { return new(callRegs) }}

// safeCall makes the call that r describes through runtime.cgocall and leaves the results in r. stack is where the
// stack arguments are. Called by ccallOther, whose frame r lies in.
func safeCall(r *callRegs, stack unsafe.Pointer) {
	b := safeBlocks.Get().(*callRegs)
	*b = *r
	b.stack = nil
	if n := b.stackBytes; n != 0 {
		words := make([]uintptr, n/8)
		copy(words, unsafe.Slice((*uintptr)(stack), n/8))
		b.stack = unsafe.Pointer(&words[0])
	}
	// gw_errno_call only makes sense to ccall: this road has errno anyway.
	if b.fn == Core.ErrnoCall {
		b.fn = b.chain
	}
	runtimeCgocall(Core.SafeCallRegs, uintptr(unsafe.Pointer(b)))
	r.rax, r.rdx, r.xmm0, r.xmm1, r.errno = b.rax, b.rdx, b.xmm0, b.xmm1, b.errno
	b.stack = nil
	safeBlocks.Put(b)
}

// A SafePlanCall mirrors struct gw_go_safe_call in bridge/goplan.h. It and what it points to lie in the heap.
type SafePlanCall struct {
	Signature uintptr
	Fn        uintptr
	Result    unsafe.Pointer
	Args      unsafe.Pointer // array of addresses of the arguments
	Errno     uintptr
}

// Do makes the call through runtime.cgocall, whatever the road. The caller keeps alive what the arguments point to.
func (c *SafePlanCall) Do() { runtimeCgocall(Core.GoSafeCall, uintptr(unsafe.Pointer(c))) }
