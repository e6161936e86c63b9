#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// CALLBACK_RETURN: return to C with the result in the callbackFrame at SP. Loads and a LEAQ instead of POPQ, and the last pop
// by its code: the assembler would miss the pushes, which are in callbackEntry.
#define CALLBACK_RETURN \
	MOVQ	callbackFrame_rax(SP), AX; \
	MOVSD	callbackFrame_floats+0(SP), X0; \
	MOVQ	callbackFrame__size+0(SP), R15; \
	MOVQ	callbackFrame__size+8(SP), R14; \
	MOVQ	callbackFrame__size+16(SP), R13; \
	MOVQ	callbackFrame__size+24(SP), R12; \
	MOVQ	callbackFrame__size+32(SP), BX; \
	LEAQ	callbackFrame__size+40(SP), SP; \
	BYTE	$0x5d;		/* POPQ BP */ \
	RET

// CALLBACK_SAVE: the callee-saved registers and the callbackFrame.
#define CALLBACK_SAVE \
	PUSHQ	BP; \
	MOVQ	SP, BP; \
	PUSHQ	BX; \
	PUSHQ	R12; \
	PUSHQ	R13; \
	PUSHQ	R14; \
	PUSHQ	R15; \
	SUBQ	$callbackFrame__size, SP

// CALLBACK_INTS: the first three integers, into the callbackFrame.
#define CALLBACK_INTS \
	MOVQ	DI, callbackFrame_ints+0(SP); \
	MOVQ	SI, callbackFrame_ints+8(SP); \
	MOVQ	DX, callbackFrame_ints+16(SP)

// CALLBACK_GOROUTINE: the goroutine whose C code this thread may be running.
// Out:       R12 g0, R15 m, R13 the goroutine, R14 its sched.pc. Jumps to `foreign` when there is none.
#define CALLBACK_GOROUTINE \
	MOVQ	TLS, R12; \
	MOVQ	0(R12)(TLS*1), R12; \
	TESTQ	R12, R12; \
	JZ	foreign; \
	MOVQ	const_g_m(R12), R15; \
	CMPQ	const_m_g0(R15), R12; \
	JNE	foreign; \
	MOVQ	const_m_curg(R15), R13; \
	TESTQ	R13, R13; \
	JZ	foreign; \
	MOVQ	const_g_sched_pc(R13), R14

// CALLBACK_FROM_C: the system stack begins below the callbackFrame at SP, and the goroutine R13 is the thread's.
// In:        R12 g0, R13 the goroutine.
// Out:       AX the callbackFrame; the goroutine in TLS. What is left to do is SP and BP.
// Clobbers:  BX.
#define CALLBACK_FROM_C \
	MOVQ	const_g_sched_sp(R12), AX; \
	MOVQ	AX, callbackFrame_g0sp(SP); \
	MOVQ	SP, const_g_sched_sp(R12); \
	MOVQ	SP, AX; \
	MOVQ	TLS, BX; \
	MOVQ	R13, 0(BX)(TLS*1)

// CALLBACK_TO_C: undoes CALLBACK_FROM_C and returns to C.
// In:        R12 g0, R14 the callbackFrame. Whatever a take-over needs of g is in its place: with g0 in TLS it may come.
#define CALLBACK_TO_C \
	MOVQ	TLS, BX; \
	MOVQ	R12, 0(BX)(TLS*1); \
	MOVQ	R14, SP; \
	MOVQ	callbackFrame_g0sp(SP), AX; \
	MOVQ	AX, const_g_sched_sp(R12); \
	CALLBACK_RETURN

// CALLBACK_BELOW: jumps to `above` unless SP is below the position where the C code of the goroutine's innermost call began:
// see callbackAbove.
// In:        R12 g0; SP the callbackFrame.
#define CALLBACK_BELOW \
	CMPQ	SP, const_g_sched_sp(R12); \
	JCC	above

// CALLBACK_TO_GO: to the goroutine's stack, whose SP is at `sp`: CALLER_SP(R12) if the mark is incall+1, else the one in R13.
// In:        as CALLBACK_GOROUTINE's Out.
// Out:       as callbackGo's In.
#define CALLBACK_TO_GO(sp) \
	MOVQ	R14, callbackFrame_mark(SP); \
	CALLBACK_FROM_C; \
	MOVQ	const_g_sched_bp(R13), BP; \
	MOVQ	sp, SP

// What Go may use of the system stack in a callback: the runtime makes do with this much on the stacks that it
// allocates for threads itself (runtime.allocm).
#define GO_ROOM 16384

// CALLBACK_ROOM: jumps to `deep` when the runtime's bounds leave less than GO_ROOM below SP.
// In:        R12 g0. Clobbers BX.
#define CALLBACK_ROOM \
	LEAQ	-GO_ROOM(SP), BX; \
	CMPQ	BX, const_g_stack_lo(R12); \
	JLS	deep

// CALLBACK_ENTER: the rest of callbackEntry, without asking for the road, and with the most frequent mark first. The
// integers stay in registers.
#define CALLBACK_ENTER \
	MOVQ	R11, callbackFrame_record(SP); \
	CALLBACK_GOROUTINE; \
	CALLBACK_BELOW; \
	MARK(1, AX); \
	CMPQ	R14, AX; \
	JNE	other; \
	CALLBACK_ROOM; \
	CALLBACK_TO_GO(CALLER_SP(R12)); \
	JMP	·callbackGo(SB); \
other: \
	MOVQ	R14, BX; \
	SUBQ	AX, BX; \
	CMPQ	BX, $2; \
	JHI	foreign; \
	CALLBACK_ROOM; \
	CALLBACK_TO_GO(const_g_sched_sp(R13)); \
	JMP	·callbackGo(SB); \
deep: \
	CALLBACK_INTS; \
	JMP	·callbackDeep(SB); \
above: \
	JMP	·callbackAbove(SB); \
foreign: \
	CALLBACK_INTS; \
	JMP	·callbackForeign(SB)

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

// void callbackForeign()
//
// Callbacks that are not on the same-thread road.
//
// In:        SP the callbackFrame, 16-byte aligned; C stack.
//
// A thread that C made keeps, since Go 1.21, what the runtime has for it: an extra m and its goroutine, which has nothing on
// its stack between callbacks and is in a system call. Entering that again is what a callback in a Blocking call does; what
// else runtime.cgocallback does for such a thread is looked for here, and callbackKept does the rest. The thread is idle in
// this sense when g0 is in TLS, the goroutine would go on at runtime.goexit, and m.isExtraInC, which is for such m's alone, is
// set. Its bounds must hold SP and GO_ROOM below it: else C has moved to another stack, or is deeper on one that the runtime
// only guessed (one of C's own making, of which pthreads know nothing, is taken to end 32 kB below the first call of Go), and
// the runtime has to look at the stack again. A guess that leaves so much is as good as a new one. Every 256th time
// it goes through the runtime all the same, for what that does there of its own accord: it turns the thread's profiling
// timer on and off, and makes extra m's for threads that wait for one. The count is in g0.schedlink: no g0 is ever in a list.
// (idlePC is runtime.goexit's, unless m.isExtraInC is not where the layout says, which the first callback of the first such
// thread finds out: it is 0 in Go, see firstForeign, and 1 when the thread is in C again and keeps its m.)
//
// All else goes through runtime.cgocallback: it binds an m to a thread that has none, or leaves the system call that a cgo
// call or a taken-over call made, runs callbackForeignRun(frame), and undoes it all. The C core keeps track of these frames
// (bridge/callback.c).
TEXT ·callbackForeign(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	·road(SB), $const_RoadSafe
	JEQ	foreign
	CALLBACK_GOROUTINE
	LEAQ	·idlePC(SB), BX
	CMPQ	R14, (BX)
	JNE	foreign
	CMPB	const_m_isExtraInC(R15), $1
	JNE	foreign
	LEAQ	-GO_ROOM(SP), BX
	CMPQ	BX, const_g_stack_lo(R12)
	JLS	foreign
	CMPQ	SP, const_g_stack_hi(R12)
	JHI	foreign
	ADDB	$1, const_g_schedlink(R12)
	JZ	foreign
	CALLBACK_FROM_C
	MOVQ	const_g_sched_sp(R13), BX
	MOVQ	R14, -8(BX)		// the return PC, as runtime.cgocallback leaves it
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
// In:        R13 g, R15 m, AX the callbackFrame; SP and BP as at runtime.goexit's call of the goroutine's function.
// Stack:     the goroutine's, with nothing on it.
// The goroutine is in a system call and isExtraInC says that it runs no Go, until exitsyscall has returned, and then again
// before entersyscall, as in runtime.cgocallbackg; for signals that come in between see signalBetween. The thread is locked
// for good, the count only keeps step with callbackUnwind.
//
//   48         return PC, runtime.goexit        <- SP at entry
//   40         saved BP, 0
//   32         callbackFrame
//    0...24    spill area of run
TEXT ·callbackKept(SB),NOSPLIT,$40-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 32(SP)
	ADDL	$1, const_m_lockedInt(R15)
	CALL	runtime·exitsyscall(SB)
	MOVQ	TLS, R14
	MOVQ	0(R14)(TLS*1), R14
	MOVQ	const_g_m(R14), R15
	MOVB	$0, const_m_incgo(R15)
	MOVB	$0, const_m_isExtraInC(R15)
	MOVL	$0, const_m_signalPending(R15)		// see clearSignalPending
	MOVQ	32(SP), AX
	MOVQ	callbackFrame_record(AX), R11
	MOVQ	callbackFrame_ints+0(AX), BX
	MOVQ	callbackFrame_ints+8(AX), CX
	MOVQ	callbackFrame_ints+16(AX), DI
	MOVQ	CallbackRecord_run(R11), DX
	XORPS	X15, X15
	CALL	(DX)
	MOVQ	const_g_m(R14), R15
	MOVB	$1, const_m_incgo(R15)
	SUBL	$1, const_m_lockedInt(R15)
	MOVB	$1, const_m_isExtraInC(R15)
	RET	·callbackKeptLeave(SB)

// func callbackKeptLeave()
//
// Back to C: the goroutine is in a system call again, with nothing on its stack. What the runtime records is the position
// here (Go's entersyscall, which looks for it, is reached by a jump) with SP as the goroutine began. The PC is then made
// runtime.goexit's again, as the runtime will want to find it. Both are where a stack ends, so that a collection, which may
// scan the stack as soon as entersyscall has run, does the same with either.
// A signal that comes before is signalBetween's; so is one that comes later, until g0 is in TLS.
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
	MOVQ	const_g_sched_sp(R12), R14		// callbackFrame
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

// func clearSignalPending()
//
// Makes sure that the runtime will send SIGURG to this thread when it wants it. It sends none while m.signalPending says
// that one is under way, and a SIGURG that hits a foreign thread between two of its m's is lost without clearing it. The
// runtime then waits for a stack check, and a loop in the callback may come by none. (Running calls clear it for themselves:
// CCALL_ENTER.) One SIGURG too many is harmless.
TEXT ·clearSignalPending(SB),NOSPLIT,$0-0
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	MOVQ	const_g_m(AX), AX
	MOVL	$0, const_m_signalPending(AX)
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
