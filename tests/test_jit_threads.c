/* Registered code: threads add and look at the same time, and others register modules, too. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "child.h"
#include "jit_program.h"

enum { ADDERS = 3, EACH = 2000 };
static gw_jit_arena *shared;
static void *volatile newest;
static bool adding;

static void *adder(void *arg)
{
	gw_jit_function f = function40("jit.concurrent");
	for (int i = 0; i < EACH; i++) {
		void *entry;
		if (gw_jit_add(shared, &f, &entry) != GW_OK)
			return arg;
		__atomic_store_n(&newest, entry, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Whoever has an entry finds it whole, and nothing that was found changes, while functions are
 * added. */
static void *looker(void *arg)
{
	void *oldest = arg;
	size_t looks = 0;
	while (__atomic_load_n(&adding, __ATOMIC_ACQUIRE) || looks == 0) {
		check40(shared, __atomic_load_n(&newest, __ATOMIC_ACQUIRE), "jit.concurrent");
		check40(shared, oldest, "jit.concurrent");
		looks++;
	}
	return NULL;
}

static void functions_are_added_while_others_look(void **state)
{
	(void)state;
	pthread_t threads[ADDERS + 2];
	shared = new_arena((ADDERS * EACH + 1) * 64, ADDERS * EACH + 1);
	newest = add(shared, "jit.concurrent");
	adding = true;
	for (int i = 0; i < ADDERS + 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < ADDERS ? adder : looker,
						i < ADDERS ? (void *)shared : newest),
				 0);
	void *result;
	for (int i = 0; i < ADDERS + 2; i++) {
		if (i == ADDERS)
			__atomic_store_n(&adding, false, __ATOMIC_RELEASE);
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	size_t functions;
	gw_jit_arena_used(shared, NULL, &functions);
	assert_int_equal(functions, ADDERS * EACH + 1);
	for (size_t i = 1; i <= functions; i++)
		check40(shared, shared->text + shared->functab[i].entry, "jit.concurrent");
}

/* Another registrar of code, which keeps to the same protocol. */
static _Alignas(16) uint8_t others[200][568];

static void *other_registrar(void *arg)
{
	for (size_t i = 0; i < 200; i++) {
		void *mine = others[i];
		void *end = __atomic_exchange_n(&last_module, mine, __ATOMIC_ACQ_REL);
		if (i % 50 == 0)
			sched_yield();
		__atomic_store_n((void **)((uint8_t *)end + 560), mine, __ATOMIC_RELEASE);
	}
	return arg;
}

static void arenas_and_modules_of_others_are_all_linked(void **state)
{
	(void)state;
	pthread_t thread;
	gw_jit_arena *mine[100];
	assert_int_equal(pthread_create(&thread, NULL, other_registrar, NULL), 0);
	for (int i = 0; i < 100; i++)
		mine[i] = new_arena(1, 1);
	pthread_join(thread, NULL);
	int found = 0;
	for (uint8_t *m = module; m != NULL; m = (uint8_t *)gw_jit_get(m, 560)) {
		for (int i = 0; i < 100; i++)
			found += m == mine[i]->module;
		found += m >= others[0] && m <= others[199];
	}
	assert_int_equal(found, 300);
}

static void list_that_is_broken_is_an_error(void **state)
{
	(void)state;
	static _Alignas(16) uint8_t lost[568];
	gw_jit_arena *arena = NULL;
	void *last = last_module;
	last_module = lost; /* nothing leads to it */
	assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "does not lead to the new one"));
	assert_null(arena);
	last_module = last;
}

/* In the child of a fork. The code is the parent's: nothing may change it. */
static void use_arenas(void)
{
	gw_jit_function f = function40("jit.child");
	gw_jit_arena *arena = NULL;
	size_t code = 0, functions = 0;
	void *entry = NULL, *old = __atomic_load_n(&newest, __ATOMIC_ACQUIRE);
	alarm(60);
	if (gw_jit_arena_new(&arena, "child", 1, 1) != GW_ENOGO ||
	    gw_jit_add(shared, &f, &entry) != GW_ENOGO || gw_jit_retire(shared, old) != GW_ENOGO ||
	    gw_jit_arena_close(shared) != GW_ENOGO || entry != NULL || arena != NULL ||
	    strstr(gw_last_error(), "child of a fork") == NULL)
		_exit(1);
	gw_jit_arena_used(shared, &code, &functions);
	if (code == 0 || functions == 0)
		_exit(2);
}

enum { HALF = 5000 };

/* Takes the lock until told; without errors, whose texts the child would have lost. */
static void *add_to_shared(void *arg)
{
	gw_jit_function f = function40("jit.concurrent");
	void *entry;
	for (int i = 0; __atomic_load_n(&adding, __ATOMIC_ACQUIRE); i++)
		if (i >= HALF)
			gw_jit_arena_used(shared, NULL, NULL);
		else if (gw_jit_add(shared, &f, &entry) != GW_OK)
			return arg;
	return NULL;
}

static void child_of_a_fork_is_told_that_there_is_no_go(void **state)
{
	(void)state;
	enum { FORKS = 50, FUNCTIONS = 2 * HALF + 1 };
	char said[256];
	pthread_t threads[2];
	shared = new_arena(FUNCTIONS * 64, FUNCTIONS);
	newest = add(shared, "jit.concurrent");
	adding = true;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_to_shared, shared), 0);
	int bad = 0;
	for (int i = 0; i < FORKS && bad == 0; i++)
		bad = in_child(use_arenas, said, sizeof said);
	__atomic_store_n(&adding, false, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++) {
		void *wrong;
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	assert_int_equal(bad, 0);
	check40(shared, newest, "jit.concurrent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_added_while_others_look),
		cmocka_unit_test(arenas_and_modules_of_others_are_all_linked),
		cmocka_unit_test(child_of_a_fork_is_told_that_there_is_no_go),
		cmocka_unit_test(list_that_is_broken_is_an_error),
	};
	return cmocka_run_group_tests(tests, set_host, NULL);
}
