// What must be identical wherever a trampoline does it.

// CALLER_SP(g0): while a thread runs C code whose innermost call from Go is ours and still running (incall+1 in
// curg.sched.pc), what curg.sched.sp is, too. A callback that gets there from g0, without asking m and curg first,
// begins two loads earlier, and as what leaves the callback again restores g0 from the goroutine's stack, these loads
// are what a chain of callbacks takes its time for. The goroutine's stack does not move while C runs: a running
// goroutine's never does, nor one's in a system call. The runtime has no use for waitsince of a g0, which never waits.
#define CALLER_SP(g0) const_g_waitsince(g0)

// MARK: incall+n, into reg. From a variable, since a plugin has functions of its own, incall too, while variables are
// shared by all of the process: the first to have one has it for all.
#define MARK(n, reg) \
	LEAQ	·marks(SB), reg; \
	MOVQ	(8*(n-1))(reg), reg

// MARK_RUNNING: incall+1, into reg, in one instruction but for plugins, where it clobbers R15.
#define MARK_RUNNING(reg) MOVQ ·marks(SB), reg

// ON_G0: AX g0, CX m when g0 is in TLS; else a jump to `no`. On any thread, one without a g too.
#define ON_G0(no) \
	MOVQ	TLS, AX; \
	MOVQ	0(AX)(TLS*1), AX; \
	TESTQ	AX, AX; \
	JZ	no; \
	MOVQ	const_g_m(AX), CX; \
	TESTQ	CX, CX; \
	JZ	no; \
	CMPQ	const_m_g0(CX), AX; \
	JNE	no

// RUNNING: what a running call begins with. In: R12 g, R15 m. m.signalPending: the runtime sends no SIGURG while that
// says that one is under way, and on a thread that C made one that hits C before a cgo export has come all the way to
// Go is lost without clearing it. A running call would then never be taken over. One SIGURG too many is harmless. (A
// Blocking call leaves it: by this a handler knows whose signal has ended a wait.)
#define RUNNING \
	MOVL	$0, const_m_signalPending(R15)

// TO_G0: from the goroutine to g0, but for SP. ccall's contract says more.
// In:        R12 g, R13 the mark, R15 m; AUTO_STATE(SP) is stored; goroutine stack, g in TLS.
// Out:       R12 g, R13 g.stack.hi - SP, R14 BP - SP, which C preserves; R15 where g0's stack begins, 16-byte aligned;
//            g.sched whole, g0 in TLS.
// Until SP is on g0's stack no signal takes the call over: what belongs to the caller can be loaded until then, and not
// after.
#define TO_G0 \
	MOVQ	R13, const_g_sched_pc(R12); \
	MOVQ	SP, const_g_sched_sp(R12); \
	MOVQ	BP, const_g_sched_bp(R12); \
	MOVQ	const_m_g0(R15), R15; \
	MOVQ	SP, CALLER_SP(R15); \
	MOVQ	TLS, R13; \
	MOVQ	R15, 0(R13)(TLS*1); \
	MOVQ	const_g_stack_hi(R12), R13; \
	SUBQ	SP, R13; \
	MOVQ	BP, R14; \
	SUBQ	SP, R14; \
	MOVQ	const_g_sched_sp(R15), R15; \
	ANDQ	$~15, R15

// CALL_CODE: calls the machine code of a plan (bridge/gocode.c) for the function fn; at says where Go's stack arguments
// are (BoundFunc.At), MOVE fetches it. In: as TO_G0's Out. (X15 is the one that Go's convention leaves free.)
#define CALL_CODE(code, fn, MOVE, at) \
	MOVQ	fn, X15; \
	MOVE	at, BP; \
	MOVQ	code, DX; \
	MOVQ	R15, SP; \
	MOVQ	X15, R15; \
	CALL	DX

// TELL_M: what the runtime notes in m of a call of C that the scheduler knows of, as runtime.cgocall does. C frames
// that a signal in an earlier call has found (runtime.SetCgoTraceback) are none of this one's.
#define TELL_M(m, scratch, noted) \
	ADDL	$1, const_m_ncgo(m); \
	MOVB	$1, const_m_incgo(m); \
	MOVQ	const_m_cgoCallers(m), scratch; \
	TESTQ	scratch, scratch; \
	JZ	noted; \
	MOVQ	$0, 0(scratch); \
noted:

// TELL: what a call begins with that the scheduler has been told of. Jumps to `marked`.
// In:        R12 g, R15 m; AUTO_STATE(SP).
// Out:       R13 the mark. Clobbers nothing else.
#define TELL(marked, noted) \
	TELL_M(R15, R13, noted); \
	MARK(2, R13); \
	CMPQ	AUTO_STATE(SP), $0; \
	JEQ	marked; \
	MARK(3, R13); \
	STAMP; \
	JMP	marked

// FROM_C: the way back from C to the goroutine stack.
// In:        R12 g, R13 and R14 as TO_G0 left them; on g0's stack, g0 in TLS.
// Out:       goroutine stack, SP and BP as at entry, g in TLS; jumps to `told` when the scheduler knows of the call, to
//            `left` when g.sched.sp is not that of this call: every callback restores it, so C has jumped past one
//            (longjmp).
// Clobbers:  scratch. With g in TLS no signal takes the call over any more; only then is g.syscallsp looked at.
#define FROM_C(scratch, left, told) \
	MOVQ	TLS, scratch; \
	MOVQ	R12, 0(scratch)(TLS*1); \
	MOVQ	const_g_stack_hi(R12), scratch; \
	SUBQ	R13, scratch; \
	MOVQ	scratch, SP; \
	LEAQ	(SP)(R14*1), BP; \
	CMPQ	SP, const_g_sched_sp(R12); \
	JNE	left; \
	CMPQ	const_g_syscallsp(R12), $0; \
	JNE	told

// COUNT_VECTORS: AL, in which a variadic C function expects an upper bound of the vector registers in use (psABI
// 3.2.3): all eight. Nobody but the caller knows whether a function is variadic, so every call sets it, right before
// the CALL.
// Clobbers:  AX, which carries no argument to C.
#define COUNT_VECTORS MOVL $8, AX

// While C runs, two words below ccall's entry SP belong to the call: nothing else uses them, and callbackGo's frame,
// which lies there during a callback, leaves them alone.
//   -8    (return PC of what is called there)
//   -16   AUTO_SINCE  time stamp of when the scheduler was told: the start of a Blocking call, or a take-over
//   -24   AUTO_STATE  the Auto state of the function, or 0
#define AUTO_SINCE (-16)
#define AUTO_STATE (-24)

// ASKED_TO_YIELD: jumps to `other`, where the scheduler is told of the call, when it has asked this goroutine to make
// way: for entries that have no stack check, which is where Go code looks. At the end of such a call it yields
// (LEAVE_TOLD). So a loop of calls makes way as one of Go calls does.
// In:        R14 g.
#define ASKED_TO_YIELD(other) \
	CMPQ	const_g_stackguard0(R14), $const_stackPreempt; \
	JEQ	other

// LEAVE_TOLD: leaves the system call that a call was told as, tells Auto of it, and makes way for others when the
// scheduler has asked for it meanwhile, as the stack check of a cgo stub would. See callEnd.
// In:        R12 g; a frame of F bytes, entered with SP as at ccall's entry, so that AUTO_SINCE is at F-8, AUTO_STATE
//            at F-16.
// Clobbers:  every register but SP and BP; 0...16 of the frame, where autoSegment's arguments lie. exitsyscall has
//            none, and leaves those words alone.
#define LEAVE_TOLD(F, judged, exit, untimed, done) \
	MARK(2, DX); \
	CMPQ	const_g_sched_pc(R12), DX; \
	JNE	judged; \
	MOVQ	$0, (F-16)(SP); \
judged: \
	CMPQ	(F-16)(SP), $0; \
	JEQ	exit; \
	RDTSC; \
	SHLQ	$32, DX; \
	ORQ	AX, DX; \
	SUBQ	(F-8)(SP), DX; \
	MOVQ	DX, 8(SP); \
	MARK(1, AX); \
	XORL	DX, DX; \
	CMPQ	const_g_sched_pc(R12), AX; \
	SETEQ	DX; \
	MOVQ	DX, (F-8)(SP); \
exit: \
	MOVQ	const_g_m(R12), R15; \
	MOVB	$0, const_m_incgo(R15); \
	SUBL	$1, const_m_ncgo(R15); \
	CALL	runtime·exitsyscall(SB); \
	MOVQ	(F-16)(SP), AX; \
	TESTQ	AX, AX; \
	JZ	untimed; \
	MOVQ	AX, 0(SP); \
	MOVQ	(F-8)(SP), AX; \
	MOVQ	AX, 16(SP); \
	CALL	·autoSegment(SB); \
untimed: \
	MOVQ	TLS, R14; \
	MOVQ	0(R14)(TLS*1), R14; \
	CMPQ	const_g_stackguard0(R14), $const_stackPreempt; \
	JNE	done; \
	CALL	·yield(SB); \
done:

// STAMP stores the time stamp counter at AUTO_SINCE(SP). Clobbers nothing; uses the two words below AUTO_STATE.
#define STAMP \
	MOVQ	AX, -32(SP); \
	MOVQ	DX, -40(SP); \
	RDTSC; \
	SHLQ	$32, DX; \
	ORQ	AX, DX; \
	MOVQ	DX, AUTO_SINCE(SP); \
	MOVQ	-32(SP), AX; \
	MOVQ	-40(SP), DX

// RESTORE_GO_REGS: what Go code expects after a call by its register convention, whatever C did to these.
#define RESTORE_GO_REGS \
	XORPS	X15, X15; \
	MOVQ	TLS, R14; \
	MOVQ	0(R14)(TLS*1), R14

// SAVE_ARGS, LOAD_ARGS: the registers that carry arguments in the SysV convention, to and from the callRegs at
// off(base).
#define SAVE_ARGS(off, base) \
	MOVQ	AX, callRegs_al+off(base); \
	MOVQ	DI, callRegs_ints+0+off(base); \
	MOVQ	SI, callRegs_ints+8+off(base); \
	MOVQ	DX, callRegs_ints+16+off(base); \
	MOVQ	CX, callRegs_ints+24+off(base); \
	MOVQ	R8, callRegs_ints+32+off(base); \
	MOVQ	R9, callRegs_ints+40+off(base); \
	SAVE_FLOATS(callRegs_floats+off, base)

#define LOAD_ARGS(off, base) \
	MOVQ	callRegs_al+off(base), AX; \
	MOVQ	callRegs_ints+0+off(base), DI; \
	MOVQ	callRegs_ints+8+off(base), SI; \
	MOVQ	callRegs_ints+16+off(base), DX; \
	MOVQ	callRegs_ints+24+off(base), CX; \
	MOVQ	callRegs_ints+32+off(base), R8; \
	MOVQ	callRegs_ints+40+off(base), R9; \
	LOAD_FLOATS(callRegs_floats+off, base)

#define SAVE_FLOATS(off, base) \
	MOVSD	X0, off+0(base); \
	MOVSD	X1, off+8(base); \
	MOVSD	X2, off+16(base); \
	MOVSD	X3, off+24(base); \
	MOVSD	X4, off+32(base); \
	MOVSD	X5, off+40(base); \
	MOVSD	X6, off+48(base); \
	MOVSD	X7, off+56(base)

#define LOAD_FLOATS(off, base) \
	MOVSD	off+0(base), X0; \
	MOVSD	off+8(base), X1; \
	MOVSD	off+16(base), X2; \
	MOVSD	off+24(base), X3; \
	MOVSD	off+32(base), X4; \
	MOVSD	off+40(base), X5; \
	MOVSD	off+48(base), X6; \
	MOVSD	off+56(base), X7

// SAVE_MORE_FLOATS, LOAD_MORE_FLOATS: the rest of Go's float registers, behind the first eight.
#define SAVE_MORE_FLOATS(off, base) \
	MOVSD	X8, off+64(base); \
	MOVSD	X9, off+72(base); \
	MOVSD	X10, off+80(base); \
	MOVSD	X11, off+88(base); \
	MOVSD	X12, off+96(base); \
	MOVSD	X13, off+104(base); \
	MOVSD	X14, off+112(base)

#define LOAD_MORE_FLOATS(off, base) \
	MOVSD	off+64(base), X8; \
	MOVSD	off+72(base), X9; \
	MOVSD	off+80(base), X10; \
	MOVSD	off+88(base), X11; \
	MOVSD	off+96(base), X12; \
	MOVSD	off+104(base), X13; \
	MOVSD	off+112(base), X14

// LOAD_GO_REGS, STORE_GO_REGS: all registers of Go's convention, from and to the GoRegs at base; LOAD also makes the
// others what Go code expects.
#define LOAD_GO_REGS(base) \
	MOVQ	GoRegs_Ints+0(base), AX; \
	MOVQ	GoRegs_Ints+8(base), BX; \
	MOVQ	GoRegs_Ints+16(base), CX; \
	MOVQ	GoRegs_Ints+24(base), DI; \
	MOVQ	GoRegs_Ints+32(base), SI; \
	MOVQ	GoRegs_Ints+40(base), R8; \
	MOVQ	GoRegs_Ints+48(base), R9; \
	MOVQ	GoRegs_Ints+56(base), R10; \
	MOVQ	GoRegs_Ints+64(base), R11; \
	LOAD_FLOATS(GoRegs_Floats, base); \
	LOAD_MORE_FLOATS(GoRegs_Floats, base); \
	RESTORE_GO_REGS

#define STORE_GO_REGS(base) \
	MOVQ	AX, GoRegs_Ints+0(base); \
	MOVQ	BX, GoRegs_Ints+8(base); \
	MOVQ	CX, GoRegs_Ints+16(base); \
	MOVQ	DI, GoRegs_Ints+24(base); \
	MOVQ	SI, GoRegs_Ints+32(base); \
	MOVQ	R8, GoRegs_Ints+40(base); \
	MOVQ	R9, GoRegs_Ints+48(base); \
	MOVQ	R10, GoRegs_Ints+56(base); \
	MOVQ	R11, GoRegs_Ints+64(base); \
	SAVE_FLOATS(GoRegs_Floats, base); \
	SAVE_MORE_FLOATS(GoRegs_Floats, base)
