#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

#define ARGS_INTS (PlanArgs_regs+GoRegs_Ints)
#define ARGS_FLOATS (PlanArgs_regs+GoRegs_Floats)

// LOAD_GO_REGS, STORE_GO_REGS: all registers of Go's convention, from and to the GoRegs at R12; LOAD also makes the others
// what Go code expects. LOAD_GO_INTS: the integers alone.
#define LOAD_GO_INTS \
	MOVQ	GoRegs_Ints+0(R12), AX; \
	MOVQ	GoRegs_Ints+8(R12), BX; \
	MOVQ	GoRegs_Ints+16(R12), CX; \
	MOVQ	GoRegs_Ints+24(R12), DI; \
	MOVQ	GoRegs_Ints+32(R12), SI; \
	MOVQ	GoRegs_Ints+40(R12), R8; \
	MOVQ	GoRegs_Ints+48(R12), R9; \
	MOVQ	GoRegs_Ints+56(R12), R10; \
	MOVQ	GoRegs_Ints+64(R12), R11
#define LOAD_GO_REGS \
	LOAD_GO_INTS; \
	LOAD_FLOATS(GoRegs_Floats, R12); \
	LOAD_MORE_FLOATS(GoRegs_Floats, R12); \
	RESTORE_GO_REGS

#define STORE_GO_REGS \
	MOVQ	AX, GoRegs_Ints+0(R12); \
	MOVQ	BX, GoRegs_Ints+8(R12); \
	MOVQ	CX, GoRegs_Ints+16(R12); \
	MOVQ	DI, GoRegs_Ints+24(R12); \
	MOVQ	SI, GoRegs_Ints+32(R12); \
	MOVQ	R8, GoRegs_Ints+40(R12); \
	MOVQ	R9, GoRegs_Ints+48(R12); \
	MOVQ	R10, GoRegs_Ints+56(R12); \
	MOVQ	R11, GoRegs_Ints+64(R12); \
	SAVE_FLOATS(GoRegs_Floats, R12); \
	SAVE_MORE_FLOATS(GoRegs_Floats, R12)

// func bindPlan()
//
// The code of a bound function of any signature that has a plan (bridge/goplan.h): structs, strings, slices, funcs, long
// doubles, more arguments than registers.
//
// In:        DX the BoundFunc; Go's register convention, R14 g; stack arguments above the return PC.
// Out:       as the plan says; R14 = g, X15 = 0. Results on the stack are where Go's convention has them.
// Stack:     the frame is the argument area of bindPlanned, a PlanArgs. Its prototype declares the first words as
//            pointers: Mask says which integer registers go there too.
TEXT ·bindPlan(SB),NOSPLIT,$280-0
	NO_LOCAL_POINTERS
	MOVQ	DX, PlanArgs_f(SP)
	MOVQ	AX, ARGS_INTS+0(SP)
	MOVQ	BX, ARGS_INTS+8(SP)
	MOVQ	CX, ARGS_INTS+16(SP)
	MOVQ	DI, ARGS_INTS+24(SP)
	MOVQ	SI, ARGS_INTS+32(SP)
	MOVQ	R8, ARGS_INTS+40(SP)
	MOVQ	R9, ARGS_INTS+48(SP)
	MOVQ	R10, ARGS_INTS+56(SP)
	MOVQ	R11, ARGS_INTS+64(SP)
	MOVL	BoundFunc_Floats(DX), R12
	TESTL	R12, R12
	JEQ	saved
	SAVE_FLOATS(ARGS_FLOATS, SP)
	CMPL	R12, $8
	JLS	saved
	SAVE_MORE_FLOATS(ARGS_FLOATS, SP)
saved:
	ANDQ	BoundFunc_Mask+0(DX), AX
	ANDQ	BoundFunc_Mask+8(DX), BX
	ANDQ	BoundFunc_Mask+16(DX), CX
	ANDQ	BoundFunc_Mask+24(DX), DI
	ANDQ	BoundFunc_Mask+32(DX), SI
	ANDQ	BoundFunc_Mask+40(DX), R8
	ANDQ	BoundFunc_Mask+48(DX), R9
	ANDQ	BoundFunc_Mask+56(DX), R10
	ANDQ	BoundFunc_Mask+64(DX), R11
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	MOVQ	DI, 24(SP)
	MOVQ	SI, 32(SP)
	MOVQ	R8, 40(SP)
	MOVQ	R9, 48(SP)
	MOVQ	R10, 56(SP)
	MOVQ	R11, 64(SP)
	CALL	·bindPlanned(SB)
	MOVQ	PlanArgs_f(SP), DX
	MOVQ	ARGS_INTS+0(SP), AX
	MOVSD	ARGS_FLOATS+0(SP), X0
	CMPL	BoundFunc_LongResult(DX), $0
	JNE	long
done:
	RESTORE_GO_REGS
	RET
long:
	MOVQ	ARGS_INTS+8(SP), BX
	MOVQ	ARGS_INTS+16(SP), CX
	MOVQ	ARGS_INTS+24(SP), DI
	MOVQ	ARGS_INTS+32(SP), SI
	MOVQ	ARGS_INTS+40(SP), R8
	MOVQ	ARGS_INTS+48(SP), R9
	MOVQ	ARGS_INTS+56(SP), R10
	MOVQ	ARGS_INTS+64(SP), R11
	LOAD_FLOATS(ARGS_FLOATS, SP)
	LOAD_MORE_FLOATS(ARGS_FLOATS, SP)
	CMPQ	BoundFunc_Refused(DX), $0
	JEQ	done
	CMPQ	PlanArgs_refused(SP), $0
	JEQ	done
	RESTORE_GO_REGS
	RET	·bindRefused(SB)

// func bindRefused()
//
// bindPlan for arguments that no plan can be made for: on to the func value Refused, with the registers as they came.
TEXT ·bindRefused(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	BoundFunc_Refused(DX), DX
	MOVQ	0(DX), R15
	JMP	R15

// func bindPlanned(p0, p1, p2, p3, p4, p5, p6, p7, p8, f unsafe.Pointer, regs GoRegs, refused uintptr)
//
// The call of bindPlan: from here when C can do all of it, from Go code (boundGo) when not.
// Stack:     with a stack check (all registers are in memory): what a call needs below is more than the linker's budget.
// Unwind:    a plain frame with the pointer map of its prototype.
TEXT ·bindPlanned(SB),0,$40-280
	NO_LOCAL_POINTERS
	MOVQ	f+72(FP), AX
	LEAQ	p0+0(FP), BX
	MOVQ	AX, 0(SP)
	CMPL	BoundFunc_GoWork(AX), $0
	JNE	work
	MOVQ	BoundFunc_Plan(AX), CX
	MOVQ	CX, 8(SP)
	LEAQ	PlanArgs_regs(BX), CX
	MOVQ	CX, 16(SP)
	ADDQ	BoundFunc_StackAt(AX), BX
	MOVQ	BX, 24(SP)
	CALL	·planCall(SB)
	CMPQ	32(SP), $0
	JNE	long
	RET
long:
	MOVQ	f+72(FP), AX
	LEAQ	p0+0(FP), BX
	MOVQ	AX, 0(SP)
work:
	MOVQ	BX, 8(SP)
	CALL	·boundGo(SB)
	RET

// func planCall(f *BoundFunc, plan uintptr, regs *GoRegs, stack unsafe.Pointer) (status uintptr)
//
// Makes a call of f by a plan, running or Blocking: gw_go_call on the system stack, or the plan's code where it needs
// nothing but registers. regs and stack lie on the goroutine's stack: what Go's convention has in registers, then the
// results there; and Go's stack arguments.
TEXT ·planCall(SB),NOSPLIT,$8-40
	NO_LOCAL_POINTERS
	MOVQ	f+0(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	MOVL	AutoState_mode(BX), AX
	CMPL	AX, $const_AutoRunning
	JEQ	load
	CMPL	AX, $const_AutoClosed
	JEQ	closed
	CALL	runtime·entersyscall(SB)
	MOVQ	f+0(FP), R12
	MOVQ	BoundFunc_State(R12), BX
	CMPL	AutoState_mode(BX), $const_AutoBlocking
	JNE	load
	XORL	BX, BX				// for good: not timed
load:
	CMPL	BoundFunc_Direct(R12), $0
	JNE	direct
	MOVQ	plan+8(FP), DI
	MOVQ	TLS, SI
	MOVQ	0(SI)(TLS*1), SI
	MOVQ	regs+16(FP), DX
	MOVQ	stack+24(FP), CX
	MOVQ	BoundFunc_Chain(R12), R8
	LEAQ	gw_go_call(SB), R11
	CALL	·ccallFast(SB)
	MOVQ	AX, status+32(FP)
	RET
direct:
	MOVQ	R12, DX
	MOVQ	BX, R15
	MOVQ	regs+16(FP), R12
	LOAD_GO_INTS
	CMPL	BoundFunc_Floats(DX), $0
	JEQ	loaded
	LOAD_FLOATS(GoRegs_Floats, R12)
	LOAD_MORE_FLOATS(GoRegs_Floats, R12)
loaded:
	MOVQ	TLS, R14
	MOVQ	0(R14)(TLS*1), R14
	CALL	·codeCallAny(SB)
	MOVQ	f+0(FP), DX
	MOVQ	regs+16(FP), R12
	MOVQ	AX, GoRegs_Ints(R12)
	MOVSD	X0, GoRegs_Floats(R12)
	MOVQ	$0, status+32(FP)
	CMPL	BoundFunc_LongResult(DX), $0
	JNE	all
	RET
all:
	STORE_GO_REGS
	RET
closed:
	MOVQ	R12, 0(SP)
	CALL	·boundClosed(SB)
	RET

// func bindHidden()
//
// bindPlan for functions with pointers among their stack arguments, which nobody shows to the collector: the caller leaves
// that to the callee, whose prototype it would be. Copies of them go to the argument area of hiddenPinned, from where
// bindPlan is called with everything else as it came: BoundFunc's StackAt says how far away the stack arguments are then.
//
// In, Out:   as bindPlan's.
// Stack:     the frame is hiddenPinned's argument area, 16 words.
TEXT ·bindHidden(SB),NOSPLIT,$128-0
	NO_LOCAL_POINTERS
	MOVUPS	X15, 0(SP)
	MOVUPS	X15, 16(SP)
	MOVUPS	X15, 32(SP)
	MOVUPS	X15, 48(SP)
	MOVUPS	X15, 64(SP)
	MOVUPS	X15, 80(SP)
	MOVUPS	X15, 96(SP)
	MOVUPS	X15, 112(SP)
	MOVQ	BoundFunc_Hidden+0(DX), R12
	MOVQ	BoundFunc_Hidden+8(DX), R13
next:
	SUBQ	$1, R13
	JLT	pinned
	MOVL	0(R12)(R13*4), R15
	LEAQ	0(SP)(R15*1), R15
	MOVQ	144(R15), R15			// above the frame: saved BP, return PC
	MOVQ	R15, 0(SP)(R13*8)
	JMP	next
pinned:
	CALL	·hiddenPinned(SB)
	RET

// func hiddenPinned(h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15 unsafe.Pointer)
//
// Unwind:    a plain frame with the pointer map of its prototype.
TEXT ·hiddenPinned(SB),NOSPLIT,$8-128
	NO_LOCAL_POINTERS
	CALL	·bindPlan(SB)
	RET

// func callGo(fn unsafe.Pointer, regs *GoRegs)
//
// Calls a Go func whose parameters and results are in registers alone.
// Stack:     the frame is the spill area that Go's convention wants the caller to have.
TEXT ·callGo(SB),0,$200-16
	NO_LOCAL_POINTERS
	MOVQ	regs+8(FP), R12
	MOVQ	fn+0(FP), DX
	LOAD_GO_REGS
	CALL	(DX)
	MOVQ	regs+8(FP), R12
	STORE_GO_REGS
	RET

// func callGoStackN(fn, stack unsafe.Pointer, args, frame uintptr, regs *GoRegs)
//
// callGo for parameters and results on the stack: stack holds args bytes of parameters, then results, frame bytes in all,
// which with the spill area behind them must fit in N. (package reflect's own way, runtime.reflectcall, is closed to
// others since Go 1.27.)
// The frame holds no pointers of its own to the collector: what is in the argument area is described by the callee.
#define CALL_GO_STACK(NAME, SIZE) \
TEXT NAME(SB),0,$SIZE-40; \
	NO_LOCAL_POINTERS; \
	MOVQ	stack+8(FP), SI; \
	MOVQ	args+16(FP), CX; \
arguments: \
	SUBQ	$8, CX; \
	JLT	call; \
	MOVQ	(SI)(CX*1), AX; \
	MOVQ	AX, 0(SP)(CX*1); \
	JMP	arguments; \
call: \
	MOVQ	regs+32(FP), R12; \
	MOVQ	fn+0(FP), DX; \
	LOAD_GO_REGS; \
	CALL	(DX); \
	MOVQ	regs+32(FP), R12; \
	STORE_GO_REGS; \
	MOVQ	stack+8(FP), DI; \
	MOVQ	args+16(FP), AX; \
	MOVQ	frame+24(FP), CX; \
results: \
	SUBQ	$8, CX; \
	CMPQ	CX, AX; \
	JLT	done; \
	MOVQ	0(SP)(CX*1), SI; \
	MOVQ	SI, (DI)(CX*1); \
	JMP	results; \
done: \
	RET

CALL_GO_STACK(·callGoStack512, 512)
CALL_GO_STACK(·callGoStack4K, 4096)
CALL_GO_STACK(·callGoStack64K, 65536)
CALL_GO_STACK(·callGoStack3M, 3145728)
