/* long gw_syscall(long nr, long a1, long a2, long a3, long a4, long a5, long a6);

   A Linux system call, without libc: no errno, no cancellation point.
   In:        RDI nr, RSI a1, RDX a2, RCX a3, R8 a4, R9 a5, 8(RSP) a6
   Out:       RAX, as the kernel left it; -4095 to -1 is an error number, negated
   Clobbers:  RDI RSI RDX R8 R9 R10; RCX and R11 by the SYSCALL instruction
   Preserves: everything else
   Stack:     any, a goroutine stack too; nothing is pushed, no alignment needed
   Unwind:    CFI as a leaf; the CFA never changes
   Called by: C, and RawSyscall in symbols_amd64.s

   The kernel takes nr in RAX and the arguments in RDI RSI RDX R10 R8 R9 (psABI, A.2.1). */
	.set	STACK_A6, 8

#include "cet_sysv.h"

	.text
	.globl	gw_syscall
	.type	gw_syscall, @function
	.p2align 4
gw_syscall:
	.cfi_startproc
	_CET_ENDBR
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	STACK_A6(%rsp), %r9
	syscall
	ret
	.cfi_endproc
	.size	gw_syscall, .-gw_syscall
	.section .note.GNU-stack,"",@progbits
