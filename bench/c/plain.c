/* Implementation "c": plain C through a pointer. Usage: plain LIBBENCH CORE [ROW...] */
#include <errno.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>

#include "curves.h"

static struct bench_lib lib;

static int64_t run_call0(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call0();
	int64_t ns = child_now() - from;
	child_check("call0", sum == n * BENCH_CALL0);
	return ns;
}

static int64_t run_steady(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.steady();
	int64_t ns = child_now() - from;
	child_check("steady", sum == n * BENCH_STEADY);
	return ns;
}

static int64_t run_call2(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call2((int)(i & 1023), 7);
	int64_t ns = child_now() - from;
	child_check("call2", sum == child_sum(n, CHILD_CALL2_REST));
	return ns;
}

static int64_t run_call3(int64_t n)
{
	double sum = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call3(2, 3, 4);
	int64_t ns = child_now() - from;
	child_check("call3", sum == (double)n * 10);
	return ns;
}

static int64_t run_call6(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call6((int)(i & 1023), 2, 3, 4, 5, 6);
	int64_t ns = child_now() - from;
	child_check("call6", sum == child_sum(n, CHILD_CALL6_REST));
	return ns;
}

static int64_t run_call14(int64_t n)
{
	double sum = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call14((int)(i & 1023), 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5, 1.5, 2.5, 3.5);
	int64_t ns = child_now() - from;
	child_check("call14", sum == (double)child_sum(n, CHILD_CALL14_REST));
	return ns;
}

static int64_t run_structs(int64_t n)
{
	int64_t a = 0, from = child_now();
	double b = 0;
	for (int64_t i = 0; i < n; i++) {
		struct bench_out out = lib.structs(child_ins[i & 1023]);
		a += out.a;
		b += out.b;
	}
	int64_t ns = child_now() - from;
	child_check("structs",
		    a == child_sum(n, CHILD_STRUCTS_REST) && b == (double)n * CHILD_STRUCTS_B);
	return ns;
}

static int64_t run_strlen(int64_t n)
{
	size_t sum = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.strlen(child_text);
	int64_t ns = child_now() - from;
	child_check("strlen", sum == (size_t)n * CHILD_TEXT_LENGTH);
	return ns;
}

static int64_t run_callback1(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.callback1(child_successor, 1);
	int64_t ns = child_now() - from;
	child_check("callback1", sum == n * 3);
	return ns;
}

static int64_t run_callbacks(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = lib.callbacks(child_successor, n);
	int64_t ns = child_now() - from;
	child_check("callbacks", sum == child_successor_sum(n));
	return ns;
}

static int64_t forty_two(void)
{
	return BENCH_CALL0;
}

static int64_t run_callback0(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = lib.callbacks0(forty_two, n);
	int64_t ns = child_now() - from;
	child_check("callback0", sum == n * BENCH_CALL0);
	return ns;
}

static int64_t run_option(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.option(NULL, (int)(i & 1023), (int64_t)7);
	int64_t ns = child_now() - from;
	child_check("variadic", sum == child_sum(n, CHILD_CALL2_REST));
	return ns;
}

static int64_t run_callback3(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = lib.callbacks3(child_scaled, n);
	int64_t ns = child_now() - from;
	child_check("callback3", sum == child_scaled_sum(n));
	return ns;
}

static int64_t run_callbackstruct(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = lib.callbacks_struct(child_convert, child_ins, n);
	int64_t ns = child_now() - from;
	child_check("callbackstruct", sum == child_sum(n, CHILD_STRUCTS_REST + CHILD_STRUCTS_B));
	return ns;
}

static int64_t run_foreign(int64_t n)
{
	int64_t sum = 0, ns = lib.foreign(child_successor, n, &sum);
	child_check("foreign", ns >= 0 && sum == child_successor_sum(n));
	return ns;
}

static void sort(int32_t *base, size_t count)
{
	qsort(base, count, sizeof base[0], lib.compare_ints);
}

static int64_t run_errno(int64_t n)
{
	int64_t sum = 0, errors = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		sum += lib.error((int)(i & 31) + 1);
		errors += errno;
	}
	int64_t ns = child_now() - from;
	child_check("errno", sum == child_errno_sum(n) && errors == sum);
	return ns;
}

static int64_t run_threads(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = lib.threads(child_successor, n);
	int64_t ns = child_now() - from;
	child_check("threads", sum == child_successor_sum(n));
	return ns;
}

static int64_t run_qsort(int64_t n)
{
	return child_qsort(n, CHILD_SORT, sort);
}

static int64_t run_sort(int64_t n)
{
	return child_qsort(n, CHILD_SORT_MANY, sort);
}

static const struct child_bench benches[] = {
	{"call0", "single", CHILD_CHECK_N, .run = run_call0},
	{"call2", "single", CHILD_CHECK_N, .run = run_call2},
	{"call3", "single", CHILD_CHECK_N, .run = run_call3},
	{"call6", "single", CHILD_CHECK_N, .run = run_call6},
	{"call14", "single", CHILD_CHECK_N, .run = run_call14},
	{"structs", "single", CHILD_CHECK_N, .run = run_structs},
	{"strlen", "single", CHILD_CHECK_N, .run = run_strlen},
	{"steady", "single", CHILD_CHECK_N, .run = run_steady},
	{"callback1", "single", CHILD_CHECK_N, .run = run_callback1},
	{"callbacks", "single", CHILD_CHECK_N, .run = run_callbacks},
	{"callback0", "single", CHILD_CHECK_N, .run = run_callback0},
	{"variadic", "single", CHILD_CHECK_N, .run = run_option},
	{"funcparam", "single", CHILD_CHECK_N, .run = run_callback1},
	{"callback3", "single", CHILD_CHECK_N, .run = run_callback3},
	{"callbackstruct", "single", CHILD_CHECK_N, .run = run_callbackstruct},
	{"foreign", "threads", CHILD_CHECK_N, .run = run_foreign},
	{"qsort", "single", 1, .run = run_qsort},
	{"sort", "single", 1, .run = run_sort},
	{"args/0", "single", CHILD_CHECK_N, .run = run_call0},
	{"errno", "single", CHILD_CHECK_N, .run = run_errno},
	{"threads", "threads", CHILD_CHECK_N, .run = run_threads},
};

int main(int argc, char **argv)
{
	child_init(&lib, "c", argc, argv);
	printf("version glibc %s\n", gnu_get_libc_version());
	child_add(benches, sizeof benches / sizeof benches[0]);
	curves(&lib);
	child_serve();
	return 0;
}
