// What the files of callbacks share: callback_amd64.s, foreign_amd64.s and left_amd64.s. Labels that a macro jumps to
// are its parameters.

// CALLBACK_SAVE: the callee-saved registers and the callbackFrame.
// Out:       CX the record of the slot R11.
// Clobbers:  AX.
#define CALLBACK_SAVE \
	PUSHQ	BP; \
	PUSHQ	BX; \
	PUSHQ	R12; \
	PUSHQ	R13; \
	PUSHQ	R14; \
	PUSHQ	R15; \
	SUBQ	$callbackFrame__size, SP; \
	LEAQ	·callbackUnwind(SB), AX; \
	MOVQ	AX, callbackFrame_unwind(SP); \
	MOVQ	const_slotRecord(R11), CX

// CALLBACK_RETURN: return to C with the result in the callbackFrame at SP. Loads and a LEAQ instead of POPQ, and the
// last pop by its code: the assembler would miss the pushes, which are in another function.
#define CALLBACK_RETURN \
	MOVQ	callbackFrame_ints(SP), AX; \
	MOVQ	callbackFrame__size+0(SP), R15; \
	MOVQ	callbackFrame__size+8(SP), R14; \
	MOVQ	callbackFrame__size+16(SP), R13; \
	MOVQ	callbackFrame__size+24(SP), R12; \
	MOVQ	callbackFrame__size+32(SP), BX; \
	LEAQ	callbackFrame__size+40(SP), SP; \
	BYTE	$0x5d;		/* POPQ BP */ \
	RET

// CALLBACK_KEEP, CALLBACK_KEPT: what a callback was called with, into the callbackFrame and back.
#define CALLBACK_KEEP(frame) \
	MOVQ	CX, callbackFrame_record(frame); \
	MOVQ	DI, callbackFrame_ints+0(frame); \
	MOVQ	SI, callbackFrame_ints+8(frame); \
	MOVQ	DX, callbackFrame_ints+16(frame)
#define CALLBACK_KEPT(frame) \
	MOVQ	callbackFrame_record(frame), CX; \
	MOVQ	callbackFrame_ints+0(frame), DI; \
	MOVQ	callbackFrame_ints+8(frame), SI; \
	MOVQ	callbackFrame_ints+16(frame), DX

// CALLBACK_GOROUTINE: the goroutine whose C code this thread may be running; jumps to `none` when there is none.
// Out:       R12 g0, R15 m, R14 the goroutine, R13 its sched.pc.
#define CALLBACK_GOROUTINE(none) \
	MOVQ	TLS, R12; \
	MOVQ	0(R12)(TLS*1), R12; \
	TESTQ	R12, R12; \
	JZ	none; \
	MOVQ	const_g_m(R12), R15; \
	CMPQ	const_m_g0(R15), R12; \
	JNE	none; \
	MOVQ	const_m_curg(R15), R14; \
	TESTQ	R14, R14; \
	JZ	none; \
	MOVQ	const_g_sched_pc(R14), R13

// CALLBACK_FROM_C: the system stack begins below the callbackFrame at SP, and the goroutine R14 is the thread's.
// In:        R12 g0; AX its sched.sp.
// Out:       AX the callbackFrame; the goroutine in TLS. What is left to do is SP and BP.
// Clobbers:  BX.
#define CALLBACK_FROM_C \
	MOVQ	AX, callbackFrame_g0sp(SP); \
	MOVQ	SP, const_g_sched_sp(R12); \
	MOVQ	SP, AX; \
	MOVQ	TLS, BX; \
	MOVQ	R14, 0(BX)(TLS*1)

// CALLBACK_TO_C: undoes CALLBACK_FROM_C and returns to C.
// In:        R12 g0. Whatever a take-over needs of g is in its place: with g0 in TLS it may come.
#define CALLBACK_TO_C \
	MOVQ	TLS, BX; \
	MOVQ	R12, 0(BX)(TLS*1); \
	MOVQ	const_g_sched_sp(R12), SP; \
	MOVQ	callbackFrame_g0sp(SP), AX; \
	MOVQ	AX, const_g_sched_sp(R12); \
	CALLBACK_RETURN

// CALLBACK_TO_GO: to the goroutine's stack, whose SP is at `sp`, and on to callbackGo, or to `told` when the scheduler
// knows of the call. With g in TLS no signal takes the call over any more; only then is g.syscallsp looked at.
// In:        as CALLBACK_GOROUTINE's and CALLBACK_SAVE's Out; AX g0.sched.sp; DI SI DX the first three integers.
#define CALLBACK_TO_GO(sp, told) \
	CALLBACK_FROM_C; \
	MOVQ	const_g_sched_bp(R14), BP; \
	MOVQ	sp, SP; \
	CMPQ	const_g_syscallsp(R14), $0; \
	JNE	told; \
	JMP	·callbackGo(SB)

// CALLBACK_RUN: calls the record's run, a func value in Go's register convention. Two of C's arguments are where that
// has some of its own, in DI and SI.
// In:        AX the callbackFrame, CX its record; DI SI DX the first three integers; R14 g.
#define CALLBACK_RUN \
	MOVQ	DX, BX; \
	MOVQ	CallbackRecord_run(CX), DX; \
	XORPS	X15, X15; \
	CALL	(DX)

// CALLBACK_LOCK: locks the goroutine R14 to the thread, whose m is R15: see callbackGo. CALLBACK_UNLOCK undoes it, and
// defines `locked`, where it goes when somebody else has locked it, too.
#define CALLBACK_LOCK \
	ADDL	$1, const_m_lockedInt(R15); \
	MOVQ	R14, const_m_lockedg(R15); \
	MOVQ	R15, const_g_lockedm(R14)
#define CALLBACK_UNLOCK(locked) \
	SUBL	$1, const_m_lockedInt(R15); \
	JNE	locked; \
	CMPL	const_m_lockedExt(R15), $0; \
	JNE	locked; \
	MOVQ	$0, const_m_lockedg(R15); \
	MOVQ	$0, const_g_lockedm(R14); \
locked:

// What Go may use of the system stack in a callback: the runtime makes do with this much on the stacks that it
// allocates for threads itself (runtime.allocm).
#define GO_ROOM 16384

// CALLBACK_ROOM: jumps to `deep` when the runtime's bounds leave less than GO_ROOM below SP.
// In:        R12 g0. Clobbers BX.
#define CALLBACK_ROOM(deep) \
	LEAQ	-GO_ROOM(SP), BX; \
	CMPQ	BX, const_g_stack_lo(R12); \
	JLS	deep
