#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"
#include "callback_amd64.h"

// void callbackEntry(...)    (SysV; R11 = struct gw_thunk_slot *)
//
// Where every thunk goes: C calls Go.
//
// In:        R11 the thunk's slot; DI SI DX CX R8 R9, X0-X7 the arguments.
// Out:       AX, X0 the result.
// Preserves: BX BP R12-R15, as SysV demands.
// Stack:     a C stack: g0's of this thread, or that of a thread which Go did not make. Below the saved registers lies
//            the callbackFrame, which stays until the callback ends; g0.sched.sp points at it meanwhile.
//
//   +return PC into C        <- SP at entry
//    BP BX R12 R13 R14 R15   callee-saved
//    callbackFrame           <- SP, 16-byte aligned
//
// Same-thread road if the innermost call of this thread's goroutine is one of ours: g0 in TLS, and one of the marks in
// curg.sched.pc. (The runtime writes a position of its own there whenever it moves to g0.) Anything else is the runtime's
// own business (callbackForeign): no g at all, a foreign thread that kept its m, a real cgo call in between. Mistaking one
// for the other would corrupt the scheduler.
//
// Signals. Until g is in TLS the call below is a running or a Blocking call, and may be taken over: syscallsp is looked at
// later, on the goroutine's side. From then on the PC is in assembly that writes SP: not preempted, not unwound.
TEXT ·callbackEntry(SB),NOSPLIT|NOFRAME,$0-0
	CALLBACK_SAVE
	MOVQ	const_slotRecord(R11), R11
	MOVQ	R11, callbackFrame_record(SP)
	CALLBACK_INTS
	MOVQ	CX, callbackFrame_ints+24(SP)
	MOVQ	R8, callbackFrame_ints+32(SP)
	MOVQ	R9, callbackFrame_ints+40(SP)
	CMPL	CallbackRecord_Floats(R11), $0
	JNE	floats
saved:
	CMPL	·road(SB), $const_RoadSafe
	JEQ	foreign
	CALLBACK_GOROUTINE
	MARK(1, AX)
	MOVQ	R14, BX
	SUBQ	AX, BX
	CMPQ	BX, $2
	JHI	foreign
	CALLBACK_BELOW
	CALLBACK_ROOM
	CALLBACK_TO_GO(const_g_sched_sp(R13))
	JMP	·callbackGo(SB)
deep:
	JMP	·callbackDeep(SB)
above:
	JMP	·callbackAbove(SB)
foreign:
	JMP	·callbackForeign(SB)
floats:
	SAVE_FLOATS(callbackFrame_floats, SP)
	JMP	saved

// void callbackEntryFew(...)    (SysV; R11 = struct gw_thunk_slot *)
//
// callbackEntry for a Go function with up to three integer parameters and no floats. Not for RoadSafe: it looks at the
// goroutine without asking.
TEXT ·callbackEntryFew(SB),NOSPLIT|NOFRAME,$0-0
	CALLBACK_SAVE
	MOVQ	const_slotRecord(R11), R11
	CALLBACK_ENTER

// void callbackEntryPlan(struct gw_go_invocation *call)    (SysV)
//
// C calls Go by a plan (PlanRecord): callbackEntryFew for whoever has put the Go function's arguments into call, and takes
// the results from there: the code of the plan, or its interpreter. The record is the one inside the PlanRecord.
TEXT ·callbackEntryPlan(SB),NOSPLIT|NOFRAME,$0-0
	CALLBACK_SAVE
	MOVQ	Invocation_record(DI), R11
	ADDQ	$PlanRecord_call, R11
	CALLBACK_ENTER

// void callbackDeep()
//
// callbackEntry and its kind when the system stack has less than GO_ROOM left, as far as the runtime knows. It may only
// have guessed where the stack ends (see callbackForeign), for C that has gone on since it was called from a callback:
// so C looks for the end, and the callback goes on.
//
// In:        SP the callbackFrame, 16-byte aligned, with the arguments in it; R12 g0; C stack, the same-thread road.
// The call below may be taken over meanwhile, as anywhere in C: what is needed of g and m is loaded afterwards.
TEXT ·callbackDeep(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	R12, DI
	MOVQ	SP, SI
	CALL	gw_stack_deeper(SB)
	CALLBACK_GOROUTINE
	MOVQ	callbackFrame_record(SP), R11
	MOVQ	callbackFrame_ints+0(SP), DI
	MOVQ	callbackFrame_ints+8(SP), SI
	MOVQ	callbackFrame_ints+16(SP), DX
	CALLBACK_TO_GO(const_g_sched_sp(R13))
	JMP	·callbackGo(SB)
foreign:
	UNDEF					// not on this road

// func callbackGo()
//
// The goroutine's side of a callback on the same thread.
//
// In:        R12 g0; R13 g; R15 m; AX the callbackFrame, R11 its record; DI SI DX the first three integers; SP and BP as at
//            ccall's entry: to the unwinder the stub called this.
// Stack:     the goroutine's. SP is not written here: this function stands in the middle of stacks. `RET ·callbackLeave`
//            pops the frame and jumps.
// The thread is locked before anything else, exitsyscall included: from a stack check on, the goroutine could otherwise
// go on on another thread, away from the C frames. As in runtime.cgocallbackg it is the internal lock, which user code
// cannot undo. So g, m and g0 are the same afterwards, and come from this frame: loading each from the one before would
// be half of what a callback costs.
// A call that the scheduler was told of is left here, and Auto hears how long C took for this segment of it; by what Auto
// then thinks of the function, the call goes on as a running or as a Blocking one.
// The record's run is called as a func value, in Go's register convention: AX, BX, CX, DI the arguments, R14 g, X15 0.
//
//   80         return PC into the stub          <- SP at entry
//   72         saved BP
//   64         AUTO_SINCE of the call; then: cycles since
//   56         AUTO_STATE of the call
//   48         callbackFrame
//   40 g0      32 m      24 g
//    0...16    arguments of autoCallback; spill area of run
TEXT ·callbackGo(SB),NOSPLIT,$72-0
	NO_LOCAL_POINTERS
	ADDL	$1, const_m_lockedInt(R15)
	MOVQ	R13, const_m_lockedg(R15)
	MOVQ	R15, const_g_lockedm(R13)
	MOVQ	R15, 32(SP)
	MOVQ	R12, 40(SP)
	MOVQ	AX, 48(SP)
	CMPQ	const_g_syscallsp(R13), $0
	JNE	told
run:
	MOVQ	DI, BX
	MOVQ	SI, CX
	MOVQ	DX, DI
	MOVQ	CallbackRecord_run(R11), DX
	MOVQ	R13, R14
	XORPS	X15, X15
	CALL	(DX)
	MOVQ	R14, R13
	MOVQ	32(SP), R15
	MOVQ	40(SP), R12
	MOVQ	48(SP), R14
	SUBL	$1, const_m_lockedInt(R15)
	JNE	locked
	CMPL	const_m_lockedExt(R15), $0
	JNE	locked
	MOVQ	$0, const_m_lockedg(R15)
	MOVQ	$0, const_g_lockedm(R13)
locked:
	MOVQ	callbackFrame_mark(R14), AX
	MARK(1, BX)
	CMPQ	AX, BX
	JNE	blocking
	RET	·callbackLeave(SB)
blocking:
	MOVQ	56(SP), AX
	MOVQ	AX, callbackFrame_auto(R14)
	RET	·callbackLeaveBlocking(SB)
told:
	MOVQ	R13, 24(SP)
	MOVQ	DI, callbackFrame_ints+0(AX)
	MOVQ	SI, callbackFrame_ints+8(AX)
	MOVQ	DX, callbackFrame_ints+16(AX)
	RDTSC					// AX is lost, 48(SP) has it
	SHLQ	$32, DX
	ORQ	AX, DX
	SUBQ	64(SP), DX
	MOVQ	DX, 64(SP)
	MOVQ	48(SP), AX
	MARK(2, DX)
	CMPQ	callbackFrame_mark(AX), DX
	JNE	judged
	MOVQ	$0, 56(SP)
judged:
	MOVB	$0, const_m_incgo(R15)
	SUBL	$1, const_m_ncgo(R15)
	CALL	runtime·exitsyscall(SB)
	MOVQ	56(SP), AX
	TESTQ	AX, AX
	JZ	left
	MOVQ	AX, 0(SP)
	MOVQ	64(SP), AX
	MOVQ	AX, 8(SP)
	CALL	·autoCallback(SB)
left:
	MOVQ	24(SP), R13
	MOVQ	48(SP), AX
	MOVQ	callbackFrame_record(AX), R11
	MOVQ	callbackFrame_ints+0(AX), DI
	MOVQ	callbackFrame_ints+8(AX), SI
	MOVQ	callbackFrame_ints+16(AX), DX
	JMP	run

// func callbackLeaveBlocking()
//
// callbackLeave for a call that is Blocking: it becomes a system call again first. Frameless, with SP and BP as at ccall's
// entry: those are what the runtime records.
TEXT ·callbackLeaveBlocking(SB),NOSPLIT|NOFRAME,$0-0
	CALL	runtime·entersyscall(SB)
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R13
	MOVQ	const_g_m(R13), R15
	TELL_M(R15, AX)
	MOVQ	const_m_g0(R15), R12
	MOVQ	const_g_sched_sp(R12), R14		// callbackFrame
	MOVQ	callbackFrame_auto(R14), AX
	MOVQ	AX, AUTO_STATE(SP)
	STAMP
	MOVQ	callbackFrame_mark(R14), AX
	JMP	·callbackLeave(SB)

// func callbackLeave()
//
// Back to C. The goroutine is in a running (or Blocking) call again.
//
// In:        R13 g; R12 g0; R14 the callbackFrame, AX its mark; SP and BP as at ccall's entry, wherever the stack lies by
//            now.
// g.sched is whole before g0 is in TLS: whatever a take-over needs is there when it may come.
TEXT ·callbackLeave(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	AX, const_g_sched_pc(R13)
	MOVQ	SP, const_g_sched_sp(R13)
	MOVQ	SP, CALLER_SP(R12)
	MOVQ	BP, const_g_sched_bp(R13)
	CALLBACK_TO_C

// func callbackUnwind()    (Go's register convention; DX = *departure)
//
// What a callback defers. Nothing when it has returned. Else a panic or Goexit is leaving it for good: the C frames between
// are abandoned. Undoes what callbackEntry and callbackGo did: the system stack begins above those frames again, the lock
// count is as before. NOSPLIT and in one piece: nothing may run on the system stack or move the goroutine in between.
//
// Preserves: R14 and X15, as Go code expects.
TEXT ·callbackUnwind(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	departure_f(DX), AX
	TESTQ	AX, AX
	JNE	left
	RET
left:
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R13
	MOVQ	const_g_m(R13), R15
	MOVQ	const_m_g0(R15), R12
	MOVQ	callbackFrame_g0sp(AX), BX
	MOVQ	BX, const_g_sched_sp(R12)
	SUBL	$1, const_m_lockedInt(R15)
	JNE	locked
	CMPL	const_m_lockedExt(R15), $0
	JNE	locked
	MOVQ	$0, const_m_lockedg(R15)
	MOVQ	$0, const_g_lockedm(R13)
locked:
	RET

// func currentCallback() *callbackFrame
//
// The frame of the callback that this thread is in.
TEXT ·currentCallback(SB),NOSPLIT,$0-8
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	MOVQ	const_g_m(AX), AX
	MOVQ	const_m_g0(AX), AX
	MOVQ	const_g_sched_sp(AX), AX
	MOVQ	AX, ret+0(FP)
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
