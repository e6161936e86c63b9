/* C that changes what signals do: masks, flags, handlers of its own in place of Go's. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Calls fn(x) with all signals blocked on this thread, those of a crash excepted. */
int64_t gt_call_masked(int64_t (*fn)(int64_t), int64_t x)
{
	sigset_t all;
	sigset_t old;
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int64_t r = fn(x);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

struct masked {
	int64_t (*fn)(int64_t);
	int64_t x;
	int64_t result;
};

static void *run_masked(void *arg)
{
	struct masked *m = arg;
	sigset_t before;
	sigset_t after;
	m->result = gt_call_masked(m->fn, m->x);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	m->fn(m->x);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	if (memcmp(&before, &after, 8) != 0)
		m->result = -1;
	return NULL;
}

/* gt_call_masked on a thread that C makes; -1 when a call of Go changes the thread's mask. */
int64_t gt_thread_masked(int64_t (*fn)(int64_t), int64_t x)
{
	struct masked m = {.fn = fn, .x = x};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_masked, &m);
	if (err != 0)
		return -err;
	pthread_join(thread, NULL);
	return m.result;
}

/* Waits awake at the gate g (timing.c) for at most ms milliseconds with SIGURG blocked. Returns
 * whether it was opened. */
int32_t gt_gate_masked(int32_t *g, int32_t ms)
{
	sigset_t urg;
	sigset_t old;
	struct timespec t;
	sigemptyset(&urg);
	sigaddset(&urg, SIGURG);
	pthread_sigmask(SIG_BLOCK, &urg, &old);
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t end = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
	__atomic_add_fetch(&g[0], 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&g[1], __ATOMIC_SEQ_CST)) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		if ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 > end)
			break;
	}
	__atomic_sub_fetch(&g[0], 1, __ATOMIC_SEQ_CST);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return __atomic_load_n(&g[1], __ATOMIC_SEQ_CST);
}

/* Clears SA_RESTART of the handler that sig has. */
int32_t gt_clear_restart(int32_t sig)
{
	struct sigaction sa;
	if (sigaction(sig, NULL, &sa) != 0)
		return -errno;
	sa.sa_flags &= ~SA_RESTART;
	return sigaction(sig, &sa, NULL) == 0 ? 0 : -errno;
}

static struct sigaction replaced[65];
static volatile sig_atomic_t seen[65];

static void replacement(int sig, siginfo_t *info, void *context)
{
	seen[sig]++;
	if (replaced[sig].sa_flags & SA_SIGINFO && replaced[sig].sa_sigaction != NULL)
		replaced[sig].sa_sigaction(sig, info, context);
}

/* Puts C's own handler in the place of sig's, from which it goes on to the old one if chain is not
   0, as well-behaved libraries do. */
int32_t gt_replace_handler(int32_t sig, int32_t chain)
{
	struct sigaction sa = {.sa_sigaction = replacement,
			       .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	struct sigaction old;
	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, NULL, &old) != 0)
		return -errno;
	if (chain)
		replaced[sig] = old;
	return sigaction(sig, &sa, NULL) == 0 ? 0 : -errno;
}

/* How often that handler ran. */
int32_t gt_replaced_count(int32_t sig)
{
	return seen[sig];
}

/* Sets what sig does to SIG_DFL (0) or SIG_IGN (1). */
int32_t gt_disposition(int32_t sig, int32_t ignore)
{
	struct sigaction sa = {0};
	sa.sa_handler = ignore ? SIG_IGN : SIG_DFL;
	return sigaction(sig, &sa, NULL) == 0 ? 0 : -errno;
}

/* Writes to a pipe that nobody reads. 0 or -errno. */
int32_t gt_write_broken_pipe(void)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -errno;
	close(ends[0]);
	int32_t r = write(ends[1], "x", 1) == 1 ? 0 : -errno;
	close(ends[1]);
	return r;
}
