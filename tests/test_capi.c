/* gw_call: compiled functions of many shapes, guard pages behind every value, variadic functions,
   many and large arguments, results that are dropped, errno, and unwinding. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include <cmocka.h>

#include "guards.h"
#include "shapes.h"

#define FN(f) ((void (*)(void))(f))

static void call_compiled_functions_get_and_give_values(void **state)
{
	(void)state;
	seed_random();
	for (int i = 0; i < SHAPES; i++) {
		gw_signature *s = parsed(shapes[i].text);
		const gw_type *type = gw_signature_result(s);
		size_t size = gw_type_size(type);
		void *args[SHAPE_PARAMS];
		assert_int_equal(gw_signature_count(s), SHAPE_PARAMS);
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
}

static void call_variadic_function_gets_its_arguments(void **state)
{
	(void)state;
	gw_signature *s =
		parsed("i32(ptr, u64, ptr, ..., i32, f64, ptr, i64, f64, f64, f64, f64, f64, "
		       "f64, f64, f64, f80, u32)");
	char text[256], *to = text;
	uint64_t size = sizeof text;
	const char *format = "%d %.2f %s %ld %g %g %g %g %g %g %g %g %.3Lf %u", *word = "words";
	int32_t i32 = -7, length = 0;
	double d[9] = {1.25, 2, 3, 4, 5, 6, 7, 8, 9.5};
	int64_t i64 = (int64_t)1 << 40;
	long double l = -0.125L;
	uint32_t u32 = 4000000000;
	void *args[] = {&to,   &size, &format, &i32,  &d[0], &word, &i64, &d[1], &d[2],
			&d[3], &d[4], &d[5],   &d[6], &d[7], &d[8], &l,   &u32};
	gw_call(s, FN(snprintf), &length, args);
	assert_string_equal(text,
			    "-7 1.25 words 1099511627776 2 3 4 5 6 7 8 9.5 -0.125 4000000000");
	assert_int_equal(length, strlen(text));
	gw_signature_free(s);
	s = parsed("i32(ptr, u64, ptr, ...)");
	format = "none";
	gw_call(s, FN(snprintf), &length, args);
	assert_string_equal(text, "none");
	gw_signature_free(s);
}

#define TEN(X, d) X(d##0) X(d##1) X(d##2) X(d##3) X(d##4) X(d##5) X(d##6) X(d##7) X(d##8) X(d##9)
#define SIXTY(X) TEN(X, 1) TEN(X, 2) TEN(X, 3) TEN(X, 4) TEN(X, 5) TEN(X, 6)
#define DECLARE(n) , long i##n, double d##n
#define ADD(n) +n *i##n + n * 3 * (long)d##n

static long sum(long first SIXTY(DECLARE))
{
	return first SIXTY(ADD);
}

static void call_many_arguments_arrive_in_order(void **state)
{
	(void)state;
	char text[1024] = "i64(i64";
	int64_t ints[61], expected = 5, result = 0;
	double doubles[61];
	void *args[121] = {&expected};
	int64_t first = expected;
	args[0] = &first;
	for (int i = 0; i < 60; i++) {
		ints[i] = random() % 1000 - 500;
		doubles[i] = (double)(random() % 1000);
		expected += (i + 10) * ints[i] + (i + 10) * 3 * (int64_t)doubles[i];
		args[1 + 2 * i] = &ints[i];
		args[2 + 2 * i] = &doubles[i];
		strcat(text, ",i64,f64");
	}
	gw_signature *s = parsed(strcat(text, ")"));
	gw_call(s, FN(sum), &result, args);
	assert_int_equal(result, expected);
	gw_signature_free(s);
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

static void call_largest_struct_arrives(void **state)
{
	(void)state;
	gw_signature *s = parsed("{[1048576]u8}({[1048576]u8})");
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

static long double third(void)
{
	return 1 / 3.0L;
}

static long double _Complex both(void)
{
	return 1 / 3.0L + 2.0L * I;
}

/* The x87 stack has eight registers: a value that is left there makes a later one a NaN. */
static void call_dropped_results_leave_the_x87_stack_empty(void **state)
{
	(void)state;
	gw_signature *f80 = parsed("f80()"), *c160 = parsed("c160()");
	for (int i = 0; i < 20; i++) {
		long double one = 0;
		long double _Complex two = 0;
		gw_call(f80, FN(third), NULL, NULL);
		gw_call(c160, FN(both), NULL, NULL);
		gw_call(f80, FN(third), &one, NULL);
		gw_call(c160, FN(both), &two, NULL);
		assert_true(one == 1 / 3.0L && creall(two) == one && cimagl(two) == 2);
	}
	gw_signature_free(f80);
	gw_signature_free(c160);
}

static int called;

static void count_call(void)
{
	called++;
	errno = ERANGE;
}

static void call_errno_is_the_functions(void **state)
{
	(void)state;
	gw_signature *s = parsed("void()");
	char nothing = 'x';
	errno = 0;
	gw_call(s, count_call, &nothing, NULL);
	assert_int_equal(called, 1);
	assert_int_equal(nothing, 'x');
	assert_int_equal(errno, ERANGE);
	gw_signature_free(s);
}

static bool unwound;

static _Unwind_Reason_Code look_for(struct _Unwind_Context *context, void *function)
{
	void *pc = (void *)(_Unwind_GetIP(context) - 1);
	unwound = unwound || _Unwind_FindEnclosingFunction(pc) == function;
	return _URC_NO_REASON;
}

static void unwind_to(void *function)
{
	_Unwind_Backtrace(look_for, function);
}

static void call_can_be_unwound(void **state)
{
	(void)state;
	gw_signature *s = parsed("void(ptr, i64, i64, i64, i64, i64, i64, {i8@64})");
	_Alignas(64) unsigned char zeros[64] = {0};
	void *function = (void *)(uintptr_t)call_can_be_unwound;
	void *args[] = {&function, zeros, zeros, zeros, zeros, zeros, zeros, zeros};
	unwound = false;
	gw_call(s, FN(unwind_to), NULL, args);
	assert_true(unwound);
	gw_signature_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_compiled_functions_get_and_give_values),
		cmocka_unit_test(call_variadic_function_gets_its_arguments),
		cmocka_unit_test(call_many_arguments_arrive_in_order),
		cmocka_unit_test(call_largest_struct_arrives),
		cmocka_unit_test(call_dropped_results_leave_the_x87_stack_empty),
		cmocka_unit_test(call_errno_is_the_functions),
		cmocka_unit_test(call_can_be_unwound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
