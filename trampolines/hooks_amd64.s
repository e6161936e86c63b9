//go:build !cgo && !gangway_nohooks

// The runtime's hooks. The runtime declares each of these variables and leaves it zero; package runtime/cgo fills it
// when cgo is on, this file when it is off. A definition with contents wins over one without, so plain data does it.
//
// All versions of Go from 1.19 on have their names here. A name that the runtime of the day does not know is a
// variable that nobody reads. Not taken over: _cgo_mmap, _cgo_munmap and _cgo_yield, which serve C sanitizers only, and
// _cgo_sigaction, which start.go sets when calls can be taken over, with cgo on too.

#include "textflag.h"
#include "go_asm.h"

// A C function, or the address of a C variable, for the runtime to call or look at.
#define HOOK(name, target) \
	DATA name+0(SB)/8, $target(SB); \
	GLOBL name(SB), NOPTR, $8

HOOK(_cgo_init, gw_rt_init)
HOOK(_cgo_thread_start, gw_rt_thread_start)
HOOK(_cgo_sys_thread_create, gw_rt_sys_thread_create)
HOOK(_cgo_notify_runtime_init_done, gw_rt_notify_runtime_init_done)

// Go 1.21 and later: an M stays with a foreign thread until the thread ends.
HOOK(_cgo_pthread_key_created, gw_rt_pthread_key_created)
HOOK(_cgo_bindm, gw_rt_bindm)
HOOK(_cgo_getstackbound, gw_rt_getstackbound)

// Tracebacks: for all; up to Go 1.25; from Go 1.26 on.
HOOK(_cgo_callers, gw_rt_callers)
HOOK(_cgo_set_context_function, gw_rt_set_context_function)
HOOK(_cgo_set_traceback_functions, gw_rt_set_traceback_functions)
HOOK(_cgo_call_traceback_function, gw_rt_call_traceback_function)
HOOK(_cgo_call_symbolizer_function, gw_rt_call_symbolizer_function)

HOOK(runtime·_cgo_setenv, gw_rt_setenv)
HOOK(runtime·_cgo_unsetenv, gw_rt_unsetenv)
HOOK(runtime·_cgo_clearenv, gw_rt_clearenv) // not in Go 1.24 and earlier

HOOK(syscall·cgo_libc_setegid, gw_rt_setegid)
HOOK(syscall·cgo_libc_seteuid, gw_rt_seteuid)
HOOK(syscall·cgo_libc_setgid, gw_rt_setgid)
HOOK(syscall·cgo_libc_setgroups, gw_rt_setgroups)
HOOK(syscall·cgo_libc_setregid, gw_rt_setregid)
HOOK(syscall·cgo_libc_setresgid, gw_rt_setresgid)
HOOK(syscall·cgo_libc_setresuid, gw_rt_setresuid)
HOOK(syscall·cgo_libc_setreuid, gw_rt_setreuid)
HOOK(syscall·cgo_libc_setuid, gw_rt_setuid)

// Tells the runtime that C is in the process: threads are made by the hook above, signal handlers expect threads
// without a g, and ids are changed through libc.
DATA runtime·iscgo+0(SB)/1, $1
GLOBL runtime·iscgo(SB), NOPTR, $1

// func setCrosscall2()
// Tells C where crosscall2 is.
// Clobbers:  AX. Stack: none.
// Called by: runtime.main through runtime.set_crosscall2 (Go 1.21 and later), before it lets foreign threads in. That
// is a call of a func value, hence of ABIInternal; with no arguments or results and R14 and X15 untouched this ABI0
// function serves.
TEXT ·setCrosscall2(SB), NOSPLIT, $0-0
	MOVQ $crosscall2(SB), AX
	MOVQ AX, gw_rt_crosscall2_ptr(SB)
	RET

DATA setCrosscall2Func<>+0(SB)/8, $·setCrosscall2(SB)
GLOBL setCrosscall2Func<>(SB), RODATA|NOPTR, $8
DATA runtime·set_crosscall2+0(SB)/8, $setCrosscall2Func<>(SB)
GLOBL runtime·set_crosscall2(SB), NOPTR, $8

// void crosscall2(void (*fn)(void *), void *arg, int n, size_t context)
// From C into Go, on any thread: runs the Go function whose ABIInternal code is fn with arg in its first argument
// register; with fn == 0 drops the M whose g0 is arg. The name and its arguments are runtime/cgo's.
// In:        DI fn, SI arg, CX context (DX is not looked at)
// Out:       nothing
// Clobbers:  what C lets a function clobber
// Preserves: BX BP R12-R15 (BP by the assembler's prologue)
// Stack:     C's stack; no alignment needed, Go needs none
// Unwind:    not unwound by Go: cgocallback leaves the stack
// Called by: C, and the key destructor in bridge/rt_thread.c
//
//   64(SP)  BP
//   56(SP)  R15
//   48(SP)  R14
//   40(SP)  R13
//   32(SP)  R12
//   24(SP)  BX
//   16(SP)  context   \
//    8(SP)  arg        } cgocallback's arguments (ABI0)
//    0(SP)  fn        /
TEXT crosscall2(SB), NOSPLIT, $64-0
	MOVQ BX, 24(SP)
	MOVQ R12, 32(SP)
	MOVQ R13, 40(SP)
	MOVQ R14, 48(SP)
	MOVQ R15, 56(SP)
	MOVQ DI, 0(SP)
	MOVQ SI, 8(SP)
	MOVQ CX, 16(SP)
	CMPL ·road(SB), $const_RoadFast
	JNE  enter
	CALL ·takeoverNow(SB) // cgocallback expects a system call
enter:
	CALL runtime·cgocallback(SB)
	MOVQ 24(SP), BX
	MOVQ 32(SP), R12
	MOVQ 40(SP), R13
	MOVQ 48(SP), R14
	MOVQ 56(SP), R15
	RET
