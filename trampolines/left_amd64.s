#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"
#include "callback_amd64.h"

// C that jumps (longjmp): past a callback, which is reported (see callbackSlow, too), and after one, which Then is for.

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
	LEAQ	·callbackEntry(SB), R15		// not by name: the linker would count it to the goroutine's stack
	CALL	R15
	INT	$3

// void callbackReport(void)    (SysV)
//
// callbackLeft's callback, for C that has found out by itself (bridge/callback.c). Does not return.
TEXT ·callbackReport(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	·leftSlot(SB), R11
	CMPL	·road(SB), $const_RoadSafe
	JEQ	safe
	JMP	·callbackEntry(SB)
safe:
	JMP	·callbackSafe(SB)

// thenReturn
//
// Where a callback returns to whose Go function has called Then: calls the C function that was asked for, and returns
// to C. No return but a jump to where C goes on: Then has put this address in the place of the return address, which is
// above the callbackFrame. (There is no shadow stack: Go's linker marks no program as fit for one.)
//
// In:        AX the result of the callback; SP as behind the return, 16-byte aligned.
// Stack:     C's. The callbackFrame has just been popped. What lies in the 128 bytes below SP nobody has touched,
//            signals included: the return address and the six registers, and below them callbackFrame.then.
// SP is moved before anything else, then:
//   128        SP at entry
//    32...64   five arguments
//    24        the return address
//    16        the C function
//     0        AX
TEXT ·thenReturn(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	-128(SP), SP
	MOVQ	AX, 0(SP)
	MOVQ	32(SP), DI
	MOVQ	40(SP), SI
	MOVQ	48(SP), DX
	MOVQ	56(SP), CX
	MOVQ	64(SP), R8
	MOVQ	16(SP), R11
	XORL	AX, AX
	CALL	R11
	MOVQ	0(SP), AX
	MOVQ	24(SP), R11
	LEAQ	128(SP), SP
	JMP	R11
