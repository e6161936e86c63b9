#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Bound functions whose plan has machine code (bridge/gocode.c): it runs on the system stack with Go's argument registers
// as they came, calls the C function, and leaves Go's result registers. While C runs everything is as with ccall.

// CODE_CALL: the call. R15 is the Auto state, DX the BoundFunc, R14 g; SP and BP as ccall has them at entry. CODE_CALL_MARKED:
// the rest of it, with g in R12 and the mark in R13.
#define CODE_CALL \
	MOVQ	R14, R12; \
	LEAQ	·incall+1(SB), R13; \
	CODE_CALL_MARKED
#define CODE_CALL_MARKED \
	CCALL_ENTER(R15); \
	MOVQ	BoundFunc_Chain(DX), R15; \
	MOVQ	BoundFunc_Code(DX), DX; \
	CALL	DX; \
	CCALL_LEAVE; \
	XORPS	X15, X15; \
	MOVQ	R12, R14

// func bindCode()
//
// The code of a bound function without pointers among its parameters.
//
// In:        DX the BoundFunc; Go's register convention, R14 g; stack arguments above the return PC.
// Out:       as Go's convention says; R14 = g, X15 = 0.
// Stack:     frameless, as bindPlain, and like it not for callers without a frame pointer.
TEXT ·bindCode(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	BoundFunc_State(DX), R15
	CMPL	AutoState_mode(R15), $const_AutoRunning
	JNE	other
	CMPQ	BP, $0
	JEQ	other
	CODE_CALL
	RET
told:
	JMP	·codeTold(SB)
other:
	JMP	·bindOther(SB)
	CALL	·budget(SB)			// never reached

// func bindOther()
//
// What bindCode and its kind leave to others: all but running calls. Frameless, entered as they are.
TEXT ·bindOther(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	BoundFunc_Other(DX), R15
	JMP	R15

// func codeCall()
//
// bindCode's call for the functions below. Frameless: 0(SP) is the return PC into them, as ccall wants it.
// In:        DX the BoundFunc; Go's argument registers.
// Out:       Go's result registers; R11 besides where the plan has strings.
TEXT ·codeCall(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	BoundFunc_State(DX), R15
	CODE_CALL
	RET
told:
	JMP	·codeTold(SB)
	CALL	·budget(SB)			// never reached

// func codeCallAny()
//
// codeCall for planCall: a running call, or a Blocking one when entersyscall has been called before; as ccallFast.
// In:        DX the BoundFunc; R15 the Auto state, or 0; R14 g; Go's argument registers.
TEXT ·codeCallAny(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	R14, R12
	LEAQ	·incall+1(SB), R13
	CMPQ	const_g_syscallsp(R12), $0
	JNE	blocking
marked:
	CODE_CALL_MARKED
	RET
told:
	JMP	·codeTold(SB)
blocking:
	MOVQ	const_g_m(R12), R13
	ADDL	$1, const_m_ncgo(R13)
	MOVB	$1, const_m_incgo(R13)
	LEAQ	·incall+2(SB), R13
	TESTQ	R15, R15
	JZ	marked
	LEAQ	·incall+3(SB), R13
	STAMP
	JMP	marked
	CALL	·budget(SB)			// never reached

// func codeTold()
//
// ccallTold for results in any of Go's registers.
//
//   240        return PC                        <- SP at entry
//   232        saved BP
//   224        AUTO_SINCE of the call; then: taken over?
//   216        AUTO_STATE of the call
//    96...208  X0-X14
//    24...88   AX BX CX DI SI R8 R9 R10 R11
//     0...16   arguments of autoSegment
TEXT ·codeTold(SB),NOSPLIT,$232-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 24(SP)
	MOVQ	BX, 32(SP)
	MOVQ	CX, 40(SP)
	MOVQ	DI, 48(SP)
	MOVQ	SI, 56(SP)
	MOVQ	R8, 64(SP)
	MOVQ	R9, 72(SP)
	MOVQ	R10, 80(SP)
	MOVQ	R11, 88(SP)
	SAVE_FLOATS(96, SP)
	SAVE_MORE_FLOATS(96, SP)
	LEAVE_TOLD(232)
	MOVQ	24(SP), AX
	MOVQ	32(SP), BX
	MOVQ	40(SP), CX
	MOVQ	48(SP), DI
	MOVQ	56(SP), SI
	MOVQ	64(SP), R8
	MOVQ	72(SP), R9
	MOVQ	80(SP), R10
	MOVQ	88(SP), R11
	LOAD_FLOATS(96, SP)
	LOAD_MORE_FLOATS(96, SP)
	RESTORE_GO_REGS
	RET

// PIN: pointer argument number i, if it is one, to the place in the frame that the collector sees.
#define PIN(i, reg) \
	MOVQ	reg, R12; \
	ANDQ	(BoundFunc_Mask+8*i)(DX), R12; \
	MOVQ	R12, (8*i)(SP)

// func bindCode3()
//
// The code of a bound function with pointers among its parameters, and up to three integer registers of them.
//
// In, Out:   as bindCode's, without stack arguments.
// Stack:     the frame is the argument area of codePinned3, whose prototype declares pointers, and the registers again:
//            when strings are too long for the code, bindPlan begins anew with them.
//
//    32...48   AX BX CX
//    24        the BoundFunc
//     0...16   the pointers
TEXT ·bindCode3(SB),NOSPLIT,$56-0
	NO_LOCAL_POINTERS
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	other
	PIN(0, AX)
	PIN(1, BX)
	PIN(2, CX)
	MOVQ	DX, 24(SP)
	MOVQ	AX, 32(SP)
	MOVQ	BX, 40(SP)
	MOVQ	CX, 48(SP)
	CALL	·codePinned3(SB)
	MOVQ	24(SP), DX
	CMPL	BoundFunc_CodeStatus(DX), $0
	JNE	status
	RET
status:
	TESTQ	R11, R11
	JNE	again
	RET
again:
	MOVQ	32(SP), AX
	MOVQ	40(SP), BX
	MOVQ	48(SP), CX
	RET	·bindPlan(SB)
other:
	RET	·bindOther(SB)

// func codePinned3(p0, p1, p2, f unsafe.Pointer)
//
// Unwind:    a plain frame with the pointer map of its prototype.
TEXT ·codePinned3(SB),NOSPLIT,$8-32
	NO_LOCAL_POINTERS
	CALL	·codeCall(SB)
	RET

// func bindCode9()
//
// bindCode3 for all nine integer registers.
//
//    80...144  AX BX CX DI SI R8 R9 R10 R11
//    72        the BoundFunc
//     0...64   the pointers
TEXT ·bindCode9(SB),NOSPLIT,$152-0
	NO_LOCAL_POINTERS
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	other
	PIN(0, AX)
	PIN(1, BX)
	PIN(2, CX)
	PIN(3, DI)
	PIN(4, SI)
	PIN(5, R8)
	PIN(6, R9)
	PIN(7, R10)
	PIN(8, R11)
	MOVQ	DX, 72(SP)
	MOVQ	AX, 80(SP)
	MOVQ	BX, 88(SP)
	MOVQ	CX, 96(SP)
	MOVQ	DI, 104(SP)
	MOVQ	SI, 112(SP)
	MOVQ	R8, 120(SP)
	MOVQ	R9, 128(SP)
	MOVQ	R10, 136(SP)
	MOVQ	R11, 144(SP)
	CALL	·codePinned9(SB)
	MOVQ	72(SP), DX
	CMPL	BoundFunc_CodeStatus(DX), $0
	JNE	status
	RET
status:
	TESTQ	R11, R11
	JNE	again
	RET
again:
	MOVQ	80(SP), AX
	MOVQ	88(SP), BX
	MOVQ	96(SP), CX
	MOVQ	104(SP), DI
	MOVQ	112(SP), SI
	MOVQ	120(SP), R8
	MOVQ	128(SP), R9
	MOVQ	136(SP), R10
	MOVQ	144(SP), R11
	RET	·bindPlan(SB)
other:
	RET	·bindOther(SB)

// func codePinned9(p0, p1, p2, p3, p4, p5, p6, p7, p8, f unsafe.Pointer)
TEXT ·codePinned9(SB),NOSPLIT,$8-80
	NO_LOCAL_POINTERS
	CALL	·codeCall(SB)
	RET
