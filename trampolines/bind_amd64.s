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

// What Go code expects after a call by its register convention, whatever C did to these.
#define RESTORE_GO_REGS \
	XORPS	X15, X15; \
	MOVQ	TLS, R14; \
	MOVQ	0(R14)(TLS*1), R14

// func bindPlain()
//
// The code of a bound function whose arguments are neither pointers nor narrower than 32 bits, without an errno result.
// A func value is a pointer to {code, data}; Go code enters with Go's register convention.
//
// In:        DX the BoundFunc; AX BX CX DI SI R8 the integers, X0-X7 the floats.
// Out:       AX, X0; R14 = g, X15 = 0.
// Stack:     goroutine stack, no stack check (it would lose the register arguments): the budget is the linker's nosplit
//            limit. The frame is there for BP: ccall wants a frame pointer on this stack, and `go f()` starts without.
// A context pointer is not kept alive: nothing of the BoundFunc is used once C runs. (The Auto state is never freed.)
TEXT ·bindPlain(SB),NOSPLIT,$8-0
	NO_LOCAL_POINTERS
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	slow
	MOVQ	BoundFunc_Fn(DX), R11
	SHUFFLE_INTS
	MOVQ	R12, BX
	CALL	·ccallFast(SB)
	RESTORE_GO_REGS
	RET
slow:
	RET	·bindGeneral(SB)

// func bindGeneral()
//
// The code of every other bound function, and of all of them while they make Blocking calls.
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
// Out:       AX, X0, R10 as ccall's.
// Unwind:    a plain frame with the pointer map of its prototype.
TEXT ·bindPinned(SB),NOSPLIT,$8-168
	NO_LOCAL_POINTERS
	MOVQ	f+48(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	MOVL	AutoState_mode(BX), AX
	CMPL	AX, $const_AutoRunning
	JEQ	load
	CMPL	AX, $const_AutoClosed
	JEQ	closed
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
closed:
	MOVQ	R12, 0(SP)
	CALL	·boundClosed(SB)
	RET
