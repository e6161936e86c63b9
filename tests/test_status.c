/* Statuses, the text of the last error, and the host table's road to them. */
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
#include <cmocka.h>

#include "../bridge/bridge.h"

/* Linked with --wrap=malloc: fails while this is set. */
static bool malloc_fails;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	if (malloc_fails) {
		errno = ENOMEM;
		return NULL;
	}
	return __real_malloc(size);
}

static void status_each_has_its_own_string(void **state)
{
	(void)state;
	for (int i = GW_OK; i <= GW_ESYS; i++) {
		const char *text = gw_status_string((gw_status)i);
		assert_non_null(text);
		assert_true(strlen(text) > 0);
		assert_string_not_equal(text, gw_status_string((gw_status)99));
		for (int j = GW_OK; j < i; j++)
			assert_string_not_equal(text, gw_status_string((gw_status)j));
	}
}

static void status_unknown_has_a_string(void **state)
{
	(void)state;
	assert_non_null(gw_status_string((gw_status)99));
	assert_string_equal(gw_status_string((gw_status)99), gw_status_string((gw_status)-1));
}

static void status_version_is_the_headers(void **state)
{
	(void)state;
	assert_string_equal(gw_version(), GW_VERSION);
#ifdef PACKAGE_VERSION
	assert_string_equal(gw_version(), PACKAGE_VERSION);
#endif
}

static void *read_last_error(void *copy)
{
	strcpy(copy, gw_last_error());
	return NULL;
}

static void *fail_and_compare(void *arg)
{
	intptr_t n = (intptr_t)arg;
	char expected[32];
	snprintf(expected, sizeof expected, "thread %ld", (long)n);
	bool equal = true;
	for (int i = 0; i < 1000; i++) {
		gw_fail(GW_EINVAL, "thread %ld", (long)n);
		equal = equal && strcmp(gw_last_error(), expected) == 0;
	}
	return equal ? arg : NULL;
}

static void last_error_without_failure_is_empty(void **state)
{
	(void)state;
	char text[64] = "untouched";
	pthread_t thread;
	gw_fail(GW_EINVAL, "of another thread");
	assert_int_equal(pthread_create(&thread, NULL, read_last_error, text), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(text, "");
}

static void last_error_after_failure_is_its_text(void **state)
{
	(void)state;
	errno = EDOM;
	assert_int_equal(gw_fail(GW_ENOSYM, "%s %d", "text", 1), GW_ENOSYM);
	assert_int_equal(errno, EDOM);
	assert_string_equal(gw_last_error(), "text 1");
	assert_int_equal(gw_fail(GW_ENOLIB, "again"), GW_ENOLIB);
	assert_string_equal(gw_last_error(), "again");
}

static void last_error_may_quote_itself(void **state)
{
	(void)state;
	gw_fail(GW_EINVAL, "inner");
	gw_fail(GW_EINVAL, "outer: %s", gw_last_error());
	assert_string_equal(gw_last_error(), "outer: inner");
}

static void last_error_of_any_length_is_whole(void **state)
{
	(void)state;
	enum { LENGTH = 100000 };
	char *text = malloc(LENGTH + 1);
	assert_non_null(text);
	memset(text, 'x', LENGTH);
	text[LENGTH] = '\0';
	gw_fail(GW_EINVAL, "%s", text);
	assert_string_equal(gw_last_error(), text);
	free(text);
	gw_fail(GW_EINVAL, "short");
}

static void last_error_is_per_thread(void **state)
{
	(void)state;
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	gw_fail(GW_EINVAL, "mine");
	for (intptr_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, fail_and_compare, (void *)(i + 1)), 0);
	for (intptr_t i = 0; i < THREADS; i++) {
		void *result;
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, (void *)(i + 1));
	}
	assert_string_equal(gw_last_error(), "mine");
}

static void last_error_without_memory_says_so(void **state)
{
	(void)state;
	malloc_fails = true;
	errno = EDOM;
	gw_status status = gw_fail(GW_EINVAL, "some %s", "text");
	malloc_fails = false;
	assert_int_equal(errno, EDOM);
	assert_int_equal(status, GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "memory"));
	gw_fail(GW_EINVAL, "memory is back");
	assert_string_equal(gw_last_error(), "memory is back");
}

static gw_status say_ok(void)
{
	return GW_OK;
}

static bool say_yes(void)
{
	return true;
}

static void host_table_leads_to_the_functions(void **state)
{
	(void)state;
	const gw_host *host = gw_host_table();
	assert_non_null(host);
	assert_int_equal(host->size, sizeof *host);
	assert_int_equal(host->version, GW_HOST_VERSION);
	assert_ptr_equal(host->thread_attach, gw_thread_attach);
	assert_ptr_equal(host->thread_detach, gw_thread_detach);
	assert_ptr_equal(host->last_error, gw_last_error);
	assert_ptr_equal(host->status_string, gw_status_string);
	assert_ptr_equal(host->syscall, gw_syscall);
}

static void host_thread_without_go_is_refused(void **state)
{
	(void)state;
	assert_int_equal(gw_thread_attach(), GW_ENOGO);
	assert_non_null(strstr(gw_last_error(), "gw_thread_attach"));
	assert_int_equal(gw_thread_detach(), GW_ENOGO);
	assert_non_null(strstr(gw_last_error(), "gw_thread_detach"));
}

static void host_thread_with_hooks_calls_them(void **state)
{
	(void)state;
	gw_host_attach_hook = say_ok;
	gw_host_in_go_hook = say_yes;
	assert_int_equal(gw_thread_attach(), GW_OK);
	assert_int_equal(gw_thread_detach(), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "that Go called"));
	gw_host_attach_hook = NULL;
	gw_host_in_go_hook = NULL;
}

/* As with cgo on: the runtime was not started through gw_rt_init. */
static void host_detach_with_runtime_cgo_is_refused(void **state)
{
	(void)state;
	gw_host_attach_hook = say_ok;
	assert_int_equal(gw_thread_detach(), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "until the thread ends"));
	gw_host_attach_hook = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_each_has_its_own_string),
		cmocka_unit_test(status_unknown_has_a_string),
		cmocka_unit_test(status_version_is_the_headers),
		cmocka_unit_test(last_error_without_failure_is_empty),
		cmocka_unit_test(last_error_after_failure_is_its_text),
		cmocka_unit_test(last_error_may_quote_itself),
		cmocka_unit_test(last_error_of_any_length_is_whole),
		cmocka_unit_test(last_error_is_per_thread),
		cmocka_unit_test(last_error_without_memory_says_so),
		cmocka_unit_test(host_table_leads_to_the_functions),
		cmocka_unit_test(host_thread_without_go_is_refused),
		cmocka_unit_test(host_thread_with_hooks_calls_them),
		cmocka_unit_test(host_detach_with_runtime_cgo_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
