#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"
#include "callback_amd64.h"

// void callbackEntry(a, b, c)    (SysV; R11 = struct gw_thunk_slot *)
//
// C calls Go. Where the thunk of a Go function with up to three integers and no floats goes, and what the machine code
// calls that other thunks go to (bridge/gocallback.c): it has put everything into a struct gw_go_invocation, a.
//
// In:        R11 the thunk's slot; DI SI DX the arguments.
// Out:       AX the result.
// Preserves: BX BP R12-R15, as SysV demands.
// Stack:     a C stack: g0's of this thread, or that of a thread which Go did not make. Below the saved registers lies
//            the callbackFrame, which stays until the callback ends; g0.sched.sp points at it meanwhile.
//
//   +return PC into C        <- SP at entry
//    BP BX R12 R13 R14 R15   callee-saved
//    callbackFrame           <- SP, 16-byte aligned
//
// Same-thread road if the innermost call of this thread's goroutine is one of ours: g0 in TLS, and one of the marks in
// curg.sched.pc. (The runtime writes a position of its own there whenever it moves to g0.) Anything else is the
// runtime's own business (callbackForeign): no g at all, a foreign thread that kept its m, a real cgo call in between.
// Mistaking one for the other would corrupt the scheduler. Here is a running call that C makes from below where it
// began, and with room for Go; callbackSlow looks at what else there is. Not for RoadSafe: this looks at the goroutine
// without asking.
//
// Signals. Until g is in TLS the call below is a running or a Blocking call, and may be taken over: syscallsp is looked
// at later, on the goroutine's side. From then on the PC is in assembly that writes SP: not preempted, not unwound.
TEXT ·callbackEntry(SB),NOSPLIT|NOFRAME,$0-0
	CALLBACK_SAVE
	CALLBACK_GOROUTINE(foreign)
	MARK(1, BX)
	CMPQ	R13, BX
	JNE	slow
	MOVQ	const_g_sched_sp(R12), AX
	CMPQ	SP, AX
	JCC	slow
	CALLBACK_ROOM(slow)
	CALLBACK_TO_GO(CALLER_SP(R12), told)
told:
	JMP	·callbackTold(SB)
slow:
	JMP	·callbackSlow(SB)
foreign:
	CALLBACK_KEEP(SP)
	JMP	·callbackForeign(SB)

// void callbackSlow()
//
// callbackEntry for all that it has no time for: Blocking calls, and
//   - less than GO_ROOM of the system stack left, as far as the runtime knows. It may only have guessed where the stack
//     ends (see callbackForeign), for C that has gone on since it was called from a callback: so C looks for the end,
//     and the callback goes on.
//   - SP is not below the position where the C code of the innermost call began. When both are on the thread's own
//     stack, C has jumped out of that call (longjmp), past the callback that made it: the report runs in the place of
//     the Go function. Else C has switched stacks, there and perhaps back again (a coroutine that yields in a
//     callback), and this is a callback as ever. Which of the two it is only the system knows: g0's bounds may take in
//     stacks of C's own.
//
// In:        as CALLBACK_GOROUTINE's and CALLBACK_SAVE's Out; SP the callbackFrame; DI SI DX the arguments.
// The calls below may be taken over meanwhile, as anywhere in C: what is needed of g and m is loaded afterwards.
TEXT ·callbackSlow(SB),NOSPLIT|NOFRAME,$0-0
	CALLBACK_KEEP(SP)
	MARK(1, AX)
	MOVQ	R13, BX
	SUBQ	AX, BX
	CMPQ	BX, $2
	JHI	foreign
	MOVQ	const_g_sched_sp(R12), AX
	CMPQ	SP, AX
	JCC	above
	CALLBACK_ROOM(deep)
enter:
	CALLBACK_TO_GO(const_g_sched_sp(R14), told)
told:
	JMP	·callbackTold(SB)
deep:
	MOVQ	R12, DI
	MOVQ	SP, SI
	CALL	gw_stack_deeper(SB)
	JMP	again
above:
	CMPQ	SP, const_g_stack_hi(R12)
	JHI	enter
	MOVQ	SP, DI
	MOVQ	AX, SI
	CALL	gw_on_one_stack(SB)
	TESTB	AL, AL
	JEQ	again
	LEAQ	·leftSlot(SB), R11
	MOVQ	const_slotRecord(R11), CX
	MOVQ	CX, callbackFrame_record(SP)
again:
	CALLBACK_GOROUTINE(foreign)
	MOVQ	const_g_sched_sp(R12), AX
	CALLBACK_KEPT(SP)
	JMP	enter
foreign:
	JMP	·callbackForeign(SB)

// void callbackSafe(a, b, c)    (SysV; R11 = struct gw_thunk_slot *)
//
// callbackEntry on the safe road, where nothing is known of the runtime.
TEXT ·callbackSafe(SB),NOSPLIT|NOFRAME,$0-0
	CALLBACK_SAVE
	CALLBACK_KEEP(SP)
	JMP	·callbackForeign(SB)

// void callbackReflected(void *result, void *const *args, void *record)    (SysV)
//
// The handler of all callbacks of the safe road (ReflectedRecord).
TEXT ·callbackReflected(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ	·reflectedSlot(SB), R11
	JMP	·callbackSafe(SB)

// func callbackGo()
//
// The goroutine's side of a callback in a running call.
//
// In:        R12 g0; R14 g; R15 m; AX the callbackFrame, CX its record; DI SI DX the first three integers; SP and BP as
//            at ccall's entry: to the unwinder the stub called this.
// Stack:     the goroutine's. SP is not written here: this function stands in the middle of stacks. `RET
//            ·callbackLeave` pops the frame and jumps.
// The thread is locked before anything else: from a stack check on, the goroutine could otherwise go on on another
// thread, away from the C frames. As in runtime.cgocallbackg it is the internal lock, which user code cannot undo. So
// g, m and g0 are the same afterwards. g0 comes from this frame: loading each from the one before would be half of what
// a callback costs.
//
//   72         return PC into the stub          <- SP at entry
//   64         saved BP
//   56         AUTO_SINCE of the call
//   48         AUTO_STATE of the call
//   40         g0
//    0...32    spill area of run
TEXT ·callbackGo(SB),NOSPLIT,$64-0
	NO_LOCAL_POINTERS
	CALLBACK_LOCK
	MOVQ	R12, 40(SP)
	CALLBACK_RUN
	MOVQ	40(SP), R12
	MOVQ	const_g_m(R14), R15
	CALLBACK_UNLOCK(locked)
	MARK(1, AX)
	RET	·callbackLeave(SB)

// func callbackTold()
//
// callbackGo for a call that the scheduler was told of: Blocking, or taken over. It leaves the system call, with the
// thread locked, and Auto hears how long C took for this segment of it; by what Auto then thinks of the function, the
// call goes on as a running or as a Blocking one.
//
// In:        as callbackGo's; R13 the mark of the call.
//
//   72         return PC into the stub          <- SP at entry
//   64         saved BP
//   56         AUTO_SINCE of the call; then: cycles since
//   48         AUTO_STATE of the call
//   40         callbackFrame
//    0...32    arguments of autoCallback; spill area of run
TEXT ·callbackTold(SB),NOSPLIT,$64-0
	NO_LOCAL_POINTERS
	CALLBACK_LOCK
	CALLBACK_KEEP(AX)
	MOVQ	R13, callbackFrame_mark(AX)
	MOVQ	AX, 40(SP)
	RDTSC
	SHLQ	$32, DX
	ORQ	AX, DX
	SUBQ	56(SP), DX
	MOVQ	DX, 56(SP)
	MARK(2, DX)
	CMPQ	R13, DX
	JNE	judged
	MOVQ	$0, 48(SP)
judged:
	MOVB	$0, const_m_incgo(R15)
	SUBL	$1, const_m_ncgo(R15)
	CALL	runtime·exitsyscall(SB)
	MOVQ	48(SP), AX
	TESTQ	AX, AX
	JZ	run
	MOVQ	AX, 0(SP)
	MOVQ	56(SP), AX
	MOVQ	AX, 8(SP)
	CALL	·autoCallback(SB)
run:
	MOVQ	TLS, R14
	MOVQ	0(R14)(TLS*1), R14
	MOVQ	40(SP), AX
	CALLBACK_KEPT(AX)
	CALLBACK_RUN
	MOVQ	const_g_m(R14), R15
	MOVQ	const_m_g0(R15), R12
	CALLBACK_UNLOCK(locked)
	MOVQ	40(SP), BX
	MARK(1, AX)
	CMPQ	callbackFrame_mark(BX), AX
	JNE	blocking
	RET	·callbackLeave(SB)
blocking:
	MOVQ	48(SP), AX
	MOVQ	AX, callbackFrame_auto(BX)
	RET	·callbackLeaveBlocking(SB)

// func callbackLeaveBlocking()
//
// callbackLeave for a call that is Blocking: it becomes a system call again first. Frameless, with SP and BP as at
// ccall's entry: those are what the runtime records.
TEXT ·callbackLeaveBlocking(SB),NOSPLIT|NOFRAME,$0-0
	CALL	runtime·entersyscall(SB)
	MOVQ	TLS, R14
	MOVQ	0(R14)(TLS*1), R14
	MOVQ	const_g_m(R14), R15
	TELL_M(R15, AX, noted)
	MOVQ	const_m_g0(R15), R12
	MOVQ	const_g_sched_sp(R12), R13		// callbackFrame
	MOVQ	callbackFrame_auto(R13), AX
	MOVQ	AX, AUTO_STATE(SP)
	STAMP
	MOVQ	callbackFrame_mark(R13), AX
	JMP	·callbackLeave(SB)

// func callbackLeave()
//
// Back to C. The goroutine is in a running (or Blocking) call again.
//
// In:        R14 g; R12 g0; AX the mark; SP and BP as at ccall's entry, wherever the stack lies by now.
// g.sched is whole before g0 is in TLS: whatever a take-over needs is there when it may come. Nothing has changed it
// when the callback has neither come by the scheduler nor called C: then nothing is stored, and what the next callback
// loads waits for no store.
TEXT ·callbackLeave(SB),NOSPLIT|NOFRAME,$0-0
	CMPQ	AX, const_g_sched_pc(R14)
	JNE	changed
	CMPQ	SP, const_g_sched_sp(R14)
	JNE	changed
	CMPQ	BP, const_g_sched_bp(R14)
	JNE	changed
leave:
	CALLBACK_TO_C
changed:
	MOVQ	AX, const_g_sched_pc(R14)
	MOVQ	SP, const_g_sched_sp(R14)
	MOVQ	SP, CALLER_SP(R12)
	MOVQ	BP, const_g_sched_bp(R14)
	JMP	leave

// func callbackUnwind()    (Go's register convention: R14 g; DX = callbackFrame)
//
// What a callback defers: called when a panic or Goexit is leaving it for good, and the C frames between are abandoned.
// Undoes what callbackEntry and callbackGo did: the system stack begins above those frames again, the lock count is as
// before. NOSPLIT and in one piece: nothing may run on the system stack or move the goroutine in between.
//
// Preserves: R14 and X15, as Go code expects.
TEXT ·callbackUnwind(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	const_g_m(R14), R15
	MOVQ	const_m_g0(R15), R12
	MOVQ	callbackFrame_g0sp(DX), BX
	MOVQ	BX, const_g_sched_sp(R12)
	CALLBACK_UNLOCK(locked)
	RET

// func callbackReturned()    (Go's register convention)
//
// What a callback has deferred when its Go function has returned.
TEXT ·callbackReturned(SB),NOSPLIT|NOFRAME,$0-0
	RET

// bool inGo(void)    (SysV)
//
// Whether this thread runs C code that Go called: a running or Blocking call of ours, or a cgo call. A leaf.
TEXT ·inGo(SB),NOSPLIT|NOFRAME,$0-0
	XORL	AX, AX
	MOVQ	TLS, R8
	MOVQ	0(R8)(TLS*1), R8
	TESTQ	R8, R8
	JZ	no
	MOVQ	const_g_m(R8), R8
	CMPL	const_m_ncgo(R8), $0
	JNE	yes
	MOVQ	const_m_curg(R8), R8
	TESTQ	R8, R8
	JZ	no
	MOVQ	const_g_sched_pc(R8), R8
	MARK(1, R9)
	SUBQ	R9, R8
	CMPQ	R8, $2
	JHI	no
yes:
	MOVL	$1, AX
no:
	RET
