/* Callbacks of several kinds, entered at a known time by threads of C's or by the caller's. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../include/gangway.h"

struct entering {
	int32_t ready, start;
	int32_t entered; /* the thread: nothing but the callback can make it wait now */
	int32_t done;
	int64_t result;
	void (*fn)(void);
	int32_t kind;
};

typedef struct {
	int64_t n;
	double d;
} pair;
typedef struct {
	char bytes[2048];
} large;

static void enter(struct entering *e)
{
	pair p = {3, 0.5};
	large l = {{4}};
	__atomic_store_n(&e->ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&e->start, __ATOMIC_ACQUIRE))
		usleep(50);
	__atomic_store_n(&e->entered, (int32_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	switch (e->kind) {
	case 0:
		e->result = ((int64_t(*)(int64_t))e->fn)(5);
		break;
	case 1:
		e->result = ((int64_t(*)(int64_t, int64_t, int64_t, int64_t, int64_t))e->fn)(
			1, 2, 3, 4, 5);
		break;
	case 2:
		e->result = (int64_t)((double (*)(double))e->fn)(5.0);
		break;
	case 3:
		e->result = ((pair(*)(pair, double))e->fn)(p, 5.0).n;
		break;
	case 4:
		e->result = ((int64_t(*)(large))e->fn)(l);
		break;
	default:
		e->result = ((int64_t(*)(const char *))e->fn)("five!");
	}
	__atomic_store_n(&e->done, 1, __ATOMIC_RELEASE);
}

static struct entering state;

static void *run(void *arg)
{
	enter(arg);
	return NULL;
}

/* Prepares a call of fn; the state stays where it is returned. */
struct entering *gt_entering(void (*fn)(void), int32_t kind)
{
	state = (struct entering){.fn = fn, .kind = kind};
	return &state;
}

/* The call, on this thread, when `start` is set. */
void gt_enter_here(void)
{
	enter(&state);
}

/* The same on a thread of its own. 0, or an error number. */
int32_t gt_enter_thread(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run, &state);
	return err != 0 ? err : pthread_detach(thread);
}
