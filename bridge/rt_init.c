/* Start of the Go runtime: the main thread's stack bounds, setg, and the gate that foreign threads
   wait at. */
#define _GNU_SOURCE
#include "bridge.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Stores its argument as this thread's g. From gw_rt_init; every thread the runtime starts goes
   through it. */
static void (*set_g)(void *);

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t init_cond = PTHREAD_COND_INITIALIZER;
static int init_done;

/* Runtime support has no one to report to: it says what failed and why, and aborts. err is an errno
   value or 0. */
void gw_rt_fatal(const char *what, int err)
{
	if (err != 0)
		dprintf(STDERR_FILENO, "gangway: %s: %s\n", what, strerror(err));
	else
		dprintf(STDERR_FILENO, "gangway: %s\n", what);
	abort();
}

/* A floor for the main thread's stack when its real bounds cannot be had (/proc is not mounted).
   The kernel takes arguments and environment, at most a quarter of the limit, from the same
   stretch: half of the limit is safe. */
static uintptr_t guess_main_stack(uintptr_t here)
{
	const uintptr_t usual = (uintptr_t)8 << 20;
	struct rlimit limit;
	uintptr_t size = usual;
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < usual)
		size = limit.rlim_cur;
	return here - size / 2;
}

/* _cgo_init. rt0_go calls it on the main thread, on the initial stack, before any Go code; g0's
   stackhi is set already and its stacklo is a guess of 64 KB, from which rt0_go recomputes the
   stack guards after this returns. Take the real limit. The two arguments that other systems get
   after setg do not matter on linux/amd64. */
void gw_rt_init(struct gw_rt_g *g, void (*setg)(void *))
{
	uintptr_t lo;
	uintptr_t hi;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	set_g = setg;
	if (gw_rt_stack(&lo, &hi) != 0 || lo >= here || here > hi)
		lo = guess_main_stack(here);
	if (lo >= g->stackhi)
		gw_rt_fatal("the main thread's stack bounds make no sense", 0);
	g->stacklo = lo;
	gw_rt_register_finalizer();
}

/* True if this core stands in for runtime/cgo: the runtime called gw_rt_init. */
bool gw_rt_serving(void)
{
	return set_g != NULL;
}

/* Make g this thread's g and run fn, a Go function of no arguments, on the current stack. */
void gw_rt_setg_and_call(void (*fn)(void), struct gw_rt_g *g)
{
	gw_crosscall1(fn, set_g, g);
}

/* _cgo_notify_runtime_init_done. runtime.main calls it through cgocall once M's can be handed to
   foreign threads and before any package initialiser runs. The key must exist before the first of
   them comes in: needAndBindM looks at gw_rt_pthread_key_created then. */
void gw_rt_notify_runtime_init_done(void *unused)
{
	(void)unused;
	gw_rt_create_key();
	pthread_mutex_lock(&init_lock);
	__atomic_store_n(&init_done, 1, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&init_cond);
	pthread_mutex_unlock(&init_lock);
}

/* Any thread. Returns when Go may be called; afterwards that is one load. */
void gw_rt_wait_runtime_init_done(void)
{
	if (__atomic_load_n(&init_done, __ATOMIC_ACQUIRE) != 0)
		return;
	pthread_mutex_lock(&init_lock);
	while (init_done == 0)
		pthread_cond_wait(&init_cond, &init_lock);
	pthread_mutex_unlock(&init_lock);
}
