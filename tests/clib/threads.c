/* Threads that C makes: they call Go, attach, detach, come and go. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../include/gangway.h"

typedef int64_t (*callback)(int64_t);

struct job {
	callback fn;
	int64_t first; /* argument of the first call */
	int32_t calls;
	int64_t sum;
	const gw_host *host; /* attach and detach by hand if not NULL */
	int32_t statuses[4]; /* attach, attach again, detach, detach again */
	int alt_stack;
};

static void *run_job(void *arg)
{
	struct job *j = arg;
	stack_t alt = {0};
	if (j->alt_stack) {
		alt.ss_size = 65536;
		alt.ss_sp = malloc(alt.ss_size);
		if (alt.ss_sp == NULL || sigaltstack(&alt, NULL) != 0) {
			j->sum = -1;
			return NULL;
		}
	}
	if (j->host != NULL) {
		j->statuses[0] = (int32_t)j->host->thread_attach();
		j->statuses[1] = (int32_t)j->host->thread_attach();
	}
	for (int32_t i = 0; i < j->calls; i++)
		j->sum += j->fn(j->first + i);
	if (j->host != NULL) {
		j->statuses[2] = (int32_t)j->host->thread_detach();
		j->statuses[3] = (int32_t)j->host->thread_detach();
	}
	if (j->alt_stack) {
		stack_t now;
		if (sigaltstack(NULL, &now) != 0 || now.ss_sp != alt.ss_sp)
			j->sum = -2; /* somebody took our stack away */
		stack_t off = {.ss_flags = SS_DISABLE};
		sigaltstack(&off, NULL);
		free(alt.ss_sp);
	}
	return NULL;
}

/* n threads at once make `calls` calls each, of fn(0), fn(1), ... over all. stack is the size of
   their stacks, 0 for the system's choice. The sum of the results; negative on failure. */
int64_t gt_threads(callback fn, int32_t n, int32_t calls, uint64_t stack, int32_t alt_stack)
{
	struct job *jobs = calloc((size_t)n, sizeof *jobs);
	pthread_t *threads = calloc((size_t)n, sizeof *threads);
	int64_t sum = 0;
	int32_t started = 0;
	pthread_attr_t attr;
	if (jobs == NULL || threads == NULL || pthread_attr_init(&attr) != 0) {
		free(jobs);
		free(threads);
		return -ENOMEM;
	}
	if (stack != 0 && pthread_attr_setstacksize(&attr, stack) != 0)
		sum = -EINVAL;
	while (sum == 0 && started < n) {
		struct job *j = &jobs[started];
		*j = (struct job){.fn = fn,
				  .first = (int64_t)started * calls,
				  .calls = calls,
				  .alt_stack = alt_stack};
		if (pthread_create(&threads[started], &attr, run_job, j) != 0)
			sum = -EAGAIN;
		else
			started++;
	}
	for (int32_t i = 0; i < started; i++) {
		pthread_join(threads[i], NULL);
		if (sum >= 0)
			sum = jobs[i].sum < 0 ? jobs[i].sum : sum + jobs[i].sum;
	}
	pthread_attr_destroy(&attr);
	free(threads);
	free(jobs);
	return sum;
}

/* One thread whose stack is memory of the caller's own making, with a call of fn(x). */
int64_t gt_thread_on_own_stack(callback fn, int64_t x, uint64_t size)
{
	void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct job j = {.fn = fn, .first = x, .calls = 1};
	pthread_attr_t attr;
	pthread_t thread;
	if (stack == MAP_FAILED)
		return -ENOMEM;
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, size);
	int err = pthread_create(&thread, &attr, run_job, &j);
	if (err == 0)
		pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	munmap(stack, size);
	return err != 0 ? -err : j.sum;
}

/* A thread that attaches twice, makes a call if fn is given, and detaches twice. */
int32_t gt_thread_attached(const gw_host *host, callback fn, int32_t statuses[4])
{
	struct job j = {.fn = fn, .calls = fn == NULL ? 0 : 2, .host = host};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_job, &j);
	if (err == 0)
		pthread_join(thread, NULL);
	memcpy(statuses, j.statuses, sizeof j.statuses);
	return -err;
}

/* host's detach on the calling thread. */
int32_t gt_detach_here(const gw_host *host)
{
	return (int32_t)host->thread_detach();
}

/* Threads that call fn until they are told to stop. At most one set at a time. */
static struct {
	pthread_t threads[64];
	int32_t n;
	int stop;
	callback fn;
	int64_t calls;
	uint32_t pause_us;
} background;

static void *run_background(void *arg)
{
	int64_t i = (int64_t)(intptr_t)arg << 32;
	while (!__atomic_load_n(&background.stop, __ATOMIC_ACQUIRE)) {
		background.fn(i++);
		__atomic_add_fetch(&background.calls, 1, __ATOMIC_RELAXED);
		if (background.pause_us != 0)
			usleep(background.pause_us);
	}
	return NULL;
}

int32_t gt_background_start(callback fn, int32_t n, uint32_t pause_us)
{
	if (n > 64 || background.n != 0)
		return -EINVAL;
	background.fn = fn;
	background.pause_us = pause_us;
	background.calls = 0;
	__atomic_store_n(&background.stop, 0, __ATOMIC_RELEASE);
	for (; background.n < n; background.n++) {
		int err = pthread_create(&background.threads[background.n], NULL, run_background,
					 (void *)(intptr_t)background.n);
		if (err != 0)
			return -err;
	}
	return 0;
}

/* Returns how many calls they made. */
int64_t gt_background_stop(void)
{
	__atomic_store_n(&background.stop, 1, __ATOMIC_RELEASE);
	for (; background.n > 0; background.n--)
		pthread_join(background.threads[background.n - 1], NULL);
	return background.calls;
}
