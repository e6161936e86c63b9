/* gw_syscall against libc's view of the same calls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bridge/bridge.h"

static void syscall_without_arguments_returns_result(void **state)
{
	(void)state;
	assert_int_equal(gw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
}

static void syscall_error_is_negated_errno(void **state)
{
	(void)state;
	errno = EDOM;
	assert_int_equal(gw_syscall(SYS_close, -1, 0, 0, 0, 0, 0), -EBADF);
	assert_int_equal(gw_syscall(100000, 0, 0, 0, 0, 0, 0), -ENOSYS);
	assert_int_equal(errno, EDOM);
}

/* mmap takes six arguments and each of them shows: the second page of a file, at a chosen address.
 */
static void syscall_six_arguments_arrive(void **state)
{
	(void)state;
	enum { PAGE = 4096 };
	FILE *file = tmpfile();
	assert_non_null(file);
	for (int i = 0; i < 2 * PAGE; i++)
		assert_true(fputc(i < PAGE ? 'a' : 'b', file) != EOF);
	assert_int_equal(fflush(file), 0);
	char *hole = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(hole != MAP_FAILED);
	long got = gw_syscall(SYS_mmap, (long)hole, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED,
			      fileno(file), PAGE);
	assert_int_equal(got, (long)hole);
	assert_int_equal(hole[0], 'b');
	assert_int_equal(hole[PAGE - 1], 'b');
	assert_int_equal(munmap(hole, PAGE), 0);
	fclose(file);
}

/* clone3 and friends aside, no call returns a number as large as an address by mistake: results are
   64 bits wide. */
static void syscall_result_is_64_bits(void **state)
{
	(void)state;
	long end = gw_syscall(SYS_brk, 0, 0, 0, 0, 0, 0);
	assert_ptr_equal((void *)end, sbrk(0));
}

/* Callee-saved registers hold what they held, and nothing above the arguments on the stack is
   touched. */
static void syscall_preserves_registers(void **state)
{
	(void)state;
	uint64_t before[5] = {0x1111111111111111, 0x2222222222222222, 0x3333333333333333,
			      0x4444444444444444, 0x5555555555555555};
	uint64_t after[5] = {0};
	long result;
	long (*volatile function)(long, long, long, long, long, long, long) = gw_syscall;
	/* The frame: the seventh argument and a word for the alignment, below the red zone. */
	__asm__ volatile("movq (%[before]), %%rbx\n\t"
			 "movq 8(%[before]), %%r12\n\t"
			 "movq 16(%[before]), %%r13\n\t"
			 "movq 24(%[before]), %%r14\n\t"
			 "movq 32(%[before]), %%r15\n\t"
			 "subq $128, %%rsp\n\t"
			 "pushq %[after]\n\t"
			 "pushq $0\n\t"
			 "call *%[function]\n\t"
			 "addq $8, %%rsp\n\t"
			 "popq %%rdi\n\t"
			 "addq $128, %%rsp\n\t"
			 "movq %%rbx, (%%rdi)\n\t"
			 "movq %%r12, 8(%%rdi)\n\t"
			 "movq %%r13, 16(%%rdi)\n\t"
			 "movq %%r14, 24(%%rdi)\n\t"
			 "movq %%r15, 32(%%rdi)\n\t"
			 : "=a"(result)
			 : [before] "d"(before), [after] "c"(after), [function] "a"(function),
			   "D"((long)SYS_getppid)
			 : "rsi", "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc",
			   "memory");
	assert_int_equal(result, getppid());
	assert_memory_equal(before, after, sizeof before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syscall_without_arguments_returns_result),
		cmocka_unit_test(syscall_error_is_negated_errno),
		cmocka_unit_test(syscall_six_arguments_arrive),
		cmocka_unit_test(syscall_result_is_64_bits),
		cmocka_unit_test(syscall_preserves_registers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
