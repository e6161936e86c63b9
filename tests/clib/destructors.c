/* Threads that call Go while they end. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

typedef int64_t (*callback)(int64_t);

struct last_words {
	callback fn;
	pthread_key_t key;
	int32_t rounds; /* destructor calls left */
	int64_t sum;
};

static void last_call(void *arg)
{
	struct last_words *w = arg;
	w->sum += w->fn(w->rounds);
	if (--w->rounds > 0)
		pthread_setspecific(w->key, w);
}

static void *run(void *arg)
{
	struct last_words *w = arg;
	w->sum += w->fn(100);
	if (pthread_setspecific(w->key, w) != 0)
		w->sum = -1000;
	return NULL;
}

/* A thread that calls fn(100), and then, as a destructor of its thread-specific data, fn(2) and
   fn(1): before and after Gangway's own destructor. The sum of the results; negative on failure. */
int64_t gt_thread_destructor(callback fn)
{
	struct last_words w = {.fn = fn, .rounds = 2};
	pthread_t thread;
	int err = pthread_key_create(&w.key, last_call);
	if (err != 0)
		return -err;
	err = pthread_create(&thread, NULL, run, &w);
	if (err == 0)
		pthread_join(thread, NULL);
	pthread_key_delete(w.key);
	return err != 0 ? -err : w.sum;
}

static void *run_exit(void *arg)
{
	struct last_words *w = arg;
	w->sum = w->fn(1);
	pthread_exit(NULL);
}

/* A thread that calls fn(1) and ends by pthread_exit. */
int64_t gt_thread_exit(callback fn)
{
	struct last_words w = {.fn = fn};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_exit, &w);
	if (err == 0)
		pthread_join(thread, NULL);
	return err != 0 ? -err : w.sum;
}
