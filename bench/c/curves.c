/* The curves of implementation "c": cost against the number of arguments, the size of structs, the
   length of strings, the number of functions and of callbacks. */
#include "curves.h"

#include <stdlib.h>
#include <string.h>

static const struct bench_lib *lib;

enum { LONGEST_TEXT = 65536 };

static char text[LONGEST_TEXT + 1];

static int64_t length_of(int64_t n, int64_t length)
{
	size_t sum = 0;
	memset(text, 'x', (size_t)length);
	text[length] = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib->strlen(text);
	int64_t ns = child_now() - from;
	child_check("strlen", sum == (size_t)(n * length));
	return ns;
}

static int64_t one_of_functions(int64_t n, int64_t count)
{
	int64_t (**functions)(void) = malloc((size_t)count * sizeof *functions);
	child_check("bound", functions != NULL);
	for (int64_t i = 0; i < count; i++)
		functions[i] = lib->call0;
	int64_t step = child_step(count), at = 0, sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		sum += functions[at]();
		if ((at += step) >= count)
			at -= count;
	}
	int64_t ns = child_now() - from;
	free(functions);
	child_check("bound", sum == n * BENCH_CALL0);
	return ns;
}

static int64_t one_of_callbacks(int64_t n, int64_t count)
{
	bench_callback **callbacks = malloc((size_t)count * sizeof *callbacks);
	child_check("live", callbacks != NULL);
	for (int64_t i = 0; i < count; i++)
		callbacks[i] = child_successor;
	int64_t from = child_now();
	int64_t sum = lib->callbacks_many(callbacks, count, child_step(count), n);
	int64_t ns = child_now() - from;
	free(callbacks);
	child_check("live", sum == child_successor_sum(n));
	return ns;
}

/* The sum of i * i for i from 1 to count. */
static int64_t squares(int64_t count)
{
	return count * (count + 1) * (2 * count + 1) / 6;
}

/* clang-format off */
#define ARGS(count)                                                                                 \
	static int64_t run_args##count(int64_t n)                                                   \
	{                                                                                           \
		int64_t sum = 0, from = child_now();                                                \
		for (int64_t i = 0; i < n; i++)                                                     \
			sum += lib->args##count(BENCH_V##count);                                    \
		int64_t ns = child_now() - from;                                                    \
		child_check("args", sum == n * squares(count));                                     \
		return ns;                                                                          \
	}
#define BYTES(size)                                                                                 \
	static int64_t run_bytes##size(int64_t n)                                                   \
	{                                                                                           \
		struct bench_bytes##size in = {.v = {[(size) / 8 - 1] = 5}};                        \
		int64_t sum = 0, from = child_now();                                                \
		for (int64_t i = 0; i < n; i++)                                                     \
			sum += lib->bytes##size(in).v[(size) / 8 - 1];                              \
		int64_t ns = child_now() - from;                                                    \
		child_check("structs", sum == n * 5);                                               \
		return ns;                                                                          \
	}
/* clang-format on */

BENCH_COUNTS(ARGS)
BENCH_SIZES(BYTES)

static const struct child_bench benches[] = {
#define ARGS_ROW(n) {"args/" #n, "single", CHILD_CHECK_N, .run = run_args##n},
	BENCH_COUNTS(ARGS_ROW)
#define BYTES_ROW(n) {"structs/" #n, "single", CHILD_CHECK_N, .run = run_bytes##n},
		BENCH_SIZES(BYTES_ROW){"strlen/8", "single", CHILD_CHECK_N, .run_with = length_of,
				       .x = 8},
	{"strlen/64", "single", CHILD_CHECK_N, .run_with = length_of, .x = 64},
	{"strlen/512", "single", CHILD_CHECK_N, .run_with = length_of, .x = 512},
	{"strlen/4096", "single", CHILD_CHECK_N, .run_with = length_of, .x = 4096},
	{"strlen/16384", "single", CHILD_CHECK_N, .run_with = length_of, .x = 16384},
	{"strlen/65536", "single", CHILD_CHECK_N, .run_with = length_of, .x = 65536},
	{"bound/10", "single", CHILD_CHECK_N, .run_with = one_of_functions, .x = 10},
	{"bound/100", "single", CHILD_CHECK_N, .run_with = one_of_functions, .x = 100},
	{"bound/1000", "single", CHILD_CHECK_N, .run_with = one_of_functions, .x = 1000},
	{"bound/10000", "single", CHILD_CHECK_N, .run_with = one_of_functions, .x = 10000},
	{"bound/100000", "single", CHILD_CHECK_N, .run_with = one_of_functions, .x = 100000},
	{"bound/1000000", "single", CHILD_CHECK_N, .run_with = one_of_functions, .x = 1000000},
	{"live/10", "single", CHILD_CHECK_N, .run_with = one_of_callbacks, .x = 10},
	{"live/100", "single", CHILD_CHECK_N, .run_with = one_of_callbacks, .x = 100},
	{"live/1000", "single", CHILD_CHECK_N, .run_with = one_of_callbacks, .x = 1000},
	{"live/10000", "single", CHILD_CHECK_N, .run_with = one_of_callbacks, .x = 10000},
	{"live/100000", "single", CHILD_CHECK_N, .run_with = one_of_callbacks, .x = 100000},
	{"live/1000000", "single", CHILD_CHECK_N, .run_with = one_of_callbacks, .x = 1000000},
};

void curves(const struct bench_lib *opened)
{
	lib = opened;
	child_add(benches, sizeof benches / sizeof benches[0]);
}
