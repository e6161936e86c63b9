/* Every call that the C core makes of malloc, mmap and the like fails once, one after the other:
   each time there is a status and a text, nothing is lost, and the next try succeeds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "../bridge/goplan.h"
#include "child.h"

/* ---- The faults. Linked with --wrap of the functions below. ---- */

static long left; /* calls until one fails; 0: none will */
static bool met;
static long blocks;   /* of malloc's, not freed */
static long mappings; /* of mmap's, not unmapped */

static bool fails(void)
{
	if (left == 0 || --left != 0)
		return false;
	met = true;
	return true;
}

#define WRAP(result, name, ...)                                                                    \
	result __real_##name(__VA_ARGS__);                                                         \
	result __wrap_##name(__VA_ARGS__);                                                         \
	result __wrap_##name(__VA_ARGS__)

WRAP(void *, malloc, size_t size)
{
	void *p = fails() ? NULL : __real_malloc(size);
	blocks += p != NULL;
	return p;
}

WRAP(void *, calloc, size_t n, size_t size)
{
	void *p = fails() ? NULL : __real_calloc(n, size);
	blocks += p != NULL;
	return p;
}

WRAP(void *, realloc, void *old, size_t size)
{
	void *p = fails() ? NULL : __real_realloc(old, size);
	blocks += p != NULL && old == NULL;
	return p;
}

WRAP(void, free, void *p)
{
	blocks -= p != NULL;
	__real_free(p);
}

WRAP(void *, mmap, void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (fails()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	void *p = __real_mmap(at, size, protection, flags, fd, offset);
	mappings += p != MAP_FAILED;
	return p;
}

WRAP(int, munmap, void *at, size_t size)
{
	mappings--;
	return __real_munmap(at, size);
}

WRAP(int, mprotect, void *at, size_t size, int protection)
{
	if (fails()) {
		errno = ENOMEM; /* too many mappings */
		return -1;
	}
	return __real_mprotect(at, size, protection);
}

/* A failure that the dynamic linker has words for. */
WRAP(void *, dlopen, const char *name, int flags)
{
	return __real_dlopen(fails() ? "./libgwfault.so" : name, flags);
}

WRAP(void *, dlsym, void *library, const char *name)
{
	return __real_dlsym(library, fails() ? "gw_fault" : name);
}

WRAP(int, dlclose, void *library)
{
	int result = __real_dlclose(library);
	return fails() ? -1 : result;
}

/* ---- The walk ---- */

/* Whatever the thread's error text is, it is one block. */
static void fail_once(void)
{
	assert_int_equal(gw_library_open(NULL, NULL, 0), GW_EINVAL);
}

static bool says_why(gw_status status)
{
	const char *text = gw_last_error();
	switch (status) {
	case GW_ENOMEM:
		return strstr(text, "memory") != NULL || strstr(text, "mmap") != NULL ||
		       strstr(text, "mprotect") != NULL;
	case GW_ENOLIB:
		return strstr(text, "libgwfault.so") != NULL || strstr(text, "memory") != NULL;
	case GW_ENOSYM:
		return strstr(text, "gw_fault") != NULL || strstr(text, "memory") != NULL;
	case GW_ESYS:
		return text[0] != '\0';
	default:
		return false;
	}
}

/* attempt does something, checks it, and puts everything back, also when it fails. Faults that it
   gets over are good; there are `tolerated` of them. */
static void walk(gw_status (*attempt)(void), int tolerated)
{
	assert_int_equal(attempt(), GW_OK);
	for (int n = 1;; n++) {
		fail_once();
		long blocks_before = blocks, mappings_before = mappings;
		met = false;
		left = n;
		gw_status status = attempt();
		left = 0;
		if (!met) {
			assert_int_equal(status, GW_OK);
			assert_int_equal(tolerated, 0);
			assert_true(n > 1); /* else nothing could fail */
			return;
		}
		if (status == GW_OK)
			tolerated--;
		else if (!says_why(status))
			fail_msg("fault %d: status %d, \"%s\"", n, (int)status, gw_last_error());
		fail_once();
		if (blocks != blocks_before || mappings != mappings_before)
			fail_msg("fault %d: %ld blocks and %ld mappings were lost", n,
				 blocks - blocks_before, mappings - mappings_before);
		assert_int_equal(attempt(), GW_OK);
	}
}

/* ---- What is tried ---- */

static gw_status library(void)
{
	static const char *const names[] = {"libgwnone.so.1", "./libgwfault.so", "libm.so.6"};
	gw_library *l;
	void *cos_address;
	gw_status status = gw_library_open(&l, names, 3);
	if (status != GW_OK)
		return status;
	assert_string_equal(gw_library_name(l), "libm.so.6");
	status = gw_library_symbol(l, "cos", &cos_address);
	gw_status closed = gw_library_close(l);
	return status == GW_OK ? closed : status;
}

static void library_faults(void **state)
{
	(void)state;
	/* The names that do not load anyway, and the words about them. */
	walk(library, 4);
}

static gw_status process(void)
{
	gw_library *l;
	void *address;
	gw_status status = gw_library_process(&l);
	if (status != GW_OK)
		return status;
	status = gw_library_symbol(l, "malloc", &address);
	gw_status closed = gw_library_close(l);
	return status == GW_OK ? closed : status;
}

static void process_faults(void **state)
{
	(void)state;
	walk(process, 0);
}

static gw_status types(void)
{
	gw_type *array = NULL, *pad = NULL, *aligned = NULL, *inner = NULL, *outer = NULL;
	gw_signature *signature = NULL;
	gw_status status = gw_type_array(&array, gw_type_scalar(GW_F32), 3);
	if (status == GW_OK)
		status = gw_type_pad(&pad, 4);
	if (status == GW_OK)
		status = gw_type_aligned(&aligned, gw_type_scalar(GW_I32), 32);
	if (status == GW_OK) {
		const gw_type *fields[] = {array, pad};
		status = gw_type_struct(&inner, fields, 2);
	}
	if (status == GW_OK) {
		const gw_type *fields[] = {inner, aligned, gw_type_scalar(GW_PTR)};
		status = gw_type_struct(&outer, fields, 3);
	}
	if (status == GW_OK) {
		const gw_type *params[] = {outer, inner, gw_type_scalar(GW_F80)};
		status = gw_signature_new(&signature, outer, params, 3, 3);
	}
	if (status == GW_OK)
		assert_int_equal(gw_type_size(gw_signature_result(signature)), 64);
	gw_signature_free(signature);
	gw_type_release(outer);
	gw_type_release(inner);
	gw_type_release(aligned);
	gw_type_release(pad);
	gw_type_release(array);
	return status;
}

static void types_faults(void **state)
{
	(void)state;
	walk(types, 0);
}

struct pair {
	double x;
	int64_t n;
};

static struct pair swap(struct pair p, struct pair q)
{
	return (struct pair){q.x, p.n};
}

static gw_status call(void)
{
	gw_signature *s;
	struct pair p = {1, 2}, q = {3, 4}, r;
	void *args[] = {&p, &q};
	gw_status status = gw_signature_parse(&s, "{f64, i64}({f64, i64}, {f64, i64})");
	if (status != GW_OK)
		return status;
	gw_call(s, (void (*)(void))swap, &r, args);
	assert_true(r.x == 3 && r.n == 2);
	gw_signature_free(s);
	return GW_OK;
}

static void call_faults(void **state)
{
	(void)state;
	walk(call, 0);
}

static void handle(void *result, void *const *args, void *user)
{
	*(struct pair *)result = (struct pair){((struct pair *)args[0])->x, (intptr_t)user};
}

/* Frees nothing: all closures stay open, so that each new page is needed. */
static gw_signature *pair_signature;
static gw_closure *closures[256 * 40];
static size_t nclosures;

static gw_status closure(void)
{
	gw_closure *c;
	gw_status status = gw_closure_new(&c, pair_signature, handle, (void *)(intptr_t)7);
	if (status != GW_OK)
		return status;
	struct pair (*fn)(struct pair);
	void *code = gw_closure_code(c);
	memcpy(&fn, &code, sizeof fn);
	struct pair r = fn((struct pair){5, 6});
	assert_true(r.x == 5 && r.n == 7);
	assert_true(nclosures < sizeof closures / sizeof closures[0]);
	closures[nclosures++] = c;
	return GW_OK;
}

/* Now a closure needs another page of thunks. */
static void fill_page(void)
{
	size_t pages = gw_thunk_pages();
	while (gw_thunk_pages() == pages)
		assert_int_equal(closure(), GW_OK);
	for (int i = 1; i < 256; i++)
		assert_int_equal(closure(), GW_OK);
}

static void closure_faults(void **state)
{
	(void)state;
	assert_int_equal(gw_signature_parse(&pair_signature, "{f64, i64}({f64, i64})"), GW_OK);
	/* Those of the closure, of the ring of thunks (not for each page), of the page. */
	for (int n = 1;; n++) {
		fill_page();
		fail_once();
		long blocks_before = blocks, mappings_before = mappings;
		size_t thunks = gw_thunk_count(), pages = gw_thunk_pages();
		met = false;
		left = n;
		gw_status status = closure();
		left = 0;
		if (!met) {
			assert_int_equal(status, GW_OK);
			assert_true(n >= 3);
			break;
		}
		assert_int_equal(status, GW_ENOMEM);
		assert_true(says_why(status));
		fail_once();
		/* The ring may have grown, from one block to another. */
		assert_int_equal(blocks, blocks_before);
		assert_int_equal(mappings, mappings_before);
		assert_int_equal(gw_thunk_count(), thunks);
		assert_int_equal(gw_thunk_pages(), pages);
		assert_int_equal(closure(), GW_OK);
	}
	while (nclosures > 0)
		gw_closure_free(closures[--nclosures]);
	gw_signature_free(pair_signature);
}

static gw_status code(void)
{
	static const unsigned char answer[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
	gw_code *c;
	gw_status status = gw_code_new(&c, sizeof answer);
	if (status != GW_OK)
		return status;
	void *data = gw_code_data(c);
	memcpy(data, answer, sizeof answer);
	status = gw_code_seal(c);
	if (status == GW_OK) {
		int (*fn)(void);
		memcpy(&fn, &data, sizeof fn);
		assert_int_equal(fn(), 42);
	}
	gw_code_free(c);
	return status;
}

static void code_faults(void **state)
{
	(void)state;
	walk(code, 0);
}

static gw_status plan(bool callback)
{
	gw_go_plan *p;
	const char *text = callback ? "{f64, i64}(str, {ptr, i8}, i64, i64, i64, i64, i64, i64)"
				    : "{i64, i64}(str, {ptr, i8}, i32)";
	gw_status status = gw_go_plan_new(&p, text, !callback, callback);
	if (status == GW_OK)
		gw_go_plan_free(p);
	return status;
}

static gw_status call_plan(void)
{
	return plan(false);
}

static gw_status callback_plan(void)
{
	return plan(true);
}

static void plan_faults(void **state)
{
	(void)state;
	/* Machine code of the same bytes is there already. */
	walk(call_plan, 0);
	walk(callback_plan, 0);
}

/* ---- Address space ---- */

static void limit_address_space(size_t more)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	if (statm == NULL || fscanf(statm, "%lu", &pages) != 1)
		_exit(10);
	fclose(statm);
	struct rlimit limit = {pages * 4096 + more, RLIM_INFINITY};
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		_exit(11);
}

static void lift_limit(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		_exit(12);
}

/* Until nothing is left; then with room again. */
static void run_out(void)
{
	gw_library *l;
	static const char *const names[] = {"libresolv.so.2"};
	gw_code *pages;
	gw_status status = GW_OK;
	void *thunk;
	limit_address_space(4 << 20);
	for (int i = 0; i < 10000000 && status == GW_OK; i++)
		status = gw_thunk_alloc(NULL, NULL, &thunk);
	if (status != GW_ENOMEM || !says_why(status))
		_exit(1);
	size_t count = gw_thunk_count();
	if (gw_thunk_alloc(NULL, NULL, &thunk) != GW_ENOMEM || gw_thunk_count() != count)
		_exit(2);
	if (gw_code_new(&pages, 64 << 20) != GW_ENOMEM || !says_why(GW_ENOMEM))
		_exit(3);
	status = gw_library_open(&l, names, 1);
	if (status != GW_ENOLIB && status != GW_ENOMEM)
		_exit(4);
	fprintf(stderr, "%s\n", gw_last_error());
	lift_limit();
	if (gw_thunk_alloc(NULL, NULL, &thunk) != GW_OK || gw_thunk_count() != count + 1)
		_exit(5);
	if (gw_code_new(&pages, 64 << 20) != GW_OK || gw_library_open(&l, names, 1) != GW_OK)
		_exit(6);
}

static void address_space_is_exhausted(void **state)
{
	char said[500];
	(void)state;
	int status = in_child(run_out, said, sizeof said);
	if (status != 0)
		fail_msg("status %#x: %s", status, said);
	assert_non_null(strstr(said, "libresolv.so.2"));
}

/* ---- The text itself ---- */

static int setspecific_errno;

WRAP(int, pthread_setspecific, pthread_key_t key, const void *value)
{
	return setspecific_errno != 0 ? setspecific_errno : __real_pthread_setspecific(key, value);
}

static void *fail_without_place(void *wrong)
{

	setspecific_errno = ENOMEM;
	long before = blocks;
	gw_fail(GW_EINVAL, "a text of %s", "some length");
	setspecific_errno = 0;
	return blocks == before && gw_last_error()[0] != '\0' ? NULL : wrong;
}

static void text_without_place_is_not_lost(void **state)
{
	pthread_t thread;
	void *wrong = NULL;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, fail_without_place, &(char){0}), 0);
	assert_int_equal(pthread_join(thread, &wrong), 0);
	assert_null(wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(library_faults),
		cmocka_unit_test(process_faults),
		cmocka_unit_test(types_faults),
		cmocka_unit_test(call_faults),
		cmocka_unit_test(closure_faults),
		cmocka_unit_test(code_faults),
		cmocka_unit_test(plan_faults),
		cmocka_unit_test(address_space_is_exhausted),
		cmocka_unit_test(text_without_place_is_not_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
