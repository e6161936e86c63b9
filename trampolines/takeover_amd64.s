#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// func runningCall()
//
// Out:       AX g0, R8 the goroutine, CX m when this thread is in a running call, else AX 0.
// Clobbers:  R9.
TEXT ·runningCall(SB),NOSPLIT|NOFRAME,$0-0
	ON_G0(no)
	MOVQ	const_m_curg(CX), R8
	TESTQ	R8, R8
	JZ	no
	CMPQ	const_g_syscallsp(R8), $0
	JNE	no
	MARK(1, R9)
	CMPQ	const_g_sched_pc(R8), R9
	JNE	no
	RET
no:
	XORL	AX, AX
	RET

// func takeover()
//
// Turns the running call of this thread into a system call.
//
// In:        AX g0; R8 the goroutine; CX m; R9 a free place on g0's stack below C's frames, 16-byte aligned; R10 not 0
//            when C was waiting in the kernel.
// Preserves: BX BP R12-R15.
// Stack:     entered on the signal stack, or on g0's above R9; moves to the goroutine's and comes back.
// At R9 meanwhile, where g0.sched.sp points: takeoverWords (road.go).
// Out:       CX m, AX g0.
TEXT ·takeover(SB),NOSPLIT|NOFRAME,$0-0
	PUSHQ	BP
	PUSHQ	BX
	PUSHQ	R12
	PUSHQ	R13
	PUSHQ	R14
	PUSHQ	R15
	MOVQ	R10, takeoverWords_waiting(R9)
	MOVQ	const_g_sched_sp(AX), R10
	MOVQ	R10, takeoverWords_g0sp(R9)
	MOVQ	SP, takeoverWords_sp(R9)
	MOVQ	R9, const_g_sched_sp(AX)
	MOVQ	const_g_sched_bp(R8), BP
	MOVQ	const_g_sched_sp(R8), R10
	MOVQ	AUTO_STATE(R10), R11
	MOVQ	R11, takeoverWords_auto(R9)
	MOVQ	TLS, BX
	MOVQ	R8, 0(BX)(TLS*1)
	CMPQ	const_g_syscallsp(R8), $0
	JNE	done
	MOVB	$1, const_m_incgo(CX)
	MOVQ	R10, SP
	JMP	·takeoverEnter(SB)
done:
	// A signal has done it since runningCall: in takeoverNow, or where C's handler has let it through.
	MOVQ	takeoverWords_g0sp(R9), R10
	MOVQ	R10, const_g_sched_sp(AX)
	MOVQ	AX, 0(BX)(TLS*1)
	POPQ	R15
	POPQ	R14
	POPQ	R13
	POPQ	R12
	POPQ	BX
	POPQ	BP
	RET

// func takeoverEnter()
//
// On the goroutine stack, SP and BP as at ccall's entry: what the runtime records as the caller of the system call.
// A function that was seen waiting makes Blocking calls for good: with cgo's calls the runtime would not have sent a
// signal.
TEXT ·takeoverEnter(SB),NOSPLIT|NOFRAME,$0-0
	CALL	runtime·entersyscall(SB)
	MOVQ	TLS, R8
	MOVQ	0(R8)(TLS*1), R8
	MOVQ	const_g_m(R8), CX
	TELL_M(CX, R9, noted)
	MARK(1, R9)		// entersyscall wrote its own position there
	MOVQ	R9, const_g_sched_pc(R8)
	MOVQ	const_m_g0(CX), AX
	MOVQ	const_g_sched_sp(AX), R9
	STAMP
	MOVQ	takeoverWords_auto(R9), R10
	MOVQ	R10, AUTO_STATE(SP)
	CMPQ	takeoverWords_waiting(R9), $0
	JEQ	stamped
	MOVQ	$0, AUTO_SINCE(SP)		// long ago
	TESTQ	R10, R10
	JEQ	stamped
	CMPL	AutoState_fixed(R10), $0
	JNE	stamped
	MOVL	$const_AutoBlocking, AutoState_mode(R10)
stamped:
	MOVQ	TLS, BX
	MOVQ	AX, 0(BX)(TLS*1)
	MOVQ	takeoverWords_sp(R9), SP
	MOVQ	takeoverWords_g0sp(R9), R10
	MOVQ	R10, const_g_sched_sp(AX)
	LEAQ	·takeovers(SB), R10
	LOCK
	ADDQ	$1, (R10)
	MOVQ	0(SP), R15			// takeover pushed these
	MOVQ	8(SP), R14
	MOVQ	16(SP), R13
	MOVQ	24(SP), R12
	MOVQ	32(SP), BX
	MOVQ	40(SP), R10
	XCHGQ	BP, R10				// go vet takes a MOVQ into BP for a lost frame pointer
	LEAQ	48(SP), SP
	RET

// void takeoverNow(void)    (SysV)
//
// Turns the running call of this thread, if it is in one, into a system call: where C is about to enter Go by a road
// that is not ours (a cgo export, see package withcgo), which expects that.
// Stack:     C's, on g0's. A signal may do the same in the middle: takeover looks again when g is in TLS.
// What the runtime then puts on the goroutine stack covers AUTO_SINCE and AUTO_STATE, so from here on the call is one
// that Auto does not judge.
TEXT ·takeoverNow(SB),NOSPLIT|NOFRAME,$0-0
	CALL	·runningCall(SB)
	TESTQ	AX, AX
	JZ	told
	LEAQ	-256(SP), R9
	ANDQ	$~15, R9
	XORL	R10, R10
	CALL	·takeover(SB)
	MOVQ	const_m_curg(CX), R8
	JMP	unjudged
told:
	MOVQ	TLS, R8
	MOVQ	0(R8)(TLS*1), R8
	TESTQ	R8, R8
	JZ	no
	MOVQ	const_g_m(R8), R8
	MOVQ	const_m_curg(R8), R8
	TESTQ	R8, R8
	JZ	no
	MARK(3, R9)
	CMPQ	const_g_sched_pc(R8), R9
	JNE	no
unjudged:
	MARK(2, R9)
	MOVQ	R9, const_g_sched_pc(R8)
no:
	RET

// func budget()
//
// Never called. While C runs, the goroutine stack below ccall's caller is used by functions that get there by jumps
// from other stacks, where the linker's check of the nosplit limit does not see them. These calls, and one of budget at
// the end of bindCall, bindEnter and ccallStackFast, show them to it.
TEXT ·budget(SB),NOSPLIT|NOFRAME,$0-0
	CALL	·takeoverEnter(SB)
	CALL	·callbackGo(SB)
	CALL	·callbackTold(SB)
	CALL	·callbackLeaveBlocking(SB)
	RET
