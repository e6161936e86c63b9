#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Go functions that are called with registers and stack from memory: by callbacks of signatures that take more than
// callbackEntry has.

// func callGo(fn unsafe.Pointer, regs *GoRegs)
//
// Calls a Go func whose parameters and results are in registers alone.
// Stack:     the frame is the spill area that Go's convention wants the caller to have.
TEXT ·callGo(SB),0,$200-16
	NO_LOCAL_POINTERS
	MOVQ	regs+8(FP), R12
	MOVQ	fn+0(FP), DX
	LOAD_GO_REGS(R12)
	CALL	(DX)
	MOVQ	regs+8(FP), R12
	STORE_GO_REGS(R12)
	RET

// func callGoStackN(fn, stack unsafe.Pointer, args, frame uintptr, regs *GoRegs)
//
// callGo for parameters and results on the stack: stack holds args bytes of parameters, then results, frame bytes in
// all, which with the spill area behind them must fit in N. (package reflect's own way, runtime.reflectcall, is closed
// to others since Go 1.27.) The frame holds no pointers of its own to the collector: what is in the argument area is
// described by the callee.
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
	LOAD_GO_REGS(R12); \
	CALL	(DX); \
	MOVQ	regs+32(FP), R12; \
	STORE_GO_REGS(R12); \
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
