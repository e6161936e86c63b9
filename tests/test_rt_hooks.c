/* The small hooks of the runtime: environment, ids, tracebacks, and the way into Go code. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bridge/bridge.h"
#include "child.h"

/* ---- crosscall1 ---- */

/* Written by assembly alone. */
extern uintptr_t crosscall1_alignment;
extern uintptr_t crosscall1_g;
__attribute__((used)) uintptr_t crosscall1_alignment;
__attribute__((used)) uintptr_t crosscall1_g;
void clobber_all(void);
void probe_crosscall1(const uint64_t *in, uint64_t *out);
/* clobber_all leaves nothing in the callee-saved registers. probe_crosscall1 fills them from in,
   calls gw_crosscall1 with clobber_all as both functions and stores them to out. */
__asm__(".text\n"
	"clobber_all:\n\t"
	"movq %rsp, crosscall1_alignment(%rip)\n\t"
	"xorl %ebx, %ebx\n\t"
	"xorl %ebp, %ebp\n\t"
	"xorl %r12d, %r12d\n\t"
	"xorl %r13d, %r13d\n\t"
	"xorl %r14d, %r14d\n\t"
	"xorl %r15d, %r15d\n\t"
	"ret\n"
	"probe_crosscall1:\n\t"
	"pushq %rbx\n\tpushq %rbp\n\tpushq %r12\n\tpushq %r13\n\tpushq %r14\n\tpushq %r15\n\t"
	"pushq %rsi\n\t"
	"movq (%rdi), %rbx\n\t"
	"movq 8(%rdi), %rbp\n\t"
	"movq 16(%rdi), %r12\n\t"
	"movq 24(%rdi), %r13\n\t"
	"movq 32(%rdi), %r14\n\t"
	"movq 40(%rdi), %r15\n\t"
	"leaq clobber_fn(%rip), %rdi\n\t"
	"leaq clobber_setg(%rip), %rsi\n\t"
	"movl $77, %edx\n\t"
	"call gw_crosscall1\n\t"
	"popq %rsi\n\t"
	"movq %rbx, (%rsi)\n\t"
	"movq %rbp, 8(%rsi)\n\t"
	"movq %r12, 16(%rsi)\n\t"
	"movq %r13, 24(%rsi)\n\t"
	"movq %r14, 32(%rsi)\n\t"
	"movq %r15, 40(%rsi)\n\t"
	"popq %r15\n\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbp\n\tpopq %rbx\n\t"
	"ret\n"
	"clobber_setg:\n\t"
	"movq %rdi, crosscall1_g(%rip)\n\t"
	"ret\n"
	"clobber_fn:\n\t"
	"jmp clobber_all\n");

static void crosscall1_preserves_registers(void **state)
{
	(void)state;
	const uint64_t in[6] = {1, 2, 3, 4, 5, 6};
	uint64_t out[6] = {0};
	probe_crosscall1(in, out);
	assert_memory_equal(in, out, sizeof in);
	assert_int_equal(crosscall1_g, 77);
	assert_int_equal(crosscall1_alignment % 16, 8);
}

/* ---- Environment ---- */

static void env_functions_change_cs_environment(void **state)
{
	(void)state;
	char name[] = "GANGWAY_TEST";
	char one[] = "one";
	char two[] = "two";
	gw_rt_setenv((char *[]){name, one});
	assert_string_equal(getenv(name), "one");
	gw_rt_setenv((char *[]){name, two});
	assert_string_equal(getenv(name), "two");
	gw_rt_unsetenv((char *[]){name});
	assert_null(getenv(name));
}

static void clear_environment(void)
{
	setenv("GANGWAY_TEST", "set", 1);
	gw_rt_clearenv(NULL);
	if (getenv("GANGWAY_TEST") != NULL || getenv("PATH") != NULL)
		abort();
}

static void env_clearenv_leaves_nothing(void **state)
{
	(void)state;
	char said[256];
	assert_int_equal(in_child(clear_environment, said, sizeof said), 0);
}

/* ---- User and group ids ---- */

/* The ids that the kernel keeps for one thread: another one than the caller of the functions below.
 */
static sem_t ids_ask;
static sem_t ids_told;
static unsigned ids[6];
static int group_count;

static void *tell_ids(void *arg)
{
	for (;;) {
		sem_wait(&ids_ask);
		syscall(SYS_getresuid, &ids[0], &ids[1], &ids[2]);
		syscall(SYS_getresgid, &ids[3], &ids[4], &ids[5]);
		group_count = (int)syscall(SYS_getgroups, 0, NULL);
		sem_post(&ids_told);
	}
	return arg;
}

static void expect_ids(unsigned r, unsigned e, unsigned s, unsigned rg, unsigned eg, unsigned sg)
{
	const unsigned expected[6] = {r, e, s, rg, eg, sg};
	sem_post(&ids_ask);
	sem_wait(&ids_told);
	if (memcmp(ids, expected, sizeof ids) != 0) {
		dprintf(STDERR_FILENO, "ids are %u %u %u %u %u %u, not %u %u %u %u %u %u\n", ids[0],
			ids[1], ids[2], ids[3], ids[4], ids[5], r, e, s, rg, eg, sg);
		abort();
	}
}

static void set_ids(void (*fn)(struct gw_rt_argset *), uintptr_t a, uintptr_t b, uintptr_t c,
		    uintptr_t expected)
{
	uintptr_t args[3] = {a, b, c};
	struct gw_rt_argset x = {.args = args, .retval = 12345};
	fn(&x);
	if (x.retval != expected) {
		dprintf(STDERR_FILENO, "retval is %lu, not %lu\n", (unsigned long)x.retval,
			(unsigned long)expected);
		abort();
	}
}

static void change_ids(void)
{
	const uintptr_t same = (uintptr_t)-1;
	const gid_t groups[3] = {11, 12, 13};
	pthread_t thread;
	sem_init(&ids_ask, 0, 0);
	sem_init(&ids_told, 0, 0);
	if (pthread_create(&thread, NULL, tell_ids, NULL) != 0)
		abort();
	expect_ids(0, 0, 0, 0, 0, 0);
	set_ids(gw_rt_setgroups, 3, (uintptr_t)groups, 0, 0);
	set_ids(gw_rt_setegid, 1, 0, 0, 0);
	expect_ids(0, 0, 0, 0, 1, 0);
	if (group_count != 3)
		abort();
	set_ids(gw_rt_setgroups, 0, 0, 0, 0);
	set_ids(gw_rt_setregid, 2, 3, 0, 0);
	expect_ids(0, 0, 0, 2, 3, 3);
	if (group_count != 0)
		abort();
	set_ids(gw_rt_setresgid, 4, 5, 6, 0);
	expect_ids(0, 0, 0, 4, 5, 6);
	set_ids(gw_rt_setgid, 7, 0, 0, 0);
	expect_ids(0, 0, 0, 7, 7, 7);
	set_ids(gw_rt_seteuid, 1, 0, 0, 0);
	expect_ids(0, 1, 0, 7, 7, 7);
	set_ids(gw_rt_seteuid, 0, 0, 0, 0);
	set_ids(gw_rt_setreuid, 0, 2, 0, 0);
	expect_ids(0, 2, 2, 7, 7, 7);
	set_ids(gw_rt_setresuid, same, 0, 0, 0);
	expect_ids(0, 0, 0, 7, 7, 7);
	set_ids(gw_rt_setresuid, 0, 0, 4, 0);
	expect_ids(0, 0, 4, 7, 7, 7);
	set_ids(gw_rt_setuid, 5, 0, 0, 0);
	expect_ids(5, 5, 5, 7, 7, 7);
	set_ids(gw_rt_setuid, 0, 0, 0, EPERM);
	set_ids(gw_rt_setgroups, 0, 0, 0, EPERM);
	expect_ids(5, 5, 5, 7, 7, 7);
}

static void setid_family_changes_all_threads(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	char said[256];
	int status = in_child(change_ids, said, sizeof said);
	if (status != 0)
		print_error("%s\n", said);
	assert_int_equal(status, 0);
}

/* ---- Tracebacks ---- */

static int order;
static int traceback_at, symbolizer_at, context_at, sigtramp_at;
static struct gw_rt_traceback traceback_arg;
static struct gw_rt_symbolizer symbolizer_arg;
static struct gw_rt_context context_arg;
static void *sigtramp_args[3];

static void traceback(struct gw_rt_traceback *arg)
{
	traceback_at = ++order;
	traceback_arg = *arg;
	arg->buf[0] = 0x1234;
	arg->buf[1] = 0;
}

static void symbolizer(struct gw_rt_symbolizer *arg)
{
	symbolizer_at = ++order;
	symbolizer_arg = *arg;
	arg->func = "found";
}

static void context(struct gw_rt_context *arg)
{
	context_at = ++order;
	context_arg = *arg;
	if (arg->context == 0)
		arg->context = 55;
}

static void sigtramp(uintptr_t sig, void *info, void *ucontext)
{
	sigtramp_at = ++order;
	sigtramp_args[0] = (void *)sig;
	sigtramp_args[1] = info;
	sigtramp_args[2] = ucontext;
}

static void traceback_unset_does_nothing(void **state)
{
	(void)state;
	struct gw_rt_traceback t = {0};
	struct gw_rt_symbolizer s = {.pc = 1};
	order = 0;
	gw_rt_call_traceback_function(&t);
	gw_rt_call_symbolizer_function(&s);
	assert_int_equal(gw_rt_context_get(), 0);
	gw_rt_context_release(1);
	assert_int_equal(order, 0);
}

static void traceback_set_calls_the_users(void **state)
{
	(void)state;
	uintptr_t buffer[8];
	struct gw_rt_traceback t = {.context = 9, .buf = buffer, .max = 8};
	struct gw_rt_symbolizer s = {.pc = 0x77};
	const struct gw_rt_traceback_functions functions = {traceback, context, symbolizer};
	gw_rt_set_traceback_functions(&functions);
	gw_rt_call_traceback_function(&t);
	assert_int_equal(traceback_arg.context, 9);
	assert_int_equal(traceback_arg.max, 8);
	assert_int_equal(buffer[0], 0x1234);
	gw_rt_call_symbolizer_function(&s);
	assert_int_equal(symbolizer_arg.pc, 0x77);
	assert_string_equal(s.func, "found");

	uintptr_t got = gw_rt_context_get();
	assert_int_equal(got, 55);
	assert_int_equal(context_arg.context, 0);
	gw_rt_context_release(got);
	assert_int_equal(context_arg.context, 55);
	order = 0;
	gw_rt_context_release(0);
	assert_int_equal(order, 0);
}

static void context_function_alone_is_set(void **state)
{
	(void)state;
	const struct gw_rt_traceback_functions none = {NULL, NULL, NULL};
	gw_rt_set_traceback_functions(&none);
	assert_int_equal(gw_rt_context_get(), 0);
	gw_rt_set_context_function(context);
	assert_int_equal(gw_rt_context_get(), 55);
	gw_rt_set_context_function(NULL);
}

static void callers_collects_then_goes_on(void **state)
{
	(void)state;
	uintptr_t buffer[32];
	int info;
	int ucontext;
	order = 0;
	gw_rt_callers(SIGPROF, &info, &ucontext, traceback, buffer, sigtramp);
	assert_int_equal(traceback_at, 1);
	assert_int_equal(sigtramp_at, 2);
	assert_ptr_equal((void *)traceback_arg.sig_context, &ucontext);
	assert_int_equal(traceback_arg.context, 0);
	assert_ptr_equal(traceback_arg.buf, buffer);
	assert_int_equal(traceback_arg.max, 32);
	assert_int_equal(buffer[0], 0x1234);
	assert_ptr_equal(sigtramp_args[0], (void *)SIGPROF);
	assert_ptr_equal(sigtramp_args[1], &info);
	assert_ptr_equal(sigtramp_args[2], &ucontext);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crosscall1_preserves_registers),
		cmocka_unit_test(env_functions_change_cs_environment),
		cmocka_unit_test(env_clearenv_leaves_nothing),
		cmocka_unit_test(setid_family_changes_all_threads),
		cmocka_unit_test(traceback_unset_does_nothing),
		cmocka_unit_test(traceback_set_calls_the_users),
		cmocka_unit_test(context_function_alone_is_set),
		cmocka_unit_test(callers_collects_then_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
