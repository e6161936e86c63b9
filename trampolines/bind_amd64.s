#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Go to SysV, for up to six integers and eight floats: the same order in other registers. Floats stay where they are.
//   Go    AX  BX  CX  DI  SI  R8
//   SysV  DI  SI  DX  CX  R8  R9
#define SHUFFLE_INTS \
	MOVQ	R8, R9; \
	MOVQ	SI, R8; \
	MOVQ	CX, DX; \
	MOVQ	DI, CX; \
	MOVQ	BX, SI; \
	MOVQ	AX, DI

// PLAIN_CALL: a running call. DX is the BoundFunc, R9 the Auto state; SP and BP as ccall has them at entry.
#define PLAIN_CALL \
	MOVQ	R14, R12; \
	MOVQ	BoundFunc_Chain(DX), R11; \
	MARK(1, R13); \
	MOVQ	const_g_m(R14), R15; \
	RUNNING; \
	MOVQ	R9, AUTO_STATE(SP); \
	CCALL_ENTER; \
	SHUFFLE_INTS; \
	COUNT_VECTORS; \
	CALL	R11; \
	CCALL_LEAVE; \
	XORPS	X15, X15; \
	MOVQ	R12, R14

// func bindPlain()
//
// The code of a bound function whose arguments are neither pointers nor narrower than 32 bits, without an errno result.
// A func value is a pointer to {code, data}; Go code enters with Go's register convention.
//
// In:        DX the BoundFunc; AX BX CX DI SI R8 the integers, X0-X7 the floats; R14 g.
// Out:       AX, X0; R14 = g, X15 = 0.
// Stack:     goroutine stack, no stack check (it would lose the register arguments): the budget is the linker's nosplit
//            limit.
// Unwind:    while C runs, as ccall: the mark with the Go caller's return PC at 0(SP), the caller's BP.
// This is ccallFast without a frame of its own, and so without a second call and return. It is not for callers that have
// no frame pointer (`go f()` starts a goroutine in f with BP 0): the way back takes BP for an address on this stack.
// A context pointer is not kept alive: nothing of the BoundFunc is used once C runs. (The Auto state is never freed.)
TEXT ·bindPlain(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	BoundFunc_State(DX), R9
	CMPL	AutoState_mode(R9), $const_AutoRunning
	JNE	blocking
	ASKED_TO_YIELD(blocking)
	CMPQ	BP, $0
	JZ	bottom
	PLAIN_CALL
	RET
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·ccallTold(SB)
blocking:
	JMP	·bindBlocking(SB)
bottom:
	JMP	·bindFramed(SB)
	CALL	·budget(SB)			// never reached

// func plainCall()
//
// bindPlain's call for bindPlainPointers. Frameless: 0(SP) is the return PC into that, as ccall wants it.
// In, Out:   as bindPlain's; R9 the Auto state.
TEXT ·plainCall(SB),NOSPLIT|NOFRAME,$0-0
	PLAIN_CALL
	RET
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·ccallTold(SB)
	CALL	·budget(SB)			// never reached

// func bindFramed()
//
// bindPlain with a frame.
// In, Out:   as bindPlain's; R9 the Auto state.
TEXT ·bindFramed(SB),NOSPLIT,$8-0
	NO_LOCAL_POINTERS
	MOVQ	R9, R12
	MOVQ	BoundFunc_Fn(DX), R11
	SHUFFLE_INTS
	MOVQ	R12, BX
	CALL	·ccallFast(SB)
	RESTORE_GO_REGS
	RET

// func bindBlocking()
//
// bindPlain while the function makes Blocking calls, when this goroutine is to make way, or when the library is closed.
//
// In, Out:   as bindPlain's; R9 the Auto state.
// Stack:     the frame keeps the arguments, none of them a pointer, over entersyscall, which may let a collection begin:
//            from then on the BoundFunc may be gone. What is needed of it is in the frame; Auto states are never freed.
//
//    64...120  the floats, the second four only when there are so many
//    56        the C function
//    48        the Auto state
//     0...40   the integers
TEXT ·bindBlocking(SB),NOSPLIT,$136-0
	NO_LOCAL_POINTERS
	CMPL	AutoState_mode(R9), $const_AutoClosed
	JEQ	closed
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	MOVQ	DI, 24(SP)
	MOVQ	SI, 32(SP)
	MOVQ	R8, 40(SP)
	MOVQ	R9, 48(SP)
	MOVQ	BoundFunc_Fn(DX), R11
	MOVQ	R11, 56(SP)
	MOVL	BoundFunc_Floats(DX), R13
	MOVL	R13, 128(SP)
	TESTL	R13, R13
	JEQ	saved
	MOVSD	X0, 64(SP)
	MOVSD	X1, 72(SP)
	MOVSD	X2, 80(SP)
	MOVSD	X3, 88(SP)
	CMPL	R13, $4
	JLS	saved
	MOVSD	X4, 96(SP)
	MOVSD	X5, 104(SP)
	MOVSD	X6, 112(SP)
	MOVSD	X7, 120(SP)
saved:
	CALL	runtime·entersyscall(SB)
	MOVQ	48(SP), BX
	CMPL	AutoState_mode(BX), $const_AutoBlocking
	JNE	load
	XORL	BX, BX				// for good: not timed
load:
	MOVL	128(SP), R13
	TESTL	R13, R13
	JEQ	loaded
	MOVSD	64(SP), X0
	MOVSD	72(SP), X1
	MOVSD	80(SP), X2
	MOVSD	88(SP), X3
	CMPL	R13, $4
	JLS	loaded
	MOVSD	96(SP), X4
	MOVSD	104(SP), X5
	MOVSD	112(SP), X6
	MOVSD	120(SP), X7
loaded:
	MOVQ	0(SP), DI
	MOVQ	8(SP), SI
	MOVQ	16(SP), DX
	MOVQ	24(SP), CX
	MOVQ	32(SP), R8
	MOVQ	40(SP), R9
	MOVQ	56(SP), R11
	CALL	·ccallFast(SB)
	RESTORE_GO_REGS
	RET
closed:
	RET	·bindGeneral(SB)

// func bindGeneral()
//
// The code of every other bound function.
//
// In, Out:   as bindPlain's; BX or AX also carries errno when the BoundFunc says so.
// Stack:     the frame is the argument area of bindPinned. Its prototype declares p0-p5 and f as pointers, the rest not:
//            pointer arguments, and the BoundFunc, are visible to the collector while C runs; integers are never taken
//            for pointers. Mask says which arguments are pointers.
//
//   104...160  f0-f7
//    56...96   i0-i5
//    48        the BoundFunc
//     0...40   p0-p5
TEXT ·bindGeneral(SB),NOSPLIT,$168-0
	NO_LOCAL_POINTERS
	MOVQ	DX, 48(SP)
	MOVQ	AX, 56(SP)
	MOVQ	BX, 64(SP)
	MOVQ	CX, 72(SP)
	MOVQ	DI, 80(SP)
	MOVQ	SI, 88(SP)
	MOVQ	R8, 96(SP)
	CMPL	BoundFunc_Floats(DX), $0
	JEQ	saved
	SAVE_FLOATS(104, SP)
saved:
	ANDQ	BoundFunc_Mask+0(DX), AX
	ANDQ	BoundFunc_Mask+8(DX), BX
	ANDQ	BoundFunc_Mask+16(DX), CX
	ANDQ	BoundFunc_Mask+24(DX), DI
	ANDQ	BoundFunc_Mask+32(DX), SI
	ANDQ	BoundFunc_Mask+40(DX), R8
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	MOVQ	DI, 24(SP)
	MOVQ	SI, 32(SP)
	MOVQ	R8, 40(SP)
	MOVL	BoundFunc_Narrow(DX), AX	// index + 1 of the last argument to extend
	TESTL	AX, AX
	JNE	narrow
call:
	CALL	·bindPinned(SB)
	MOVQ	48(SP), DX
	CMPL	BoundFunc_Errno(DX), $const_ErrnoSecond
	JEQ	second
	JHI	first
done:
	RESTORE_GO_REGS
	RET
second:
	MOVQ	R10, BX
	JMP	done
first:
	MOVQ	R10, AX
	JMP	done
narrow:
	// Go leaves the upper bits of a narrow argument undefined; C compilers rely on 32 extended bits.
	MOVBQSX	(BoundFunc_Shift-1)(DX)(AX*1), CX
	MOVQ	48(SP)(AX*8), BX
	TESTQ	CX, CX
	JLT	signed
	SHLQ	CX, BX
	SHRQ	CX, BX
	JMP	extended
signed:
	NEGQ	CX
	SHLQ	CX, BX
	SARQ	CX, BX
extended:
	MOVQ	BX, 48(SP)(AX*8)
	SUBL	$1, AX
	JNE	narrow
	JMP	call

// func bindPinned(p0, p1, p2, p3, p4, p5, f unsafe.Pointer, i0, i1, i2, i3, i4, i5 uintptr, f0, f1, f2, f3, f4, f5, f6, f7 float64)
//
// Makes the call that the BoundFunc f describes: running, or Blocking.
//
// In:        R14 g.
// Out:       AX, X0, R10 as ccall's.
// Unwind:    a plain frame with the pointer map of its prototype.
TEXT ·bindPinned(SB),NOSPLIT,$8-168
	NO_LOCAL_POINTERS
	MOVQ	f+48(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	MOVL	AutoState_mode(BX), AX
	CMPL	AX, $const_AutoRunning
	JEQ	running
	CMPL	AX, $const_AutoClosed
	JEQ	closed
tell:
	CALL	·enterBlocking(SB)
	MOVQ	f+48(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	CMPL	AutoState_mode(BX), $const_AutoBlocking
	JNE	load
	XORL	BX, BX				// for good: not timed
load:
	CMPL	BoundFunc_Floats(R12), $0
	JEQ	loaded
	MOVSD	f0+104(FP), X0
	MOVSD	f1+112(FP), X1
	MOVSD	f2+120(FP), X2
	MOVSD	f3+128(FP), X3
	MOVSD	f4+136(FP), X4
	MOVSD	f5+144(FP), X5
	MOVSD	f6+152(FP), X6
	MOVSD	f7+160(FP), X7
loaded:
	MOVQ	i0+56(FP), DI
	MOVQ	i1+64(FP), SI
	MOVQ	i2+72(FP), DX
	MOVQ	i3+80(FP), CX
	MOVQ	i4+88(FP), R8
	MOVQ	i5+96(FP), R9
	MOVQ	BoundFunc_Chain(R12), R10
	MOVQ	BoundFunc_Fn(R12), R11
	CALL	·ccallFast(SB)
	RET
running:
	ASKED_TO_YIELD(tell)
	JMP	load
closed:
	MOVQ	R12, 0(SP)
	CALL	·boundClosed(SB)
	RET
