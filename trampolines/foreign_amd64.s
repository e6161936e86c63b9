#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"
#include "callback_amd64.h"

// Callbacks on threads that C made, and all others that are not on the same-thread road.

// void callbackForeign()
//
// Callbacks that are not on the same-thread road.
//
// In:        SP the callbackFrame, 16-byte aligned, with the record and the arguments; C stack.
//
// A thread that C made keeps, since Go 1.21, what the runtime has for it: an extra m and its goroutine, which has
// nothing on its stack between callbacks and is in a system call. Entering that again is what a callback in a Blocking
// call does; what else runtime.cgocallback does for such a thread is looked for here, and callbackKept does the rest.
// The thread is idle in this sense when g0 is in TLS, the goroutine would go on at runtime.goexit, and m.isExtraInC,
// which is for such m's alone, is set. Its bounds must hold SP and GO_ROOM below it: else C has moved to another stack,
// or is deeper on one that the runtime only guessed (one of C's own making, of which pthreads know nothing, is taken to
// end 32 kB below the first call of Go), and the runtime has to look at the stack again. A guess that leaves so much is
// as good as a new one. Every 256th time it goes through the runtime all the same, for what that does there of its own
// accord: it turns the thread's profiling timer on and off, and makes extra m's for threads that wait for one. The
// count is in g0.schedlink: no g0 is ever in a list. (idlePC is runtime.goexit's, unless m.isExtraInC is not where the
// layout says, which the first callback of the first such thread finds out: it is 0 in Go, see firstForeign, and 1 when
// the thread is in C again and keeps its m.)
//
// All else goes through runtime.cgocallback: it binds an m to a thread that has none, or leaves the system call that a
// cgo call or a taken-over call made, runs callbackForeignRun(frame), and undoes it all. The C core keeps track of
// these frames (bridge/callback.c).
TEXT ·callbackForeign(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	·road(SB), $const_RoadSafe
	JEQ	foreign
	CALLBACK_GOROUTINE(foreign)
	LEAQ	·idlePC(SB), BX
	CMPQ	R13, (BX)
	JNE	foreign
	CMPB	const_m_isExtraInC(R15), $1
	JNE	foreign
	CALLBACK_ROOM(foreign)
	CMPQ	SP, const_g_stack_hi(R12)
	JHI	foreign
	ADDB	$1, const_g_schedlink(R12)
	JZ	foreign
	MOVQ	const_g_sched_sp(R12), AX
	CALLBACK_FROM_C
	MOVQ	const_g_sched_sp(R14), BX
	MOVQ	R13, -8(BX)		// the return PC, as runtime.cgocallback leaves it
	LEAQ	-8(BX), SP
	XORL	BX, BX
	XCHGQ	BP, BX
	JMP	·callbackKept(SB)
foreign:
	MOVQ	SP, DI
	LEAQ	gw_callback_entered(SB), AX
	CALL	AX
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	MOVQ	AX, callbackFrame_mark(SP)	// 0: a thread without an m
	MOVQ	SP, AX
	SUBQ	$32, SP
	MOVQ	·callbackForeignPC(SB), BX
	MOVQ	BX, 0(SP)			// fn
	MOVQ	AX, 8(SP)			// frame
	MOVQ	$0, 16(SP)			// ctxt
	CALL	runtime·cgocallback(SB)
	ADDQ	$32, SP
	MOVQ	SP, DI
	LEAQ	gw_callback_left(SB), AX
	CALL	AX
	CMPQ	callbackFrame_mark(SP), $const_markFirstForeign
	JEQ	first
return:
	CALLBACK_RETURN
first:
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	TESTQ	AX, AX
	JZ	return				// the m is not kept
	MOVQ	const_g_m(AX), AX
	LEAQ	·extra(SB), BX
	CMPB	const_m_isExtraInC(AX), $1
	JNE	wrong
	MOVL	$const_extraFits, (BX)
	JMP	return
wrong:
	MOVL	$const_extraWrong, (BX)
	LEAQ	·idlePC(SB), BX
	MOVQ	$-1, (BX)
	JMP	return

// func callbackKept()
//
// The goroutine's side of a callback on a thread that C made and the runtime has kept: callbackGo's for this case.
//
// In:        R14 g, R15 m, AX the callbackFrame; SP and BP as at runtime.goexit's call of the goroutine's function.
// Stack:     the goroutine's, with nothing on it.
// The goroutine is in a system call and isExtraInC says that it runs no Go, until exitsyscall has returned, and then
// again before entersyscall, as in runtime.cgocallbackg; for signals that come in between see signalBetween. The thread
// is locked for good, the count only keeps step with callbackUnwind.
//
//   56         return PC, runtime.goexit        <- SP at entry
//   48         saved BP, 0
//   40         callbackFrame
//    0...32    spill area of run
TEXT ·callbackKept(SB),NOSPLIT,$48-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 40(SP)
	ADDL	$1, const_m_lockedInt(R15)
	CALL	runtime·exitsyscall(SB)
	MOVQ	TLS, R14
	MOVQ	0(R14)(TLS*1), R14
	MOVQ	const_g_m(R14), R15
	MOVB	$0, const_m_incgo(R15)
	MOVB	$0, const_m_isExtraInC(R15)
	MOVL	$0, const_m_signalPending(R15)		// see clearSignalPending
	MOVQ	40(SP), AX
	CALLBACK_KEPT(AX)
	CALLBACK_RUN
	MOVQ	const_g_m(R14), R15
	MOVB	$1, const_m_incgo(R15)
	SUBL	$1, const_m_lockedInt(R15)
	MOVB	$1, const_m_isExtraInC(R15)
	RET	·callbackKeptLeave(SB)

// func callbackKeptLeave()
//
// Back to C: the goroutine is in a system call again, with nothing on its stack. What the runtime records is the
// position here (Go's entersyscall, which looks for it, is reached by a jump) with SP as the goroutine began. The PC is
// then made runtime.goexit's again, as the runtime will want to find it. Both are where a stack ends, so that a
// collection, which may scan the stack as soon as entersyscall has run, does the same with either. A signal that comes
// before is signalBetween's; so is one that comes later, until g0 is in TLS.
// In:        SP and BP as at callbackKept's entry.
TEXT ·callbackKeptLeave(SB),NOSPLIT|NOFRAME|TOPFRAME,$0-0
	LEAQ	8(SP), SP
	CALL	runtime·entersyscall(SB)
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R13
	MOVQ	const_g_m(R13), R15
	MOVQ	const_m_g0(R15), R12
	MOVQ	·goexitPC(SB), AX
	MOVQ	AX, const_g_syscallpc(R13)
	MOVQ	AX, const_g_sched_pc(R13)
	CALLBACK_TO_C
