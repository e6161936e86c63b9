/* A call of any signature: the registers and stack arguments that bridge/invoke.c (or the safe road of the Go side) has
   laid out in a struct gw_invoke. */

#include "cet_sysv.h"
#include "invoke_sysv.h"

	.text

/* void gw_invoke(struct gw_invoke *x)

   In:        RDI x, which does not move; all of it but its results is set.
   Out:       the results in x: RAX RDX XMM0 XMM1, and x->x87 values popped from the x87 stack into st.
   Clobbers:  what a C function may.
   Preserves: what a C function must, as far as x->fn does; DF and MXCSR are not touched.
   Stack:     the caller's; a multiple of x->stack_align at the call, which is 16 at least.
   Unwind:    by RBP: an ordinary frame at every instruction, through which exceptions of fn pass.
   Called by: gw_call, gw_invoke_errno; runtime.cgocall of the Go side.

	+ 16 +-------------------------------+  CFA
	+  8 | return address                |
	RBP  | caller's RBP                  |
	-  8 | caller's RBX                  |
	     | 0 or more bytes for alignment |
	     | x->stack_bytes bytes, copied  |
	RSP  +-------------------------------+  at the call

   The copy goes downwards, as a stack grows: its guard page is met and not stepped over. */
	.globl	gw_invoke
	.hidden	gw_invoke
	.type	gw_invoke, @function
gw_invoke:
	.cfi_startproc
	_CET_ENDBR
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rbx
	.cfi_offset %rbx, -24
	movq	%rdi, %rbx

	movq	IV_STACK_BYTES(%rbx), %rcx
	movq	IV_STACK_ALIGN(%rbx), %rax
	movq	IV_STACK(%rbx), %rsi
	negq	%rax
	subq	%rcx, %rsp
	andq	%rax, %rsp
	testq	%rcx, %rcx
	jz	2f
1:	movq	-8(%rsi,%rcx), %rax
	movq	%rax, -8(%rsp,%rcx)
	subq	$8, %rcx
	jnz	1b

2:	movq	IV_SSE(%rbx), %xmm0
	movq	IV_SSE+8(%rbx), %xmm1
	movq	IV_SSE+16(%rbx), %xmm2
	movq	IV_SSE+24(%rbx), %xmm3
	movq	IV_SSE+32(%rbx), %xmm4
	movq	IV_SSE+40(%rbx), %xmm5
	movq	IV_SSE+48(%rbx), %xmm6
	movq	IV_SSE+56(%rbx), %xmm7
	movq	IV_INTS(%rbx), %rdi
	movq	IV_INTS+8(%rbx), %rsi
	movq	IV_INTS+16(%rbx), %rdx
	movq	IV_INTS+24(%rbx), %rcx
	movq	IV_INTS+32(%rbx), %r8
	movq	IV_INTS+40(%rbx), %r9
	movq	IV_CHAIN(%rbx), %r10
	movq	IV_AL(%rbx), %rax
	call	*IV_FN(%rbx)

	movq	%rax, IV_RAX(%rbx)
	movq	%rdx, IV_RDX(%rbx)
	movq	%xmm0, IV_XMM0(%rbx)
	movq	%xmm1, IV_XMM1(%rbx)
	movq	IV_X87(%rbx), %rcx
	testq	%rcx, %rcx
	jz	3f
	fstpt	IV_ST(%rbx)
	cmpq	$1, %rcx
	je	3f
	fstpt	IV_ST+16(%rbx)

3:	leaq	-8(%rbp), %rsp
	popq	%rbx
	.cfi_restore %rbx
	popq	%rbp
	.cfi_restore %rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	gw_invoke, .-gw_invoke

	.section .note.GNU-stack, "", @progbits
