#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Bound functions. A func value is a pointer to {code, data}: Go code calls the code with Go's register convention and
// DX, the BoundFunc. The machine code of its signature (bridge/gocode.c) moves the values; what is here enters it.

// PIECE: calls a piece of the machine code that begins so many bytes before its address, on the goroutine's stack.
// In: DX the BoundFunc. Clobbers R15.
// A signal there finds a PC that is none of Go's: the runtime neither preempts nor unwinds from it. So no collection
// scans this stack and nothing moves it, since both ask the running goroutine first; and the piece calls nothing.
// bindFew's and bindMany's frames are read by nobody before their pointers are stored.
#define PIN 24
#define SAVE 16
#define LOAD 8
#define PIECE(which) \
	MOVQ	BoundFunc_Code(DX), R15; \
	SUBQ	$which, R15; \
	CALL	R15

// RUNNING_CALL: what bindPlain and bindCall begin with, up to TO_G0. Jumps to `other` when the call is to be told. This
// is what ccall does, without a frame. It is not for callers that have no frame pointer (`go f()` starts a goroutine in
// f with BP 0): the way back takes BP for an address on this stack.
#define RUNNING_CALL(other) \
	MOVQ	BoundFunc_State(DX), R15; \
	CMPL	AutoState_mode(R15), $const_AutoRunning; \
	JNE	other; \
	ASKED_TO_YIELD(other); \
	CMPQ	BP, $0; \
	JEQ	other; \
	MOVQ	R15, AUTO_STATE(SP); \
	MARK_RUNNING(R13); \
	MOVQ	R14, R12; \
	MOVQ	const_g_m(R14), R15; \
	RUNNING; \
	TO_G0

// func bindPlain()
//
// bindCall for up to six integers of 32 bits or more, and eight floats: C has them in the same order, in other
// registers for integers. With this fixed shuffle a call takes 10 % less than with the machine code, which would jump
// to the function.
//
//   Go    AX  BX  CX  DI  SI  R8
//   C     DI  SI  DX  CX  R8  R9
//
// In, Out, Stack, Unwind: as bindCall's. The result is in AX or X0, which callEnd keeps.
TEXT ·bindPlain(SB),NOSPLIT|NOFRAME,$0-0
	RUNNING_CALL(other)
	MOVQ	BoundFunc_Fn(DX), R11
	MOVQ	R8, R9
	MOVQ	SI, R8
	MOVQ	CX, DX
	MOVQ	DI, CX
	MOVQ	BX, SI
	MOVQ	AX, DI
	COUNT_VECTORS
	MOVQ	R15, SP
	CALL	R11
	FROM_C(DX, left, told)
	XORPS	X15, X15
	MOVQ	R12, R14
	RET
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·callEnd(SB)
other:
	JMP	·bindTold(SB)
	CALL	·budget(SB)			// never reached

// func bindCall()
//
// The code of a bound function without pointers among its parameters.
//
// In:        DX the BoundFunc; Go's argument registers, R14 g, X15 0; stack arguments as far above 0(SP) as At says.
// Out:       Go's result registers; R14 = g, X15 = 0.
// Stack:     goroutine stack, no stack check (it would lose the register arguments): the budget is the linker's nosplit
//            limit.
// Unwind:    while C runs, as ccall: the mark with the caller's return PC at 0(SP), the caller's BP.
// Called by: Go code; bindFew and bindMany.
//
// The BoundFunc is not kept alive: nothing of it is used once SP is on g0's stack. (The Auto state is never freed.)
TEXT ·bindCall(SB),NOSPLIT|NOFRAME,$0-0
	RUNNING_CALL(other)
	CALL_CODE(BoundFunc_Code(DX), BoundFunc_Fn(DX), MOVLQSX, BoundFunc_At(DX))
	FROM_C(DX, left, told)
	XORPS	X15, X15
	MOVQ	R12, R14
	RET
left:
	JMP	·callbackLeft(SB)
told:
	TESTQ	R15, R15
	JEQ	long
	JMP	·callEnd(SB)
long:
	JMP	·bindEnd(SB)
other:
	JMP	·bindTold(SB)
	CALL	·budget(SB)			// never reached

// func bindEnd()
//
// callEnd for results in any of Go's registers.
//
//   240        return PC                        <- SP at entry
//   232        saved BP
//   224        AUTO_SINCE of the call; then: taken over?
//   216        AUTO_STATE of the call
//    24...208  the registers, a GoRegs
//     0...16   arguments of autoSegment
TEXT ·bindEnd(SB),NOSPLIT,$232-0
	NO_LOCAL_POINTERS
	LEAQ	24(SP), R14
	STORE_GO_REGS(R14)
	LEAVE_TOLD(232, judged, exit, untimed, done)
	LEAQ	24(SP), R12
	LOAD_GO_REGS(R12)
	RET

// POINTERS_AT_TOP: a map (runtime.stackmap) by which the n words at the top of a frame, below the saved BP, are
// pointers; bits has so many ones. Up to Go 1.25 the linker goes by the end of the name: it puts such symbols where
// FUNCDATA may lead.
#define POINTERS_AT_TOP(map, n, bits) \
	DATA map+0(SB)/4, $1; \
	DATA map+4(SB)/4, $n; \
	DATA map+8(SB)/4, $bits; \
	GLOBL map(SB), RODATA, $12
POINTERS_AT_TOP(·few·args_stackmap, 3, 0x7)
POINTERS_AT_TOP(·many·args_stackmap, 8, 0xff)
POINTERS_AT_TOP(·work·args_stackmap, 26, 0x3ffffff)
#define LOCALS(map) FUNCDATA $FUNCDATA_LocalsPointerMaps, map(SB)

// func bindFew()
//
// The code of a bound function with pointers in the first three integer registers only: the frame is these pointers,
// which the collector sees there while C runs.
//
// In, Out:   as bindCall's.
// Unwind:    while C runs the mark, with the return PC into this function, then a plain frame with pointers among its
//            locals.
#define PIN_FEW(i, reg) \
	MOVBQSX	(BoundFunc_Pointers+i)(DX), R12; \
	ANDQ	reg, R12; \
	MOVQ	R12, (8*i)(SP)
TEXT ·bindFew(SB),NOSPLIT,$24-0
	LOCALS(·few·args_stackmap)
	PIN_FEW(0, AX)
	PIN_FEW(1, BX)
	PIN_FEW(2, CX)
	CALL	·bindCall(SB)
	RET

// func bindMany()
//
// bindFew for up to eight pointers, wherever they are, which the machine code stores. Strings that it has no room for
// are bindWork's, which begins anew with the registers as they came.
TEXT ·bindMany(SB),NOSPLIT,$64-0
	LOCALS(·many·args_stackmap)
	MOVQ	SP, R13
	LEAQ	(64+16)(SP), R12
	PIECE(PIN)
	JNE	long
	CALL	·bindCall(SB)
	RET
long:
	RET	·bindWork(SB)

// func bindTold()
//
// bindCall while the function makes Blocking calls, when this goroutine is to make way, or when the library is closed.
//
// In, Out:   as bindCall's.
// Stack:     the frame keeps the arguments over entersyscall, which may let a collection begin. No pointer needs to be
//            seen in it: those among the parameters are in the frame of bindFew or bindMany below. From then on the
//            BoundFunc may be gone; what is needed of it is in the frame, too.
//
//    32...216  the registers, a GoRegs
//     0...24   callArgs
TEXT ·bindTold(SB),NOSPLIT,$224-0
	NO_LOCAL_POINTERS
	MOVQ	BoundFunc_State(DX), R15
	CMPL	AutoState_mode(R15), $const_AutoClosed
	JEQ	closed
	MOVQ	R15, callArgs_state(SP)
	MOVQ	BoundFunc_Fn(DX), R15
	MOVQ	R15, callArgs_fn(SP)
	MOVLQSX	BoundFunc_At(DX), R15
	SUBQ	$(8+224+8), R15			// saved BP, frame, return PC
	MOVQ	R15, callArgs_at(SP)
	MOVQ	BoundFunc_Code(DX), R15
	SUBQ	$LOAD, R15
	MOVQ	R15, callArgs_code(SP)
	LEAQ	callArgs__size(SP), R13
	PIECE(SAVE)
	CALL	runtime·entersyscall(SB)
	LEAQ	callArgs__size(SP), BX
	CALL	·bindEnter(SB)
	TESTQ	R15, R15
	JEQ	long
	RET
long:
	LEAQ	callArgs__size(SP), R12
	LOAD_GO_REGS(R12)
	RET
closed:
	MOVQ	DX, 0(SP)
	CALL	·boundClosed(SB)
	UNDEF

// func bindEnter()
//
// Makes a call whose argument registers are in memory: a Blocking one if entersyscall has been called, else a running
// one.
//
// In:        BX the address of the GoRegs; callArgs at 8(SP), in the frame of the caller.
// Out:       AX, X0; R14 = g, X15 = 0. R15 0: all result registers are in the GoRegs behind callArgs.
// Stack, Unwind: as bindCall's; frameless.
// Called by: bindTold, boundEnter.
TEXT ·bindEnter(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	TLS, R12
	MOVQ	0(R12)(TLS*1), R12
	MOVQ	const_g_m(R12), R15
	MOVQ	(8+callArgs_state)(SP), R13
	CMPQ	const_g_syscallsp(R12), $0
	JNE	blocking
	MOVQ	R13, AUTO_STATE(SP)
	MARK_RUNNING(R13)
	MOVQ	const_g_m(R12), R15
	RUNNING
marked:
	TO_G0
	CALL_CODE((8+callArgs_code)(SP), (8+callArgs_fn)(SP), MOVQ, (8+callArgs_at)(SP))
	FROM_C(DX, left, told)
told:
	TESTQ	R15, R15
	JNE	saved
	LEAQ	(8+callArgs__size)(SP), R14
	STORE_GO_REGS(R14)
saved:
	CMPQ	const_g_syscallsp(R12), $0
	JNE	end
	XORPS	X15, X15
	MOVQ	R12, R14
	RET
left:
	JMP	·callbackLeft(SB)
end:
	JMP	·callEnd(SB)
blocking:
	CMPL	AutoState_mode(R13), $const_AutoBlocking
	JNE	timed
	XORL	R13, R13			// for good: not timed
timed:
	MOVQ	R13, AUTO_STATE(SP)
	TELL(marked, noted)
	CALL	·budget(SB)			// never reached

// func bindWork()
//
// The code of a bound function for which Go code has to work (boundGo), or with more than eight pointers among its
// parameters.
//
// In, Out:   as bindCall's, entered as it is.
// Stack:     the frame is a boundArgs, with the pointers where the collector sees them, and the arguments and the
//            result of boundGo, which has a stack check: all registers are in memory by then.
//
//    24        boundArgs: the registers; the BoundFunc and the pointers at the top
//     0...16   arguments and result of boundGo
#define ARGS 24
TEXT ·bindWork(SB),NOSPLIT,$424-0
	LOCALS(·work·args_stackmap)
	LEAQ	(ARGS+boundArgs_pointers)(SP), R13
	MOVUPS	X15, 0(R13)
	MOVUPS	X15, 16(R13)
	MOVUPS	X15, 32(R13)
	MOVUPS	X15, 48(R13)
	MOVUPS	X15, 64(R13)
	MOVUPS	X15, 80(R13)
	MOVUPS	X15, 96(R13)
	MOVUPS	X15, 112(R13)
	MOVUPS	X15, 128(R13)
	MOVUPS	X15, 144(R13)
	MOVUPS	X15, 160(R13)
	MOVUPS	X15, 176(R13)
	MOVUPS	X15, 184(R13)
	LEAQ	(424+16)(SP), R12
	PIECE(PIN)
	LEAQ	(ARGS+boundArgs_regs)(SP), R13
	PIECE(SAVE)
	MOVQ	DX, (ARGS+boundArgs_f)(SP)
	MOVQ	DX, 0(SP)
	LEAQ	ARGS(SP), R13
	MOVQ	R13, 8(SP)
	CALL	·boundGo(SB)
	LEAQ	(ARGS+boundArgs_regs)(SP), R12
	LOAD_GO_REGS(R12)
	CMPB	16(SP), $0
	JNE	refused
	RET
refused:
	MOVQ	(ARGS+boundArgs_f)(SP), DX
	RET	·bindRefused(SB)

// func bindRefused()
//
// bindWork for arguments that no plan can be made for: on to the func value Refused, with the registers as they came.
TEXT ·bindRefused(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	BoundFunc_Refused(DX), DX
	MOVQ	0(DX), R15
	JMP	R15

// func boundEnter(f *BoundFunc, code uintptr, regs *GoRegs, stack unsafe.Pointer)
//
// Makes a call of f by the machine code of a plan, running or Blocking. regs has the argument registers, then the
// results; stack is where Go's stack arguments are.
// Stack:     the frame is as bindTold's.
// Called by: boundGo, whose caller keeps alive what the arguments point to.
TEXT ·boundEnter(SB),0,$224-32
	NO_LOCAL_POINTERS
	MOVQ	f+0(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	CMPL	AutoState_mode(BX), $const_AutoRunning
	JEQ	enter
	CMPL	AutoState_mode(BX), $const_AutoClosed
	JEQ	closed
	CALL	runtime·entersyscall(SB)
enter:
	MOVQ	f+0(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	MOVQ	BX, callArgs_state(SP)
	MOVQ	BoundFunc_Fn(R12), BX
	MOVQ	BX, callArgs_fn(SP)
	MOVQ	code+8(FP), BX
	SUBQ	$LOAD, BX
	MOVQ	BX, callArgs_code(SP)
	LEAQ	-8(SP), BX			// SP at the entry of bindEnter
	SUBQ	stack+24(FP), BX
	MOVQ	BX, callArgs_at(SP)
	MOVQ	regs+16(FP), BX
	CALL	·bindEnter(SB)
	TESTQ	R15, R15
	JEQ	long
	MOVQ	regs+16(FP), R12
	MOVQ	AX, GoRegs_Ints(R12)
	MOVSD	X0, GoRegs_Floats(R12)
	RET
long:
	LEAQ	callArgs__size(SP), R12
	LOAD_GO_REGS(R12)
	MOVQ	regs+16(FP), R12
	STORE_GO_REGS(R12)
	RET
closed:
	MOVQ	R12, 0(SP)
	CALL	·boundClosed(SB)
	UNDEF
