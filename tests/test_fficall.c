/* Calls where the system grants no memory for code: gw_call goes through libffi, of compiled
   functions of many shapes, and of random signatures with closures that were made while there was
   code. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "guards.h"
#include "random_type.h"
#include "shapes.h"

#define FN(f) ((void (*)(void))(f))

/* ---- The system, which grants executable memory or not ---- */

static bool refuses;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_mprotect(void *at, size_t size, int protection);
int __wrap_mprotect(void *at, size_t size, int protection);
void *__wrap_gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own);
void *__real_gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own);

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (refuses && (protection & PROT_EXEC) != 0) {
		errno = EACCES;
		return MAP_FAILED;
	}
	return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_mprotect(void *at, size_t size, int protection)
{
	if (refuses && (protection & PROT_EXEC) != 0) {
		errno = EACCES;
		return -1;
	}
	return __real_mprotect(at, size, protection);
}

/* Code that is there already, and room in pages that are, would do. */
void *__wrap_gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own)
{
	return refuses ? NULL : __real_gw_arena_keep(code, n, own);
}

/* The signature of text without code; NULL if it is refused, which it must be for its alignment
   alone. */
static gw_signature *without_code(gw_status (*make)(gw_signature **, const void *), const void *of)
{
	gw_signature *s = NULL;
	refuses = true;
	gw_status status = make(&s, of);
	refuses = false;
	if (status == GW_OK) {
		assert_non_null(s->ffi);
		assert_true(s->stack_align <= 16);
		return s;
	}
	assert_int_equal(status, GW_ESYS);
	assert_non_null(strstr(gw_last_error(), "an argument is aligned to "));
	assert_null(s);
	return NULL;
}

static gw_status from_text(gw_signature **out, const void *text)
{
	return gw_signature_parse(out, text);
}

static gw_status from_other(gw_signature **out, const void *other)
{
	const gw_signature *s = other;
	const gw_type *types[GW_MAX_PARAMS];
	for (size_t i = 0; i < gw_signature_count(s); i++)
		types[i] = gw_signature_param(s, i);
	return gw_signature_new(out, gw_signature_result(s), types, gw_signature_count(s),
				gw_signature_fixed(s));
}

/* ---- Calls ---- */

static void fficall_compiled_functions_get_and_give_values(void **state)
{
	int called = 0;
	(void)state;
	seed_random();
	for (int i = 0; i < SHAPES; i++) {
		gw_signature *s = without_code(from_text, shapes[i].text);
		if (s == NULL)
			continue;
		const gw_type *type = gw_signature_result(s);
		size_t size = gw_type_size(type);
		void *args[SHAPE_PARAMS];
		called++;
		for (int round = 0; round < 20; round++) {
			unsigned char *result = before_guard(MAX_ARGS, size);
			random_args(s, args);
			random_value(type, answer);
			memset(seen, 0xa5, sizeof seen);
			memset(result - 64, 0x5a, size + 64);
			gw_call(s, shapes[i].fn, round == 0 ? NULL : result, args);
			for (size_t k = 0; k < SHAPE_PARAMS; k++)
				if (!same_value(gw_signature_param(s, k), args[k], seen[k]))
					fail_msg("%s: parameter %zu", shapes[i].text, k + 1);
			for (int k = 1; k <= 64; k++)
				assert_int_equal(result[-k], 0x5a);
			if (round > 0 && !same_value(type, result, answer))
				fail_msg("%s: result", shapes[i].text);
		}
		gw_signature_free(s);
	}
	assert_true(called > SHAPES / 2);
}

/* A handler that notes its arguments and gives what is in answer. user is the signature. */
static void note(void *result, void *const *args, void *user)
{
	const gw_signature *s = user;
	for (size_t i = 0; i < gw_signature_count(s); i++)
		memcpy(seen[i], args[i], gw_type_size(gw_signature_param(s, i)));
	memcpy(result, answer, gw_type_size(gw_signature_result(s)));
}

static void fficall_random_signatures_agree_with_closures(void **state)
{
	int called = 0, refused = 0;
	(void)state;
	seed_random();
	for (int round = 0; round < 3000; round++) {
		const gw_type *types[SHAPE_PARAMS + 1];
		void *args[SHAPE_PARAMS];
		gw_signature *coded, *s;
		gw_closure *c;
		size_t n = (size_t)random() % (SHAPE_PARAMS + 1);
		for (size_t i = 0; i <= n; i++)
			types[i] = random_type(0);
		assert_int_equal(gw_signature_new(&coded, types[0], types + 1, n, n), GW_OK);
		for (size_t i = 0; i <= n; i++)
			gw_type_release(types[i]);
		s = without_code(from_other, coded);
		if (s == NULL) {
			refused++;
			gw_signature_free(coded);
			continue;
		}
		called++;
		random_args(s, args);
		const gw_type *type = gw_signature_result(s);
		unsigned char *result = before_guard(MAX_ARGS, gw_type_size(type));
		random_value(type, answer);
		assert_int_equal(gw_closure_new(&c, coded, note, coded), GW_OK);
		gw_call(s, FN((uintptr_t)gw_closure_code(c)), result, args);
		char text[1024];
		gw_signature_print(s, text, sizeof text);
		for (size_t i = 0; i < n; i++)
			if (!same_value(gw_signature_param(s, i), args[i], seen[i]))
				fail_msg("%s: parameter %zu", text, i + 1);
		if (!same_value(type, result, answer))
			fail_msg("%s: result", text);
		gw_call(s, FN((uintptr_t)gw_closure_code(c)), NULL, args);
		gw_closure_free(c);
		gw_signature_free(s);
		gw_signature_free(coded);
	}
	assert_true(called > refused && refused > 0);
}

static void fficall_variadic_function_gets_its_arguments(void **state)
{
	(void)state;
	gw_signature *s = without_code(from_text, "i32(ptr, u64, ptr, ..., i32, f64, f80, i64)");
	char text[64], *to = text;
	uint64_t size = sizeof text;
	const char *format = "%d %.2f %.3Lf %ld";
	int32_t i32 = -7, length = 0;
	double d = 1.25;
	long double l = -0.125L;
	int64_t i64 = (int64_t)1 << 40;
	void *args[] = {&to, &size, &format, &i32, &d, &l, &i64};
	gw_call(s, FN(snprintf), &length, args);
	assert_string_equal(text, "-7 1.25 -0.125 1099511627776");
	assert_int_equal(length, strlen(text));
	gw_signature_free(s);
}

void *link_of(void);
__asm__(".text\n"
	"link_of:\n\t"
	"movq %r10, %rax\n\t"
	"ret\n");

static int fail_with(int number)
{
	errno = number;
	return -1;
}

static void fficall_static_chain_and_errno_pass(void **state)
{
	void *got = NULL;
	int number = ERANGE, result = 0, *chain = &number;
	(void)state;
	gw_signature *s = without_code(from_text, "ptr()"),
		     *t = without_code(from_text, "i32(i32)");
	gw_call_chained(s, FN(link_of), chain, &got, NULL);
	assert_ptr_equal(got, chain);
	gw_call(s, FN(link_of), &got, NULL);
	assert_null(got);
	void *args[] = {&number};
	errno = 0;
	gw_call(t, FN(fail_with), &result, args);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(result, -1);
	gw_signature_free(s);
	gw_signature_free(t);
}

typedef struct {
	unsigned char b[1 << 20];
} mebibyte;

static mebibyte complement(mebibyte m)
{
	for (size_t i = 0; i < sizeof m.b; i++)
		m.b[i] = (unsigned char)~m.b[i];
	return m;
}

static void fficall_largest_struct_arrives(void **state)
{
	(void)state;
	gw_signature *s = without_code(from_text, "{[1048576]u8}({[1048576]u8})");
	mebibyte *in = malloc(sizeof *in), *out = calloc(1, sizeof *out);
	assert_true(in != NULL && out != NULL);
	for (size_t i = 0; i < sizeof in->b; i++)
		in->b[i] = random_byte();
	void *args[] = {in};
	gw_call(s, FN(complement), NULL, args);
	gw_call(s, FN(complement), out, args);
	for (size_t i = 0; i < sizeof in->b; i++)
		if ((in->b[i] ^ out->b[i]) != 0xff)
			fail_msg("byte %zu", i);
	free(in);
	free(out);
	gw_signature_free(s);
}

static void fficall_closures_are_refused(void **state)
{
	gw_closure *c;
	(void)state;
	gw_signature *s = without_code(from_text, "i32(i32, f32, u8)");
	refuses = true;
	assert_int_equal(gw_closure_new(&c, s, note, s), GW_ENOMEM);
	assert_string_equal(gw_last_error(), "closure: the system grants no memory for its code");
	refuses = false;
	/* They are made again once it does. */
	assert_int_equal(gw_closure_new(&c, s, note, s), GW_OK);
	gw_closure_free(c);
	gw_signature_free(s);
}

static int64_t sum(int64_t a, mebibyte m, int64_t b)
{
	return a + m.b[77] + b;
}

/* EACCES for mmap(2) and mprotect(2) with PROT_EXEC, as SELinux and sandboxes have it. */
static void without_executable_memory(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};
	gw_signature *s;
	gw_closure *c;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(1);
	if (mprotect(rules, 1, PROT_READ | PROT_EXEC) == 0)
		_exit(2);
	if (gw_signature_parse(&s, "i64(i64, {[1048576]u8}, i64)") != GW_OK || s->ffi == NULL)
		_exit(3);
	int64_t a = 1000, b = 7, result = 0;
	mebibyte *m = calloc(1, sizeof *m);
	void *args[] = {&a, m, &b};
	m->b[77] = 35;
	gw_call(s, FN(sum), &result, args);
	if (result != 1042)
		_exit(4);
	gw_status status = gw_closure_new(&c, s, note, s);
	if (status != GW_ENOMEM && status != GW_ESYS)
		_exit(5);
	if (gw_signature_parse(&s, "void({i8@64})") != GW_ESYS)
		_exit(6);
	dprintf(STDERR_FILENO, "%s", gw_last_error());
}

static void fficall_serves_where_the_kernel_refuses_code(void **state)
{
	char said[256];
	(void)state;
	int status = in_child(without_executable_memory, said, sizeof said);
	if (status != 0)
		fail_msg("status %#x: %s", status, said);
	assert_string_equal(said,
			    "signature: an argument is aligned to 64 on the stack: without "
			    "memory for code, which the system does not grant, 16 is the most");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while there is no code that would serve again. */
		cmocka_unit_test(fficall_serves_where_the_kernel_refuses_code),
		cmocka_unit_test(fficall_compiled_functions_get_and_give_values),
		cmocka_unit_test(fficall_random_signatures_agree_with_closures),
		cmocka_unit_test(fficall_variadic_function_gets_its_arguments),
		cmocka_unit_test(fficall_static_chain_and_errno_pass),
		cmocka_unit_test(fficall_largest_struct_arrives),
		cmocka_unit_test(fficall_closures_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
