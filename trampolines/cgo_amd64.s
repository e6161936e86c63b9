//go:build cgo

#include "textflag.h"
#include "go_asm.h"

// void bindMClear(void *g0)    (SysV)
//
// In front of runtime/cgo's x_cgo_bindm: a thread that C made gets an m, whose m.signalPending may be left over from
// the thread that had it before; see clearSignalPending.
// In:        DI the g0 of the m.
// Clobbers:  AX.
// Called by: the runtime, through _cgo_bindm.
TEXT ·bindMClear(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	const_g_m(DI), AX
	MOVL	$0, const_m_signalPending(AX)
	LEAQ	·bindMNext(SB), AX
	MOVQ	(AX), AX
	JMP	AX

// func addrBindMClear() uintptr
TEXT ·addrBindMClear(SB),NOSPLIT,$0-8
	MOVQ	$·bindMClear(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
