/* The policy of Auto (bridge/auto.c): when a C function makes running calls, and when it goes back.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bridge/call.h"

enum {
	SHORT = 100,
	LONG = 1000000000
}; /* cycles: far below and far above a microsecond on any machine */

enum {
	SLOW_TAKEOVER = 100000
}; /* cycles: 20 to 50 us, what a take-over itself takes on a machine with other load */

static unsigned shorts_until_running(struct gw_auto *a, unsigned limit)
{
	for (unsigned i = 1; i <= limit; i++) {
		gw_auto_note(a, SHORT);
		if (a->mode == GW_AUTO_RUNNING)
			return i;
	}
	return 0;
}

static void auto_short_calls_become_running(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	assert_int_equal(a.mode, GW_AUTO_PROBING);
	unsigned first = shorts_until_running(&a, 1000);
	assert_in_range(first, 2, 1000);
}

static void auto_long_calls_stay_blocking(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	for (int i = 0; i < 1000; i++)
		gw_auto_note(&a, LONG);
	assert_int_equal(a.mode, GW_AUTO_PROBING);
}

static void auto_one_long_call_among_short_ones_starts_over(void **state)
{
	(void)state;
	struct gw_auto fresh = {0}, a = {0};
	unsigned first = shorts_until_running(&fresh, 1000);
	for (unsigned i = 0; i < first - 1; i++)
		gw_auto_note(&a, SHORT);
	gw_auto_note(&a, LONG);
	for (unsigned i = 0; i < first - 1; i++)
		gw_auto_note(&a, SHORT);
	assert_int_equal(a.mode, GW_AUTO_PROBING);
	gw_auto_note(&a, SHORT);
	assert_int_equal(a.mode, GW_AUTO_RUNNING);
}

static void auto_taken_over_waits_twice_as_long(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	unsigned last = shorts_until_running(&a, 1000);
	for (int i = 0; i < 5; i++) {
		gw_auto_taken(&a, LONG);
		assert_int_equal(a.mode, GW_AUTO_PROBING);
		unsigned next = shorts_until_running(&a, 100000);
		assert_int_equal(next, 2 * last);
		last = next;
	}
}

static void auto_taken_over_for_ever_stays_bounded(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	for (int i = 0; i < 100; i++) {
		a.mode = GW_AUTO_RUNNING;
		a.since = __builtin_ia32_rdtsc();
		gw_auto_taken(&a, LONG);
	}
	assert_int_not_equal(shorts_until_running(&a, 10000000), 0);
}

static void auto_second_report_of_one_period_counts_once(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	unsigned first = shorts_until_running(&a, 1000);
	gw_auto_taken(&a, LONG);
	gw_auto_taken(&a, LONG);
	assert_int_equal(shorts_until_running(&a, 100000), 2 * first);
}

static void auto_short_call_taken_over_stays_running(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	shorts_until_running(&a, 1000);
	for (int i = 0; i < 100; i++)
		gw_auto_taken(&a, SHORT);
	assert_int_equal(a.mode, GW_AUTO_RUNNING);
}

static void auto_slow_takeover_stays_running(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	shorts_until_running(&a, 1000);
	for (int i = 0; i < 100; i++)
		gw_auto_taken(&a, SLOW_TAKEOVER);
	assert_int_equal(a.mode, GW_AUTO_RUNNING);
}

/* The kernel takes the core away after a take-over now and then: that must not add up. */
static void auto_long_call_after_a_second_is_forgiven(void **state)
{
	(void)state;
	struct gw_auto a = {0};
	unsigned first = shorts_until_running(&a, 1000);
	gw_auto_taken(&a, LONG);
	assert_int_equal(shorts_until_running(&a, 1000), 2 * first);
	usleep(1500000);
	gw_auto_taken(&a, LONG);
	assert_int_equal(a.mode, GW_AUTO_PROBING);
	assert_int_equal(shorts_until_running(&a, 1000), first);
}

static void auto_fixed_modes_do_not_change(void **state)
{
	(void)state;
	struct gw_auto blocking = {.mode = GW_AUTO_BLOCKING}, closed = {.mode = GW_AUTO_CLOSED};
	for (int i = 0; i < 100; i++) {
		gw_auto_note(&blocking, SHORT);
		gw_auto_taken(&blocking, LONG);
		gw_auto_note(&closed, SHORT);
		gw_auto_taken(&closed, LONG);
	}
	assert_int_equal(blocking.mode, GW_AUTO_BLOCKING);
	assert_int_equal(closed.mode, GW_AUTO_CLOSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_short_calls_become_running),
		cmocka_unit_test(auto_long_calls_stay_blocking),
		cmocka_unit_test(auto_one_long_call_among_short_ones_starts_over),
		cmocka_unit_test(auto_taken_over_waits_twice_as_long),
		cmocka_unit_test(auto_taken_over_for_ever_stays_bounded),
		cmocka_unit_test(auto_second_report_of_one_period_counts_once),
		cmocka_unit_test(auto_short_call_taken_over_stays_running),
		cmocka_unit_test(auto_slow_takeover_stays_running),
		cmocka_unit_test(auto_long_call_after_a_second_is_forgiven),
		cmocka_unit_test(auto_fixed_modes_do_not_change),
	};
	gw_auto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
