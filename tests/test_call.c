/* gw_call_regs against libffi's ffi_call: both call a recorder that notes every argument register
   and stack word, with random lists of integers and floats; the notes must agree. And results and
   errno of gw_call_regs. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <ffi.h>

#include "../bridge/call.h"

enum { MAX_ARGS = 40, ROUNDS = 2000 };

/* What the recorder saw. */
struct notes {
	uint64_t ints[6];
	uint64_t floats[8];
	uint64_t stack[MAX_ARGS];
	uint64_t sp_mod_16;
};
struct notes notes __attribute__((visibility("hidden")));

/* double recorder(...): notes its registers, the words above its return address and the stack's
   alignment; returns 7 in RAX and whatever is in XMM0. */
double recorder(void);
__asm__(".text\n"
	".type recorder, @function\n"
	"recorder:\n"
	"	lea notes(%rip), %r11\n"
	"	mov %rdi, (%r11)\n"
	"	mov %rsi, 8(%r11)\n"
	"	mov %rdx, 16(%r11)\n"
	"	mov %rcx, 24(%r11)\n"
	"	mov %r8, 32(%r11)\n"
	"	mov %r9, 40(%r11)\n"
	"	movsd %xmm0, 48(%r11)\n"
	"	movsd %xmm1, 56(%r11)\n"
	"	movsd %xmm2, 64(%r11)\n"
	"	movsd %xmm3, 72(%r11)\n"
	"	movsd %xmm4, 80(%r11)\n"
	"	movsd %xmm5, 88(%r11)\n"
	"	movsd %xmm6, 96(%r11)\n"
	"	movsd %xmm7, 104(%r11)\n"
	"	xor %eax, %eax\n"
	"1:	mov 8(%rsp,%rax,8), %r10\n"
	"	mov %r10, 112(%r11,%rax,8)\n"
	"	inc %eax\n"
	"	cmp $40, %eax\n"
	"	jne 1b\n"
	"	lea 8(%rsp), %rax\n"
	"	and $15, %eax\n"
	"	mov %rax, 432(%r11)\n"
	"	mov $7, %eax\n"
	"	ret\n"
	".size recorder, .-recorder\n");

_Static_assert(offsetof(struct notes, stack) == 112, "the recorder knows the offset of stack");
_Static_assert(offsetof(struct notes, sp_mod_16) == 432,
	       "the recorder knows the offset of sp_mod_16");

static uint64_t random_word(void)
{
	return (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random();
}

static void call_regs_random_lists_agree_with_libffi(void **state)
{
	(void)state;
	const char *given = getenv("GANGWAY_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
	print_message("seed %u (GANGWAY_SEED replays it)\n", seed);
	srandom(seed);
	for (int round = 0; round < ROUNDS; round++) {
		unsigned n = (unsigned)random() % (MAX_ARGS + 1);
		unsigned ints = 0, floats = 0, stacked = 0;
		uint64_t words[MAX_ARGS], stack[MAX_ARGS];
		ffi_type *types[MAX_ARGS];
		void *values[MAX_ARGS];
		struct gw_call_regs r;
		memset(&r, 0, sizeof r);
		for (unsigned i = 0; i < n; i++) {
			words[i] = random_word();
			values[i] = &words[i];
			bool is_float = random() % 2;
			types[i] = is_float ? &ffi_type_double : &ffi_type_uint64;
			if (!is_float && ints < 6)
				r.ints[ints++] = words[i];
			else if (is_float && floats < 8)
				memcpy(&r.floats[floats++], &words[i], 8);
			else
				stack[stacked++] = words[i];
		}
		r.fn = (const void *)(uintptr_t)recorder;
		r.stack = stack;
		r.stack_bytes = stacked * 8;

		memset(&notes, 0, sizeof notes);
		gw_call_regs(&r);
		struct notes ours = notes;
		assert_int_equal(r.rax, 7);
		assert_int_equal(ours.sp_mod_16, 0);

		ffi_cif cif;
		double result;
		assert_int_equal(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, n, &ffi_type_double, types),
				 FFI_OK);
		memset(&notes, 0, sizeof notes);
		ffi_call(&cif, FFI_FN(recorder), &result, values);
		assert_memory_equal(ours.ints, notes.ints, ints * 8);
		assert_memory_equal(ours.floats, notes.floats, floats * 8);
		assert_memory_equal(ours.stack, notes.stack, stacked * 8);
	}
}

static int fail_with(int err, int result)
{
	errno = err;
	return result;
}

static double half(double x)
{
	return x / 2;
}

static void call_regs_failing_function_leaves_errno(void **state)
{
	(void)state;
	struct gw_call_regs r = {.fn = (const void *)(uintptr_t)fail_with,
				 .ints = {ENOENT, (uintptr_t)-1}};
	errno = EIO;
	gw_call_regs(&r);
	assert_int_equal((int)r.rax, -1);
	assert_int_equal(r.err, ENOENT);
}

static void call_regs_errno_of_an_earlier_call_is_cleared(void **state)
{
	(void)state;
	struct gw_call_regs r = {.fn = (const void *)(uintptr_t)half, .floats = {3.0}};
	errno = EIO;
	gw_call_regs(&r);
	assert_true(r.xmm0 == 1.5);
	assert_int_equal(r.err, 0);
}

static int start(void **state)
{
	uintptr_t secure = 2;
	(void)state;
	gw_call_setup(&secure);
	return secure == 0 ? 0 : -1; /* nobody runs tests with more rights than his own */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_regs_random_lists_agree_with_libffi),
		cmocka_unit_test(call_regs_failing_function_leaves_errno),
		cmocka_unit_test(call_regs_errno_of_an_earlier_call_is_cleared),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
