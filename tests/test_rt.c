/* Runtime support, as far as it can be seen without a Go runtime: the tests play its part. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bridge/bridge.h"
#include "child.h"

/* Linked with --wrap=malloc --wrap=pthread_create --wrap=pthread_getattr_np: failures on demand. */
static bool malloc_fails;
static bool getattr_fails;
static int create_errno;
static int create_failures;
static int create_calls;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attr);
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attr);

void *__wrap_malloc(size_t size)
{
	return malloc_fails ? NULL : __real_malloc(size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg)
{
	create_calls++;
	if (create_failures > 0) {
		create_failures--;
		return create_errno;
	}
	return __real_pthread_create(thread, attr, fn, arg);
}

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
	if (!getattr_fails)
		return __real_pthread_getattr_np(thread, attr);
	/* As glibc since 2.32 fails: what it has put in is gone already. */
	int err = __real_pthread_getattr_np(thread, attr);
	assert_int_equal(err, 0);
	pthread_attr_destroy(attr);
	return ENOMEM;
}

static void aborts_saying(void (*body)(void), const char *words)
{
	char said[512];
	int status = in_child(body, said, sizeof said);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "gangway: "));
	assert_non_null(strstr(said, words));
}

/* ---- Stacks ---- */

struct mapping {
	uintptr_t lo;
	uintptr_t hi;
	uintptr_t below; /* end of the next lower mapping */
	char flags[5];
};

static struct mapping mapping_of(uintptr_t address)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	struct mapping found = {0};
	uintptr_t below = 0;
	char line[512];
	while (fgets(line, sizeof line, maps) != NULL) {
		struct mapping m = {.below = below};
		assert_int_equal(sscanf(line, "%lx-%lx %4s", &m.lo, &m.hi, m.flags), 3);
		if (m.lo <= address && address < m.hi)
			found = m;
		below = m.hi;
	}
	fclose(maps);
	assert_true(found.hi != 0);
	return found;
}

static void stackbound_of_main_thread_is_its_limit(void **state)
{
	(void)state;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	struct mapping stack = mapping_of(here);
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_STACK, &limit), 0);
	uintptr_t bounds[2];
	gw_rt_getstackbound(bounds);
	/* Above here and bounds[1] lie only arguments and environment. */
	assert_true(here < bounds[1] && bounds[1] <= stack.hi);
	assert_true(bounds[0] <= stack.lo);
	assert_true(bounds[0] >= stack.below);
	if (limit.rlim_cur != RLIM_INFINITY) {
		assert_true(stack.hi - bounds[0] <= limit.rlim_cur);
		if (stack.hi - stack.below > limit.rlim_cur)
			assert_true(stack.hi - bounds[0] >= limit.rlim_cur - 65536);
	}
}

struct seen_stack {
	uintptr_t bounds[2];
	uintptr_t here;
	struct mapping mapping;
};

static void *look_at_stack(void *arg)
{
	struct seen_stack *seen = arg;
	seen->here = (uintptr_t)__builtin_frame_address(0);
	gw_rt_getstackbound(seen->bounds);
	/* The whole of it is there. */
	for (uintptr_t at = seen->bounds[0]; at < seen->bounds[1]; at += 4096)
		(void)*(volatile char *)at;
	seen->mapping = mapping_of(seen->here);
	return NULL;
}

static void stackbound_of_thread_is_its_mapping(void **state)
{
	(void)state;
	struct seen_stack seen;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, look_at_stack, &seen), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(seen.bounds[0] < seen.here && seen.here < seen.bounds[1]);
	assert_true(seen.bounds[0] >= seen.mapping.lo && seen.bounds[1] <= seen.mapping.hi);
	assert_true(seen.bounds[0] - seen.mapping.lo < 65536);
	assert_string_equal(seen.mapping.flags, "rw-p");
}

static void stackbound_of_given_stack_is_exact(void **state)
{
	(void)state;
	enum { SIZE = 256 * 1024 };
	char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(stack != MAP_FAILED);
	pthread_attr_t attr;
	pthread_t thread;
	struct seen_stack seen;
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, stack, SIZE), 0);
	assert_int_equal(pthread_create(&thread, &attr, look_at_stack, &seen), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(pthread_attr_destroy(&attr), 0);
	assert_ptr_equal((void *)seen.bounds[0], stack);
	assert_ptr_equal((void *)seen.bounds[1], stack + SIZE);
	munmap(stack, SIZE);
}

static void stackbound_unknown_is_zero(void **state)
{
	(void)state;
	uintptr_t bounds[2] = {1, 1};
	getattr_fails = true;
	gw_rt_getstackbound(bounds);
	getattr_fails = false;
	assert_int_equal(bounds[0], 0);
	assert_int_equal(bounds[1], 0);
}

static void stack_deeper_takes_the_real_end(void **state)
{
	(void)state;
	uintptr_t bounds[2];
	gw_rt_getstackbound(bounds);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	struct gw_stack_bounds g = {here + 4096, here + 8192, here + 5000, here + 5000};
	gw_stack_deeper(&g, here);
	assert_ptr_equal((void *)g.lo, (void *)bounds[0]);
	assert_ptr_equal((void *)g.hi, (void *)(here + 8192));
	assert_int_equal(g.guard0 - g.lo, 5000 - 4096);
	assert_int_equal(g.guard1, g.guard0);
	struct gw_stack_bounds same = g;
	gw_stack_deeper(&g, here);
	assert_memory_equal(&g, &same, sizeof g);
}

static void stack_deeper_elsewhere_leaves_32_kb(void **state)
{
	(void)state;
	uintptr_t sp = (uintptr_t)1 << 20; /* no thread's */
	struct gw_stack_bounds g = {sp + 4096, sp + 8192, sp + 5000, 0};
	gw_stack_deeper(&g, sp);
	assert_int_equal(g.lo, sp - 32768);
	assert_int_equal(g.guard0 - g.lo, 5000 - 4096);
	assert_int_equal(g.guard1, 0); /* never set before Go 1.22 */
}

/* ---- The start of the runtime ---- */

/* What the runtime's setg would set, by thread. */
static pthread_key_t g_key;

static void set_g(void *g)
{
	pthread_setspecific(g_key, g);
}

static void init_sets_the_real_floor(void **state)
{
	(void)state;
	uintptr_t bounds[2];
	gw_rt_getstackbound(bounds);
	struct gw_rt_g g = {.stacklo = 1, .stackhi = (uintptr_t)__builtin_frame_address(0)};
	uintptr_t hi = g.stackhi;
	assert_false(gw_rt_serving());
	gw_rt_init(&g, set_g);
	assert_true(gw_rt_serving());
	assert_int_equal(g.stacklo, bounds[0]);
	assert_int_equal(g.stackhi, hi);
}

static void init_without_proc_stays_within_the_stack(void **state)
{
	(void)state;
	uintptr_t bounds[2];
	gw_rt_getstackbound(bounds);
	struct gw_rt_g g = {.stackhi = (uintptr_t)__builtin_frame_address(0)};
	getattr_fails = true;
	gw_rt_init(&g, set_g);
	getattr_fails = false;
	assert_true(g.stacklo > bounds[0]);
	assert_true(g.stacklo + 65536 < g.stackhi);
}

/* glibc's: in the loader's code, and not exported, so that nothing better can be asked. What it
   does, the scenario "destructors" shows. */
static void the_loader_has_a_finalizer(void **state)
{
	(void)state;
	Dl_info info;
	const void *loader = gw_rt_loader();
	assert_non_null(loader);
	assert_ptr_equal(loader, getauxval(AT_BASE));
	void (*fini)(void *) = gw_rt_finalizer(loader);
	void *p;
	memcpy(&p, &fini, sizeof p);
	assert_non_null(p);
	assert_int_not_equal(dladdr(p, &info), 0);
	assert_ptr_equal(info.dli_fbase, loader);
}

/* Any other byte in the instructions that count: no finalizer. */
static void an_unknown_loader_has_none(void **state)
{
	(void)state;
	enum { ENTRY = 256, LEA = 40, CODE = 1024 };
	static const uint8_t code[] = {0x48, 0x8d, 0x15, 0x40, 0,    0,   0,
				       0x4c, 0x89, 0xec, 0x41, 0xff, 0xe4};
	static const uint8_t start[] = {0x48, 0x89, 0xe7, 0xe8};
	static _Alignas(64) uint8_t image[CODE];
	ElfW(Ehdr) header = {.e_entry = ENTRY, .e_phoff = sizeof header, .e_phnum = 1};
	ElfW(Phdr) segment = {.p_type = PT_LOAD, .p_flags = PF_X, .p_filesz = CODE};
	memset(image, 0x90, sizeof image);
	memcpy(image, &header, sizeof header);
	memcpy(image + sizeof header, &segment, sizeof segment);
	memcpy(image + ENTRY, start, sizeof start);
	memcpy(image + ENTRY + LEA, code, sizeof code);
	void (*fini)(void *) = gw_rt_finalizer(image);
	void *p;
	memcpy(&p, &fini, sizeof p);
	assert_ptr_equal(p, image + ENTRY + LEA + 7 + 0x40);
	for (size_t i = 0; i < sizeof start; i++) {
		image[ENTRY + i] ^= 1;
		assert_true(gw_rt_finalizer(image) == NULL);
		image[ENTRY + i] ^= 1;
	}
	for (size_t i = 0; i < sizeof code; i++) {
		uint8_t flip = i == 6 ? 0x40 : 0x01; /* far away: out of the code */
		if (i >= 3 && i < 6)
			continue;
		image[ENTRY + LEA + i] ^= flip;
		assert_true(gw_rt_finalizer(image) == NULL);
		image[ENTRY + LEA + i] ^= flip;
	}
}

static void init_with_nonsense(void)
{
	struct gw_rt_g g = {.stackhi = 4096};
	gw_rt_init(&g, set_g);
}

static void init_with_nonsense_aborts(void **state)
{
	(void)state;
	aborts_saying(init_with_nonsense, "stack bounds");
}

/* ---- Threads for the runtime ---- */

static struct {
	sem_t done;
	struct gw_rt_g *g;
	struct gw_rt_g bounds; /* as mstart0 computes them */
	bool system_stack;     /* as mstart0 concludes */
	uintptr_t real[2];
	int detached;
	int unblocked;
} started;

/* runtime.mstart's part. */
static void fake_mstart(void)
{
	struct gw_rt_g *g = pthread_getspecific(g_key);
	uintptr_t local = (uintptr_t)__builtin_frame_address(0);
	getattr_fails = false;
	started.g = g;
	started.system_stack = g->stacklo == 0;
	started.bounds.stackhi = local;
	started.bounds.stacklo = local - g->stackhi + 1024;
	gw_rt_getstackbound(started.real);

	pthread_attr_t attr;
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getdetachstate(&attr, &started.detached);
	pthread_attr_destroy(&attr);

	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	started.unblocked = 0;
	/* glibc keeps 32 and 33 for itself. */
	for (int sig = 1; sig < 65; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sig != 32 && sig != 33)
			started.unblocked += !sigismember(&mask, sig);
	sem_post(&started.done);
}

static void start_and_wait(struct gw_rt_g *g)
{
	struct gw_rt_thread ts = {.g = g, .fn = fake_mstart};
	gw_rt_thread_start(&ts);
	memset(&ts, 0xff, sizeof ts);
	assert_int_equal(sem_wait(&started.done), 0);
}

static void thread_start_gives_mstart_what_it_expects(void **state)
{
	(void)state;
	sigset_t before;
	sigset_t after;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	struct gw_rt_g g = {0};
	start_and_wait(&g);
	pthread_sigmask(SIG_SETMASK, NULL, &after);

	assert_ptr_equal(started.g, &g);
	assert_true(started.system_stack);
	assert_true(started.bounds.stacklo >= started.real[0]);
	assert_true(started.bounds.stacklo < started.real[0] + 2048);
	assert_true(started.bounds.stackhi <= started.real[1]);
	assert_int_equal(started.detached, PTHREAD_CREATE_DETACHED);
	assert_int_equal(started.unblocked, 0);
	for (int sig = 1; sig < 65; sig++)
		assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
}

static void thread_start_without_bounds_stays_within_the_stack(void **state)
{
	(void)state;
	struct gw_rt_g g = {0};
	getattr_fails = true; /* until fake_mstart */
	start_and_wait(&g);
	assert_true(started.system_stack);
	assert_true(started.bounds.stacklo > started.real[0]);
	assert_true(started.bounds.stacklo + 65536 < started.bounds.stackhi);
}

static void thread_start_waits_out_eagain(void **state)
{
	(void)state;
	struct gw_rt_g g = {0};
	create_errno = EAGAIN;
	create_failures = 5;
	create_calls = 0;
	start_and_wait(&g);
	assert_int_equal(create_calls, 6);
	assert_ptr_equal(started.g, &g);
}

static void start_with_eagain_for_ever(void)
{
	struct gw_rt_g g = {0};
	create_errno = EAGAIN;
	create_failures = 1000;
	start_and_wait(&g);
}

static void start_with_eperm(void)
{
	struct gw_rt_g g = {0};
	create_errno = EPERM;
	create_failures = 1;
	start_and_wait(&g);
}

static void start_without_memory(void)
{
	struct gw_rt_g g = {0};
	malloc_fails = true;
	start_and_wait(&g);
}

static void thread_start_in_vain_aborts(void **state)
{
	(void)state;
	aborts_saying(start_with_eagain_for_ever, strerror(EAGAIN));
	aborts_saying(start_with_eperm, strerror(EPERM));
	aborts_saying(start_without_memory, "no memory");
}

static sem_t sys_thread_done;
static void *sys_thread_arg = &sys_thread_done;

static void *sys_thread(void *arg)
{
	sys_thread_arg = arg;
	sem_post(&sys_thread_done);
	return NULL;
}

static void sys_thread_create_runs_it(void **state)
{
	(void)state;
	assert_int_equal(sem_init(&sys_thread_done, 0, 0), 0);
	gw_rt_sys_thread_create(sys_thread);
	assert_int_equal(sem_wait(&sys_thread_done), 0);
	assert_null(sys_thread_arg);
}

/* ---- Foreign threads ---- */

static struct {
	int count;
	void *fn;
	void *arg;
	int n;
	size_t context;
} dropped;

static void fake_crosscall2(void (*fn)(void *), void *arg, int n, size_t context)
{
	__atomic_add_fetch(&dropped.count, 1, __ATOMIC_RELEASE);
	dropped.fn = (void *)(uintptr_t)fn;
	dropped.arg = arg;
	dropped.n = n;
	dropped.context = context;
}

static void *wait_for_runtime(void *arg)
{
	gw_rt_wait_runtime_init_done();
	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Go 1.19: no crosscall2 known to C, so nothing to keep. Foreign threads wait until here. */
static void notify_before_go_1_21_lets_threads_in_without_key(void **state)
{
	(void)state;
	bool in = false;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_runtime, &in), 0);
	usleep(20000);
	assert_false(__atomic_load_n(&in, __ATOMIC_ACQUIRE));
	gw_rt_notify_runtime_init_done(NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(in);
	gw_rt_wait_runtime_init_done();
	assert_int_equal(gw_rt_pthread_key_created, 0);
	assert_false(gw_rt_drop_thread());
}

static gw_status say_ok(void)
{
	return GW_OK;
}

static void detach_before_go_1_21_is_ok(void **state)
{
	(void)state;
	gw_host_attach_hook = say_ok;
	assert_int_equal(gw_thread_detach(), GW_OK);
	gw_host_attach_hook = NULL;
}

static void notify_since_go_1_21_creates_key(void **state)
{
	(void)state;
	gw_rt_crosscall2_ptr = fake_crosscall2;
	gw_rt_notify_runtime_init_done(NULL);
	assert_int_equal(gw_rt_pthread_key_created, 1);
}

static void *bind(void *g)
{
	gw_rt_bindm(g);
	return NULL;
}

static void bindm_thread_end_drops_once(void **state)
{
	(void)state;
	int g;
	pthread_t thread;
	dropped.count = 0;
	assert_int_equal(pthread_create(&thread, NULL, bind, &g), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(dropped.count, 1);
	assert_null(dropped.fn);
	assert_ptr_equal(dropped.arg, &g);
	assert_int_equal(dropped.n, 0);
	assert_int_equal(dropped.context, 0);
}

/* Attached, detached, detached in vain, attached again; then the thread ends. */
static void *bind_and_detach(void *g)
{
	gw_rt_bindm(g);
	if (gw_thread_detach() != GW_OK || dropped.count != 1)
		return NULL;
	if (gw_thread_detach() != GW_EINVAL || dropped.count != 1)
		return NULL;
	gw_rt_bindm(g);
	if (!gw_rt_drop_thread() || gw_rt_drop_thread())
		return NULL;
	return g;
}

static void detach_drops_at_once_and_not_again(void **state)
{
	(void)state;
	int g;
	void *result;
	pthread_t thread;
	dropped.count = 0;
	gw_host_attach_hook = say_ok;
	assert_int_equal(pthread_create(&thread, NULL, bind_and_detach, &g), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	gw_host_attach_hook = NULL;
	assert_ptr_equal(result, &g);
	assert_int_equal(dropped.count, 2);
}

/* The order matters: a runtime starts once. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stackbound_of_main_thread_is_its_limit),
		cmocka_unit_test(stackbound_of_thread_is_its_mapping),
		cmocka_unit_test(stackbound_of_given_stack_is_exact),
		cmocka_unit_test(stackbound_unknown_is_zero),
		cmocka_unit_test(stack_deeper_takes_the_real_end),
		cmocka_unit_test(stack_deeper_elsewhere_leaves_32_kb),
		cmocka_unit_test(init_sets_the_real_floor),
		cmocka_unit_test(init_without_proc_stays_within_the_stack),
		cmocka_unit_test(the_loader_has_a_finalizer),
		cmocka_unit_test(an_unknown_loader_has_none),
		cmocka_unit_test(init_with_nonsense_aborts),
		cmocka_unit_test(thread_start_gives_mstart_what_it_expects),
		cmocka_unit_test(thread_start_without_bounds_stays_within_the_stack),
		cmocka_unit_test(thread_start_waits_out_eagain),
		cmocka_unit_test(thread_start_in_vain_aborts),
		cmocka_unit_test(sys_thread_create_runs_it),
		cmocka_unit_test(notify_before_go_1_21_lets_threads_in_without_key),
		cmocka_unit_test(detach_before_go_1_21_is_ok),
		cmocka_unit_test(notify_since_go_1_21_creates_key),
		cmocka_unit_test(bindm_thread_end_drops_once),
		cmocka_unit_test(detach_drops_at_once_and_not_again),
	};
	if (pthread_key_create(&g_key, NULL) != 0 || sem_init(&started.done, 0, 0) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
