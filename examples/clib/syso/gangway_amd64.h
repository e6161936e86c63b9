// gangway_amd64.h: typed stubs for C functions, in Go assembler.
//
// A stub is an assembly function with a Go prototype that loads C's argument registers, calls C, and stores the result.
// Go code enters it through a wrapper of the compiler's, so a bound function (gangway.Bind) is faster; a stub needs
// nothing at start-up. The C function comes from a .syso of your package (or one that it imports), or its address from
// a Symbol. Copy this file beside your .s files (Go's assembler finds headers only there), and import
// github.com/gangwayffi/gangway, blank if need be.
//
//	// func add(a, b int32) int32
//	#include "textflag.h"
//	#include "funcdata.h"
//	#include "gangway_amd64.h"
//
//	TEXT ·add(SB),0,$8-12
//		NO_LOCAL_POINTERS
//		MOVL	a+0(FP), DI
//		MOVL	b+4(FP), SI
//		GW_CALL(add)
//		MOVL	AX, ret+8(FP)
//		RET
//
// The frame of a stub must not be empty and it must not be NOSPLIT: its stack check reserves what the runtime needs
// below a call. NO_LOCAL_POINTERS is true of a stub: pointers that C gets are in the arguments, where the Go prototype
// shows them to the collector, for as long as the call lasts. Do not mark such a prototype //go:noescape when C may
// call back, or returns an address that it got: the goroutine's stack may move before the result is stored.
//
// Registers (System V psABI): integers and pointers in DI SI DX CX R8 R9, extended to 32 bits by the stub when narrower
// (MOVBLSX, MOVBLZX, ...), floats in X0-X7; results in AX (DX) and X0 (X1). Every other register is lost in the call,
// save SP and BP. C may be variadic: GW_CALL sets AL, which tells such a function of float registers.
// More arguments lie on the stack, 8 bytes each, in the frame of the stub from 0(SP) on: see GW_CALL_STACK.

// GW_CALL calls the C function fn, an ELF symbol. A running call: for functions that return soon.
#define GW_CALL(fn) \
	MOVQ	$fn(SB), R11; \
	XORL	BX, BX; \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·ccall(SB)

// GW_CALL_ADDR calls the C function whose address is in addr: a Go variable of type gangway.Symbol as ·name(SB), or a
// register other than BX.
#define GW_CALL_ADDR(addr) \
	MOVQ	addr, R11; \
	XORL	BX, BX; \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·ccall(SB)

// GW_CALL_STACK is GW_CALL for a function with `bytes` bytes of stack arguments, a multiple of 8, at 0(SP).
#define GW_CALL_STACK(fn, bytes) \
	MOVQ	$fn(SB), R11; \
	XORL	BX, BX; \
	MOVQ	$bytes, R12; \
	LEAQ	0(SP), R13; \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·ccallStack(SB)

// GW_CALL_ERRNO is GW_CALL that also leaves errno in R10, 0 when fn set none. Store it as a syscall.Errno (8 bytes).
#define GW_CALL_ERRNO(fn) \
	MOVQ	$fn(SB), R11; \
	XORL	BX, BX; \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·ccallErrno(SB)

// GW_BLOCKING, before the arguments are loaded, makes the stub's call a Blocking one: the scheduler is told beforehand,
// as with cgo. For functions that wait. From here to the call, the stub must not call anything else.
#define GW_BLOCKING \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·enterBlocking(SB)

// GW_AUTO and GW_CALL_AUTO, the pair, let Gangway find out which of the two fn should be. state is a Go variable of
// type trampolines.AutoState, one for each C function: ·name.
#define GW_AUTO(state) \
	MOVQ	$state(SB), AX; \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·enterAuto(SB)
#define GW_CALL_AUTO(fn, state) \
	MOVQ	$fn(SB), R11; \
	MOVQ	$state(SB), BX; \
	CALL	github·com∕gangwayffi∕gangway∕trampolines·ccall(SB)
