#include "textflag.h"
#include "funcdata.h"
#include "gangway_amd64.h"

// func clibRun(host unsafe.Pointer, threads int32, calls int64, fn uintptr, user gangway.Handle, sum *float64) int32
//
// gw_status clib_run(const gw_host *host, int threads, int64_t calls, clib_function fn, void *user, double *sum)
// It waits for its threads: a Blocking call.
TEXT ·clibRun(SB),0,$8-52
	NO_LOCAL_POINTERS
	GW_BLOCKING
	MOVQ	host+0(FP), DI
	MOVL	threads+8(FP), SI
	MOVQ	calls+16(FP), DX
	MOVQ	fn+24(FP), CX
	MOVQ	user+32(FP), R8
	MOVQ	sum+40(FP), R9
	GW_CALL(clib_run)
	MOVL	AX, ret+48(FP)
	RET
