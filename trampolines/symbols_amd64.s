#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// Variables of the runtime's, defined once more. Since Go 1.23 the linker refuses a reference to what a release does not mean
// for others, and Go 1.24.0 does not mean lastmoduledatap, no release fwdSig; definitions it does not refuse. The first has a
// value from the linker, whoever defines it; the second is the handlers that the runtime found when it set its own.
// (This macro says -linkshared: the variables are in the runtime's shared library then, and must stay there.)
#ifndef GOBUILDMODE_shared
DATA runtime·lastmoduledatap+0(SB)/8, $0
GLOBL runtime·lastmoduledatap(SB), NOPTR, $8
#define HANDLERS_BEFORE runtime·fwdSig
#else
#define HANDLERS_BEFORE ·noHandlers
#endif
DATA HANDLERS_BEFORE+0(SB)/8, $0
GLOBL HANDLERS_BEFORE(SB), NOPTR, $(8*67)

// What Go code knows by its address is in tables (core.go). A plugin has functions of its own, the C core too, while variables
// are shared by all of the process: the tables of the first who has this package count for all, and there is one C core.
DATA ·Core+0(SB)/8, $gw_core(SB)
GLOBL ·Core(SB), RODATA|NOPTR, $8

DATA ·JitCore+0(SB)/8, $gw_jit_core(SB)
GLOBL ·JitCore(SB), RODATA|NOPTR, $8

DATA ·Asm+asmTable_incall(SB)/8, $·incall(SB)
DATA ·Asm+asmTable_signalEntry(SB)/8, $·signalEntry(SB)
DATA ·Asm+asmTable_signalIgnored(SB)/8, $·signalIgnored(SB)
DATA ·Asm+asmTable_handlersBefore(SB)/8, $HANDLERS_BEFORE(SB)
DATA ·Asm+asmTable_takeoverNow(SB)/8, $·takeoverNow(SB)
DATA ·Asm+asmTable_bindPlain(SB)/8, $·bindPlain(SB)
DATA ·Asm+asmTable_bindGeneral(SB)/8, $·bindGeneral(SB)
DATA ·Asm+asmTable_bindPlan(SB)/8, $·bindPlan(SB)
DATA ·Asm+asmTable_bindHidden(SB)/8, $·bindHidden(SB)
DATA ·Asm+asmTable_bindCode(SB)/8, $·bindCode(SB)
DATA ·Asm+asmTable_bindPlainPointers(SB)/8, $·bindPlainPointers(SB)
DATA ·Asm+asmTable_bindPointers3(SB)/8, $·bindPointers3(SB)
DATA ·Asm+asmTable_bindPointers9(SB)/8, $·bindPointers9(SB)
DATA ·Asm+asmTable_bindStrings3(SB)/8, $·bindStrings3(SB)
DATA ·Asm+asmTable_bindStrings9(SB)/8, $·bindStrings9(SB)
DATA ·Asm+asmTable_callbackEntry(SB)/8, $·callbackEntry(SB)
DATA ·Asm+asmTable_callbackReflected(SB)/8, $·callbackReflected(SB)
DATA ·Asm+asmTable_callbackReturned(SB)/8, $·callbackReturned(SB)
DATA ·Asm+asmTable_callbackReport(SB)/8, $·callbackReport(SB)
DATA ·Asm+asmTable_thenReturn(SB)/8, $·thenReturn(SB)
DATA ·Asm+asmTable_inGo(SB)/8, $·inGo(SB)
DATA ·Asm+asmTable_jitCounted(SB)/8, $·jitCounted(SB)
DATA ·Asm+asmTable_jitRefused(SB)/8, $·jitRefused(SB)
DATA ·Asm+asmTable_LastModule(SB)/8, $runtime·lastmoduledatap(SB)
DATA ·Asm+asmTable_Morestack(SB)/8, $runtime·morestack_noctxt(SB)
GLOBL ·Asm(SB), RODATA|NOPTR, $asmTable__size

// func linkCore(), func linkJit()
//
// Do nothing. The linker takes a C symbol from an object for C's linker only when code refers to it.
TEXT ·linkCore(SB),NOSPLIT,$0-0
	LEAQ	gw_core(SB), AX
	RET
TEXT ·linkJit(SB),NOSPLIT,$0-0
	LEAQ	gw_jit_core(SB), AX
	RET

// func getg() uintptr
TEXT ·getg(SB),NOSPLIT,$0-8
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	MOVQ	AX, ret+0(FP)
	RET

// func Call(fn, a0, a1, a2, a3, a4, a5 uintptr) uintptr
TEXT ·Call(SB),0,$8-64
	NO_LOCAL_POINTERS
	MOVQ	fn+0(FP), R11
	MOVQ	a0+8(FP), DI
	MOVQ	a1+16(FP), SI
	MOVQ	a2+24(FP), DX
	MOVQ	a3+32(FP), CX
	MOVQ	a4+40(FP), R8
	MOVQ	a5+48(FP), R9
	XORL	BX, BX
	CALL	·ccall(SB)
	MOVQ	AX, ret+56(FP)
	RET

// func CallBlocking(fn, a0, a1, a2, a3, a4, a5 uintptr) uintptr
TEXT ·CallBlocking(SB),0,$8-64
	NO_LOCAL_POINTERS
	CALL	·enterBlocking(SB)
	MOVQ	fn+0(FP), R11
	MOVQ	a0+8(FP), DI
	MOVQ	a1+16(FP), SI
	MOVQ	a2+24(FP), DX
	MOVQ	a3+32(FP), CX
	MOVQ	a4+40(FP), R8
	MOVQ	a5+48(FP), R9
	XORL	BX, BX
	CALL	·ccall(SB)
	MOVQ	AX, ret+56(FP)
	RET

// func RawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr
//
// gw_syscall pushes nothing and reads its seventh argument at 8(SP), as SysV says.
TEXT ·RawSyscall(SB),NOSPLIT,$8-64
	MOVQ	nr+0(FP), DI
	MOVQ	a1+8(FP), SI
	MOVQ	a2+16(FP), DX
	MOVQ	a3+24(FP), CX
	MOVQ	a4+32(FP), R8
	MOVQ	a5+40(FP), R9
	MOVQ	a6+48(FP), AX
	MOVQ	AX, 0(SP)
	LEAQ	gw_syscall(SB), R11
	CALL	R11
	MOVQ	AX, ret+56(FP)
	RET

// func peek(p uintptr) uintptr
TEXT ·peek(SB),NOSPLIT,$0-16
	MOVQ	p+0(FP), AX
	MOVQ	(AX), AX
	MOVQ	AX, ret+8(FP)
	RET

// func peek32(p uintptr) uint32
TEXT ·peek32(SB),NOSPLIT,$0-12
	MOVQ	p+0(FP), AX
	MOVL	(AX), AX
	MOVL	AX, ret+8(FP)
	RET

// func peek8(p uintptr) uint8
TEXT ·peek8(SB),NOSPLIT,$0-9
	MOVQ	p+0(FP), AX
	MOVB	(AX), AX
	MOVB	AX, ret+8(FP)
	RET

// func poke32(p uintptr, v uint32)
TEXT ·poke32(SB),NOSPLIT,$0-12
	MOVQ	p+0(FP), AX
	MOVL	v+8(FP), BX
	MOVL	BX, (AX)
	RET
