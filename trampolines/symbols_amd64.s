#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// CALL_CORE: the call of Call and CallBlocking, by their arguments. (Up here because go vet takes what follows a
// function for a part of it.)
#define CALL_CORE \
	MOVQ	fn+0(FP), R11; \
	MOVQ	a0+8(FP), DI; \
	MOVQ	a1+16(FP), SI; \
	MOVQ	a2+24(FP), DX; \
	MOVQ	a3+32(FP), CX; \
	MOVQ	a4+40(FP), R8; \
	MOVQ	a5+48(FP), R9; \
	XORL	BX, BX; \
	CALL	·ccall(SB)

// Variables of the runtime's, defined once more. Since Go 1.23 the linker refuses a reference to what a release does
// not mean for others, and Go 1.24.0 does not mean lastmoduledatap, no release fwdSig; definitions it does not refuse.
// The first has a value from the linker, whoever defines it; the second is the handlers that the runtime found when it
// set its own. (This macro says -linkshared: the variables are in the runtime's shared library then, and must stay
// there.)
#ifndef GOBUILDMODE_shared
DATA runtime·lastmoduledatap+0(SB)/8, $0
GLOBL runtime·lastmoduledatap(SB), NOPTR, $8
#define HANDLERS_BEFORE runtime·fwdSig
#else
#define HANDLERS_BEFORE ·noHandlers
#endif
DATA HANDLERS_BEFORE+0(SB)/8, $0
GLOBL HANDLERS_BEFORE(SB), NOPTR, $(8*67)

// func coreAddress() *coreTable
//
// For core.go. The linker takes a C symbol from an object for C's linker only when code refers to it.
TEXT ·coreAddress(SB),NOSPLIT,$0-8
	LEAQ	gw_core(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

// func asmAddresses() *asmTable
TEXT ·asmAddresses(SB),NOSPLIT,$0-8
	LEAQ	·asmWords(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

DATA ·asmWords+asmTable_incall(SB)/8, $·incall(SB)
DATA ·asmWords+asmTable_signalEntry(SB)/8, $·signalEntry(SB)
DATA ·asmWords+asmTable_signalIgnored(SB)/8, $·signalIgnored(SB)
DATA ·asmWords+asmTable_handlersBefore(SB)/8, $HANDLERS_BEFORE(SB)
DATA ·asmWords+asmTable_takeoverNow(SB)/8, $·takeoverNow(SB)
DATA ·asmWords+asmTable_bindPlain(SB)/8, $·bindPlain(SB)
DATA ·asmWords+asmTable_bindCall(SB)/8, $·bindCall(SB)
DATA ·asmWords+asmTable_bindFew(SB)/8, $·bindFew(SB)
DATA ·asmWords+asmTable_bindMany(SB)/8, $·bindMany(SB)
DATA ·asmWords+asmTable_bindWork(SB)/8, $·bindWork(SB)
DATA ·asmWords+asmTable_callbackEntry(SB)/8, $·callbackEntry(SB)
DATA ·asmWords+asmTable_callbackReflected(SB)/8, $·callbackReflected(SB)
DATA ·asmWords+asmTable_callbackReturned(SB)/8, $·callbackReturned(SB)
DATA ·asmWords+asmTable_callbackReport(SB)/8, $·callbackReport(SB)
DATA ·asmWords+asmTable_thenReturn(SB)/8, $·thenReturn(SB)
DATA ·asmWords+asmTable_inGo(SB)/8, $·inGo(SB)
DATA ·asmWords+asmTable_jitCounted(SB)/8, $·jitCounted(SB)
DATA ·asmWords+asmTable_jitRefused(SB)/8, $·jitRefused(SB)
DATA ·asmWords+asmTable_LastModule(SB)/8, $runtime·lastmoduledatap(SB)
DATA ·asmWords+asmTable_Morestack(SB)/8, $runtime·morestack_noctxt(SB)
GLOBL ·asmWords(SB), RODATA|NOPTR, $asmTable__size

// func getg() uintptr
TEXT ·getg(SB),NOSPLIT,$0-8
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	MOVQ	AX, ret+0(FP)
	RET

// func Call(fn, a0, a1, a2, a3, a4, a5 uintptr) uintptr
TEXT ·Call(SB),0,$8-64
	NO_LOCAL_POINTERS
	CALL_CORE
	MOVQ	AX, ret+56(FP)
	RET

// func CallBlocking(fn, a0, a1, a2, a3, a4, a5 uintptr) uintptr
TEXT ·CallBlocking(SB),0,$8-64
	NO_LOCAL_POINTERS
	CALL	·enterBlocking(SB)
	CALL_CORE
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
