#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// func ccallOther()
//
// ccall and ccallStack when the road of running calls is not open.
//
// In, Out:   as ccallStack's; R12 and R13 are 0 without stack arguments.
// Stack:     goroutine stack, entered by JMP with 0(SP) = return PC into the stub. Stack arguments stay in the stub's
//            frame: on RoadBlocking nothing moves the stack before they are copied; on RoadSafe they are handed to Go
//            code as a pointer argument, which a stack move adjusts.
// Unwind:    a plain frame. Its words are scalars to the collector: pointers among them are visible in the frame of
//            the stub, whose prototype declares them.
//
//   16+...     callRegs (saved registers, then results)
//    8         address of the stack arguments
//    0         address of the callRegs
TEXT ·ccallOther(SB),NOSPLIT,$208-0
	NO_LOCAL_POINTERS
	COUNT_VECTORS				// for safeCall: gw_call_regs takes AL from the callRegs
	SAVE_ARGS(16, SP)
	MOVQ	R11, callRegs_fn+16(SP)
	MOVQ	R10, callRegs_chain+16(SP)
	MOVQ	R12, callRegs_stackBytes+16(SP)
	MOVQ	R13, 8(SP)
	MOVQ	$0, callRegs_stack+16(SP)	// a pointer to safeCall's write barrier, which must not see what lay here
	CMPL	·road(SB), $const_RoadBlocking
	JNE	safe
	MOVQ	TLS, R12
	MOVQ	0(R12)(TLS*1), R12
	CMPQ	const_g_syscallsp(R12), $0
	JNE	told
	CALL	runtime·entersyscall(SB)
told:
	LOAD_ARGS(16, SP)
	MOVQ	callRegs_fn+16(SP), R11
	MOVQ	callRegs_chain+16(SP), R10
	MOVQ	callRegs_stackBytes+16(SP), R12
	MOVQ	8(SP), R13
	XORL	BX, BX
	CALL	·ccallStackFast(SB)
	RET
safe:
	LEAQ	16(SP), AX
	MOVQ	AX, 0(SP)
	CALL	·safeCall(SB)
	MOVQ	callRegs_rax+16(SP), AX
	MOVQ	callRegs_rdx+16(SP), DX
	MOVSD	callRegs_xmm0+16(SP), X0
	MOVSD	callRegs_xmm1+16(SP), X1
	MOVQ	callRegs_errno+16(SP), R10
	RET

// func enterBlocking()
//
// Tells the scheduler that the stub which calls this is about to call C: ccall then makes a Blocking call.
// Frameless with a tail call: the runtime records the SP and PC of its caller, the stub.
// Clobbers every register but SP and BP. On RoadSafe runtime.cgocall does it.
TEXT ·enterBlocking(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	·road(SB), $const_RoadSafe
	JEQ	safe
	JMP	runtime·entersyscall(SB)
safe:
	RET

// func enterAuto()
//
// enterBlocking unless the function whose Auto state is at AX makes running calls by now.
TEXT ·enterAuto(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	AutoState_mode(AX), $const_AutoRunning
	JEQ	running
	JMP	·enterBlocking(SB)
running:
	RET

// func ccallErrno()
//
// ccall that also returns errno, in R10. Else as ccall.
TEXT ·ccallErrno(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	R11, R10
	LEAQ	·Core(SB), R11			// safeCall knows it by the address there
	MOVQ	(R11), R11
	MOVQ	coreTable_ErrnoCall(R11), R11
	JMP	·ccall(SB)
