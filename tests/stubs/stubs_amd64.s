#include "textflag.h"
#include "funcdata.h"
#include "gangway_amd64.h"

// func StatusText(status int32) *byte
TEXT ·StatusText(SB),0,$8-16
	NO_LOCAL_POINTERS
	MOVL	status+0(FP), DI
	GW_CALL(gw_status_string)
	MOVQ	AX, ret+8(FP)
	RET

// func Ints6(a, b, c, d, e, f int64) int64
TEXT ·Ints6(SB),0,$8-56
	NO_LOCAL_POINTERS
	MOVQ	a+0(FP), DI
	MOVQ	b+8(FP), SI
	MOVQ	c+16(FP), DX
	MOVQ	d+24(FP), CX
	MOVQ	e+32(FP), R8
	MOVQ	f+40(FP), R9
	GW_CALL_ADDR(·ints6(SB))
	MOVQ	AX, ret+48(FP)
	RET

// func Call2(fn gangway.Symbol, a, b uintptr) uintptr
TEXT ·Call2(SB),0,$8-32
	NO_LOCAL_POINTERS
	MOVQ	fn+0(FP), AX
	MOVQ	a+8(FP), DI
	MOVQ	b+16(FP), SI
	GW_CALL_ADDR(AX)
	MOVQ	AX, ret+24(FP)
	RET

// func Mixed14(i0 int32, d0 float64, i1 int64, f1 float32, i2 uint8, d2 float64, i3 int16, f3 float32, i4 unsafe.Pointer,
//	d4 float64, i5 bool, f5 float32, d6 float64, f7 float32) float64
TEXT ·Mixed14(SB),0,$8-96
	NO_LOCAL_POINTERS
	MOVL	i0+0(FP), DI
	MOVSD	d0+8(FP), X0
	MOVQ	i1+16(FP), SI
	MOVSS	f1+24(FP), X1
	MOVBLZX	i2+28(FP), DX
	MOVSD	d2+32(FP), X2
	MOVWLSX	i3+40(FP), CX
	MOVSS	f3+44(FP), X3
	MOVQ	i4+48(FP), R8
	MOVSD	d4+56(FP), X4
	MOVBLZX	i5+64(FP), R9
	MOVSS	f5+68(FP), X5
	MOVSD	d6+72(FP), X6
	MOVSS	f7+80(FP), X7
	GW_CALL_ADDR(·mixed14(SB))
	MOVSD	X0, ret+88(FP)
	RET

// func Capture(a, b uint64) uint64
TEXT ·Capture(SB),0,$8-24
	NO_LOCAL_POINTERS
	MOVQ	a+0(FP), DI
	MOVQ	b+8(FP), SI
	GW_CALL_ADDR(·capture(SB))
	MOVQ	AX, ret+16(FP)
	RET

// func Syscall(nr, a1, a2, a3, a4, a5, a6 int64) int64
TEXT ·Syscall(SB),0,$8-64
	NO_LOCAL_POINTERS
	MOVQ	nr+0(FP), DI
	MOVQ	a1+8(FP), SI
	MOVQ	a2+16(FP), DX
	MOVQ	a3+24(FP), CX
	MOVQ	a4+32(FP), R8
	MOVQ	a5+40(FP), R9
	MOVQ	a6+48(FP), AX
	MOVQ	AX, 0(SP)
	GW_CALL_STACK(gw_syscall, 8)
	MOVQ	AX, ret+56(FP)
	RET

// func SyscallAuto(nr, a1, a2, a3, a4, a5 int64) int64
TEXT ·SyscallAuto(SB),0,$8-56
	NO_LOCAL_POINTERS
	GW_AUTO(·SyscallState)
	MOVQ	nr+0(FP), DI
	MOVQ	a1+8(FP), SI
	MOVQ	a2+16(FP), DX
	MOVQ	a3+24(FP), CX
	MOVQ	a4+32(FP), R8
	MOVQ	a5+40(FP), R9
	GW_CALL_AUTO(gw_syscall, ·SyscallState)
	MOVQ	AX, ret+48(FP)
	RET

// func SetErrno(err int32, n int64) (int64, syscall.Errno)
TEXT ·SetErrno(SB),0,$8-32
	NO_LOCAL_POINTERS
	MOVL	err+0(FP), DI
	MOVQ	n+8(FP), SI
	GW_CALL_ERRNO(·setErrno)
	MOVQ	AX, ret+16(FP)
	MOVQ	R10, ret1+24(FP)
	RET

// int64_t setErrno(int32_t err, int64_t n)    (SysV)
//
// Sets errno unless err is 0, and returns n. In place of a function in a .syso of the user's.
TEXT ·setErrno(SB),NOSPLIT|NOFRAME,$0-0
	PUSHQ	BX
	PUSHQ	R12
	SUBQ	$8, SP
	MOVL	DI, BX
	MOVQ	SI, R12
	TESTL	BX, BX
	JZ	done
	MOVQ	·errnoLocation(SB), AX
	CALL	AX
	MOVL	BX, (AX)
done:
	MOVQ	R12, AX
	ADDQ	$8, SP
	POPQ	R12
	POPQ	BX
	RET

// func GateSleep(gate *testlib.Gate) int32
TEXT ·GateSleep(SB),0,$8-12
	NO_LOCAL_POINTERS
	GW_BLOCKING
	MOVQ	gate+0(FP), DI
	GW_CALL_ADDR(·gateSleep(SB))
	MOVL	AX, ret+8(FP)
	RET

// func GateSpin(gate *testlib.Gate) int32
TEXT ·GateSpin(SB),0,$8-12
	NO_LOCAL_POINTERS
	MOVQ	gate+0(FP), DI
	GW_CALL_ADDR(·gateSpin(SB))
	MOVL	AX, ret+8(FP)
	RET

// func GateRead(gate *testlib.Gate, p *Payload) int64
TEXT ·GateRead(SB),0,$8-24
	NO_LOCAL_POINTERS
	MOVQ	gate+0(FP), DI
	MOVQ	p+8(FP), SI
	GW_CALL_ADDR(·gateRead(SB))
	MOVQ	AX, ret+16(FP)
	RET

// func Print(buf *byte, n uintptr, format *byte, i int32, x float64) int32
TEXT ·Print(SB),0,$8-44
	NO_LOCAL_POINTERS
	MOVQ	buf+0(FP), DI
	MOVQ	n+8(FP), SI
	MOVQ	format+16(FP), DX
	MOVL	i+24(FP), CX
	MOVSD	x+32(FP), X0
	XORL	AX, AX				// GW_CALL sets it
	GW_CALL_ADDR(·printText(SB))
	MOVL	AX, ret+40(FP)
	RET

// func CallI64(fn uintptr, x int64) int64
TEXT ·CallI64(SB),0,$8-24
	NO_LOCAL_POINTERS
	MOVQ	fn+0(FP), DI
	MOVQ	x+8(FP), SI
	GW_CALL_ADDR(·callI64(SB))
	MOVQ	AX, ret+16(FP)
	RET

// func CallI64Blocking(fn uintptr, x int64) int64
TEXT ·CallI64Blocking(SB),0,$8-24
	NO_LOCAL_POINTERS
	GW_BLOCKING
	MOVQ	fn+0(FP), DI
	MOVQ	x+8(FP), SI
	GW_CALL_ADDR(·callI64(SB))
	MOVQ	AX, ret+16(FP)
	RET

// func StackAddress() uintptr
TEXT ·StackAddress(SB),0,$8-8
	NO_LOCAL_POINTERS
	GW_CALL_ADDR(·stackAddress(SB))
	MOVQ	AX, ret+0(FP)
	RET

// func Ask()
//
// Asks this goroutine to make way, as the scheduler does: by the word of g that stack checks look at.
TEXT ·Ask(SB),NOSPLIT,$0-0
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	MOVQ	$-1314, 16(AX)
	RET

// func Asked() bool
//
// Whether this goroutine has been asked to make way and has not done so.
TEXT ·Asked(SB),NOSPLIT,$0-1
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	CMPQ	16(AX), $-1314
	SETEQ	ret+0(FP)
	RET
