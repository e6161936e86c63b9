/* Whether a function preserves the registers that it has to. Include after stdint.h. */
#ifndef GW_TESTS_AROUND_H
#define GW_TESTS_AROUND_H

/* uint64_t around(fn, x): calls fn(x) with values of its own in the registers that fn preserves,
   and returns 0, or a bit for each that is not as before: RBX RBP R12 R13 R14 R15 RSP. */
uint64_t around(void *fn, void *x);
__asm__(".text\n"
	".type around, @function\n"
	"around:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	push %rsp\n"
	"	mov $0x1111, %ebx\n"
	"	mov $0x2222, %ebp\n"
	"	mov $0x3333, %r12d\n"
	"	mov $0x4444, %r13d\n"
	"	mov $0x5555, %r14d\n"
	"	mov $0x6666, %r15d\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	call *%rax\n"
	"	xor %eax, %eax\n"
	"	xor %ecx, %ecx\n"
	"	cmp $0x1111, %rbx\n"
	"	setne %al\n"
	"	cmp $0x2222, %rbp\n"
	"	setne %cl\n"
	"	lea (%rcx,%rax,2), %rax\n"
	"	cmp $0x3333, %r12\n"
	"	setne %cl\n"
	"	lea (%rcx,%rax,2), %rax\n"
	"	cmp $0x4444, %r13\n"
	"	setne %cl\n"
	"	lea (%rcx,%rax,2), %rax\n"
	"	cmp $0x5555, %r14\n"
	"	setne %cl\n"
	"	lea (%rcx,%rax,2), %rax\n"
	"	cmp $0x6666, %r15\n"
	"	setne %cl\n"
	"	lea (%rcx,%rax,2), %rax\n"
	"	lea 8(%rsp), %rdx\n"
	"	cmp %rdx, (%rsp)\n"
	"	setne %cl\n"
	"	lea (%rcx,%rax,2), %rax\n"
	"	pop %rdx\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	".size around, .-around\n");

/* A fn that around must complain of: 1 << 3. */
static void break_register(void)
{
	__asm__ volatile("xor %%r13d, %%r13d" ::: "memory");
}

#endif
