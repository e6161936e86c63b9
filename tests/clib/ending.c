/* Threads of C's that are cancelled, crash, or live longer than what started them; and calls of Go
 * while the process ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int64_t (*callback)(int64_t);

struct victim {
	callback fn;
	sem_t called;
	int64_t sum;
	int32_t cleaned;
};

static void clean(void *arg)
{
	struct victim *v = arg;
	v->cleaned = 1;
	v->sum += v->fn(2);
}

static void *run_victim(void *arg)
{
	struct victim *v = arg;
	pthread_cleanup_push(clean, v);
	v->sum += v->fn(1);
	sem_post(&v->called);
	for (;;)
		sleep(1000);
	pthread_cleanup_pop(0);
	return NULL;
}

/* A thread that calls fn(1), is cancelled while it sleeps, and calls fn(2) when it cleans up. The
   sum of the results; negative on failure. */
int64_t gt_thread_cancelled(callback fn)
{
	struct victim v = {.fn = fn};
	pthread_t thread;
	void *result = NULL;
	sem_init(&v.called, 0, 0);
	int err = pthread_create(&thread, NULL, run_victim, &v);
	if (err != 0)
		return -err;
	while (sem_wait(&v.called) != 0)
		;
	pthread_cancel(thread);
	pthread_join(thread, &result);
	sem_destroy(&v.called);
	return result == PTHREAD_CANCELED && v.cleaned ? v.sum : -1;
}

/* A detached thread that goes on when gt_linger has returned: it calls fn(first), fn(first + 1),
 * ... */
struct lingerer {
	callback fn;
	int64_t first;
	int32_t calls;
	uint32_t pause_us;
};

static void *run_lingerer(void *arg)
{
	struct lingerer l = *(struct lingerer *)arg;
	free(arg);
	for (int32_t i = 0; i < l.calls; i++) {
		usleep(l.pause_us);
		l.fn(l.first + i);
	}
	return NULL;
}

int32_t gt_linger(callback fn, int64_t first, int32_t calls, uint32_t pause_us)
{
	struct lingerer *l = malloc(sizeof *l);
	pthread_attr_t attr;
	pthread_t thread;
	if (l == NULL)
		return -ENOMEM;
	*l = (struct lingerer){fn, first, calls, pause_us};
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int err = pthread_create(&thread, &attr, run_lingerer, l);
	pthread_attr_destroy(&attr);
	if (err != 0)
		free(l);
	return -err;
}

static void *run_crash(void *arg)
{
	*(volatile int *)arg = 1;
	return NULL;
}

/* A thread that has never been in Go writes to address 16. */
int32_t gt_thread_crash(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_crash, (void *)16);
	if (err == 0)
		pthread_join(thread, NULL);
	return -err;
}

static void *run_stray(void *arg)
{
	for (int i = 0; i < 100; i++) {
		pthread_kill(pthread_self(), *(int32_t *)arg);
		sched_yield();
	}
	return NULL;
}

/* A thread that has never been in Go sends itself sig, 100 times. */
int32_t gt_thread_raise(int32_t sig)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_stray, &sig);
	if (err == 0)
		pthread_join(thread, NULL);
	return -err;
}

/* Threads that call Go while others send them a signal all the time: the thread's first way into
   Go, with no g, is interrupted. */
struct target {
	callback fn;
	pthread_t thread;
	int32_t calls;
	int32_t sig;
	int done;
	int64_t sum;
};

static void *run_target(void *arg)
{
	struct target *t = arg;
	for (int i = 0; i < 4; i++)
		sched_yield();
	for (int32_t i = 0; i < t->calls; i++)
		t->sum += t->fn(i);
	__atomic_store_n(&t->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *run_shooter(void *arg)
{
	struct target *t = arg;
	for (int i = 0; i < 100 && !__atomic_load_n(&t->done, __ATOMIC_ACQUIRE); i++) {
		pthread_kill(t->thread, t->sig);
		usleep(1);
	}
	return NULL;
}

int64_t gt_thread_under_fire(callback fn, int32_t calls, int32_t sig)
{
	struct target t = {.fn = fn, .calls = calls, .sig = sig};
	pthread_t shooters[4];
	int n = 0;
	int err = pthread_create(&t.thread, NULL, run_target, &t);
	if (err != 0)
		return -err;
	while (n < 4 && pthread_create(&shooters[n], NULL, run_shooter, &t) == 0)
		n++;
	while (n > 0)
		pthread_join(shooters[--n], NULL);
	pthread_join(t.thread, NULL);
	return t.sum;
}

/* A thread with a signal stack of its own calls fn(x), and takes the signal stack's memory away
 * afterwards. */
struct stacked {
	callback fn;
	int64_t x;
	int own;
	int64_t result;
};

static void *run_stacked(void *arg)
{
	enum { SIZE = 65536 };
	struct stacked *s = arg;
	stack_t ours = {.ss_size = SIZE};
	stack_t old;
	if (!s->own) {
		s->result = s->fn(s->x);
		return NULL;
	}
	ours.ss_sp = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ours.ss_sp == MAP_FAILED || sigaltstack(&ours, &old) != 0) {
		s->result = -1;
		return NULL;
	}
	s->result = s->fn(s->x);
	sigaltstack(&old, NULL);
	mprotect(ours.ss_sp, SIZE, PROT_NONE); /* and never given back: a late use would crash */
	return NULL;
}

int64_t gt_thread_signal_stack(callback fn, int64_t x, int32_t own)
{
	struct stacked s = {.fn = fn, .x = x, .own = own};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_stacked, &s);
	if (err != 0)
		return -err;
	pthread_join(thread, NULL);
	return s.result;
}

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;
static int32_t ended;

static void count_end(void *arg)
{
	(void)arg;
	__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
}

static void make_key(void)
{
	key_error = pthread_key_create(&key, count_end);
}

/* Marks the calling thread: gt_marked_ended counts it when it ends the way that C's threads do. */
int32_t gt_mark_thread(void)
{
	pthread_once(&key_once, make_key);
	return key_error != 0 ? -key_error : -pthread_setspecific(key, &key);
}

int32_t gt_marked_ended(void)
{
	return __atomic_load_n(&ended, __ATOMIC_SEQ_CST);
}

static callback last;

static void run_last(void)
{
	last(77);
}

static int destructor_speaks;

__attribute__((destructor)) static void destructor(void)
{
	static const char text[] = "the library's destructor\nOK\n";
	if (destructor_speaks && write(1, text, sizeof text - 1) < 0)
		_exit(3);
}

/* The library's destructor will print something. */
void gt_speak_at_unload(void)
{
	destructor_speaks = 1;
}

/* fn(77) when C ends the process. */
int32_t gt_at_exit(callback fn)
{
	last = fn;
	return -atexit(run_last);
}
