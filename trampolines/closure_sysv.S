/* Calls that C makes to functions made at run time: where a thunk (bridge/thunk.c) enters. */

#include "cet_sysv.h"
#include "invoke_sysv.h"

	.text

/* gw_closure_entry: hands the registers of a call to its record, and returns what that leaves in them. No C prototype:
   it takes the call of any C function.

   In:        R11 struct gw_thunk_slot *, whose record begins with a struct gw_closure_record; registers and stack
              arguments of the call; R10 the static chain (psABI 3.2.3, figure 3.4), if there is one.
   Out:       RAX RDX XMM0 XMM1 and, for x87 == 1 or 2, ST0 and ST1 as run left them in struct gw_closure_regs.
   Clobbers:  what a C function may.
   Preserves: what a C function must; DF and MXCSR are not touched.
   Stack:     the caller's; a multiple of 16 at the call of run.
   Unwind:    by RBP: an ordinary frame at every instruction, through which exceptions of run pass.
   Called by: C, through a thunk.

	     | stack arguments               |
	+ 16 +-------------------------------+  CFA, regs->stack
	+  8 | return address                |
	RBP  | caller's RBP                  |
	     | struct gw_closure_regs        |
	RSP  +-------------------------------+  RBP - CL_SIZE

   run(record, regs) is called with the first pointer that the record holds. */
	.globl	gw_closure_entry
	.hidden	gw_closure_entry
	.type	gw_closure_entry, @function
gw_closure_entry:
	.cfi_startproc
	_CET_ENDBR
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq	$CL_SIZE, %rsp
	movq	%rdi, CL_INTS(%rsp)
	movq	%rsi, CL_INTS+8(%rsp)
	movq	%rdx, CL_INTS+16(%rsp)
	movq	%rcx, CL_INTS+24(%rsp)
	movq	%r8, CL_INTS+32(%rsp)
	movq	%r9, CL_INTS+40(%rsp)
	movq	%xmm0, CL_SSE(%rsp)
	movq	%xmm1, CL_SSE+8(%rsp)
	movq	%xmm2, CL_SSE+16(%rsp)
	movq	%xmm3, CL_SSE+24(%rsp)
	movq	%xmm4, CL_SSE+32(%rsp)
	movq	%xmm5, CL_SSE+40(%rsp)
	movq	%xmm6, CL_SSE+48(%rsp)
	movq	%xmm7, CL_SSE+56(%rsp)
	movzbl	%al, %eax
	movq	%rax, CL_AL(%rsp)
	leaq	16(%rbp), %rax
	movq	%rax, CL_STACK(%rsp)
	movq	%r10, CL_CHAIN(%rsp)
	xorl	%eax, %eax
	movq	%rax, CL_RAX(%rsp)
	movq	%rax, CL_RDX(%rsp)
	movq	%rax, CL_XMM0(%rsp)
	movq	%rax, CL_XMM1(%rsp)
	movq	%rax, CL_X87(%rsp)

	movq	SLOT_RECORD(%r11), %rdi
	movq	%rsp, %rsi
	call	*RECORD_RUN(%rdi)

	movq	CL_RAX(%rsp), %rax
	movq	CL_RDX(%rsp), %rdx
	movq	CL_XMM0(%rsp), %xmm0
	movq	CL_XMM1(%rsp), %xmm1
	movq	CL_X87(%rsp), %rcx
	testq	%rcx, %rcx
	jz	2f
	cmpq	$1, %rcx
	je	1f
	fldt	CL_ST+16(%rsp)
1:	fldt	CL_ST(%rsp)
2:	leave
	.cfi_restore %rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	gw_closure_entry, .-gw_closure_entry

/* gw_closure_none: where the thunk of a closure goes that is freed, or has no handler yet: SIGILL here, with the
   caller's return address on top of the stack. No C prototype, as above; it does not return. */
	.globl	gw_closure_none
	.hidden	gw_closure_none
	.type	gw_closure_none, @function
gw_closure_none:
	.cfi_startproc
	_CET_ENDBR
	ud2
	.cfi_endproc
	.size	gw_closure_none, .-gw_closure_none

	.section .note.GNU-stack, "", @progbits
