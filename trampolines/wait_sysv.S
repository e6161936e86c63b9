#include "cet_sysv.h"

/* _Noreturn void gw_wait_resume(ucontext_t *context);

   Leaves the handler of a signal as rt_sigreturn(2) would, but for what that does to a system call that the signal has
   ended: it makes restart_syscall(2) impossible. The context's RIP is at a SYSCALL instruction, RAX has the number of
   restart_syscall. That instruction sets RCX and R11, so they are free here.

   In:        RDI the context, as the kernel has made it for the handler
   Out:       does not return; every register as in the context, but RCX and R11
   Stack:     the handler's, wherever that is; then the context's. Nothing below the context's RSP is written, so the red
              zone stays.
   Unwind:    not to be unwound: it has no caller any more
   Called by: signalEntry, by JMP

   Signals. All are blocked until the mask of the context is set; the handler of one that comes afterwards, here, uses the
   stack below RSP and comes back. It makes the wait end with EINTR, as a signal during the wait would.
   The kernel holds nothing else that rt_sigreturn would have to undo: which stack signals use is known by RSP alone,
   unless that was disarmed (SS_AUTODISARM), and gw_wait_restart looks for that. Threads of a Go program have no shadow
   stack. */
	.set	UC_R8, 40
	.set	UC_R9, 48
	.set	UC_R10, 56
	.set	UC_R12, 72
	.set	UC_R13, 80
	.set	UC_R14, 88
	.set	UC_R15, 96
	.set	UC_RDI, 104
	.set	UC_RSI, 112
	.set	UC_RBP, 120
	.set	UC_RBX, 128
	.set	UC_RDX, 136
	.set	UC_RAX, 144
	.set	UC_RSP, 160
	.set	UC_RIP, 168
	.set	UC_FLAGS, 176
	.set	UC_FPSTATE, 224
	.set	UC_SIGMASK, 296

	/* struct _fpx_sw_bytes at the end of the FXSAVE area (arch/x86/include/uapi/asm/sigcontext.h) */
	.set	FP_MAGIC1, 464
	.set	FP_XFEATURES, 472
	.set	FP_XSTATE_MAGIC1, 0x46505853

	.set	SYS_rt_sigprocmask, 14
	.set	SIG_SETMASK, 2

	.text
	.globl	gw_wait_resume
	.hidden	gw_wait_resume
	.type	gw_wait_resume, @function
	.p2align 4
gw_wait_resume:
	.cfi_startproc
	.cfi_undefined %rip
	_CET_ENDBR
	movq	%rdi, %rbx
	movl	$SIG_SETMASK, %edi
	leaq	UC_SIGMASK(%rbx), %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	movl	$SYS_rt_sigprocmask, %eax
	syscall
	movq	UC_FPSTATE(%rbx), %rcx
	cmpl	$FP_XSTATE_MAGIC1, FP_MAGIC1(%rcx)
	jne	1f
	movl	FP_XFEATURES(%rcx), %eax
	movl	FP_XFEATURES+4(%rcx), %edx
	xrstor64 (%rcx)
	jmp	2f
1:	fxrstor64 (%rcx)
2:	movq	%rbx, %rcx
	pushq	UC_FLAGS(%rcx)
	popfq
	movq	UC_R8(%rcx), %r8
	movq	UC_R9(%rcx), %r9
	movq	UC_R10(%rcx), %r10
	movq	UC_R12(%rcx), %r12
	movq	UC_R13(%rcx), %r13
	movq	UC_R14(%rcx), %r14
	movq	UC_R15(%rcx), %r15
	movq	UC_RDI(%rcx), %rdi
	movq	UC_RSI(%rcx), %rsi
	movq	UC_RBP(%rcx), %rbp
	movq	UC_RBX(%rcx), %rbx
	movq	UC_RDX(%rcx), %rdx
	movq	UC_RAX(%rcx), %rax
	movq	UC_RIP(%rcx), %r11
	movq	UC_RSP(%rcx), %rsp
	jmp	*%r11
	.cfi_endproc
	.size	gw_wait_resume, .-gw_wait_resume

	.section .note.GNU-stack,"",@progbits
