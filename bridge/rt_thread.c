/* Threads: those that the runtime asks for, and the runtime's M on those that it did not create. */
#define _GNU_SOURCE
#include "bridge.h"
#include "call.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* The value of bound_key on a foreign thread is the g0 of the M that the runtime keeps for it
   (Go 1.21 and later). gw_rt_pthread_key_created is the word that the runtime reads through
   _cgo_pthread_key_created: while it is 0, an M goes back to the runtime after every call from a
   foreign thread. */
static pthread_key_t bound_key;
uintptr_t gw_rt_pthread_key_created;

/* crosscall2, stored by runtime.set_crosscall2 before gw_rt_notify_runtime_init_done; NULL on
   Go 1.19 and 1.20. */
void (*gw_rt_crosscall2_ptr)(void (*fn)(void *), void *arg, int n, size_t context);

/* pthread_create, with the patience of runtime/cgo: EAGAIN is often a matter of milliseconds. */
static int create_detached(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);
	if (err != 0)
		return err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int tries = 1;; tries++) {
		pthread_t thread;
		err = pthread_create(&thread, &attr, fn, arg);
		if (err != EAGAIN || tries == 20)
			break;
		struct timespec pause = {.tv_nsec = tries * 1000000L};
		nanosleep(&pause, NULL);
	}
	pthread_attr_destroy(&attr);
	return err;
}

/* What create_detached's threads have; no memory is needed to ask for it. */
static size_t default_stack_size(void)
{
	pthread_attr_t attr;
	size_t size = 0;
	int err = pthread_attr_init(&attr);
	if (err == 0) {
		err = pthread_attr_getstacksize(&attr, &size);
		pthread_attr_destroy(&attr);
	}
	if (err != 0)
		gw_rt_fatal("no stack size for a new thread", err);
	return size;
}

/* What mstart0 does with g0's bounds decides what they must be here. stacklo == 0 tells it that the
   stack belongs to the system, which mexit needs to know: it then returns here and glibc ends the
   thread, instead of ending it behind glibc's back and freeing a stack that Go never had. For such
   a stack mstart0 computes

       stackhi = the address of a local of its own, some hundred bytes below our frame
       stacklo = stackhi - (the size we leave in stackhi) + 1024

   So the size is the distance from our frame to the real end of the stack: stackhi lies above every
   frame that will matter and stacklo less than 2 KB above the end. A size that is only nominal
   would put stacklo past the end: glibc takes the guard and the thread's static data out of it. When
   there is no memory to ask for the end, half of the nominal size leaves them room. */
static void describe_stack(struct gw_rt_g *g)
{
	enum { MARGIN = 1024 };
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t lo;
	uintptr_t hi;
	int err = gw_rt_stack(&lo, &hi);
	if (err == ENOMEM)
		lo = here - default_stack_size() / 2;
	else if (err != 0 || lo >= here || here > hi)
		gw_rt_fatal("pthread_getattr_np gives no stack bounds for a new thread", err);
	g->stacklo = 0;
	g->stackhi = here - lo - MARGIN;
}

static void *thread_main(void *arg)
{
	struct gw_rt_thread ts = *(struct gw_rt_thread *)arg;
	free(arg);
	describe_stack(ts.g);
	gw_rt_setg_and_call(ts.fn, ts.g);
	return NULL;
}

/* _cgo_thread_start: start a thread that runs ts->fn with ts->g. It must begin with all signals
   blocked, since a Go signal handler needs a g; mstart unblocks them. */
void gw_rt_thread_start(struct gw_rt_thread *ts)
{
	struct gw_rt_thread *copy = malloc(sizeof *copy);
	if (copy == NULL)
		gw_rt_fatal("no memory to start a thread", 0);
	*copy = *ts;

	sigset_t all;
	sigset_t old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = create_detached(thread_main, copy);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err != 0)
		gw_rt_fatal("pthread_create failed", err);
}

/* _cgo_sys_thread_create: a thread that no g belongs to yet, for a runtime that starts inside a
   library. */
void gw_rt_sys_thread_create(void *(*fn)(void *))
{
	int err = create_detached(fn, NULL);
	if (err != 0)
		gw_rt_fatal("pthread_create failed", err);
}

/* A call of crosscall2 without a function makes the runtime take g as this thread's g and drop its
   M. The thread has no g afterwards. */
static void drop(void *g)
{
	gw_rt_crosscall2_ptr(NULL, g, 0, 0);
}

static void thread_ends(void *g)
{
	gw_callback_thread_ends();
	drop(g);
}

/* Go 1.19 and 1.20 have no use for a key: they drop the M after each call. So do later ones when
   there is no key; that is slower, and nothing is lost. */
void gw_rt_create_key(void)
{
	if (gw_rt_crosscall2_ptr != NULL && gw_rt_pthread_key_created == 0 &&
	    pthread_key_create(&bound_key, thread_ends) == 0)
		gw_rt_pthread_key_created = 1;
}

/* _cgo_bindm: on a foreign thread, at its first call into Go. Its end, or gw_rt_drop_thread, gives
   the M back. */
void gw_rt_bindm(void *g)
{
	pthread_setspecific(bound_key, g);
}

/* Give this thread's M back to the runtime now. False if the thread has none: Go created it, it
   never called Go, or the runtime does not keep M's. Not to be called with Go frames of this thread
   further up its stack: they run on that M. */
bool gw_rt_drop_thread(void)
{
	if (gw_rt_pthread_key_created == 0)
		return false;
	void *g = pthread_getspecific(bound_key);
	if (g == NULL)
		return false;
	pthread_setspecific(bound_key, NULL);
	drop(g);
	return true;
}

/* The bounds of this thread's stack; 0 or an error number. pthread_getattr_np takes them from the
   thread's descriptor, on the main thread from RLIMIT_STACK and /proc/self/maps, and needs some
   memory for other attributes. The attributes are initialised first because glibc before 2.32 does
   not do so in every case; when pthread_getattr_np fails they are not destroyed, because since 2.32
   it has done so itself, and before there was nothing to free yet. */
int gw_rt_stack(uintptr_t *lo, uintptr_t *hi)
{
	pthread_attr_t attr;
	void *addr = NULL;
	size_t size = 0;
	int err = pthread_attr_init(&attr);
	if (err == 0)
		err = pthread_getattr_np(pthread_self(), &attr);
	if (err != 0)
		return err;
	err = pthread_attr_getstack(&attr, &addr, &size);
	pthread_attr_destroy(&attr);
	*lo = (uintptr_t)addr;
	*hi = (uintptr_t)addr + size;
	return err;
}

/* _cgo_getstackbound: bounds of a foreign thread's stack, asked for when it enters Go. Zeros mean
   that the system does not tell; the runtime then assumes 32 KB below the current frame, as it does
   when the bounds do not hold that frame. */
void gw_rt_getstackbound(uintptr_t bounds[2])
{
	if (gw_rt_stack(&bounds[0], &bounds[1]) != 0)
		bounds[0] = bounds[1] = 0;
}

/* A callback of this thread comes from sp, near the end of the stack or below it, as far as the
   runtime knows: for a stack of C's own making it assumes that 32 kB are left below the first call
   of Go, with Go 1.19 and 1.20 for any stack of a thread that it did not make. Moves the end in g0
   down to the real one, or, when the system does not tell, to 32 kB below sp, as the runtime would
   for a thread without Go further up. This thread alone looks at these words of its g0. */
void gw_stack_deeper(struct gw_stack_bounds *g0, uintptr_t sp)
{
	const uintptr_t guess = (uintptr_t)32 << 10;
	uintptr_t lo;
	uintptr_t hi;
	if (gw_rt_stack(&lo, &hi) != 0 || sp <= lo || sp > hi)
		lo = sp - guess;
	if (lo >= g0->lo)
		return;
	uintptr_t down = g0->lo - lo;
	if (g0->guard1 == g0->guard0)
		g0->guard1 -= down;
	g0->guard0 -= down;
	g0->lo = lo;
}
