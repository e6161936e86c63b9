/* Our signal handler in front of the runtime's. */
#define _GNU_SOURCE
#include <link.h>
#include <pthread.h>
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
static uintptr_t displaced; /* another's handler of SIGURG, which ours has taken the place of */

typedef void handler_fn(int sig, siginfo_t *info, void *context);
static handler_fn *runtimes_urgent; /* what is behind ours for this runtime */
static handler_fn *others_urgent[2];
static bool others_known = true;
static gw_sigaction_fn *forward_to;

static int32_t forward(intptr_t sig, const struct gw_go_sigaction *set, struct gw_go_sigaction *old)
{
	if (forward_to != NULL)
		return forward_to(sig, set, old);
	/* As the runtime does it by itself: libc would refuse some signals, and store errno. */
	return (int32_t)-gw_syscall(SYS_rt_sigaction, sig, (long)set, (long)old, sizeof set->mask,
				    0, 0);
}

static void everyones(int sig, siginfo_t *info, void *context)
{
	while (!__atomic_load_n(&others_known, __ATOMIC_ACQUIRE))
		;
	runtimes_urgent(sig, info, context);
	for (int i = 0; i < 2; i++)
		if (others_urgent[i] != NULL)
			others_urgent[i](sig, info, context);
}

static void stand_before(intptr_t sig, void *behind)
{
	if (sig == SIGURG && (others_urgent[0] != NULL || others_urgent[1] != NULL)) {
		handler_fn *fn;
		memcpy(&fn, &behind, sizeof fn);
		__atomic_store_n(&runtimes_urgent, fn, __ATOMIC_RELEASE);
		handler_fn *all = everyones;
		memcpy(&behind, &all, sizeof behind);
	}
	__atomic_store_n(&gw_signal_old[sig], behind, __ATOMIC_RELEASE);
}

static bool is_function(uintptr_t handler)
{
	return handler != (uintptr_t)SIG_DFL && handler != (uintptr_t)SIG_IGN;
}

struct search {
	uintptr_t code;
	bool go;
};

/* Byte by byte, and not watched: what lies around variables is read, too. */
__attribute__((no_sanitize("address"))) static bool marked(const unsigned char *p)
{
	static const char mark[] = "\xff Go buildinf:";
	for (size_t i = 0; i < sizeof mark - 1; i++)
		if (p[i] != (unsigned char)mark[i])
			return false;
	return true;
}

static int search_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	enum { LENGTH = 14 };
	struct search *search = arg;
	bool here = false;
	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		here |= p->p_type == PT_LOAD &&
			search->code - (object->dlpi_addr + p->p_vaddr) < p->p_memsz;
	}
	for (int i = 0; here && i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t at = (object->dlpi_addr + p->p_vaddr + 15) & -(uintptr_t)16;
		uintptr_t end = object->dlpi_addr + p->p_vaddr + p->p_filesz;
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_W))
			continue;
		for (; at + LENGTH <= end && !search->go; at += 16)
			search->go = marked((const unsigned char *)at);
	}
	return here;
}

/* Whether an object of this process that Go's linker has made has code at p: by its build
   information, as package debug/buildinfo finds it. */
static bool is_go(uintptr_t p)
{
	struct search search = {.code = p};
	dl_iterate_phdr(search_object, &search);
	return search.go;
}

/* Other runtimes in the process may start, and do the same, at this moment: whom ours displaces is
   what the kernel says as it replaces it. Handlers wait until that is known, hence nothing in
   between may wait for a thread, or be interrupted. */
static bool install_urgent(struct gw_go_sigaction *sa, const uintptr_t *before)
{
	struct gw_go_sigaction was;
	sigset_t all, mask;
	uintptr_t first = 0;
	handler_fn *fn = everyones;
	void *behind;
	if (before != NULL && is_function(before[SIGURG]) && is_go(before[SIGURG]))
		first = before[SIGURG];
	memcpy(&runtimes_urgent, &runtimes, sizeof runtimes);
	memcpy(&others_urgent[1], &first, sizeof first);
	memcpy(&behind, &fn, sizeof behind);
	__atomic_store_n(&gw_signal_old[SIGURG], behind, __ATOMIC_RELEASE);
	__atomic_store_n(&others_known, false, __ATOMIC_RELEASE);
	sa->handler = runtimes;
	believed[SIGURG] = *sa;
	sa->handler = ours;
	sa->mask = ~(uint64_t)0;
	sa->flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	bool done = forward(SIGURG, sa, &was) == 0;
	displaced = done && was.handler != runtimes ? was.handler : 0;
	memcpy(&others_urgent[0], &displaced, sizeof displaced);
	if (first == displaced)
		others_urgent[1] = NULL;
	__atomic_store_n(&others_known, true, __ATOMIC_RELEASE);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	memcpy(&behind, &runtimes, sizeof behind);
	stand_before(SIGURG, behind);
	if (done)
		standing |= (uint64_t)1 << (SIGURG - 1);
	return done;
}

/* Our handler for sig, and what the program has set behind it. */
static int32_t put_before(intptr_t sig, const struct gw_go_sigaction *set)
{
	struct gw_go_sigaction sa = *set;
	void *behind = ignoring;
	if (is_function(set->handler))
		memcpy(&behind, &set->handler, sizeof behind);
	believed[sig] = *set;
	stand_before(sig, behind);
	/* Flags and return code are right even for SIG_IGN: the runtime sets no others. */
	sa.handler = ours;
	sa.mask = ~(uint64_t)0;
	sa.flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	return forward(sig, &sa, NULL);
}

/* Before any running call; the runtime has installed its own handlers by then, one for all signals.
   A signal that it does not handle (default, ignored, a C handler's) is left alone. */
int gw_signal_install(void *handler, void *ignored, gw_sigaction_fn *next, uintptr_t own,
		      const uintptr_t *before)
{
	int installed = 0;
	struct gw_go_sigaction sa;
	ours = (uintptr_t)handler;
	ignoring = ignored;
	forward_to = next;
	if (forward(SIGURG, NULL, &sa) != 0 || !(sa.flags & SA_SIGINFO) || !is_function(sa.handler))
		return 0;
	runtimes = own != 0 ? own : sa.handler;
	if (!install_urgent(&sa, before))
		return 0;
	installed++;
	for (int sig = 1; sig <= 64; sig++) {
		if (sig == SIGURG || forward(sig, NULL, &sa) != 0 || sa.handler != runtimes)
			continue;
		__atomic_fetch_or(&standing, (uint64_t)1 << (sig - 1), __ATOMIC_ACQ_REL);
		if (put_before(sig, &sa) == 0)
			installed++;
	}
	return installed;
}

bool gw_signal_is_first(int sig)
{
	struct gw_go_sigaction sa;
	return ours != 0 && forward(sig, NULL, &sa) == 0 && sa.handler == ours;
}

void gw_signal_remove(void)
{
	for (int sig = 1; sig <= 64; sig++) {
		struct gw_go_sigaction sa;
		uint64_t bit = (uint64_t)1 << (sig - 1);
		if (!(standing & bit) || forward(sig, NULL, &sa) != 0 || sa.handler != ours)
			continue;
		sa = believed[sig];
		if (sig == SIGURG && displaced != 0)
			sa.handler = displaced;
		forward(sig, &sa, NULL);
	}
	standing = 0;
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
		if (!is_function(set->handler) && sig != SIGURG)
			err = forward(sig, set, NULL);
		else
			err = put_before(sig, set);
	}
	if (err == 0 && old != NULL)
		*old = was;
	return err;
}
