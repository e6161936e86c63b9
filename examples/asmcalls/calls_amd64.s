#include "textflag.h"
#include "funcdata.h"

// None of these is NOSPLIT: a function that calls Go needs the stack check. Go code may clobber every register but SP
// and BP. The assembler saves BP above the frame and adds GO_ARGS (the map of the arguments) by itself.

// func callDescribe(a int32, b float64, s string) (text string, ok bool)
//
// Calls func describe(a int32, b float64, s string) (text string, ok bool). The pointer in s is in the outgoing
// arguments, which belong to the callee: its own map covers them while it runs. The result text is copied with no call
// in between.
//
//    48  ok          result
//    32  text        result: pointer, length
//    16  s           pointer, length
//     8  b
//     0  a           4 bytes, 4 of padding     <- SP
TEXT ·callDescribe(SB),0,$56-49
	NO_LOCAL_POINTERS
	MOVL	a+0(FP), AX
	MOVL	AX, 0(SP)
	MOVSD	b+8(FP), X0
	MOVSD	X0, 8(SP)
	MOVQ	s_base+16(FP), AX
	MOVQ	AX, 16(SP)
	MOVQ	s_len+24(FP), AX
	MOVQ	AX, 24(SP)
	CALL	·describe(SB)
	MOVQ	32(SP), AX
	MOVQ	AX, text_base+32(FP)
	MOVQ	40(SP), AX
	MOVQ	AX, text_len+40(FP)
	MOVB	48(SP), AX
	MOVB	AX, ok+48(FP)
	RET

// func keepInArgument(slot *object) *object
//
// Right: the pointer lies in an argument of this function. Callers pass nil; the argument is there for its map.
TEXT ·keepInArgument(SB),0,$8-16
	NO_LOCAL_POINTERS
	MOVQ	·root(SB), AX
	MOVQ	AX, slot+0(FP)
	CALL	·dropRoot(SB)
	MOVQ	slot+0(FP), AX
	MOVQ	AX, ret+8(FP)
	RET

// func keepInCallee() *object
//
// Right: the pointer lies in an argument of hold, an assembly function whose prototype declares it, all the time that
// Go runs. This is how a function passes pointers through that it has in registers.
TEXT ·keepInCallee(SB),0,$16-8
	NO_LOCAL_POINTERS
	MOVQ	·root(SB), AX
	MOVQ	AX, 0(SP)
	CALL	·hold(SB)
	MOVQ	8(SP), AX
	MOVQ	AX, ret+0(FP)
	RET

// func hold(o *object) *object
TEXT ·hold(SB),0,$8-16
	NO_LOCAL_POINTERS
	CALL	·dropRoot(SB)
	MOVQ	o+0(FP), AX
	MOVQ	AX, ret+8(FP)
	RET

// func keepInLocal() uintptr
//
// Wrong: NO_LOCAL_POINTERS is not true. The result is the address of what was the object; do not use it.
TEXT ·keepInLocal(SB),0,$8-8
	NO_LOCAL_POINTERS
	MOVQ	·root(SB), AX
	MOVQ	AX, 0(SP)
	CALL	·dropRoot(SB)
	MOVQ	0(SP), AX
	MOVQ	AX, ret+0(FP)
	RET

// func newPair() (a, b *object)
//
// Right: results are cleared, declared to be pointers from now on, and then hold an object each across calls of Go.
// A function that stores its pointer results after its last call needs none of that.
TEXT ·newPair(SB),0,$8-16
	NO_LOCAL_POINTERS
	MOVQ	$0, a+0(FP)
	MOVQ	$0, b+8(FP)
	GO_RESULTS_INITIALIZED
	CALL	·newObject(SB)
	MOVQ	0(SP), AX
	MOVQ	AX, a+0(FP)
	CALL	·newCollected(SB)
	MOVQ	0(SP), AX
	MOVQ	AX, b+8(FP)
	RET

// func forgetResult() (a *object)
//
// Wrong: without GO_RESULTS_INITIALIZED a result is no pointer to the collector before the function returns. (The
// result is cleared again, so that the caller does not get a stale pointer.)
TEXT ·forgetResult(SB),0,$8-8
	NO_LOCAL_POINTERS
	MOVQ	·root(SB), AX
	MOVQ	AX, a+0(FP)
	CALL	·dropRoot(SB)
	MOVQ	$0, a+0(FP)
	RET

// func across(p *int64) (local, argument uintptr)
//
// Returns p as a local word has it after a call that moves the stack, and as the argument has it.
TEXT ·across(SB),0,$8-24
	NO_LOCAL_POINTERS
	MOVQ	p+0(FP), AX
	MOVQ	AX, 0(SP)
	CALL	·growStack(SB)
	MOVQ	0(SP), AX
	MOVQ	AX, local+8(FP)
	MOVQ	p+0(FP), AX
	MOVQ	AX, argument+16(FP)
	RET

// func sayNothing()
//
// Wrong: a frame, a call of Go, and not a word about the locals. "missing stackmap" when the collector comes by.
TEXT ·sayNothing(SB),0,$8-0
	CALL	·collect(SB)
	RET
