/* Whose handlers ours stands in front of (bridge/signal.c), with a table in place of the kernel's.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bridge/call.h"

enum { RUNTIMES = 0x1000, OURS = 0x2000, IGNORED = 0x3000, C = 0x4000 };

static struct gw_go_sigaction table[65];

static int32_t table_action(intptr_t sig, const struct gw_go_sigaction *set,
			    struct gw_go_sigaction *old)
{
	if (old != NULL)
		*old = table[sig];
	if (set != NULL)
		table[sig] = *set;
	return 0;
}

static struct gw_go_sigaction action(uintptr_t handler)
{
	return (struct gw_go_sigaction){.handler = handler, .flags = SA_SIGINFO | SA_ONSTACK};
}

static int install(void)
{
	return gw_signal_install((void *)(uintptr_t)OURS, (void *)(uintptr_t)IGNORED, table_action,
				 0, NULL);
}

static int start(void **state)
{
	(void)state;
	memset(table, 0, sizeof table);
	return 0;
}

static void set(int sig, uintptr_t handler)
{
	struct gw_go_sigaction sa = action(handler);
	assert_int_equal(gw_signal_action(sig, &sa, NULL), 0);
}

static uintptr_t believed(int sig)
{
	struct gw_go_sigaction sa;
	assert_int_equal(gw_signal_action(sig, NULL, &sa), 0);
	return sa.handler;
}

static void without_sigurg_nothing_is_installed(void **state)
{
	(void)state;
	table[SIGCHLD] = action(RUNTIMES);
	assert_int_equal(install(), 0);
	assert_int_equal(table[SIGCHLD].handler, RUNTIMES);
}

static void stands_before_the_runtimes_handlers_alone(void **state)
{
	(void)state;
	table[SIGURG] = table[SIGCHLD] = table[64] = action(RUNTIMES);
	table[SIGUSR1] = action(C);
	assert_int_equal(install(), 3);
	assert_int_equal(table[SIGURG].handler, OURS);
	assert_int_equal(table[SIGCHLD].handler, OURS);
	assert_int_equal(table[64].handler, OURS);
	assert_int_equal(table[SIGUSR1].handler, C);
	assert_int_equal(table[SIGUSR2].handler, (uintptr_t)SIG_DFL);
	assert_ptr_equal(gw_signal_old[SIGCHLD], (void *)(uintptr_t)RUNTIMES);
	assert_int_equal(table[SIGCHLD].mask, ~(uint64_t)0);
	assert_int_equal(believed(SIGCHLD), RUNTIMES);
	assert_int_equal(believed(SIGUSR1), C);
}

static void follows_what_the_runtime_sets_later(void **state)
{
	(void)state;
	table[SIGURG] = action(RUNTIMES);
	assert_int_equal(install(), 1);
	set(SIGUSR1, C);
	assert_int_equal(table[SIGUSR1].handler, C);
	set(SIGUSR1, RUNTIMES);
	assert_int_equal(table[SIGUSR1].handler, OURS);
	assert_int_equal(believed(SIGUSR1), RUNTIMES);
	set(SIGUSR1, (uintptr_t)SIG_IGN);
	assert_int_equal(table[SIGUSR1].handler, (uintptr_t)SIG_IGN);
	assert_int_equal(believed(SIGUSR1), (uintptr_t)SIG_IGN);
}

static void sigurg_stays_ours_when_the_program_ignores_it(void **state)
{
	(void)state;
	table[SIGURG] = action(RUNTIMES);
	assert_int_equal(install(), 1);
	set(SIGURG, (uintptr_t)SIG_IGN);
	assert_int_equal(table[SIGURG].handler, OURS);
	assert_int_equal(believed(SIGURG), (uintptr_t)SIG_IGN);
	assert_ptr_equal(gw_signal_old[SIGURG], (void *)(uintptr_t)IGNORED);
	set(SIGURG, RUNTIMES);
	assert_ptr_equal(gw_signal_old[SIGURG], (void *)(uintptr_t)RUNTIMES);
}

/* What makes an object one of Go's. */
char build_information[32] __attribute__((aligned(16))) = "\xff Go buildinf:";

static char calls[8];

static void note(char who)
{
	calls[strlen(calls)] = who;
}

static void runtimes_handler(int sig, siginfo_t *info, void *context)
{
	note(sig == SIGURG && info == NULL && context == NULL ? 'r' : '?');
}

static void another(int sig, siginfo_t *info, void *context)
{
	note(sig == SIGURG && info == NULL && context == NULL ? 'a' : '?');
}

static void the_first(int sig, siginfo_t *info, void *context)
{
	note(sig == SIGURG && info == NULL && context == NULL ? 'f' : '?');
}

static const char *urgent(void)
{
	void (*fn)(int, siginfo_t *, void *);
	memcpy(&fn, &gw_signal_old[SIGURG], sizeof fn);
	memset(calls, 0, sizeof calls);
	fn(SIGURG, NULL, NULL);
	return calls;
}

/* Another Go runtime's handler stands in front of ours, or stood there before. */
static void sigurg_goes_to_all_runtimes(void **state)
{
	(void)state;
	uintptr_t before[65] = {[SIGURG] = (uintptr_t)the_first};
	table[SIGURG] = table[SIGCHLD] = action((uintptr_t)another);
	table[SIGUSR1] = action((uintptr_t)runtimes_handler);
	assert_int_equal(gw_signal_install((void *)(uintptr_t)OURS, (void *)(uintptr_t)IGNORED,
					   table_action, (uintptr_t)runtimes_handler, before),
			 2);
	assert_int_equal(table[SIGURG].handler, OURS);
	assert_int_equal(table[SIGUSR1].handler, OURS);
	assert_int_equal(table[SIGCHLD].handler, (uintptr_t)another);
	assert_int_equal(believed(SIGURG), (uintptr_t)runtimes_handler);
	assert_string_equal(urgent(), "raf");
	set(SIGURG, (uintptr_t)runtimes_handler);
	assert_string_equal(urgent(), "raf");
	gw_signal_remove();
	assert_int_equal(table[SIGURG].handler, (uintptr_t)another);
	assert_int_equal(table[SIGUSR1].handler, (uintptr_t)runtimes_handler);

	table[SIGURG] = action((uintptr_t)runtimes_handler);
	assert_int_equal(gw_signal_install((void *)(uintptr_t)OURS, (void *)(uintptr_t)IGNORED,
					   table_action, 0, before),
			 2);
	assert_string_equal(urgent(), "rf");
	/* Of C: the runtime does not tell it either. */
	before[SIGURG] = (uintptr_t)abort;
	gw_signal_remove();
	assert_int_equal(table[SIGURG].handler, (uintptr_t)runtimes_handler);
	assert_int_equal(gw_signal_install((void *)(uintptr_t)OURS, (void *)(uintptr_t)IGNORED,
					   table_action, 0, before),
			 2);
	assert_string_equal(urgent(), "r");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_sigurg_nothing_is_installed, start),
		cmocka_unit_test_setup(stands_before_the_runtimes_handlers_alone, start),
		cmocka_unit_test_setup(follows_what_the_runtime_sets_later, start),
		cmocka_unit_test_setup(sigurg_stays_ours_when_the_program_ignores_it, start),
		cmocka_unit_test_setup(sigurg_goes_to_all_runtimes, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
