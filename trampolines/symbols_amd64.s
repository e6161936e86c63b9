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

// Addresses of C functions and of trampolines, for Go code: number, name of the Go function, what is meant. The numbers go up
// by one.
#define ADDRESSES(DO) \
	DO(0, ·addrSafeCall, gw_safe_call_regs) \
	DO(1, ·addrCallSetup, gw_call_setup) \
	DO(2, ·addrAutoTaken, gw_auto_taken) \
	DO(3, ·addrAutoNote, gw_auto_note) \
	DO(4, ·incallPC, ·incall) \
	DO(5, ·addrSignalInstall, gw_signal_install) \
	DO(ERRNO_CALL, ·addrErrnoCall, gw_errno_call) \
	DO(7, ·addrSnapshot, gw_snapshot) \
	DO(8, ·addrSignalEntry, ·signalEntry) \
	DO(9, ·addrSignalIgnored, ·signalIgnored) \
	DO(10, ·addrSignalAction, gw_signal_action) \
	DO(11, ·addrSignalRemove, gw_signal_remove) \
	DO(12, ·addrHandlersBefore, HANDLERS_BEFORE) \
	DO(13, ·addrTakeoverNow, ·takeoverNow) \
	DO(14, ·addrBindPlain, ·bindPlain) \
	DO(15, ·addrBindGeneral, ·bindGeneral) \
	DO(16, ·addrBindPlan, ·bindPlan) \
	DO(17, ·addrBindHidden, ·bindHidden) \
	DO(18, ·addrBindCode, ·bindCode) \
	DO(19, ·addrBindPlainPointers, ·bindPlainPointers) \
	DO(20, ·addrBindPointers3, ·bindPointers3) \
	DO(21, ·addrBindPointers9, ·bindPointers9) \
	DO(22, ·addrBindStrings3, ·bindStrings3) \
	DO(23, ·addrBindStrings9, ·bindStrings9) \
	DO(24, ·addrGoCallbackRun, gw_go_callback_run) \
	DO(25, ·addrSafePlanCall, gw_go_safe_call) \
	DO(26, ·AddrGoPlanNew, gw_go_plan_new) \
	DO(27, ·AddrGoPlanPlace, gw_go_plan_place) \
	DO(28, ·AddrSignatureParseGo, gw_signature_parse_go) \
	DO(29, ·AddrClosureEntry, gw_closure_entry) \
	DO(30, ·AddrReflectedRun, gw_go_reflected_run) \
	DO(31, ·addrCallbackEntry, ·callbackEntry) \
	DO(32, ·addrCallbackEntryFew, ·callbackEntryFew) \
	DO(33, ·addrCallbackUnwind, ·callbackUnwind) \
	DO(34, ·addrCallbackLeave, gw_callback_left) \
	DO(35, ·addrCallbackInnermost, gw_callback_innermost) \
	DO(36, ·addrCallbackReport, ·callbackReport) \
	DO(37, ·addrCallbackReportHook, gw_callback_report_hook) \
	DO(38, ·addrThenReturn, ·thenReturn) \
	DO(39, ·addrCallbackEntryPlan, ·callbackEntryPlan) \
	DO(40, ·AddrThunkAlloc, gw_thunk_alloc) \
	DO(41, ·AddrThunkSet, gw_thunk_set) \
	DO(42, ·AddrLibraryOpen, gw_library_open) \
	DO(43, ·AddrLibraryProcess, gw_library_process) \
	DO(44, ·AddrLibrarySymbol, gw_library_symbol) \
	DO(45, ·AddrLibraryClose, gw_library_close) \
	DO(46, ·AddrLibraryName, gw_library_name) \
	DO(47, ·AddrLastError, gw_last_error) \
	DO(48, ·AddrHostTable, gw_host_table) \
	DO(49, ·addrHostAttachHook, gw_host_attach_hook) \
	DO(50, ·addrHostInGoHook, gw_host_in_go_hook) \
	DO(51, ·addrInGo, ·inGo) \
	DO(52, ·addrJitCounted, ·jitCounted) \
	DO(53, ·addrJitRefused, ·jitRefused) \
	DO(54, ·AddrLastModule, runtime·lastmoduledatap) \
	DO(55, ·AddrMorestack, runtime·morestack_noctxt) \
	DO(56, ·AddrJitHostSet, gw_jit_host_set) \
	DO(57, ·AddrJitArenaNew, gw_jit_arena_new) \
	DO(58, ·AddrJitAdd, gw_jit_add) \
	DO(59, ·AddrJitRetire, gw_jit_retire) \
	DO(60, ·AddrJitArenaClose, gw_jit_arena_close) \
	DO(61, ·AddrJitArenaUsed, gw_jit_arena_used) \
	DO(62, ·AddrCodeNew, gw_code_new) \
	DO(63, ·AddrCodeData, gw_code_data) \
	DO(64, ·AddrCodeSeal, gw_code_seal) \
	DO(65, ·AddrCodeFree, gw_code_free) \
	DO(66, ·AddrTypeLayoutGo, gw_type_layout_go)

// They are in a table: a plugin has functions of its own, the C core too, while variables are shared by all of the process. So
// the table of the first who has one counts for all, and there is one C core.
#define ENTRY(i, name, target) \
	DATA ·addresses+8*i(SB)/8, $target(SB);
ADDRESSES(ENTRY)
GLOBL ·addresses(SB), RODATA|NOPTR, $(8*67)

// The Go functions: leaves without a frame.
#define ADDRESS(i, name, target) \
TEXT name(SB),NOSPLIT,$0-8; \
	LEAQ	·addresses(SB), AX; \
	MOVQ	(8*i)(AX), AX; \
	MOVQ	AX, ret+0(FP); \
	RET;
ADDRESSES(ADDRESS)

// func addressed()
//
// Does nothing. The linker takes a C function from an object for C's linker only when code refers to it.
#define REFER(i, name, target) \
	LEAQ	target(SB), AX;
TEXT ·addressed(SB),NOSPLIT,$0-0
	ADDRESSES(REFER)
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
