/* The curves of implementation "libffi": cost against the number of arguments, the size of structs
   and the number of live closures. */
#include "ffi_curves.h"

#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_ARGS = 40, MOST_WORDS = 32 };

static const struct bench_lib *lib;

static int64_t args(int64_t n, unsigned count, void (*fn)(void))
{
	static ffi_type *types[MOST_ARGS];
	int64_t values[MOST_ARGS], sum = 0, want = 0;
	void *pointers[MOST_ARGS];
	ffi_cif cif;
	for (unsigned i = 0; i < count; i++) {
		types[i] = &ffi_type_sint64;
		values[i] = i + 1;
		pointers[i] = &values[i];
		want += values[i] * values[i];
	}
	child_check("args",
		    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, &ffi_type_sint64, types) == FFI_OK);
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		int64_t result;
		ffi_call(&cif, fn, &result, pointers);
		sum += result;
	}
	int64_t ns = child_now() - from;
	child_check("args", sum == n * want);
	return ns;
}

static int64_t bytes(int64_t n, int words, void (*fn)(void))
{
	ffi_type *fields[MOST_WORDS + 1] = {NULL};
	for (int i = 0; i < words; i++)
		fields[i] = &ffi_type_sint64;
	ffi_type type = {.type = FFI_TYPE_STRUCT, .elements = fields};
	ffi_type *types[] = {&type};
	ffi_cif cif;
	child_check("structs", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &type, types) == FFI_OK);
	int64_t in[MOST_WORDS] = {0}, out[MOST_WORDS], sum = 0;
	in[words - 1] = 5;
	int64_t from = child_now();
	for (int64_t i = 0; i < n; i++) {
		ffi_call(&cif, fn, out, (void *[]){in});
		sum += out[words - 1];
	}
	int64_t ns = child_now() - from;
	child_check("structs", sum == n * 5);
	return ns;
}

static void run_successor(ffi_cif *cif, void *result, void **args, void *user)
{
	(void)cif;
	(void)user;
	*(int64_t *)result = child_successor(*(int64_t *)args[0]);
}

/* The closures live as long as the program; those of fewer are the first of them. */
static int64_t live(int64_t n, int64_t count)
{
	static bench_callback **closures;
	static int64_t made;
	static ffi_cif cif;
	static ffi_type *types[] = {&ffi_type_sint64};
	if (made < count) {
		closures = realloc(closures, (size_t)count * sizeof *closures);
		child_check("live",
			    closures != NULL && ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1,
							     &ffi_type_sint64, types) == FFI_OK);
	}
	for (; made < count; made++) {
		void *code;
		ffi_closure *c = ffi_closure_alloc(sizeof *c, &code);
		child_check("live", c != NULL && ffi_prep_closure_loc(c, &cif, run_successor, NULL,
								      code) == FFI_OK);
		*(void **)&closures[made] = code;
	}
	int64_t from = child_now();
	int64_t sum = lib->callbacks_many(closures, count, child_step(count), n);
	int64_t ns = child_now() - from;
	child_check("live", sum == child_successor_sum(n));
	return ns;
}

/* clang-format off */
#define ARGS(count)                                                                                 \
	static int64_t run_args##count(int64_t n)                                                   \
	{                                                                                           \
		return args(n, count, FFI_FN(lib->args##count));                                    \
	}
#define BYTES(size)                                                                                 \
	static int64_t run_bytes##size(int64_t n)                                                   \
	{                                                                                           \
		return bytes(n, (size) / 8, FFI_FN(lib->bytes##size));                              \
	}
#define LIVE(count)                                                                                 \
	static int64_t run_live##count(int64_t n)                                                   \
	{                                                                                           \
		return live(n, count);                                                              \
	}
/* clang-format on */

ARGS(1)
ARGS(2)
ARGS(4)
ARGS(6)
ARGS(8)
ARGS(12)
ARGS(16)
ARGS(24)
ARGS(32)
ARGS(40)

BYTES(8)
BYTES(16)
BYTES(24)
BYTES(32)
BYTES(64)
BYTES(128)
BYTES(256)

LIVE(10)
LIVE(100)
LIVE(1000)
LIVE(10000)
LIVE(100000)
LIVE(1000000)

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
	{"live/10", "single", CHILD_CHECK_N, run_live10},
	{"live/100", "single", CHILD_CHECK_N, run_live100},
	{"live/1000", "single", CHILD_CHECK_N, run_live1000},
	{"live/10000", "single", CHILD_CHECK_N, run_live10000},
	{"live/100000", "single", CHILD_CHECK_N, run_live100000},
	{"live/1000000", "single", CHILD_CHECK_N, run_live1000000},
};

void ffi_curves(const struct bench_lib *opened)
{
	lib = opened;
	child_add(benches, sizeof benches / sizeof benches[0]);
}
