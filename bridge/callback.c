/* Which callbacks a thread is in, of those that go through runtime.cgocallback: on the safe road
   all of them. (On the others the runtime's own fields tell.) */
#define _GNU_SOURCE
#include <pthread.h>

#include "bridge.h"
#include "call.h"

void (*gw_callback_report_hook)(void);

/* The value is the innermost frame. Without a key, for which there may be no room, nobody knows. */
static pthread_key_t key;
static bool have_key;
static bool reporting;

struct gw_callback_frame *gw_callback_innermost(void)
{
	return have_key ? pthread_getspecific(key) : NULL;
}

/* C has jumped past the Go frames of the innermost callback: does not return. */
static void report(void)
{
	if (__atomic_exchange_n(&reporting, true, __ATOMIC_ACQ_REL))
		return; /* the report is a callback, too */
	__atomic_load_n(&gw_callback_report_hook, __ATOMIC_ACQUIRE)();
}

static bool in_go(void)
{
	bool (*ask)(void) = __atomic_load_n(&gw_host_in_go_hook, __ATOMIC_ACQUIRE);
	return ask != NULL && ask();
}

/* Before the runtime gets back what a thread of C's that ends has of it: it could not have it when
   the thread is in a callback (pthread_exit, or a jump that nothing else has shown). */
void gw_callback_thread_ends(void)
{
	if (gw_callback_innermost() != NULL || in_go())
		report();
}

/* A thread that has a frame ends. With cgo on the runtime may have got it all back already. */
static void ends_in_callback(void *innermost)
{
	(void)innermost;
	if (gw_rt_serving() || in_go())
		report();
}

void gw_callback_init(void)
{
	have_key = pthread_key_create(&key, ends_in_callback) == 0;
}

/* Whether a and b are on this thread's own stack, as the system gave it: not one of C's making. */
bool gw_on_one_stack(const void *a, const void *b)
{
	uintptr_t lo, hi;
	return gw_rt_stack(&lo, &hi) == 0 && lo <= (uintptr_t)a && (uintptr_t)a < hi &&
	       lo <= (uintptr_t)b && (uintptr_t)b < hi;
}

/* A callback that is not below the one it is nested in: C is no longer there. */
void gw_callback_entered(struct gw_callback_frame *f)
{
	f->outer = gw_callback_innermost();
	if (!have_key)
		return;
	pthread_setspecific(key, f);
	if (f->outer != NULL && f >= f->outer && gw_on_one_stack(f, f->outer))
		report();
}

void gw_callback_left(struct gw_callback_frame *f)
{
	if (have_key)
		pthread_setspecific(key, f->outer);
}

void gw_safe_call_regs(struct gw_call_regs *r)
{
	struct gw_callback_frame *in = gw_callback_innermost();
	gw_call_regs(r);
	gw_callback_check(in);
}

/* At the end of a call from Go, which began in this callback. */
void gw_callback_check(struct gw_callback_frame *in)
{
	if (gw_callback_innermost() != in)
		report();
}
