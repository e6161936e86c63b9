/* Implementation "libffi": every call by ffi_call, prepared once; what C calls back are closures.
   Usage: libffi LIBBENCH CORE [ROW...] */
#include <errno.h>
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>

#include "ffi_curves.h"

static struct bench_lib lib;

static ffi_type *in_fields[] = {&ffi_type_sint64, &ffi_type_double, &ffi_type_sint32,
				&ffi_type_sint32, NULL};
static ffi_type *out_fields[] = {&ffi_type_sint64, &ffi_type_double, NULL};
static ffi_type in_type = {.type = FFI_TYPE_STRUCT, .elements = in_fields};
static ffi_type out_type = {.type = FFI_TYPE_STRUCT, .elements = out_fields};

/* A signature. Its types are kept: ffi_prep_cif does not copy them. */
struct prepared {
	ffi_cif cif;
	ffi_type *types[14];
};

static void prepare(struct prepared *p, ffi_type *result, unsigned count)
{
	if (ffi_prep_cif(&p->cif, FFI_DEFAULT_ABI, count, result, p->types) == FFI_OK)
		return;
	fprintf(stderr, "libffi: ffi_prep_cif fails\n");
	exit(1);
}

typedef void handler(ffi_cif *cif, void *result, void **args, void *user);

/* Returns code that calls run; it lives as long as the program. */
static void *closure(struct prepared *p, handler *run)
{
	void *code;
	ffi_closure *c = ffi_closure_alloc(sizeof *c, &code);
	if (c != NULL && ffi_prep_closure_loc(c, &p->cif, run, NULL, code) == FFI_OK)
		return code;
	fprintf(stderr, "libffi: there is no closure to be had\n");
	exit(1);
}

static struct prepared none = {.types = {NULL}};
static struct prepared call2 = {.types = {&ffi_type_sint, &ffi_type_sint}};
static struct prepared call3 = {.types = {&ffi_type_double, &ffi_type_double, &ffi_type_double}};
static struct prepared call6 = {.types = {&ffi_type_sint, &ffi_type_sint, &ffi_type_sint,
					  &ffi_type_sint, &ffi_type_sint, &ffi_type_sint}};
static struct prepared call14 = {
	.types = {&ffi_type_sint, &ffi_type_sint, &ffi_type_sint, &ffi_type_sint, &ffi_type_sint,
		  &ffi_type_sint, &ffi_type_sint, &ffi_type_sint, &ffi_type_sint, &ffi_type_sint,
		  &ffi_type_double, &ffi_type_double, &ffi_type_double, &ffi_type_double}};
static struct prepared structs = {.types = {&in_type}};
static struct prepared length = {.types = {&ffi_type_pointer}};
static struct prepared error = {.types = {&ffi_type_sint}};
static struct prepared looping = {.types = {&ffi_type_pointer, &ffi_type_sint64}};
static struct prepared looping_ins = {
	.types = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_sint64}};
static struct prepared foreign = {
	.types = {&ffi_type_pointer, &ffi_type_sint64, &ffi_type_pointer}};
static struct prepared sorting = {
	.types = {&ffi_type_pointer, &ffi_type_ulong, &ffi_type_ulong, &ffi_type_pointer}};

/* What C calls back, and its signatures. */
static struct prepared successor = {.types = {&ffi_type_sint64}};
static struct prepared scaled = {.types = {&ffi_type_sint64, &ffi_type_sint32, &ffi_type_pointer}};
static struct prepared convert = {.types = {&in_type}};
static struct prepared compare = {.types = {&ffi_type_pointer, &ffi_type_pointer}};
static void *successor_code, *scaled_code, *convert_code, *compare_code;

/* Results narrower than a register are ffi_arg to libffi. */

static void run_successor(ffi_cif *cif, void *result, void **args, void *user)
{
	(void)cif;
	(void)user;
	*(int64_t *)result = child_successor(*(int64_t *)args[0]);
}

static void run_scaled(ffi_cif *cif, void *result, void **args, void *user)
{
	(void)cif;
	(void)user;
	*(int64_t *)result =
		child_scaled(*(int64_t *)args[0], *(int32_t *)args[1], *(void **)args[2]);
}

static void run_convert(ffi_cif *cif, void *result, void **args, void *user)
{
	(void)cif;
	(void)user;
	*(struct bench_out *)result = child_convert(*(struct bench_in *)args[0]);
}

static void run_compare(ffi_cif *cif, void *result, void **args, void *user)
{
	(void)cif;
	(void)user;
	*(ffi_sarg *)result = lib.compare_ints(*(void **)args[0], *(void **)args[1]);
}

static void prepare_all(void)
{
	prepare(&none, &ffi_type_sint64, 0);
	prepare(&call2, &ffi_type_sint, 2);
	prepare(&call3, &ffi_type_double, 3);
	prepare(&call6, &ffi_type_sint, 6);
	prepare(&call14, &ffi_type_double, 14);
	prepare(&structs, &out_type, 1);
	prepare(&length, &ffi_type_ulong, 1);
	prepare(&error, &ffi_type_sint, 1);
	prepare(&looping, &ffi_type_sint64, 2);
	prepare(&looping_ins, &ffi_type_sint64, 3);
	prepare(&foreign, &ffi_type_sint64, 3);
	prepare(&sorting, &ffi_type_void, 4);
	prepare(&successor, &ffi_type_sint64, 1);
	prepare(&scaled, &ffi_type_sint64, 3);
	prepare(&convert, &out_type, 1);
	prepare(&compare, &ffi_type_sint, 2);
	successor_code = closure(&successor, run_successor);
	scaled_code = closure(&scaled, run_scaled);
	convert_code = closure(&convert, run_convert);
	compare_code = closure(&compare, run_compare);
}

static int64_t run_call0(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int64_t result;
		ffi_call(&none.cif, FFI_FN(lib.call0), &result, NULL);
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
		ffi_call(&none.cif, FFI_FN(lib.steady), &result, NULL);
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
		ffi_sarg result;
		ffi_call(&call2.cif, FFI_FN(lib.call2), &result, (void *[]){&a, &b});
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
		ffi_call(&call3.cif, FFI_FN(lib.call3), &result, (void *[]){&a, &b, &c});
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
		ffi_sarg result;
		ffi_call(&call6.cif, FFI_FN(lib.call6), &result,
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
		ffi_call(&call14.cif, FFI_FN(lib.call14), &result,
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
		ffi_call(&structs.cif, FFI_FN(lib.structs), &out, (void *[]){&child_ins[i & 1023]});
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
		ffi_arg result;
		ffi_call(&length.cif, FFI_FN(lib.strlen), &result, (void *[]){&text});
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
	ffi_call(&looping.cif, fn, &result, (void *[]){&code, &n});
	return result;
}

static int64_t run_callback1(int64_t n)
{
	int64_t sum = 0, from = child_now();
	for (int64_t i = 0; i < n; i++)
		sum += loop(FFI_FN(lib.callback1), successor_code, 1);
	int64_t ns = child_now() - from;
	child_check("callback1", sum == n * 3);
	return ns;
}

static int64_t run_callbacks(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = loop(FFI_FN(lib.callbacks), successor_code, n);
	int64_t ns = child_now() - from;
	child_check("callbacks", sum == child_successor_sum(n));
	return ns;
}

static int64_t run_callback3(int64_t n)
{
	int64_t from = child_now();
	int64_t sum = loop(FFI_FN(lib.callbacks3), scaled_code, n);
	int64_t ns = child_now() - from;
	child_check("callback3", sum == child_scaled_sum(n));
	return ns;
}

static int64_t run_callbackstruct(int64_t n)
{
	int64_t from = child_now();
	const struct bench_in *in = child_ins;
	int64_t sum;
	ffi_call(&looping_ins.cif, FFI_FN(lib.callbacks_struct), &sum,
		 (void *[]){&convert_code, &in, &n});
	int64_t ns = child_now() - from;
	child_check("callbackstruct", sum == child_sum(n, CHILD_STRUCTS_REST + CHILD_STRUCTS_B));
	return ns;
}

static int64_t run_foreign(int64_t n)
{
	int64_t sum = 0, ns, *out = &sum;
	ffi_call(&foreign.cif, FFI_FN(lib.foreign), &ns, (void *[]){&successor_code, &n, &out});
	child_check("foreign", ns >= 0 && sum == child_successor_sum(n));
	return ns;
}

static void sort(int32_t *base, size_t count)
{
	size_t size = sizeof base[0];
	ffi_call(&sorting.cif, FFI_FN(qsort), NULL,
		 (void *[]){&base, &count, &size, &compare_code});
}

static int64_t run_errno(int64_t n)
{
	int64_t sum = 0, errors = 0, from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int code = (int)(i & 31) + 1;
		ffi_sarg result;
		ffi_call(&error.cif, FFI_FN(lib.error), &result, (void *[]){&code});
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
	int64_t sum = loop(FFI_FN(lib.threads), successor_code, n);
	int64_t ns = child_now() - from;
	child_check("threads", sum == child_successor_sum(n));
	return ns;
}

static int64_t run_newcallback(int64_t n)
{
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		void *code;
		ffi_closure *c = ffi_closure_alloc(sizeof *c, &code);
		child_check("newcallback",
			    c != NULL && ffi_prep_closure_loc(c, &successor.cif, run_successor,
							      NULL, code) == FFI_OK);
		ffi_closure_free(c);
	}
	return child_now() - from;
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
	{"call0", "single", CHILD_CHECK_N, run_call0},
	{"call2", "single", CHILD_CHECK_N, run_call2},
	{"call3", "single", CHILD_CHECK_N, run_call3},
	{"call6", "single", CHILD_CHECK_N, run_call6},
	{"call14", "single", CHILD_CHECK_N, run_call14},
	{"structs", "single", CHILD_CHECK_N, run_structs},
	{"strlen", "single", CHILD_CHECK_N, run_strlen},
	{"steady", "single", CHILD_CHECK_N, run_steady},
	{"callback1", "single", CHILD_CHECK_N, run_callback1},
	{"callbacks", "single", CHILD_CHECK_N, run_callbacks},
	{"callback3", "single", CHILD_CHECK_N, run_callback3},
	{"callbackstruct", "single", CHILD_CHECK_N, run_callbackstruct},
	{"foreign", "threads", CHILD_CHECK_N, run_foreign},
	{"qsort", "single", 1, run_qsort},
	{"sort", "single", 1, run_sort},
	{"newcallback", "single", CHILD_CHECK_N, run_newcallback},
	{"args/0", "single", CHILD_CHECK_N, run_call0},
	{"errno", "single", CHILD_CHECK_N, run_errno},
	{"threads", "threads", CHILD_CHECK_N, run_threads},
};

int main(int argc, char **argv)
{
	child_init(&lib, "libffi", argc, argv);
	prepare_all();
	child_add(benches, sizeof benches / sizeof benches[0]);
	ffi_curves(&lib);
	child_serve();
	return 0;
}
