/* The calling convention seen from below a C compiler: every argument register and stack word as it
   was passed, results with garbage where the convention allows it, registers spoilt wherever C may.

   Not for several threads at once: what gt_capture sees and answers is one static block. */
#include <stdint.h>

/* Offsets are known to the assembly below. */
struct registers {
	uint64_t ints[6];   /* RDI RSI RDX RCX R8 R9 */
	uint64_t floats[8]; /* low halves of XMM0-XMM7 */
	uint64_t rax;       /* AL counts vector registers for a variadic function */
	uint64_t rsp;       /* at entry, pointing to the return address */
	uint64_t flags;     /* RFLAGS */
	uint64_t mxcsr;
	uint64_t stack[32];  /* the words above the return address */
	uint64_t answer_rax; /* what gt_capture returns */
	uint64_t answer_xmm0;
};
_Static_assert(sizeof(struct registers) == 52 * 8, "known to the assembly and to Go");

__attribute__((visibility("hidden"))) struct registers gt_registers;

/* The block, as an array of 52 words. */
uint64_t *gt_captured(void)
{
	return (uint64_t *)&gt_registers;
}

/* void gt_capture(...): fills gt_registers, returns its answers, and spoils what a function may. */
__asm__(".text\n"
	".globl gt_capture\n"
	".type gt_capture, @function\n"
	"gt_capture:\n"
	"	.cfi_startproc\n"
	"	lea	gt_registers(%rip), %r11\n"
	"	movq	%rdi, 0(%r11)\n"
	"	movq	%rsi, 8(%r11)\n"
	"	movq	%rdx, 16(%r11)\n"
	"	movq	%rcx, 24(%r11)\n"
	"	movq	%r8, 32(%r11)\n"
	"	movq	%r9, 40(%r11)\n"
	"	movq	%xmm0, 48(%r11)\n"
	"	movq	%xmm1, 56(%r11)\n"
	"	movq	%xmm2, 64(%r11)\n"
	"	movq	%xmm3, 72(%r11)\n"
	"	movq	%xmm4, 80(%r11)\n"
	"	movq	%xmm5, 88(%r11)\n"
	"	movq	%xmm6, 96(%r11)\n"
	"	movq	%xmm7, 104(%r11)\n"
	"	movq	%rax, 112(%r11)\n"
	"	movq	%rsp, 120(%r11)\n"
	"	pushfq\n"
	"	popq	128(%r11)\n"
	"	movl	$0, 140(%r11)\n"
	"	stmxcsr	136(%r11)\n"
	"	cld\n"
	"	lea	8(%rsp), %rsi\n"
	"	lea	144(%r11), %rdi\n"
	"	movl	$32, %ecx\n"
	"	rep movsq\n"
	"	movq	$-1, %rcx\n"
	"	movq	%rcx, %xmm1\n"
	"	punpcklqdq %xmm1, %xmm1\n"
	"	movdqa	%xmm1, %xmm0\n"
	"	movdqa	%xmm1, %xmm2\n"
	"	movdqa	%xmm1, %xmm3\n"
	"	movdqa	%xmm1, %xmm4\n"
	"	movdqa	%xmm1, %xmm5\n"
	"	movdqa	%xmm1, %xmm6\n"
	"	movdqa	%xmm1, %xmm7\n"
	"	movdqa	%xmm1, %xmm8\n"
	"	movdqa	%xmm1, %xmm9\n"
	"	movdqa	%xmm1, %xmm10\n"
	"	movdqa	%xmm1, %xmm11\n"
	"	movdqa	%xmm1, %xmm12\n"
	"	movdqa	%xmm1, %xmm13\n"
	"	movdqa	%xmm1, %xmm14\n"
	"	movdqa	%xmm1, %xmm15\n"
	"	movlps	408(%r11), %xmm0\n"
	"	movq	400(%r11), %rax\n"
	"	movq	%rcx, %rdx\n"
	"	movq	%rcx, %rsi\n"
	"	movq	%rcx, %rdi\n"
	"	movq	%rcx, %r8\n"
	"	movq	%rcx, %r9\n"
	"	movq	%rcx, %r10\n"
	"	movq	%rcx, %r11\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size gt_capture, .-gt_capture\n");

/* uint32_t gt_invoke(const void *fn, const uint64_t in[16], uint64_t out[2])

   Calls fn with in[0..5] in the integer argument registers and in[6..13] in the low halves of
   XMM0-7, and leaves RAX and XMM0 in out. MXCSR is in[14] during the call, unless that is 0.
   Returns what the call did not leave as it was: bits 0-5 RBX RBP R12-R15, 6 the stack pointer, 7
   MXCSR's control bits, 8 the direction flag set, 9 the x87 control word. */
uint32_t gt_invoke(const void *fn, const uint64_t in[16], uint64_t out[2]);
__asm__(".text\n"
	".globl gt_invoke\n"
	".type gt_invoke, @function\n"
	"gt_invoke:\n"
	"	.cfi_startproc\n"
	"	push	%rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov	%rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	push	%rbx\n"
	"	.cfi_offset %rbx, -24\n"
	"	push	%r12\n"
	"	.cfi_offset %r12, -32\n"
	"	push	%r13\n"
	"	.cfi_offset %r13, -40\n"
	"	push	%r14\n"
	"	.cfi_offset %r14, -48\n"
	"	push	%r15\n"
	"	.cfi_offset %r15, -56\n"
	/* 0 out; 8 MXCSR as found; 12 MXCSR for the call; 16 x87 control word; 24 the frame's RBP
	 */
	"	sub	$40, %rsp\n"
	"	mov	%rdx, 0(%rsp)\n"
	"	mov	%rbp, 24(%rsp)\n"
	"	stmxcsr	8(%rsp)\n"
	"	fnstcw	16(%rsp)\n"
	"	mov	112(%rsi), %eax\n"
	"	test	%eax, %eax\n"
	"	jnz	1f\n"
	"	mov	8(%rsp), %eax\n"
	"1:	mov	%eax, 12(%rsp)\n"
	"	ldmxcsr	12(%rsp)\n"
	"	mov	%rdi, %r11\n"
	"	mov	%rsi, %r10\n"
	"	mov	0(%r10), %rdi\n"
	"	mov	8(%r10), %rsi\n"
	"	mov	16(%r10), %rdx\n"
	"	mov	24(%r10), %rcx\n"
	"	mov	32(%r10), %r8\n"
	"	mov	40(%r10), %r9\n"
	"	movq	48(%r10), %xmm0\n"
	"	movq	56(%r10), %xmm1\n"
	"	movq	64(%r10), %xmm2\n"
	"	movq	72(%r10), %xmm3\n"
	"	movq	80(%r10), %xmm4\n"
	"	movq	88(%r10), %xmm5\n"
	"	movq	96(%r10), %xmm6\n"
	"	movq	104(%r10), %xmm7\n"
	"	movabs	$0x1111222233334444, %rbx\n"
	"	lea	1(%rbx), %rbp\n"
	"	lea	2(%rbx), %r12\n"
	"	lea	3(%rbx), %r13\n"
	"	lea	4(%rbx), %r14\n"
	"	mov	%rsp, %r15\n"
	"	mov	$8, %eax\n"
	"	call	*%r11\n"
	"	mov	%rax, %r10\n"
	"	xor	%eax, %eax\n"
	"	movabs	$0x1111222233334444, %r11\n"
	"	cmp	%rbx, %r11\n"
	"	je	1f\n"
	"	or	$1, %eax\n"
	"1:	inc	%r11\n"
	"	cmp	%rbp, %r11\n"
	"	je	1f\n"
	"	or	$2, %eax\n"
	"1:	inc	%r11\n"
	"	cmp	%r12, %r11\n"
	"	je	1f\n"
	"	or	$4, %eax\n"
	"1:	inc	%r11\n"
	"	cmp	%r13, %r11\n"
	"	je	1f\n"
	"	or	$8, %eax\n"
	"1:	inc	%r11\n"
	"	cmp	%r14, %r11\n"
	"	je	1f\n"
	"	or	$16, %eax\n"
	/* R15 and RSP must agree; if not, RSP is the one that this function cannot do without. */
	"1:	cmp	%r15, %rsp\n"
	"	je	1f\n"
	"	or	$96, %eax\n"
	"1:	pushfq\n"
	"	testl	$0x400, (%rsp)\n"
	"	jz	1f\n"
	"	or	$256, %eax\n"
	"	cld\n"
	"1:	add	$8, %rsp\n"
	"	stmxcsr	20(%rsp)\n"
	"	mov	20(%rsp), %edx\n"
	"	xor	12(%rsp), %edx\n"
	"	test	$0xffc0, %edx\n"
	"	jz	1f\n"
	"	or	$128, %eax\n"
	"1:	ldmxcsr	8(%rsp)\n"
	"	fnstcw	20(%rsp)\n"
	"	movzwl	20(%rsp), %edx\n"
	"	cmpw	16(%rsp), %dx\n"
	"	je	1f\n"
	"	or	$512, %eax\n"
	"1:	mov	0(%rsp), %rdx\n"
	"	mov	%r10, 0(%rdx)\n"
	"	movq	%xmm0, 8(%rdx)\n"
	"	mov	24(%rsp), %rbp\n"
	"	lea	-40(%rbp), %rsp\n"
	"	pop	%r15\n"
	"	pop	%r14\n"
	"	pop	%r13\n"
	"	pop	%r12\n"
	"	pop	%rbx\n"
	"	pop	%rbp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size gt_invoke, .-gt_invoke\n");

/* MXCSR in the low, the x87 control word in the high half. */
uint64_t gt_float_modes(void)
{
	uint32_t mxcsr;
	uint16_t cw;
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(cw));
	return mxcsr | (uint64_t)cw << 32;
}

/* Where this thread's C stack is: equal in two calls from the same depth. */
uintptr_t gt_stack_address(void)
{
	return (uintptr_t)__builtin_frame_address(0);
}
