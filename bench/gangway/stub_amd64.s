#include "textflag.h"
#include "funcdata.h"
// Users keep a copy of this header beside their stubs, for Go's build cache does not see one elsewhere; bench/run
// builds in a new directory every time.
#include "../../trampolines/gangway_amd64.h"

// func stubCall0() int64
TEXT ·stubCall0(SB),0,$8-8
	NO_LOCAL_POINTERS
	GW_CALL_ADDR(·symCall0(SB))
	MOVQ	AX, ret+0(FP)
	RET

// func stubSteady() int64
TEXT ·stubSteady(SB),0,$8-8
	NO_LOCAL_POINTERS
	GW_CALL_ADDR(·symSteady(SB))
	MOVQ	AX, ret+0(FP)
	RET

// func stubCall2(a, b int32) int32
TEXT ·stubCall2(SB),0,$8-12
	NO_LOCAL_POINTERS
	MOVL	a+0(FP), DI
	MOVL	b+4(FP), SI
	GW_CALL_ADDR(·symCall2(SB))
	MOVL	AX, ret+8(FP)
	RET

// func stubCall3(a, b, c float64) float64
TEXT ·stubCall3(SB),0,$8-32
	NO_LOCAL_POINTERS
	MOVSD	a+0(FP), X0
	MOVSD	b+8(FP), X1
	MOVSD	c+16(FP), X2
	GW_CALL_ADDR(·symCall3(SB))
	MOVSD	X0, ret+24(FP)
	RET
