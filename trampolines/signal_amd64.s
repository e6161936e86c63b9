#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Offsets in the ucontext_t of a signal handler (x86-64 Linux ABI): uc_mcontext.gregs[REG_...].
#define UCONTEXT_RAX 144
#define UCONTEXT_RCX 152
#define UCONTEXT_RSP 160
#define UCONTEXT_RIP 168
#define EINTR 4
#define SIGURG 23
#define SYSCALL_CODE 0x050f		/* the instruction */
#define SYS_rt_sigprocmask 14
#define SIG_SETMASK 2

// How a signal found C waiting in the kernel, see signalEntry; and what gw_wait_restart says of it (bridge/wait.h).
#define WAIT_ENDED 2
#define WAIT_GOES_ON 1
#define WAIT_RESUMES 2

// The signals that running calls are taken over at, a bit for each: SIGURG asks for preemption, SIGPROF samples,
// SIGPIPE goes to the handler that C had before Go if it hits C (runtime.sigfwdgo looks at m.incgo), and so do SIGSEGV
// BUS FPE, which, as SIGQUIT ILL TRAP ABRT STKFLT SYS, else end in a report of the goroutine that was in C. The runtime
// treats no other by that.
#define TAKING (1<<23 | 1<<27 | 1<<13 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<11 | 1<<16 | 1<<31)

// What entersyscall may use of the system stack below C's frames: up to 3.5 kB were seen (Go 1.19 and 1.24, while
// tracing), more when the runtime is built without optimisation.
#define TAKEOVER_ROOM 8192

// void signalEntry(int sig, siginfo_t *info, void *context)    (SysV)
//
// Our signal handler, in front of the runtime's. When the thread is in a running call, some signals make a system call
// of it after the fact: the P can go to others, the stack can be scanned, profiles and crash reports name the Go
// caller. Always goes on to the runtime's handler, which clears the pending preemption request.
//
// Stack:     the signal stack. When C has disabled its signal stack, or its own handler without SA_ONSTACK goes on to
//            this one, the stack is C's, on g0's stack, and what is in use there ends at this function's SP and not at
//            the interrupted one.
// Signals:   all are blocked (sa_mask) when the kernel has called this. A handler of C's that goes on to this one may
//            have let some through, so a take-over blocks them itself: while SP is on the goroutine's stack the kernel
//            takes the signal stack for free, and a handler would begin at its top, over what this one still needs
//            there.
// Running call iff: g0 in TLS, m.curg with the mark of running calls in sched.pc and no system call recorded, and the
// interrupted SP on g0's stack. Whenever the runtime itself moves to g0, it leaves another position in sched.pc;
// TO_G0 and callbackLeave put g0 into TLS when g.sched is whole, and the SP tells whether they are on g0's stack
// yet. C may be anywhere, also inside malloc or pthread_create with locks held: entersyscall takes none of those.
// m.incgo is set before: a new thread, should the scheduler want one just now, is then made by the template thread and
// not under C's locks.
//
// No take-over when C has left less than TAKEOVER_ROOM of the system stack: entersyscall would run into its end. The
// runtime then asks again, until C has returned from there.
//
// C that was waiting in the kernel is long. The SYSCALL instruction leaves its return address in RCX: when RIP is there
// and RAX is -EINTR (WAIT_ENDED), or RIP was put back to the instruction, which is two bytes long, for a restart
// (WAIT_GOES_ON), then the signal came into a wait. One that SIGURG alone has ended goes on (bridge/wait.c): in a
// running call, and in one that the scheduler knows of (toldCall), which is rare: the runtime had sent the signal just
// before. (With cgo alone C sees EINTR then.)
// When C's handler comes first and goes on to this one, the wait goes on only if the runtime is known to have asked,
// and by restarting: C's handler has to return, too. (The frame of one that the kernel has called begins at SP, with
// the return address and the context.)
//
// entersyscall has to find the SP and PC of ccall's caller (exitsyscall checks). So this moves to the goroutine stack
// at exactly ccall's entry SP and calls it from a frameless function (takeoverEnter). What entersyscall runs on the
// system stack must not touch the C frames: g0.sched.sp lies below what is in use there and its red zone meanwhile.
//
// The words that are pushed for the time of the take-over:
//   40  DI   32  SI   24  DX
//   16  R10, WAIT_ENDED, WAIT_GOES_ON or 0
//    8  not 0 when the runtime has asked for this thread
//    0  all signals; then the mask as it was
TEXT ·signalEntry(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	$TAKING, AX
	BTQ	DI, AX
	JCC	next
	XORL	R10, R10
	MOVQ	UCONTEXT_RCX(DX), R11
	SUBQ	UCONTEXT_RIP(DX), R11
	CMPQ	R11, $2
	JEQ	goesOn
	TESTQ	R11, R11
	JNE	known
	CMPQ	UCONTEXT_RAX(DX), $-EINTR
	JNE	known
	MOVL	$WAIT_ENDED, R10
	JMP	known
goesOn:
	// A switch jumps by RCX, and to the instruction behind the jump, which is two bytes long, too.
	MOVQ	UCONTEXT_RIP(DX), R11
	CMPW	0(R11), $SYSCALL_CODE
	JNE	known
	MOVL	$WAIT_GOES_ON, R10
known:
	CALL	·runningCall(SB)
	TESTQ	AX, AX
	JZ	told
	MOVQ	UCONTEXT_RSP(DX), R9
	CMPQ	R9, const_g_stack_hi(AX)
	JHI	next
	CMPQ	SP, R9
	JHI	apart
	CMPQ	SP, const_g_stack_lo(AX)
	JLS	apart
	MOVQ	SP, R9
apart:
	SUBQ	$(256+TAKEOVER_ROOM), R9
	CMPQ	R9, const_g_stack_lo(AX)
	JLS	next
	ADDQ	$TAKEOVER_ROOM, R9
	ANDQ	$~15, R9
	PUSHQ	DI
	PUSHQ	SI
	PUSHQ	DX
	PUSHQ	R10
	XORL	R11, R11
	CMPQ	const_g_stackguard0(R8), $const_stackPreempt
	SETEQ	R11
	ORL	const_m_signalPending(CX), R11
	PUSHQ	R11
	PUSHQ	$-1
	PUSHQ	AX
	PUSHQ	CX
	PUSHQ	R8
	PUSHQ	R9
	PUSHQ	R10
	LEAQ	40(SP), SI
	MOVQ	SI, DX
	CALL	·setMask(SB)
	POPQ	R10
	POPQ	R9
	POPQ	R8
	POPQ	CX
	POPQ	AX
	CALL	·takeover(SB)
	MOVQ	SP, SI
	XORL	DX, DX
	CALL	·setMask(SB)
	POPQ	R11
	POPQ	R11
	POPQ	R10
	POPQ	DX
	POPQ	SI
	POPQ	DI
	JMP	wait
told:
	CMPL	R10, $WAIT_ENDED
	JNE	next
	CALL	·toldCall(SB)
	TESTQ	AX, AX
	JZ	next
wait:
	CMPL	DI, $SIGURG
	JNE	next
	CMPL	R10, $WAIT_ENDED
	JNE	next
	LEAQ	8(SP), R8
	XORL	R9, R9
	CMPQ	R8, DX
	SETEQ	R9
	XORL	CX, CX
	TESTL	R11, R11
	SETNE	CX
	PUSHQ	DI
	PUSHQ	SI
	PUSHQ	DX
	MOVQ	SI, DI
	MOVQ	DX, SI
	MOVL	R9, DX
	CALL	gw_wait_restart(SB)
	POPQ	DX
	POPQ	SI
	POPQ	DI
	CMPL	AX, $WAIT_RESUMES
	JEQ	resume
next:
	JMP	·signalNext(SB)
resume:
	PUSHQ	DX
	CALL	·signalNext(SB)
	POPQ	DI
	JMP	gw_wait_resume(SB)

// func setMask()
//
// In:        SI the signal mask to set; DX where to store the one before, or 0, may be the same place.
// Clobbers:  AX CX DI R10 R11.
TEXT ·setMask(SB),NOSPLIT|NOFRAME,$0-0
	MOVL	$SIG_SETMASK, DI
	MOVL	$8, R10
	MOVL	$SYS_rt_sigprocmask, AX
	SYSCALL
	RET

// func toldCall()
//
// Out:       AX not 0 when this thread is in a call that the scheduler knows of, ours or cgo's; R11 not 0 when the
//            runtime had also sent it a SIGURG before it knew.
// Clobbers:  CX.
TEXT ·toldCall(SB),NOSPLIT|NOFRAME,$0-0
	ON_G0(no)
	MOVL	const_m_signalPending(CX), R11
	MOVBLZX	const_m_incgo(CX), AX
	RET
no:
	XORL	AX, AX
	RET

// func signalNext()
//
// On to the runtime's handler. In: DI SI DX as the kernel gave them.
TEXT ·signalNext(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	·idlePC(SB), CX			// -1 with Go 1.19 and 1.20
	CMPQ	(CX), $-1
	JEQ	on
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	TESTQ	AX, AX
	JZ	on
	MOVQ	const_g_m(AX), CX
	TESTQ	CX, CX
	JZ	on
	CMPB	const_m_isExtraInC(CX), $1
	JEQ	between
on:
	JMP	·signalChain(SB)
between:
	JMP	·signalBetween(SB)

// func signalBetween()
//
// On to the runtime's handler with a signal that may have hit a thread of C's on its way into Go or out of it. The
// runtime says with m.isExtraInC that an extra m runs C, and takes each signal for one that has hit C; but exitsyscall
// and entersyscall run with it set, too (runtime.cgocallbackg, callbackKept), and exitsyscall may wait there for a
// processor. A signal that comes meanwhile would then ask for another extra m, and wait until there is one, while the
// processor that this thread waited for is kept for it: everything stands still, with cgo as well. And SIGPROF would be
// noted with the PC alone, over which package pprof may panic ("stack too short to match cached location",
// golang.org/issue/70529). So m.isExtraInC is 0 for the runtime's handler when the thread is in Go:
//   - with the goroutine in TLS, when SP is on the goroutine's stack;
//   - with g0 in TLS, when the scheduler has taken the goroutine from the m, or the goroutine would go on elsewhere
//     than at runtime.goexit, which is where it would while C runs.
// In the few instructions between these states, all in assembly, a signal has hit C as ever: nothing waits there and
// nothing is inlined. One of them, where runtime.gogo has put the goroutine into TLS and not yet into SP, already has
// the processor. No stack moves and no m changes hands meanwhile: the handler runs on the signal stack of this thread,
// which keeps its m. Others look at m.isExtraInC only when they take the processor of a thread in a system call, for a
// count of such goroutines (runtime/metrics), which may then be off by one.
//
// In:        DI SI DX as the kernel gave them; AX g, CX m, an extra one with m.isExtraInC set.
// Stack:     the signal stack; all signals are blocked.
TEXT ·signalBetween(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	const_m_curg(CX), R8
	CMPQ	AX, const_m_g0(CX)
	JEQ	system
	CMPQ	AX, R8
	JNE	c
	MOVQ	UCONTEXT_RSP(DX), R9
	CMPQ	R9, const_g_stack_lo(R8)
	JLS	c
	CMPQ	R9, const_g_stack_hi(R8)
	JLS	go
c:
	JMP	·signalChain(SB)
system:
	TESTQ	R8, R8
	JZ	go
	MOVQ	const_g_sched_pc(R8), R9
	LEAQ	·goexitPC(SB), R10
	CMPQ	R9, (R10)
	JEQ	c
go:
	PUSHQ	CX
	MOVB	$0, const_m_isExtraInC(CX)
	CALL	·signalChain(SB)
	POPQ	CX
	MOVB	$1, const_m_isExtraInC(CX)
	RET

// func signalChain()
//
// On to the handler that was there before ours. In: DI SI DX as the kernel gave them.
TEXT ·signalChain(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	gw_signal_old(SB), AX
	MOVQ	(AX)(DI*8), AX
	JMP	AX

// void signalIgnored(int sig, siginfo_t *info, void *context)    (SysV)
//
// Behind signalEntry for SIGURG while the program ignores that (signal.Ignore). The runtime's handler would leave at
// once, as if the signal had never come, and the runtime would wait for that one for ever: it sends no other to a
// thread before m.signalPending is clear, and none for the same purpose before m.preemptGen has changed. Those two,
// then, as its handler does it when there is nothing to preempt.
// Clobbers:  AX.
TEXT ·signalIgnored(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	TESTQ	AX, AX
	JZ	no
	MOVQ	const_g_m(AX), AX
	TESTQ	AX, AX
	JZ	no
	LOCK
	ADDL	$1, const_m_preemptGen(AX)
	MOVL	$0, const_m_signalPending(AX)
no:
	RET
