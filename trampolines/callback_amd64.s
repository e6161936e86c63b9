#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

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
// Same-thread road if the innermost call of this thread's goroutine is one of ours: g0 in TLS, m.incgo, and one of the
// two marks in curg.sched.pc. Anything else is the runtime's own business (callbackForeign): no g at all, a foreign
// thread that kept its m, a real cgo call in between. Mistaking one for the other would corrupt the scheduler.
//
// Signals. Until m.incgo is cleared the call below is a running or a Blocking call, and may be taken over: the loads
// of syscallsp come later, on the goroutine's side. From then on g0 or g is in TLS and the PC is in assembly that
// writes SP: not preempted, not unwound.
TEXT ·callbackEntry(SB),NOSPLIT|NOFRAME,$0-0
	PUSHQ	BP
	MOVQ	SP, BP
	PUSHQ	BX
	PUSHQ	R12
	PUSHQ	R13
	PUSHQ	R14
	PUSHQ	R15
	SUBQ	$callbackFrame__size, SP
	MOVQ	DI, callbackFrame_ints+0(SP)
	MOVQ	SI, callbackFrame_ints+8(SP)
	MOVQ	DX, callbackFrame_ints+16(SP)
	MOVQ	CX, callbackFrame_ints+24(SP)
	MOVQ	R8, callbackFrame_ints+32(SP)
	MOVQ	R9, callbackFrame_ints+40(SP)
	SAVE_FLOATS(callbackFrame_floats, SP)
	MOVQ	const_slotRecord(R11), AX
	MOVQ	AX, callbackFrame_record(SP)

	MOVQ	TLS, R12
	MOVQ	0(R12)(TLS*1), R12		// g0?
	TESTQ	R12, R12
	JZ	foreign
	CMPL	·road(SB), $const_RoadSafe
	JEQ	foreign
	MOVQ	const_g_m(R12), R15
	CMPQ	const_m_g0(R15), R12
	JNE	foreign
	CMPB	const_m_incgo(R15), $0
	JEQ	foreign
	MOVQ	const_m_curg(R15), R13
	TESTQ	R13, R13
	JZ	foreign
	MOVQ	const_g_sched_pc(R13), R14
	LEAQ	·incall+1(SB), AX
	MOVQ	R14, BX
	SUBQ	AX, BX
	CMPQ	BX, $1
	JHI	foreign

	MOVB	$0, const_m_incgo(R15)
	MOVQ	R14, callbackFrame_mark(SP)
	MOVQ	const_g_sched_sp(R12), AX
	MOVQ	AX, callbackFrame_g0sp(SP)
	MOVQ	SP, const_g_sched_sp(R12)
	MOVQ	SP, AX
	MOVQ	TLS, BX
	MOVQ	R13, 0(BX)(TLS*1)
	MOVQ	const_g_sched_bp(R13), BP
	MOVQ	const_g_sched_sp(R13), SP
	JMP	·callbackGo(SB)
foreign:
	JMP	·callbackForeign(SB)

// func callbackGo()
//
// The goroutine's side of a callback on the same thread.
//
// In:        AX the callbackFrame; R13 g; R15 m; SP and BP as at ccall's entry: to the unwinder the stub called this.
// Stack:     the goroutine's. SP is not written here: this function stands in the middle of stacks. `RET ·callbackLeave`
//            pops the frame and jumps.
// The thread is locked before anything else, exitsyscall included: from a stack check on, the goroutine could otherwise
// go on on another thread, away from the C frames. As in runtime.cgocallbackg it is the internal lock, which user code
// cannot undo.
TEXT ·callbackGo(SB),NOSPLIT,$8-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 0(SP)
	ADDL	$1, const_m_lockedInt(R15)
	MOVQ	R13, const_m_lockedg(R15)
	MOVQ	R15, const_g_lockedm(R13)
	CMPQ	const_g_syscallsp(R13), $0
	JEQ	running
	SUBL	$1, const_m_ncgo(R15)
	CALL	runtime·exitsyscall(SB)
running:
	CALL	·callbackRun(SB)
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R13
	MOVQ	const_g_m(R13), R15
	SUBL	$1, const_m_lockedInt(R15)
	MOVL	const_m_lockedInt(R15), AX
	ORL	const_m_lockedExt(R15), AX
	JNE	locked
	MOVQ	$0, const_m_lockedg(R15)
	MOVQ	$0, const_g_lockedm(R13)
locked:
	MOVQ	const_m_g0(R15), AX
	MOVQ	const_g_sched_sp(AX), AX		// callbackFrame
	LEAQ	·incall+1(SB), BX
	CMPQ	callbackFrame_mark(AX), BX
	JNE	blocking
	RET	·callbackLeave(SB)
blocking:
	RET	·callbackLeaveBlocking(SB)

// func callbackLeaveBlocking()
//
// callbackLeave for a call that was Blocking: it becomes a system call again first. Frameless, with SP and BP as at
// ccall's entry: those are what the runtime records.
TEXT ·callbackLeaveBlocking(SB),NOSPLIT|NOFRAME,$0-0
	CALL	runtime·entersyscall(SB)
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R13
	MOVQ	const_g_m(R13), R15
	ADDL	$1, const_m_ncgo(R15)
	JMP	·callbackLeave(SB)

// func callbackLeave()
//
// Back to C. The goroutine is in a running (or Blocking) call again.
//
// In:        R13 g; R15 m; SP and BP as at ccall's entry, wherever the stack lies by now.
// g.sched is whole before g0 is in TLS, and m.incgo is set last: whatever a take-over needs is there when it may come.
TEXT ·callbackLeave(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	const_m_g0(R15), R12
	MOVQ	const_g_sched_sp(R12), R14		// callbackFrame
	MOVQ	callbackFrame_mark(R14), AX
	MOVQ	AX, const_g_sched_pc(R13)
	MOVQ	SP, const_g_sched_sp(R13)
	MOVQ	BP, const_g_sched_bp(R13)
	MOVQ	TLS, BX
	MOVQ	R12, 0(BX)(TLS*1)
	MOVQ	R14, SP
	MOVQ	callbackFrame_g0sp(SP), AX
	MOVQ	AX, const_g_sched_sp(R12)
	MOVB	$1, const_m_incgo(R15)
	JMP	·callbackReturn(SB)

// func callbackReturn()
//
// Return to C with the result in the callbackFrame at SP. Loads and one LEAQ instead of POPQ: the assembler would miss
// the pushes, which are in callbackEntry.
TEXT ·callbackReturn(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	callbackFrame_rax(SP), AX
	MOVSD	callbackFrame_xmm0(SP), X0
	MOVQ	callbackFrame__size+0(SP), R15
	MOVQ	callbackFrame__size+8(SP), R14
	MOVQ	callbackFrame__size+16(SP), R13
	MOVQ	callbackFrame__size+24(SP), R12
	MOVQ	callbackFrame__size+32(SP), BX
	MOVQ	callbackFrame__size+40(SP), CX
	XCHGQ	BP, CX				// go vet takes a MOVQ into BP for a lost frame pointer
	LEAQ	callbackFrame__size+48(SP), SP
	RET

// func callbackForeign()
//
// The road through runtime.cgocallback: binds an m to a thread that has none, or leaves the system call that a cgo
// call or a taken-over call made, runs callbackForeignRun(frame), and undoes it all.
//
// In:        SP the callbackFrame, 16-byte aligned; C stack.
TEXT ·callbackForeign(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	SP, AX
	SUBQ	$32, SP
	MOVQ	·callbackForeignPC(SB), BX
	MOVQ	BX, 0(SP)			// fn
	MOVQ	AX, 8(SP)			// frame
	MOVQ	$0, 16(SP)			// ctxt
	CALL	runtime·cgocallback(SB)
	ADDQ	$32, SP
	JMP	·callbackReturn(SB)

// func callbackInvoke(f *callbackFrame)
//
// Calls the Go function of f's record with Go's register convention and leaves the result in f.
//
// The first six integers and eight floats travel in the same order in both conventions, so that registers are just
// renamed. The frame's first 112 bytes are the spill area that the callee may use for its register arguments.
// Integer results narrower than a register are extended: C compilers expect it of _Bool at least.
TEXT ·callbackInvoke(SB),0,$112-8
	NO_LOCAL_POINTERS
	MOVQ	f+0(FP), R12
	MOVQ	callbackFrame_record(R12), R13
	MOVQ	CallbackRecord_Fn(R13), DX
	LOAD_FLOATS(callbackFrame_floats, R12)
	MOVQ	callbackFrame_ints+0(R12), AX
	MOVQ	callbackFrame_ints+8(R12), BX
	MOVQ	callbackFrame_ints+16(R12), CX
	MOVQ	callbackFrame_ints+24(R12), DI
	MOVQ	callbackFrame_ints+32(R12), SI
	MOVQ	callbackFrame_ints+40(R12), R8
	MOVL	CallbackRecord_Extend(R13), R10
	MOVL	R10, callbackFrame_extend(R12)
	XORPS	X15, X15
	MOVQ	TLS, R14
	MOVQ	0(R14)(TLS*1), R14
	MOVQ	0(DX), R12
	CALL	R12
	MOVQ	f+0(FP), R12
	MOVSD	X0, callbackFrame_xmm0(R12)
	MOVL	callbackFrame_extend(R12), CX
	TESTL	CX, CX
	JNE	extend
	MOVQ	AX, callbackFrame_rax(R12)
	RET
extend:
	JGT	unsigned
	NEGL	CX
	SHLQ	CX, AX
	SARQ	CX, AX
	MOVQ	AX, callbackFrame_rax(R12)
	RET
unsigned:
	SHLQ	CX, AX
	SHRQ	CX, AX
	MOVQ	AX, callbackFrame_rax(R12)
	RET

// func callbackUnwind(f *callbackFrame)
//
// A panic or Goexit is leaving the callback of f for good: the C frames between are abandoned. Undoes what
// callbackEntry and callbackGo did: the system stack begins above those frames again, the lock count is as before.
// NOSPLIT and in one piece: nothing may run on the system stack or move the goroutine in between.
TEXT ·callbackUnwind(SB),NOSPLIT,$0-8
	MOVQ	f+0(FP), AX
	MOVQ	TLS, R13
	MOVQ	0(R13)(TLS*1), R13
	MOVQ	const_g_m(R13), R15
	MOVQ	const_m_g0(R15), R12
	MOVQ	callbackFrame_g0sp(AX), BX
	MOVQ	BX, const_g_sched_sp(R12)
	SUBL	$1, const_m_lockedInt(R15)
	MOVL	const_m_lockedInt(R15), AX
	ORL	const_m_lockedExt(R15), AX
	JNE	locked
	MOVQ	$0, const_m_lockedg(R15)
	MOVQ	$0, const_g_lockedm(R13)
locked:
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
	LEAQ	·incall+1(SB), R9
	SUBQ	R9, R8
	CMPQ	R8, $1
	JHI	no
yes:
	MOVL	$1, AX
no:
	RET
