/* Implementations whose calls go through a description of the signature, prepared once, and whose
   callbacks are closures: ENGINE is "engine_ffi.h" (libffi; "libffi-plan" with PLAN) or
   "engine_gw.h" (Gangway's C API). Each has

       struct prepared                                 a signature
       void prepare(struct prepared *p, const char *result, const char *args)
		       a letter for each type: i int, l int64_t, d double, p pointer, u unsigned
   long, v void, I struct bench_in, O struct bench_out, w the struct of `words` int64_t; after a
   dot, variadic arguments void call(struct prepared *p, void (*fn)(void), void *result, void
   **args) narrow                                          what an int result is stored as
       HANDLER(name)                                   the head of a function with args and result
       void *closure(struct prepared *p, handler *run, closure_type **c)   code that calls run
       void closure_free(closure_type *c)

   Usage: PROGRAM LIBBENCH CORE [ROW...] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "child.h"

static int words;

#include ENGINE

/* A function as the engines take it. */
#define FN(f) ((void (*)(void))(f))

static struct bench_lib lib;

static struct prepared none, call2, call3, call6, call14, structs, length, error, looping,
	looping_ins, foreign, sorting, option;

/* What C calls back: a signature and code for each. */
static struct prepared successor, scaled, convert, compare;
static void *none_code, *successor_code, *scaled_code, *convert_code, *compare_code;

HANDLER(run_none)
{
	(void)args;
	*(int64_t *)result = BENCH_CALL0;
}

HANDLER(run_successor)
{
	*(int64_t *)result = child_successor(*(int64_t *)args[0]);
}

HANDLER(run_scaled)
{
	*(int64_t *)result =
		child_scaled(*(int64_t *)args[0], *(int32_t *)args[1], *(void **)args[2]);
}

HANDLER(run_convert)
{
	*(struct bench_out *)result = child_convert(*(struct bench_in *)args[0]);
}

HANDLER(run_compare)
{
	*(narrow *)result = lib.compare_ints(*(void **)args[0], *(void **)args[1]);
}

static void prepare_all(void)
{
	prepare(&none, "l", "");
	prepare(&option, "l", "pi.l");
	prepare(&call2, "i", "ii");
	prepare(&call3, "d", "ddd");
	prepare(&call6, "i", "iiiiii");
	prepare(&call14, "d", "iiiiiiiiiidddd");
	prepare(&structs, "O", "I");
	prepare(&length, "u", "p");
	prepare(&error, "i", "i");
	prepare(&looping, "l", "pl");
	prepare(&looping_ins, "l", "ppl");
	prepare(&foreign, "l", "plp");
	prepare(&sorting, "v", "puup");
	prepare(&successor, "l", "l");
	prepare(&scaled, "l", "lip");
	prepare(&convert, "O", "I");
	prepare(&compare, "i", "pp");
	closure_type *c;
	none_code = closure(&none, run_none, &c);
	successor_code = closure(&successor, run_successor, &c);
	scaled_code = closure(&scaled, run_scaled, &c);
	convert_code = closure(&convert, run_convert, &c);
	compare_code = closure(&compare, run_compare, &c);
}

static int64_t run_call0(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int64_t result;
		call(&none, FN(lib.call0), &result, NULL);
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("call0", sum == n * BENCH_CALL0);
	return ns;
}

static int64_t run_steady(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int64_t result;
		call(&none, FN(lib.steady), &result, NULL);
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("steady", sum == n * BENCH_STEADY);
	return ns;
}

static int64_t run_call2(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int a = (int)(i & 1023), b = 7;
		narrow result;
		call(&call2, FN(lib.call2), &result, (void *[]){&a, &b});
		sum += (int)result;
	}
	int64_t ns = child_now() - from;
	child_check("call2", sum == child_sum(n, CHILD_CALL2_REST));
	return ns;
}

static int64_t run_call3(int64_t n)
{
	double sum = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		double a = 2, b = 3, c = 4, result;
		call(&call3, FN(lib.call3), &result, (void *[]){&a, &b, &c});
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("call3", sum == (double)n * 10);
	return ns;
}

static int64_t run_call6(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int v[] = {(int)(i & 1023), 2, 3, 4, 5, 6};
		narrow result;
		call(&call6, FN(lib.call6), &result,
		     (void *[]){&v[0], &v[1], &v[2], &v[3], &v[4], &v[5]});
		sum += (int)result;
	}
	int64_t ns = child_now() - from;
	child_check("call6", sum == child_sum(n, CHILD_CALL6_REST));
	return ns;
}

static int64_t run_call14(int64_t n)
{
	double sum = 0;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int v[] = {(int)(i & 1023), 2, 3, 4, 5, 6, 7, 8, 9, 10};
		double f[] = {0.5, 1.5, 2.5, 3.5}, result;
		call(&call14, FN(lib.call14), &result,
		     (void *[]){&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8],
				&v[9], &f[0], &f[1], &f[2], &f[3]});
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("call14", sum == (double)child_sum(n, CHILD_CALL14_REST));
	return ns;
}

static int64_t run_structs(int64_t n)
{
	int64_t a = 0, from = child_now();
	double b = 0;
	for (int64_t i = 0; i < n; i++) {
		struct bench_out out;
		call(&structs, FN(lib.structs), &out, (void *[]){&child_ins[i & 1023]});
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
	for (int64_t i = 0; i < n; i++) {
		const char *text = child_text;
		unsigned long result;
		call(&length, FN(lib.strlen), &result, (void *[]){&text});
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("strlen", sum == (size_t)n * CHILD_TEXT_LENGTH);
	return ns;
}

/* fn(code, n), a function that calls code back. */
static int64_t loop(void (*fn)(void), void *code, int64_t n)
{
	int64_t result;
	call(&looping, fn, &result, (void *[]){&code, &n});
	return result;
}

static int64_t run_callback1(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += loop(FN(lib.callback1), successor_code, 1);
	int64_t ns = child_now() - from;
	child_check("callback1", sum == n * 3);
	return ns;
}

static int64_t run_callbacks(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = loop(FN(lib.callbacks), successor_code, n);
	int64_t ns = child_now() - from;
	child_check("callbacks", sum == child_successor_sum(n));
	return ns;
}

static int64_t run_callback3(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = loop(FN(lib.callbacks3), scaled_code, n);
	int64_t ns = child_now() - from;
	child_check("callback3", sum == child_scaled_sum(n));
	return ns;
}

static int64_t run_callbackstruct(int64_t n)
{
	int64_t from = child_now();
	const struct bench_in *in = child_ins;
	int64_t sum;
	call(&looping_ins, FN(lib.callbacks_struct), &sum, (void *[]){&convert_code, &in, &n});
	int64_t ns = child_now() - from;
	child_check("callbackstruct", sum == child_sum(n, CHILD_STRUCTS_REST + CHILD_STRUCTS_B));
	return ns;
}

static int64_t run_foreign(int64_t n)
{
	int64_t sum = 0, ns, *out = &sum;
	call(&foreign, FN(lib.foreign), &ns, (void *[]){&successor_code, &n, &out});
	child_check("foreign", ns >= 0 && sum == child_successor_sum(n));
	return ns;
}

static void sort(int32_t *base, size_t count)
{
	size_t size = sizeof base[0];
	call(&sorting, FN(qsort), NULL, (void *[]){&base, &count, &size, &compare_code});
}

static int64_t run_errno(int64_t n)
{
	int64_t sum = 0, errors = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int code = (int)(i & 31) + 1;
		narrow result;
		call(&error, FN(lib.error), &result, (void *[]){&code});
		errors += errno;
		sum += (int)result;
	}
	int64_t ns = child_now() - from;
	child_check("errno", sum == child_errno_sum(n) && errors == sum);
	return ns;
}

static int64_t run_threads(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = loop(FN(lib.threads), successor_code, n);
	int64_t ns = child_now() - from;
	child_check("threads", sum == child_successor_sum(n));
	return ns;
}

static int64_t run_newcallback(int64_t n)
{
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		closure_type *c;
		closure(&successor, run_successor, &c);
		closure_free(c);
	}
	return child_now() - from;
}

static int64_t run_callback0(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = loop(FN(lib.callbacks0), none_code, n);
	int64_t ns = child_now() - from;
	child_check("callback0", sum == n * BENCH_CALL0);
	return ns;
}

static int64_t run_option(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		void *handle = NULL;
		int which = (int)(i & 1023);
		int64_t value = 7, result;
		call(&option, FN(lib.option), &result, (void *[]){&handle, &which, &value});
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("variadic", sum == child_sum(n, CHILD_CALL2_REST));
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

/* The points of curves. Functions by the number of their arguments and by the size of their struct:
 */
enum { MOST_ARGS = 40, MOST_WORDS = 32 };

static void (*args_function(int64_t count))(void)
{
#define ARGS(n)                                                                                    \
	if (count == (n))                                                                          \
		return FN(lib.args##n);
	BENCH_COUNTS(ARGS)
	return NULL;
}

static void (*bytes_function(int64_t size))(void)
{
#define BYTES(n)                                                                                   \
	if (size == (n))                                                                           \
		return FN(lib.bytes##n);
	BENCH_SIZES(BYTES)
	return NULL;
}

static int64_t run_args(int64_t n, int64_t count)
{
	static struct prepared signatures[MOST_ARGS + 1];
	static int prepared[MOST_ARGS + 1];
	char types[MOST_ARGS + 1] = "";
	int64_t values[MOST_ARGS], sum = 0, want = 0;
	void *pointers[MOST_ARGS];
	for (int i = 0; i < count; i++) {
		types[i] = 'l';
		values[i] = i + 1;
		pointers[i] = &values[i];
		want += values[i] * values[i];
	}
	if (!prepared[count])
		prepare(&signatures[count], "l", types);
	prepared[count] = 1;
	void (*fn)(void) = args_function(count);
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int64_t result;
		call(&signatures[count], fn, &result, pointers);
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("args", sum == n * want);
	return ns;
}

static int64_t run_bytes(int64_t n, int64_t size)
{
	static struct prepared signatures[MOST_WORDS + 1];
	static int prepared[MOST_WORDS + 1];
	int64_t in[MOST_WORDS] = {0}, out[MOST_WORDS], sum = 0;
	words = (int)size / 8;
	if (!prepared[words])
		prepare(&signatures[words], "w", "w");
	prepared[words] = 1;
	in[words - 1] = 5;
	void (*fn)(void) = bytes_function(size);
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		call(&signatures[words], fn, out, (void *[]){in});
		sum += out[words - 1];
	}
	int64_t ns = child_now() - from;
	child_check("structs", sum == n * 5);
	return ns;
}

/* The closures live as long as the program; those of fewer are the first of them. */
static int64_t run_live(int64_t n, int64_t count)
{
	static bench_callback **closures;
	static int64_t made;
	if (made < count)
		closures = realloc(closures, (size_t)count * sizeof *closures);
	child_check("live", closures != NULL);
	for (; made < count; made++) {
		closure_type *c;
		*(void **)&closures[made] = closure(&successor, run_successor, &c);
	}
	int64_t from = child_now();
	int64_t sum = lib.callbacks_many(closures, count, child_step(count), n);
	int64_t ns = child_now() - from;
	child_check("live", sum == child_successor_sum(n));
	return ns;
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
	{"callback3", "single", CHILD_CHECK_N, .run = run_callback3},
	{"callbackstruct", "single", CHILD_CHECK_N, .run = run_callbackstruct},
	{"foreign", "threads", CHILD_CHECK_N, .run = run_foreign},
	{"qsort", "single", 1, .run = run_qsort},
	{"sort", "single", 1, .run = run_sort},
	{"newcallback", "single", CHILD_CHECK_N, .run = run_newcallback},
	{"args/0", "single", CHILD_CHECK_N, .run = run_call0},
	{"errno", "single", CHILD_CHECK_N, .run = run_errno},
	{"threads", "threads", CHILD_CHECK_N, .run = run_threads},
#define ARGS_ROW(n) {"args/" #n, "single", CHILD_CHECK_N, .run_with = run_args, .x = n},
	BENCH_COUNTS(ARGS_ROW)
#define BYTES_ROW(n) {"structs/" #n, "single", CHILD_CHECK_N, .run_with = run_bytes, .x = n},
		BENCH_SIZES(BYTES_ROW){"live/10", "single", CHILD_CHECK_N, .run_with = run_live,
				       .x = 10},
	{"live/100", "single", CHILD_CHECK_N, .run_with = run_live, .x = 100},
	{"live/1000", "single", CHILD_CHECK_N, .run_with = run_live, .x = 1000},
	{"live/10000", "single", CHILD_CHECK_N, .run_with = run_live, .x = 10000},
	{"live/100000", "single", CHILD_CHECK_N, .run_with = run_live, .x = 100000},
	{"live/1000000", "single", CHILD_CHECK_N, .run_with = run_live, .x = 1000000},
};

int main(int argc, char **argv)
{
	child_init(&lib, IMPL, argc, argv);
	prepare_all();
	child_add(benches, sizeof benches / sizeof benches[0]);
	child_serve();
	return 0;
}
