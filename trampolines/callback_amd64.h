// What the files of callbacks share: callback_amd64.s, foreign_amd64.s and left_amd64.s.

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
