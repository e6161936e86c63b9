#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"
#include "callback_amd64.h"

// C that jumps (longjmp): past a callback, which is reported, and after one, which Then is for.

// void callbackAbove(...)
//
// callbackEntry where SP is not below the position where the C code of the innermost call began. When both are on the
// thread's own stack, C has jumped out of that call (longjmp), past the callback that made it: the report runs in the
// place of the Go function. Else C has switched stacks, there and perhaps back again (a coroutine that yields in a
// callback), and this is a callback as ever. Which of the two it is only the system knows: g0's bounds may take in stacks
// of C's own (callbackDeep).
//
// In:        as CALLBACK_GOROUTINE's Out; SP the callbackFrame; DI SI DX the first three integers, in the callbackFrame too if
//            there may be more.
// The call below may be taken over meanwhile, as anywhere in C: what is needed of g and m is loaded afterwards.
TEXT ·callbackAbove(SB),NOSPLIT|NOFRAME,$0-0
	MARK(1, AX)
	MOVQ	R14, BX
	SUBQ	AX, BX
	CMPQ	BX, $2
	JHI	foreign
	MOVQ	callbackFrame_record(SP), R11
	CMPQ	SP, const_g_stack_hi(R12)
	JHI	elsewhere
	CALLBACK_INTS
	MOVQ	SP, DI
	MOVQ	const_g_sched_sp(R12), SI
	CALL	gw_on_one_stack(SB)
	CALLBACK_GOROUTINE
	MOVQ	callbackFrame_record(SP), R11
	MOVQ	callbackFrame_ints+0(SP), DI
	MOVQ	callbackFrame_ints+8(SP), SI
	MOVQ	callbackFrame_ints+16(SP), DX
	TESTB	AL, AL
	JEQ	elsewhere
	LEAQ	·leftSlot(SB), R11
	MOVQ	const_slotRecord(R11), R11
	MOVQ	R11, callbackFrame_record(SP)
elsewhere:
	CALLBACK_TO_GO(const_g_sched_sp(R13))
	JMP	·callbackGo(SB)
foreign:
	CALLBACK_INTS
	JMP	·callbackForeign(SB)

// func callbackLeft()
//
// The end of a call whose C code has jumped past a callback (longjmp): a report that names it ends the program.
//
// In:        R12 g; g in TLS, SP and BP as at ccall's entry.
// The goroutine is still in the call that the callback made last. So this is made a callback from there: on the system
// stack, below what nobody returns to any more.
TEXT ·callbackLeft(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	const_g_m(R12), R15
	MOVQ	const_m_g0(R15), R15
	MOVQ	const_g_sched_sp(R15), R14
	ANDQ	$~15, R14
	MOVQ	TLS, R13
	MOVQ	R15, 0(R13)(TLS*1)
	MOVQ	R14, SP
	LEAQ	·leftSlot(SB), R11
	CALL	·callbackEntry(SB)
	INT	$3

// void callbackReport(void)    (SysV)
//
// callbackLeft's callback, for C on the safe road. Does not return.
TEXT ·callbackReport(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	·leftSlot(SB), R11
	JMP	·callbackEntry(SB)

// thenReturn
//
// Where a callback returns to whose Go function has called Then: calls the C function that was asked for, and returns to C.
// No return but a jump to where C goes on: Then has put this address in the place of the return address, which is in the
// callbackFrame. (There is no shadow stack: Go's linker marks no program as fit for one.)
//
// In:        AX, X0 the result of the callback; SP as behind the return, 16-byte aligned.
// Stack:     C's. The callbackFrame has just been popped. What lies in the 128 bytes below SP nobody has touched, signals
//            included: the return address and the six registers, and below them the floats of the callbackFrame.
// SP is moved before anything else, then:
//   144        SP at entry
//    48...80   five arguments
//    40        the return address
//    32        the C function
//     0, 8     AX, X0
TEXT ·thenReturn(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	-144(SP), SP
	MOVQ	AX, 0(SP)
	MOVSD	X0, 8(SP)
	MOVQ	48(SP), DI
	MOVQ	56(SP), SI
	MOVQ	64(SP), DX
	MOVQ	72(SP), CX
	MOVQ	80(SP), R8
	MOVQ	32(SP), R11
	XORL	AX, AX
	CALL	R11
	MOVQ	0(SP), AX
	MOVSD	8(SP), X0
	MOVQ	40(SP), R11
	LEAQ	144(SP), SP
	JMP	R11
