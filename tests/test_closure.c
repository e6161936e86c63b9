/* Closures: called by compiled C through function pointers of many shapes, and by gw_call with
   random signatures; their memory, and what is refused. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unwind.h>
#include <xmmintrin.h>

#include <cmocka.h>

#include "around.h"
#include "child.h"
#include "guards.h"
#include "random_type.h"
#include "shapes.h"

/* Counts down to the allocation that fails; 0: none does. */
static int failing_malloc;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return failing_malloc > 0 && --failing_malloc == 0 ? NULL : __real_malloc(size);
}

static gw_closure *closure(const gw_signature *s, gw_handler *handler, void *user)
{
	gw_closure *c = NULL;
	if (gw_closure_new(&c, s, handler, user) != GW_OK)
		fail_msg("%s", gw_last_error());
	return c;
}

/* Notes the arguments of a call in seen, checks their alignment, writes over them, and gives what
   is in answer. user is the signature. */
static void note(void *result, void *const *args, void *user)
{
	const gw_signature *s = user;
	const gw_type *type = gw_signature_result(s);
	for (size_t i = 0; i < gw_signature_count(s); i++) {
		const gw_type *param = gw_signature_param(s, i);
		assert_int_equal((uintptr_t)args[i] % gw_type_align(param), 0);
		memcpy(seen[i], args[i], gw_type_size(param));
		memset(args[i], 0xee, gw_type_size(param));
	}
	assert_int_equal((uintptr_t)result % gw_type_align(type), 0);
	memcpy(result, answer, gw_type_size(type));
}

static void closure_compiled_callers_reach_the_handler(void **state)
{
	(void)state;
	static _Alignas(64) unsigned char given[SHAPE_PARAMS][SHAPE_BYTES];
	static _Alignas(GW_MAX_ALIGN) unsigned char result[SHAPE_BYTES]; /* aligned for its type */
	seed_random();
	for (int i = 0; i < SHAPES; i++) {
		gw_signature *s = parsed(shapes[i].text);
		const gw_type *type = gw_signature_result(s);
		gw_closure *c = closure(s, note, s);
		void *args[SHAPE_PARAMS];
		for (int round = 0; round < 20; round++) {
			for (size_t k = 0; k < SHAPE_PARAMS; k++) {
				args[k] = given[k];
				random_value(gw_signature_param(s, k), given[k]);
			}
			random_value(type, answer);
			memset(seen, 0xa5, sizeof seen);
			shapes[i].call(gw_closure_code(c), args, result);
			for (size_t k = 0; k < SHAPE_PARAMS; k++)
				if (!same_value(gw_signature_param(s, k), given[k], seen[k]))
					fail_msg("%s: parameter %zu", shapes[i].text, k + 1);
			if (!same_value(type, result, answer))
				fail_msg("%s: result", shapes[i].text);
		}
		gw_closure_free(c);
		gw_signature_free(s);
	}
}

/* gw_call and closures have the rules from one place; what compiled C makes of them is above. */
static void closure_random_signatures_agree_with_gw_call(void **state)
{
	(void)state;
	seed_random();
	for (int round = 0; round < 3000; round++) {
		const gw_type *types[SHAPE_PARAMS + 1];
		void *args[SHAPE_PARAMS];
		gw_signature *s;
		size_t n = (size_t)random() % (SHAPE_PARAMS + 1);
		for (size_t i = 0; i <= n; i++)
			types[i] = random_type(0);
		if (gw_signature_new(&s, types[0], types + 1, n, n) != GW_OK)
			fail_msg("%s", gw_last_error());
		for (size_t i = 0; i <= n; i++)
			gw_type_release(types[i]);
		random_args(s, args); /* not a byte more is read or written */
		unsigned char *result =
			before_guard(MAX_ARGS, gw_type_size(gw_signature_result(s)));
		random_value(gw_signature_result(s), answer);
		gw_closure *c = closure(s, note, s);
		gw_call(s, (void (*)(void))(uintptr_t)gw_closure_code(c), result, args);
		char text[1024];
		gw_signature_print(s, text, sizeof text);
		for (size_t i = 0; i < n; i++)
			if (!same_value(gw_signature_param(s, i), args[i], seen[i]))
				fail_msg("%s: parameter %zu", text, i + 1);
		if (!same_value(gw_signature_result(s), result, answer))
			fail_msg("%s: result", text);
		gw_closure_free(c);
		gw_signature_free(s);
	}
}

static void compare(void *result, void *const *args, void *user)
{
	int a = **(int *const *)args[0], b = **(int *const *)args[1];
	*(int32_t *)result = (a > b) - (a < b);
	++*(int *)user;
}

static void closure_qsort_sorts_with_it(void **state)
{
	(void)state;
	int calls = 0, numbers[200];
	gw_signature *s = parsed("i32(ptr, ptr)");
	gw_closure *c = closure(s, compare, &calls);
	for (int i = 0; i < 200; i++)
		numbers[i] = i * 7919 % 200;
	qsort(numbers, 200, sizeof numbers[0],
	      (int (*)(const void *, const void *))(uintptr_t)gw_closure_code(c));
	for (int i = 0; i < 200; i++)
		assert_int_equal(numbers[i], i);
	assert_true(calls > 200);
	gw_closure_free(c);
	gw_signature_free(s);
}

static void third(void *result, void *const *args, void *user)
{
	(void)args;
	(void)user;
	*(long double *)result = 1 / 3.0L;
}

static void nothing(void *result, void *const *args, void *user)
{
	(void)result;
	(void)args;
	(void)user;
}

static void closure_unset_result_is_zero(void **state)
{
	(void)state;
	gw_signature *s = parsed("{i64, f64}()"), *f80 = parsed("f80()"), *none = parsed("void()");
	gw_closure *c = closure(s, nothing, NULL);
	typedef struct {
		int64_t a;
		double b;
	} pair;
	pair p = ((pair(*)(void))(uintptr_t)gw_closure_code(c))();
	assert_true(p.a == 0 && p.b == 0);
	gw_closure_free(c);
	c = closure(none, nothing, NULL);
	((void (*)(void))(uintptr_t)gw_closure_code(c))();
	gw_closure_free(c);
	/* As many as the x87 stack has registers, and more. */
	c = closure(f80, third, NULL);
	for (int i = 0; i < 20; i++)
		assert_true(((long double (*)(void))(uintptr_t)gw_closure_code(c))() == 1 / 3.0L);
	gw_closure_free(c);
	gw_signature_free(s);
	gw_signature_free(f80);
	gw_signature_free(none);
}

static void add_one(void *result, void *const *args, void *user)
{
	*(int64_t *)result = *(int64_t *)args[0] + *(int64_t *)user;
}

static void *add_often(void *code)
{
	int64_t (*fn)(int64_t) = (int64_t(*)(int64_t))(uintptr_t)code;
	int64_t sum = 0;
	for (int i = 0; i < 100000; i++)
		sum = fn(sum);
	return (void *)(intptr_t)sum;
}

static void closure_threads_call_it_at_once(void **state)
{
	(void)state;
	int64_t one = 1;
	pthread_t threads[4];
	gw_signature *s = parsed("i64(i64)");
	gw_closure *c = closure(s, add_one, &one);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_often, gw_closure_code(c)),
				 0);
	for (int i = 0; i < 4; i++) {
		void *sum;
		assert_int_equal(pthread_join(threads[i], &sum), 0);
		assert_int_equal((intptr_t)sum, 100000);
	}
	gw_closure_free(c);
	gw_signature_free(s);
}

/* Resident memory, in KiB. */
static long resident(void)
{
	long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &pages), 2);
	fclose(f);
	return pages * 4;
}

static void closure_a_hundred_thousand_take_no_more_memory_than_few(void **state)
{
	(void)state;
	int64_t one = 1;
	long before = 0;
	size_t pages = 0, live = gw_thunk_count();
	gw_signature *s = parsed("i64(i64)");
	for (int i = 0; i < 100000; i++) {
		gw_closure *c = closure(s, add_one, &one);
		int64_t (*fn)(int64_t) = (int64_t(*)(int64_t))(uintptr_t)gw_closure_code(c);
		assert_int_equal(fn(i), i + 1);
		gw_closure_free(c);
		if (i == 5000) {
			before = resident();
			pages = gw_thunk_pages();
		}
	}
	assert_int_equal(gw_thunk_pages(), pages);
	assert_int_equal(gw_thunk_count(), live);
	/* A closure's own memory alone would be 4 MiB; sanitizers hold some of what is freed back.
	 */
	assert_in_range(resident(), 0, (uintmax_t)before + 2048);
	gw_signature_free(s);
}

static void add_chained(void *result, void *const *args, void *user, void *chain);

static void closure_what_cannot_be_is_refused(void **state)
{
	(void)state;
	gw_closure *c = NULL;
	gw_signature *s = parsed("i32(ptr, ..., i32)");
	assert_int_equal(gw_closure_new(&c, s, nothing, NULL), GW_EINVAL);
	assert_string_equal(gw_last_error(),
			    "closure: what a caller passes for \"...\" is not known");
	gw_signature_free(s);
	s = parsed("i32(ptr)");
	assert_int_equal(gw_closure_new(NULL, s, nothing, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_new(&c, NULL, nothing, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_new(&c, s, NULL, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_reserve(NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set(NULL, s, nothing, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set_chained(NULL, s, add_chained, NULL), GW_EINVAL);
	for (int i = 0; i < 2; i++) {
		failing_malloc = 1;
		assert_int_equal(i == 0 ? gw_closure_new(&c, s, nothing, NULL)
					: gw_closure_reserve(&c),
				 GW_ENOMEM);
		failing_malloc = 0;
		assert_null(c);
	}
	/* What is refused changes nothing. */
	int64_t one = 1;
	gw_signature *i64 = parsed("i64(i64)"), *variadic = parsed("i32(ptr, ..., i32)");
	c = closure(i64, add_one, &one);
	assert_int_equal(gw_closure_set(c, NULL, nothing, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set(c, s, NULL, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set(c, variadic, nothing, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set_chained(c, NULL, add_chained, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set_chained(c, s, NULL, NULL), GW_EINVAL);
	assert_int_equal(gw_closure_set_chained(c, variadic, add_chained, NULL), GW_EINVAL);
	assert_int_equal(((int64_t(*)(int64_t))(uintptr_t)gw_closure_code(c))(1), 2);
	gw_closure_free(c);
	gw_signature_free(i64);
	gw_signature_free(variadic);
	gw_closure_free(NULL);
	gw_signature_free(s);
}

static void call_freed(void)
{
	gw_signature *s = NULL;
	gw_closure *c = NULL;
	signal(SIGILL, SIG_DFL);
	if (gw_signature_parse(&s, "void()") != GW_OK ||
	    gw_closure_new(&c, s, nothing, NULL) != GW_OK)
		return;
	void (*fn)(void) = (void (*)(void))(uintptr_t)gw_closure_code(c);
	fn();
	gw_closure_free(c);
	fn();
}

static void closure_late_call_traps(void **state)
{
	(void)state;
	char said[256];
	int status = in_child(call_freed, said, sizeof said);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGILL);
}

static void call_reserved(void)
{
	gw_closure *c = NULL;
	signal(SIGILL, SIG_DFL);
	if (gw_closure_reserve(&c) == GW_OK)
		((void (*)(void))(uintptr_t)gw_closure_code(c))();
}

static void give_user(void *result, void *const *args, void *user)
{
	(void)args;
	*(void **)result = user;
}

static void closure_reserved_has_its_code_before_its_handler(void **state)
{
	(void)state;
	char said[256];
	int status = in_child(call_reserved, said, sizeof said);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGILL);

	size_t live = gw_thunk_count();
	gw_signature *ptr = parsed("ptr()"), *i64 = parsed("i64(i64)");
	gw_closure *c = NULL;
	assert_int_equal(gw_closure_reserve(&c), GW_OK);
	void *code = gw_closure_code(c);
	assert_non_null(code);
	/* A handler that knows its own function. */
	assert_int_equal(gw_closure_set(c, ptr, give_user, code), GW_OK);
	assert_ptr_equal(gw_closure_code(c), code);
	assert_ptr_equal(((void *(*)(void))(uintptr_t)code)(), code);
	/* Another signature and handler. */
	int64_t two = 2;
	assert_int_equal(gw_closure_set(c, i64, add_one, &two), GW_OK);
	assert_int_equal(((int64_t(*)(int64_t))(uintptr_t)code)(40), 42);
	gw_closure_free(c);
	/* One that is never set. */
	assert_int_equal(gw_closure_reserve(&c), GW_OK);
	gw_closure_free(c);
	/* One that gw_closure_new made. */
	c = closure(ptr, give_user, &live);
	assert_int_equal(gw_closure_set(c, ptr, give_user, &two), GW_OK);
	assert_ptr_equal(((void *(*)(void))(uintptr_t)gw_closure_code(c))(), &two);
	gw_closure_free(c);
	gw_signature_free(ptr);
	gw_signature_free(i64);
	assert_int_equal(gw_thunk_count(), live);
}

/* The chain of the last call, and a value made of everything. */
static void *chained_to;

static void add_chained(void *result, void *const *args, void *user, void *chain)
{
	chained_to = chain;
	*(double *)result = (double)*(int64_t *)args[0] + *(double *)args[1] +
			    (double)*(int64_t *)args[8] + *(double *)user;
}

/* void *link(...): the static chain that it is called with. */
void *link_of(void);
__asm__(".text\n"
	"link_of:\n\t"
	"movq %r10, %rax\n\t"
	"ret\n");

static void closure_chained_gets_the_static_chain(void **state)
{
	(void)state;
	typedef double function(int64_t, double, int64_t, int64_t, int64_t, int64_t, int64_t,
				int64_t, int64_t);
	double quarter = 0.25, x = 1.5, r = 0;
	int64_t a = 100, b = 1000, zero = 0;
	void *args[] = {&a, &x, &zero, &zero, &zero, &zero, &zero, &zero, &b};
	gw_signature *s = parsed("f64(i64, f64, i64, i64, i64, i64, i64, i64, i64)");
	gw_closure *c = NULL;
	assert_int_equal(gw_closure_reserve(&c), GW_OK);
	assert_int_equal(gw_closure_set_chained(c, s, add_chained, &quarter), GW_OK);
	function *fn = (function *)(uintptr_t)gw_closure_code(c);
	/* As compilers pass it. */
	r = __builtin_call_with_static_chain(fn(100, 1.5, 0, 0, 0, 0, 0, 0, 1000), &zero);
	assert_true(r == 1101.75);
	assert_ptr_equal(chained_to, &zero);
	/* As gw_call_chained does, and gw_call: none. */
	gw_call_chained(s, (void (*)(void))fn, &r, &r, args);
	assert_true(r == 1101.75);
	assert_ptr_equal(chained_to, &r);
	gw_call(s, (void (*)(void))fn, &r, args);
	assert_null(chained_to);
	assert_int_equal(around(gw_closure_code(c), &zero), 0);
	/* A handler without it again. */
	chained_to = NULL;
	gw_signature *i64 = parsed("i64(i64)"), *ptr = parsed("ptr()");
	assert_int_equal(gw_closure_set(c, i64, add_one, &a), GW_OK);
	assert_int_equal(((int64_t(*)(int64_t))(uintptr_t)gw_closure_code(c))(1), 101);
	assert_null(chained_to);
	/* Not only closures get it. */
	void *got = NULL;
	gw_call_chained(ptr, (void (*)(void))link_of, &a, &got, NULL);
	assert_ptr_equal(got, &a);
	gw_closure_free(c);
	gw_signature_free(s);
	gw_signature_free(i64);
	gw_signature_free(ptr);
}

static void closure_callee_saved_registers_and_control_bits_are_preserved(void **state)
{
	(void)state;
	enum { DF = 1 << 10 };
	gw_signature *none = parsed("void()");
	gw_closure *c = closure(none, nothing, NULL);
	uint64_t flags;
	unsigned before = _mm_getcsr();
	assert_int_equal(around((void *)(uintptr_t)break_register, NULL), 1 << 3);
	assert_int_equal(around(gw_closure_code(c), NULL), 0);
	assert_int_equal(_mm_getcsr(), before);
	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	assert_int_equal(flags & DF, 0);
	gw_closure_free(c);
	gw_signature_free(none);
}

static gw_signature *adder;

/* More closures, one at a time, than there are addresses in the page that is there. */
static void go_on(void)
{
	int64_t one = 1;
	for (int i = 0; i < 600; i++) {
		gw_closure *c = NULL;
		if (gw_closure_new(&c, adder, add_one, &one) != GW_OK) {
			dprintf(STDERR_FILENO, "%d: %s", i, gw_last_error());
			_exit(1);
		}
		if (((int64_t(*)(int64_t))(uintptr_t)gw_closure_code(c))(i) != i + 1)
			_exit(2);
		gw_closure_free(c);
	}
}

static void without_address_space(void)
{
	struct rlimit none = {4096, 4096};
	if (setrlimit(RLIMIT_AS, &none) != 0)
		_exit(3);
	go_on();
}

/* Since Linux 6.3; before, prctl(2) refuses, and this is no more than go_on. */
static void without_more_code(void)
{
	prctl(65 /* PR_SET_MDWE */, 1 /* PR_MDWE_REFUSE_EXEC_GAIN */, 0, 0, 0);
	go_on();
}

static void closure_goes_on_without_more_executable_memory(void **state)
{
	(void)state;
	void (*const ways[])(void) = {without_address_space, without_more_code};
	adder = parsed("i64(i64)");
	for (int i = 0; i < 2; i++) {
		char said[256];
		gw_closure_free(closure(adder, nothing, NULL)); /* a page that the child has, too */
		int status = in_child(ways[i], said, sizeof said);
		if (status != 0)
			fail_msg("way %d: status %#x: %s", i, status, said);
	}
	gw_signature_free(adder);
}

/* RAX holds the address of a result in memory: psABI 3.2.3, "Returning of Values", 2. */
static void closure_memory_result_returns_its_address(void **state)
{
	(void)state;
	gw_signature *s = parsed("{[100]u8}(i64)");
	gw_closure *c = closure(s, note, s);
	unsigned char to[100] = {0};
	int64_t x = 42;
	random_value(gw_signature_result(s), answer);
	void *got = ((void *(*)(void *, int64_t))(uintptr_t)gw_closure_code(c))(to, x);
	assert_ptr_equal(got, to);
	assert_memory_equal(to, answer, sizeof to);
	assert_memory_equal(seen[0], &x, sizeof x);
	gw_closure_free(c);
	gw_signature_free(s);
}

static bool unwound;

static _Unwind_Reason_Code look_for(struct _Unwind_Context *context, void *function)
{
	void *pc = (void *)(_Unwind_GetIP(context) - 1);
	unwound = unwound || _Unwind_FindEnclosingFunction(pc) == function;
	return _URC_NO_REASON;
}

static void unwind_handler(void *result, void *const *args, void *user)
{
	(void)result;
	(void)args;
	_Unwind_Backtrace(look_for, user);
}

static void closure_handler_can_be_unwound(void **state)
{
	(void)state;
	gw_signature *s = parsed("void()");
	gw_closure *c =
		closure(s, unwind_handler, (void *)(uintptr_t)closure_handler_can_be_unwound);
	unwound = false;
	((void (*)(void))(uintptr_t)gw_closure_code(c))();
	assert_true(unwound);
	gw_closure_free(c);
	gw_signature_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while too few addresses are free for one to be due. */
		cmocka_unit_test(closure_goes_on_without_more_executable_memory),
		cmocka_unit_test(closure_compiled_callers_reach_the_handler),
		cmocka_unit_test(closure_random_signatures_agree_with_gw_call),
		cmocka_unit_test(closure_qsort_sorts_with_it),
		cmocka_unit_test(closure_unset_result_is_zero),
		cmocka_unit_test(closure_threads_call_it_at_once),
		cmocka_unit_test(closure_a_hundred_thousand_take_no_more_memory_than_few),
		cmocka_unit_test(closure_what_cannot_be_is_refused),
		cmocka_unit_test(closure_late_call_traps),
		cmocka_unit_test(closure_reserved_has_its_code_before_its_handler),
		cmocka_unit_test(closure_chained_gets_the_static_chain),
		cmocka_unit_test(closure_callee_saved_registers_and_control_bits_are_preserved),
		cmocka_unit_test(closure_memory_result_returns_its_address),
		cmocka_unit_test(closure_handler_can_be_unwound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
