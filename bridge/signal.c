/* Our signal handler in front of the runtime's. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

#include "call.h"
#include "../include/gangway.h"

void *gw_signal_old[65];

/* What the runtime believes to have set, for the signals that we stand before. Written by
   gw_signal_action alone once the program runs: two threads that set the same signal's handler at
   the same time have a race of their own, which os/signal does not let happen. */
static struct gw_go_sigaction believed[65];
static uint64_t standing;  /* bit sig - 1: a signal of ours */
static uintptr_t runtimes; /* the runtime's handler */
static uintptr_t ours;
static void *ignoring;
static gw_sigaction_fn *forward_to;

static int32_t forward(intptr_t sig, const struct gw_go_sigaction *set, struct gw_go_sigaction *old)
{
	if (forward_to != NULL)
		return forward_to(sig, set, old);
	/* As the runtime does it by itself: libc would refuse some signals, and store errno. */
	return (int32_t)-gw_syscall(SYS_rt_sigaction, sig, (long)set, (long)old, sizeof set->mask,
				    0, 0);
}

/* Before any running call; the runtime has installed its own handlers by then, one for all signals.
   A signal that it does not handle (default, ignored, a C handler's) is left alone. */
int gw_signal_install(void *handler, void *ignored, gw_sigaction_fn *next)
{
	int installed = 0;
	struct gw_go_sigaction sa;
	ours = (uintptr_t)handler;
	ignoring = ignored;
	forward_to = next;
	if (forward(SIGURG, NULL, &sa) != 0 || !(sa.flags & SA_SIGINFO) ||
	    sa.handler == (uintptr_t)SIG_DFL || sa.handler == (uintptr_t)SIG_IGN)
		return 0;
	runtimes = sa.handler;
	for (int sig = 1; sig <= 64; sig++)
		if (forward(sig, NULL, &sa) == 0 && sa.handler == runtimes &&
		    gw_signal_action(sig, &sa, NULL) == 0)
			installed++;
	return installed;
}

/* SIGURG is always ours, whatever the program does with it, since calls are taken over by it; for
   the others nobody needs us unless the runtime has a handler. */
int32_t gw_signal_action(intptr_t sig, const struct gw_go_sigaction *set,
			 struct gw_go_sigaction *old)
{
	if (sig <= 0 || sig > 64)
		return forward(sig, set, old);
	uint64_t bit = (uint64_t)1 << (sig - 1);
	if (!(__atomic_load_n(&standing, __ATOMIC_ACQUIRE) & bit)) {
		if (set == NULL || set->handler != runtimes)
			return forward(sig, set, old);
		__atomic_fetch_or(&standing, bit, __ATOMIC_ACQ_REL);
	}
	struct gw_go_sigaction was;
	int32_t err = forward(sig, NULL, &was);
	if (err != 0)
		return err;
	if (was.handler == ours)
		was = believed[sig];
	if (set != NULL) {
		bool handled =
			set->handler != (uintptr_t)SIG_DFL && set->handler != (uintptr_t)SIG_IGN;
		if (!handled && sig != SIGURG) {
			err = forward(sig, set, NULL);
		} else {
			struct gw_go_sigaction sa = *set;
			void *behind = ignoring;
			if (handled)
				memcpy(&behind, &set->handler, sizeof behind);
			believed[sig] = *set;
			__atomic_store_n(&gw_signal_old[sig], behind, __ATOMIC_RELEASE);
			/* Flags and return code are right even for SIG_IGN: the runtime sets no
			   others. */
			sa.handler = ours;
			sa.mask = ~(uint64_t)0;
			sa.flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART;
			err = forward(sig, &sa, NULL);
		}
	}
	if (err == 0 && old != NULL)
		*old = was;
	return err;
}
