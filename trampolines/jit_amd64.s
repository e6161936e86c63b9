#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Func values of registered code (bridge/jit.c). A direct one needs nothing here: its code is the function. A counted
// one takes a Go function with a deferred call in the middle (jitRun); so the registers
// travel through memory, pointers where the collector sees them: it may run, or the stack may move, before the function
// is entered and after it has returned.

// JIT_SPILL: an integer register to the JitArgs at `args`, by its mask among those at masks(f). Clobbers R15.
// JIT_LOAD: back.
#define JIT_SPILL(i, reg, f, masks, args) \
	MOVQ	(masks+8*i)(f), R15; \
	ANDQ	reg, R15; \
	MOVQ	R15, (JitArgs_pointers+8*i)(args); \
	XORQ	R15, reg; \
	MOVQ	reg, (JitArgs_regs+GoRegs_Ints+8*i)(args)
#define JIT_LOAD(i, reg, args) \
	MOVQ	(JitArgs_regs+GoRegs_Ints+8*i)(args), reg; \
	ORQ	(JitArgs_pointers+8*i)(args), reg
#define JIT_FLOATS (JitArgs_regs+GoRegs_Floats)

// JIT_SPILL_ALL, JIT_LOAD_ALL: all registers of Go's convention; f is a register with the JitFunc, masks its In or Out.
// The last parameter is a label, one for each use in a function.
#define JIT_SPILL_ALL(f, masks, args, spilled) \
	JIT_SPILL(0, AX, f, masks, args); \
	JIT_SPILL(1, BX, f, masks, args); \
	JIT_SPILL(2, CX, f, masks, args); \
	JIT_SPILL(3, DI, f, masks, args); \
	JIT_SPILL(4, SI, f, masks, args); \
	JIT_SPILL(5, R8, f, masks, args); \
	JIT_SPILL(6, R9, f, masks, args); \
	JIT_SPILL(7, R10, f, masks, args); \
	JIT_SPILL(8, R11, f, masks, args); \
	CMPL	JitFunc_Floats(f), $0; \
	JEQ	spilled; \
	SAVE_FLOATS(JIT_FLOATS, args); \
	SAVE_MORE_FLOATS(JIT_FLOATS, args); \
spilled:
#define JIT_LOAD_ALL(f, args, integers) \
	CMPL	JitFunc_Floats(f), $0; \
	JEQ	integers; \
	LOAD_FLOATS(JIT_FLOATS, args); \
	LOAD_MORE_FLOATS(JIT_FLOATS, args); \
integers: \
	JIT_LOAD(0, AX, args); \
	JIT_LOAD(1, BX, args); \
	JIT_LOAD(2, CX, args); \
	JIT_LOAD(3, DI, args); \
	JIT_LOAD(4, SI, args); \
	JIT_LOAD(5, R8, args); \
	JIT_LOAD(6, R9, args); \
	JIT_LOAD(7, R10, args); \
	JIT_LOAD(8, R11, args)

// func jitCounted()
//
// The code of a counted func value.
//
// In:        DX the JitFunc; Go's register convention, R14 g.
// Out:       as the function left them: results in registers; R14 = g, X15 = 0.
// Stack:     the frame is the argument area of jitCountedCall, a JitArgs. NOSPLIT: a stack check would lose the
//            registers.
// Unwind:    a plain frame without pointers of its own; those in the area are jitCountedCall's arguments.
TEXT ·jitCounted(SB),NOSPLIT,$272-0
	NO_LOCAL_POINTERS
	MOVQ	DX, JitArgs_f(SP)
	JIT_SPILL_ALL(DX, JitFunc_In, SP, spilled)
	CALL	·jitCountedCall(SB)
	MOVQ	JitArgs_f(SP), DX
	JIT_LOAD_ALL(DX, SP, integers)
	RESTORE_GO_REGS
	RET

// func jitCountedCall(p0, p1, p2, p3, p4, p5, p6, p7, p8, f unsafe.Pointer, regs GoRegs)
//
// In:        its arguments, a JitArgs, which the results replace.
// Stack:     with a stack check; all registers are in memory.
// Unwind:    a plain frame with the pointer map of its prototype, in force all the while.
// Called by: jitCounted.
TEXT ·jitCountedCall(SB),0,$16-272
	NO_LOCAL_POINTERS
	MOVQ	f+72(FP), AX
	LEAQ	p0+0(FP), BX
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	CALL	·jitRun(SB)
	RET

// func jitEnter(f *JitFunc, args *JitArgs)
//
// Calls the function with the registers of args, and puts its results there.
//
// Stack:     the frame is the spill area that Go's convention wants the caller to have. A result that is a pointer into
//            this goroutine's stack is in args, and adjusted there, before anything can move the stack.
// Called by: jitRun.
TEXT ·jitEnter(SB),0,$192-16
	NO_LOCAL_POINTERS
	MOVQ	f+0(FP), DX
	MOVQ	args+8(FP), R12
	JIT_LOAD_ALL(DX, R12, integers)
	RESTORE_GO_REGS
	MOVQ	JitFunc_Entry(DX), R13
	CALL	R13
	MOVQ	f+0(FP), DX
	MOVQ	args+8(FP), R12
	JIT_SPILL_ALL(DX, JitFunc_Out, R12, spilled)
	RET

// func jitRefused()
//
// The code of a direct func value after its function was retired.
//
// In:        DX the JitFunc; R14 g. The arguments are of no interest.
// Out:       never: jitRefuse panics.
TEXT ·jitRefused(SB),NOSPLIT,$8-0
	NO_LOCAL_POINTERS
	MOVQ	DX, 0(SP)
	CALL	·jitRefuse(SB)
	UNDEF
