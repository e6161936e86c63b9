/* Auto: when a C function makes running calls, and when it goes back to Blocking ones.

   A running call costs a tenth of a Blocking one, but holds its P until the runtime asks for it. So
   a function starts out Blocking and is timed; after enough short calls in a row its calls become
   running calls. One that is taken over and goes on for long has to show twice as many short calls
   before the next attempt. (Being taken over says nothing by itself: the runtime's signal hits
   short calls, too.) On a machine with other load the kernel may take the core away after a
   take-over, and a short call looks long; that is rare, and must not add up to Blocking for good.
   So what went well for a second before counts for more: an attempt that was wrong costs others a
   P for 10 ms at most, a hundredth of that.

   A callback divides a call: what counts is how long C runs on end, from the call to the first
   callback, between callbacks, and from the last one to the return. So a sort with a Go comparator
   is short, and an event loop is not. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <time.h>
#include <x86intrin.h>

#include "call.h"

enum {
	SHORT_NS = 1000, /* a call of at most this is short */
	LONG_NS = 100000, /* going on for more than this after a take-over is long; the signal
			     itself takes some, up to 40 us on a machine with other load */
	SHORTS_NEEDED = 8,    /* short calls in a row before the first attempt */
	PENALTY_MAX = 16,     /* at most SHORTS_NEEDED << PENALTY_MAX */
	FORGIVEN_SECONDS = 1  /* running for so long until then clears the penalty */
};

/* Cycles of the time stamp counter per 1024 ns; 3 GHz until measured. */
static _Atomic uint64_t cycles_per_kns = 3072;
static _Atomic int calibrated;
static uint64_t start_cycles, start_ns;

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* At start-up, before any other thread calls C. */
void gw_auto_init(void)
{
	start_ns = now_ns();
	start_cycles = __rdtsc();
}

/* Measures the counter's rate once enough time has passed since start-up for the quotient to be
 * exact. */
static void calibrate(void)
{
	uint64_t ns = now_ns() - start_ns;
	uint64_t cycles = __rdtsc() - start_cycles;
	if (ns < 1000000)
		return;
	uint64_t rate = (uint64_t)((double)cycles / (double)ns * 1024.0);
	if (rate > 0)
		atomic_store_explicit(&cycles_per_kns, rate, memory_order_relaxed);
	atomic_store_explicit(&calibrated, 1, memory_order_relaxed);
}

static uint64_t cycles_of(uint64_t ns)
{
	return ns * atomic_load_explicit(&cycles_per_kns, memory_order_relaxed) / 1024;
}

/* C took so many cycles in a Blocking call of a's function. */
void gw_auto_note(struct gw_auto *a, uint64_t cycles)
{
	if (!atomic_load_explicit(&calibrated, memory_order_relaxed))
		calibrate();
	if (cycles > cycles_of(SHORT_NS)) {
		atomic_store_explicit(&a->shorts, 0, memory_order_relaxed);
		return;
	}
	uint32_t shorts = atomic_fetch_add_explicit(&a->shorts, 1, memory_order_relaxed) + 1;
	uint32_t penalty = atomic_load_explicit(&a->penalty, memory_order_relaxed);
	if (shorts < (uint32_t)SHORTS_NEEDED << penalty)
		return;
	uint32_t probing = GW_AUTO_PROBING;
	atomic_store_explicit(&a->since, __rdtsc(), memory_order_relaxed);
	atomic_compare_exchange_strong_explicit(&a->mode, &probing, GW_AUTO_RUNNING,
						memory_order_relaxed, memory_order_relaxed);
}

/* A running call of a's function was taken over, and C took so many cycles more. Several threads
   may say so of the same period. */
void gw_auto_taken(struct gw_auto *a, uint64_t cycles)
{
	if (cycles <= cycles_of(LONG_NS))
		return;
	uint32_t running = GW_AUTO_RUNNING;
	atomic_store_explicit(&a->shorts, 0, memory_order_relaxed);
	if (!atomic_compare_exchange_strong_explicit(&a->mode, &running, GW_AUTO_PROBING,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	uint64_t held = __rdtsc() - atomic_load_explicit(&a->since, memory_order_relaxed);
	uint32_t penalty = atomic_load_explicit(&a->penalty, memory_order_relaxed);
	if (held > cycles_of(FORGIVEN_SECONDS * 1000000000ull))
		penalty = 0;
	else if (penalty < PENALTY_MAX)
		penalty++;
	atomic_store_explicit(&a->penalty, penalty, memory_order_relaxed);
}
