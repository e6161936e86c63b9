#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"

// Addresses of C functions and of trampolines, for Go code. Leaf functions without a frame.
#define ADDRESS(name, target) \
TEXT name(SB),NOSPLIT,$0-8; \
	MOVQ	$target(SB), AX; \
	MOVQ	AX, ret+0(FP); \
	RET

ADDRESS(·addrSafeCall, gw_call_regs)
ADDRESS(·addrCallSetup, gw_call_setup)
ADDRESS(·addrAutoTaken, gw_auto_taken)
ADDRESS(·addrAutoNote, gw_auto_note)
ADDRESS(·incallPC, ·incall)
ADDRESS(·addrSignalInstall, gw_signal_install)
ADDRESS(·addrErrnoCall, gw_errno_call)
ADDRESS(·addrSnapshot, gw_snapshot)
ADDRESS(·addrSignalEntry, ·signalEntry)
ADDRESS(·addrSignalIgnored, ·signalIgnored)
ADDRESS(·addrSignalAction, gw_signal_action)
ADDRESS(·addrTakeoverNow, ·takeoverNow)
ADDRESS(·addrBindPlain, ·bindPlain)
ADDRESS(·addrBindGeneral, ·bindGeneral)
ADDRESS(·addrBindPlan, ·bindPlan)
ADDRESS(·addrBindHidden, ·bindHidden)
ADDRESS(·addrBindCode, ·bindCode)
ADDRESS(·addrBindPlainPointers, ·bindPlainPointers)
ADDRESS(·addrBindPointers3, ·bindPointers3)
ADDRESS(·addrBindPointers9, ·bindPointers9)
ADDRESS(·addrBindStrings3, ·bindStrings3)
ADDRESS(·addrBindStrings9, ·bindStrings9)
ADDRESS(·addrGoCallbackRun, gw_go_callback_run)
ADDRESS(·addrSafePlanCall, gw_go_safe_call)
ADDRESS(·AddrGoPlanNew, gw_go_plan_new)
ADDRESS(·AddrGoPlanPlace, gw_go_plan_place)
ADDRESS(·AddrSignatureParseGo, gw_signature_parse_go)
ADDRESS(·AddrClosureEntry, gw_closure_entry)
ADDRESS(·AddrReflectedRun, gw_go_reflected_run)
ADDRESS(·addrCallbackEntry, ·callbackEntry)
ADDRESS(·addrCallbackEntryFew, ·callbackEntryFew)
ADDRESS(·addrCallbackUnwind, ·callbackUnwind)
ADDRESS(·addrCallbackEntryPlan, ·callbackEntryPlan)
ADDRESS(·AddrThunkAlloc, gw_thunk_alloc)
ADDRESS(·AddrThunkSet, gw_thunk_set)
ADDRESS(·AddrThunkFree, gw_thunk_free)
ADDRESS(·AddrThunkCount, gw_thunk_count)
ADDRESS(·AddrLibraryOpen, gw_library_open)
ADDRESS(·AddrLibraryProcess, gw_library_process)
ADDRESS(·AddrLibrarySymbol, gw_library_symbol)
ADDRESS(·AddrLibraryClose, gw_library_close)
ADDRESS(·AddrLibraryName, gw_library_name)
ADDRESS(·AddrLastError, gw_last_error)
ADDRESS(·AddrHostTable, gw_host_table)
ADDRESS(·addrHostAttachHook, gw_host_attach_hook)
ADDRESS(·addrHostInGoHook, gw_host_in_go_hook)
ADDRESS(·addrInGo, ·inGo)
ADDRESS(·addrJitCounted, ·jitCounted)
ADDRESS(·addrJitRefused, ·jitRefused)
ADDRESS(·AddrLastModule, runtime·lastmoduledatap)
ADDRESS(·AddrMorestack, runtime·morestack_noctxt)
ADDRESS(·AddrJitHostSet, gw_jit_host_set)
ADDRESS(·AddrJitArenaNew, gw_jit_arena_new)
ADDRESS(·AddrJitAdd, gw_jit_add)
ADDRESS(·AddrJitRetire, gw_jit_retire)
ADDRESS(·AddrJitArenaClose, gw_jit_arena_close)
ADDRESS(·AddrJitArenaUsed, gw_jit_arena_used)
ADDRESS(·AddrCodeNew, gw_code_new)
ADDRESS(·AddrCodeData, gw_code_data)
ADDRESS(·AddrCodeSeal, gw_code_seal)
ADDRESS(·AddrCodeFree, gw_code_free)

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
	XORL	AX, AX
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
	XORL	AX, AX
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
	CALL	gw_syscall(SB)
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
