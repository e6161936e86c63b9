/* Helpers that ccall calls in place of a C function, and the one that runtime.cgocall calls. */

#include "cet_sysv.h"

	.text

/* uint64 gw_errno_offset: where errno lies, relative to the thread pointer. libc is loaded with the program, so that
   its thread-local storage lies at the same offset in every thread; set by gw_call_init. */
	.local	gw_errno_offset
	.comm	gw_errno_offset, 8, 8

/* void gw_call_init(int *errno_location)

   In: RDI the calling thread's errno. Called once, before any other entry of this file. */
	.globl	gw_call_init
	.hidden	gw_call_init
	.type	gw_call_init, @function
gw_call_init:
	.cfi_startproc
	_CET_ENDBR
	subq	%fs:0, %rdi
	movq	%rdi, gw_errno_offset(%rip)
	ret
	.cfi_endproc
	.size	gw_call_init, .-gw_call_init

/* gw_errno_call: calls the function in R10 and returns errno with its result.

   In:        R10 the function; argument registers and stack arguments as for that function.
   Out:       RAX RDX XMM0 XMM1 as the function left them; R10 errno (0 when it set none).
   Clobbers:  R15 (return address), as ccall permits, so that the function finds its stack arguments at 8(RSP). A
              shadow stack keeps it meanwhile, and the RET finds both the same.
   Called by: ccall only. */
	.globl	gw_errno_call
	.hidden	gw_errno_call
	.type	gw_errno_call, @function
gw_errno_call:
	.cfi_startproc
	_CET_ENDBR
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %r15
	movq	gw_errno_offset(%rip), %r11
	movl	$0, %fs:(%r11)
	call	*%r10
	movq	gw_errno_offset(%rip), %r11
	movl	%fs:(%r11), %r10d
	pushq	%r15			/* and RET, which the processor has predicted, instead of a jump */
	.cfi_adjust_cfa_offset 8
	.cfi_offset %rip, -8
	ret
	.cfi_endproc
	.size	gw_errno_call, .-gw_errno_call

#include "callregs_sysv.h"

/* void gw_call_regs(struct gw_call_regs *r)

   Calls r->fn with the registers and the stack arguments in r, and leaves results and errno in r: what the safe road
   hands to runtime.cgocall. An ordinary C function to its caller. r does not move. */
	.globl	gw_call_regs
	.hidden	gw_call_regs
	.type	gw_call_regs, @function
gw_call_regs:
	.cfi_startproc
	_CET_ENDBR
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rbx
	.cfi_offset %rbx, -24
	pushq	%rbx
	movq	%rdi, %rbx
	movq	CR_STACK_BYTES(%rbx), %rcx
	movq	CR_STACK(%rbx), %rsi
	subq	%rcx, %rsp
	andq	$-16, %rsp
	movq	%rsp, %rdi
	rep movsb
	movq	gw_errno_offset(%rip), %r11
	movl	$0, %fs:(%r11)
	movq	CR_CHAIN(%rbx), %r10
	movq	CR_AL(%rbx), %rax
	movq	CR_INTS(%rbx), %rdi
	movq	CR_INTS+8(%rbx), %rsi
	movq	CR_INTS+16(%rbx), %rdx
	movq	CR_INTS+24(%rbx), %rcx
	movq	CR_INTS+32(%rbx), %r8
	movq	CR_INTS+40(%rbx), %r9
	movsd	CR_FLOATS(%rbx), %xmm0
	movsd	CR_FLOATS+8(%rbx), %xmm1
	movsd	CR_FLOATS+16(%rbx), %xmm2
	movsd	CR_FLOATS+24(%rbx), %xmm3
	movsd	CR_FLOATS+32(%rbx), %xmm4
	movsd	CR_FLOATS+40(%rbx), %xmm5
	movsd	CR_FLOATS+48(%rbx), %xmm6
	movsd	CR_FLOATS+56(%rbx), %xmm7
	call	*CR_FN(%rbx)
	movq	%rax, CR_RAX(%rbx)
	movq	%rdx, CR_RDX(%rbx)
	movsd	%xmm0, CR_XMM0(%rbx)
	movsd	%xmm1, CR_XMM1(%rbx)
	movq	gw_errno_offset(%rip), %r11
	movl	%fs:(%r11), %eax
	movq	%rax, CR_ERRNO(%rbx)
	leaq	-8(%rbp), %rsp
	popq	%rbx
	popq	%rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	gw_call_regs, .-gw_call_regs

	.section .note.GNU-stack, "", @progbits
