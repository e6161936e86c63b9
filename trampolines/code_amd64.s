#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Bound functions whose plan has machine code (bridge/gocode.c): it runs on the system stack with Go's argument registers
// as they came, calls the C function, and leaves Go's result registers. While C runs everything is as with ccall.

// CODE_CALL: the call. R15 is the Auto state, DX the BoundFunc, R14 g; SP and BP as ccall has them at entry. CODE_CALL_MARKED:
// the rest of it, entered as CCALL_ENTER. Once SP is on g0's stack a signal may take the call over and a collection
// free the BoundFunc: what is needed of it is in registers by then. (X15 is the one that Go's convention leaves free.)
#define CODE_CALL \
	MOVQ	R15, AUTO_STATE(SP); \
	MOVQ	R14, R12; \
	MARK(1, R13); \
	MOVQ	const_g_m(R12), R15; \
	RUNNING; \
	CODE_CALL_MARKED
#define CODE_CALL_MARKED \
	MOVQ	BoundFunc_Chain(DX), X15; \
	MOVQ	BoundFunc_Code(DX), DX; \
	CCALL_ENTER; \
	MOVQ	X15, R15; \
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
	ASKED_TO_YIELD(other)
	CMPQ	BP, $0
	JEQ	other
	CODE_CALL
	RET
left:
	JMP	·callbackLeft(SB)
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
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·codeTold(SB)
	CALL	·budget(SB)			// never reached

// func codeCallAny()
//
// codeCall for planCall: a running call, or a Blocking one when entersyscall has been called before; as ccallFast.
// In:        DX the BoundFunc; R15 the Auto state, or 0; R14 g; Go's argument registers.
TEXT ·codeCallAny(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	R14, R12
	MARK(1, R13)
	MOVQ	R15, AUTO_STATE(SP)
	CMPQ	const_g_syscallsp(R12), $0
	JNE	blocking
	MOVQ	const_g_m(R12), R15
	RUNNING
marked:
	CODE_CALL_MARKED
	RET
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·codeTold(SB)
blocking:
	MOVQ	const_g_m(R12), R13
	TELL_M(R13, R14)
	MARK(2, R13)
	TESTQ	R15, R15
	MOVQ	const_g_m(R12), R15
	JZ	marked
	MARK(3, R13)
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

// POINTERS_AT_TOP: a map (runtime.stackmap) by which the n words at the top of a frame, below the saved BP, are pointers; bits
// has so many ones. Up to Go 1.25 the linker goes by the end of the name: it puts such symbols where FUNCDATA may lead.
#define POINTERS_AT_TOP(map, n, bits) \
	DATA map+0(SB)/4, $1; \
	DATA map+4(SB)/4, $n; \
	DATA map+8(SB)/4, $bits; \
	GLOBL map(SB), RODATA, $12
POINTERS_AT_TOP(·threeAtTop·args_stackmap, 3, 7)
POINTERS_AT_TOP(·fourAtTop·args_stackmap, 4, 15)
POINTERS_AT_TOP(·nineAtTop·args_stackmap, 9, 511)
POINTERS_AT_TOP(·tenAtTop·args_stackmap, 10, 1023)
#define LOCALS(map) FUNCDATA $FUNCDATA_LocalsPointerMaps, map(SB)

// PIN: argument register number i, if it holds a pointer, to a place in the frame that the collector sees.
#define PIN(i, reg, place) \
	MOVQ	reg, R12; \
	ANDQ	(BoundFunc_Mask+8*i)(DX), R12; \
	MOVQ	R12, place(SP)
#define PIN3(place) \
	PIN(0, AX, place); \
	PIN(1, BX, place+8); \
	PIN(2, CX, place+16)
#define PIN9(place) \
	PIN3(place); \
	PIN(3, DI, place+24); \
	PIN(4, SI, place+32); \
	PIN(5, R8, place+40); \
	PIN(6, R9, place+48); \
	PIN(7, R10, place+56); \
	PIN(8, R11, place+64)

// func bindPlainPointers()
//
// bindPlain for functions with pointers among their arguments, and up to three integer registers of them.
//
// In, Out:   as bindPlain's.
// Stack:     the frame is the pointers, which the collector sees there while C runs.
// Unwind:    while C runs the mark, with the return PC into this function, then a plain frame with pointers among its locals.
TEXT ·bindPlainPointers(SB),NOSPLIT,$24-0
	LOCALS(·threeAtTop·args_stackmap)
	MOVQ	BoundFunc_State(DX), R9
	CMPL	AutoState_mode(R9), $const_AutoRunning
	JNE	other
	ASKED_TO_YIELD(other)
	PIN3(0)
	CALL	·plainCall(SB)
	RET
other:
	RET	·bindOther(SB)

// func bindPointers3()
//
// The code of a bound function with pointers among its parameters, and up to three integer registers of them.
//
// In, Out:   as bindCode's, without stack arguments.
// Stack, Unwind: as bindPlainPointers'.
TEXT ·bindPointers3(SB),NOSPLIT,$24-0
	LOCALS(·threeAtTop·args_stackmap)
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	other
	ASKED_TO_YIELD(other)
	PIN3(0)
	CALL	·codeCall(SB)
	RET
other:
	RET	·bindOther(SB)

// func bindPointers9()
//
// bindPointers3 for all nine integer registers.
TEXT ·bindPointers9(SB),NOSPLIT,$72-0
	LOCALS(·nineAtTop·args_stackmap)
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	other
	ASKED_TO_YIELD(other)
	PIN9(0)
	CALL	·codeCall(SB)
	RET
other:
	RET	·bindOther(SB)

// func bindStrings3()
//
// bindPointers3 for functions with strings among their parameters: when those are too long for the code, bindPlan begins anew
// with the registers as they came.
//
//    48        the BoundFunc
//    24...40   the pointers
//     0...16   AX BX CX
TEXT ·bindStrings3(SB),NOSPLIT,$56-0
	LOCALS(·fourAtTop·args_stackmap)
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	other
	ASKED_TO_YIELD(other)
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	PIN3(24)
	MOVQ	DX, 48(SP)
	CALL	·codeCall(SB)
	TESTQ	R11, R11
	JNE	long
	RET
long:
	MOVQ	48(SP), DX
	MOVQ	0(SP), AX
	MOVQ	8(SP), BX
	MOVQ	16(SP), CX
	RET	·bindPlan(SB)
other:
	RET	·bindOther(SB)

// func bindStrings9()
//
// bindStrings3 for all nine integer registers.
//
//   144        the BoundFunc
//    72...136  the pointers
//     0...64   AX BX CX DI SI R8 R9 R10 R11
TEXT ·bindStrings9(SB),NOSPLIT,$152-0
	LOCALS(·tenAtTop·args_stackmap)
	MOVQ	BoundFunc_State(DX), R12
	CMPL	AutoState_mode(R12), $const_AutoRunning
	JNE	other
	ASKED_TO_YIELD(other)
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	MOVQ	DI, 24(SP)
	MOVQ	SI, 32(SP)
	MOVQ	R8, 40(SP)
	MOVQ	R9, 48(SP)
	MOVQ	R10, 56(SP)
	MOVQ	R11, 64(SP)
	PIN9(72)
	MOVQ	DX, 144(SP)
	CALL	·codeCall(SB)
	TESTQ	R11, R11
	JNE	long
	RET
long:
	MOVQ	144(SP), DX
	MOVQ	0(SP), AX
	MOVQ	8(SP), BX
	MOVQ	16(SP), CX
	MOVQ	24(SP), DI
	MOVQ	32(SP), SI
	MOVQ	40(SP), R8
	MOVQ	48(SP), R9
	MOVQ	56(SP), R10
	MOVQ	64(SP), R11
	RET	·bindPlan(SB)
other:
	RET	·bindOther(SB)
