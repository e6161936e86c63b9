/* The curves of implementation "c": cost against the number of arguments, the size of structs, the
   length of strings, the number of functions and of callbacks. */
#include "curves.h"

#include <stdlib.h>
#include <string.h>

static const struct bench_lib *lib;

enum { LONGEST_TEXT = 65536 };

static char text[LONGEST_TEXT + 1];

static int64_t length_of(int64_t n, size_t length)
{
	size_t sum = 0;
	memset(text, 'x', length);
	text[length] = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += lib->strlen(text);
	int64_t ns = child_now() - from;
	child_check("strlen", sum == (size_t)n * length);
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
#define ARGS(count, ...)                                                                            \
	static int64_t run_args##count(int64_t n)                                                   \
	{                                                                                           \
		int64_t sum = 0, from = child_now();                                                \
		for (int64_t i = 0; i < n; i++)                                                     \
			sum += lib->args##count(__VA_ARGS__);                                       \
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
#define WITH(function, x)                                                                           \
	static int64_t run_##function##x(int64_t n)                                                 \
	{                                                                                           \
		return function(n, x);                                                              \
	}
/* clang-format on */

ARGS(1, 1)
ARGS(2, 1, 2)
ARGS(4, 1, 2, 3, 4)
ARGS(6, 1, 2, 3, 4, 5, 6)
ARGS(8, 1, 2, 3, 4, 5, 6, 7, 8)
ARGS(12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
ARGS(16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
ARGS(24, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)
ARGS(32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
     26, 27, 28, 29, 30, 31, 32)
ARGS(40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
     26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)

BYTES(8)
BYTES(16)
BYTES(24)
BYTES(32)
BYTES(64)
BYTES(128)
BYTES(256)

WITH(length_of, 8)
WITH(length_of, 64)
WITH(length_of, 512)
WITH(length_of, 4096)
WITH(length_of, 16384)
WITH(length_of, 65536)
WITH(one_of_functions, 10)
WITH(one_of_functions, 100)
WITH(one_of_functions, 1000)
WITH(one_of_functions, 10000)
WITH(one_of_functions, 100000)
WITH(one_of_functions, 1000000)
WITH(one_of_callbacks, 10)
WITH(one_of_callbacks, 100)
WITH(one_of_callbacks, 1000)
WITH(one_of_callbacks, 10000)
WITH(one_of_callbacks, 100000)
WITH(one_of_callbacks, 1000000)

static const struct child_bench benches[] = {
	{"args/1", "single", CHILD_CHECK_N, run_args1},
	{"args/2", "single", CHILD_CHECK_N, run_args2},
	{"args/4", "single", CHILD_CHECK_N, run_args4},
	{"args/6", "single", CHILD_CHECK_N, run_args6},
	{"args/8", "single", CHILD_CHECK_N, run_args8},
	{"args/12", "single", CHILD_CHECK_N, run_args12},
	{"args/16", "single", CHILD_CHECK_N, run_args16},
	{"args/24", "single", CHILD_CHECK_N, run_args24},
	{"args/32", "single", CHILD_CHECK_N, run_args32},
	{"args/40", "single", CHILD_CHECK_N, run_args40},
	{"structs/8", "single", CHILD_CHECK_N, run_bytes8},
	{"structs/16", "single", CHILD_CHECK_N, run_bytes16},
	{"structs/24", "single", CHILD_CHECK_N, run_bytes24},
	{"structs/32", "single", CHILD_CHECK_N, run_bytes32},
	{"structs/64", "single", CHILD_CHECK_N, run_bytes64},
	{"structs/128", "single", CHILD_CHECK_N, run_bytes128},
	{"structs/256", "single", CHILD_CHECK_N, run_bytes256},
	{"strlen/8", "single", CHILD_CHECK_N, run_length_of8},
	{"strlen/64", "single", CHILD_CHECK_N, run_length_of64},
	{"strlen/512", "single", CHILD_CHECK_N, run_length_of512},
	{"strlen/4096", "single", CHILD_CHECK_N, run_length_of4096},
	{"strlen/16384", "single", CHILD_CHECK_N, run_length_of16384},
	{"strlen/65536", "single", CHILD_CHECK_N, run_length_of65536},
	{"bound/10", "single", CHILD_CHECK_N, run_one_of_functions10},
	{"bound/100", "single", CHILD_CHECK_N, run_one_of_functions100},
	{"bound/1000", "single", CHILD_CHECK_N, run_one_of_functions1000},
	{"bound/10000", "single", CHILD_CHECK_N, run_one_of_functions10000},
	{"bound/100000", "single", CHILD_CHECK_N, run_one_of_functions100000},
	{"bound/1000000", "single", CHILD_CHECK_N, run_one_of_functions1000000},
	{"live/10", "single", CHILD_CHECK_N, run_one_of_callbacks10},
	{"live/100", "single", CHILD_CHECK_N, run_one_of_callbacks100},
	{"live/1000", "single", CHILD_CHECK_N, run_one_of_callbacks1000},
	{"live/10000", "single", CHILD_CHECK_N, run_one_of_callbacks10000},
	{"live/100000", "single", CHILD_CHECK_N, run_one_of_callbacks100000},
	{"live/1000000", "single", CHILD_CHECK_N, run_one_of_callbacks1000000},
};

void curves(const struct bench_lib *opened)
{
	lib = opened;
	child_add(benches, sizeof benches / sizeof benches[0]);
}
