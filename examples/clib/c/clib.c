/* A C library with threads of its own that call back: see clib.h. */
#include "clib.h"

#include <pthread.h>
#include <stdlib.h>

struct worker {
	pthread_t thread;
	const gw_host *host;
	clib_function fn;
	void *user;
	int64_t first;
	int64_t calls;
	double sum;
	gw_status status;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	/* Not needed for the calls below, which attach a thread that is not yet. But here a failure
	   can be reported, and the first call takes no longer than the others. The thread's end
	   detaches it. */
	if (w->host != NULL) {
		w->status = w->host->thread_attach();
		if (w->status != GW_OK)
			return NULL;
	}
	for (int64_t i = 0; i < w->calls; i++)
		w->sum += w->fn(w->user, w->first + i, (double)i / 2);
	return NULL;
}

gw_status clib_run(const gw_host *host, int threads, int64_t calls, clib_function fn, void *user,
		   double *sum)
{
	if (threads <= 0)
		return GW_EINVAL;
	struct worker *workers = calloc((size_t)threads, sizeof *workers);
	if (workers == NULL)
		return GW_ENOMEM;

	gw_status status = GW_OK;
	int started = 0;
	for (; started < threads; started++) {
		struct worker *w = &workers[started];
		*w = (struct worker){
			.host = host,
			.fn = fn,
			.user = user,
			.first = started * calls,
			.calls = calls,
		};
		if (pthread_create(&w->thread, NULL, work, w) != 0) {
			status = GW_ESYS;
			break;
		}
	}
	double total = 0;
	for (int i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		total += workers[i].sum;
		if (status == GW_OK)
			status = workers[i].status;
	}
	free(workers);
	if (status == GW_OK)
		*sum = total;
	return status;
}
