/* C that runs on stacks of its own making, as coroutine libraries do, and calls Go from there. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

typedef int64_t (*callback)(int64_t);

enum { LEFT = 40 << 10 }; /* what Go may use of a coroutine's stack, and some more */

/* Calls fn(x) from so many bytes further down the stack. */
__attribute__((noinline)) int64_t gt_call_below(callback fn, int64_t x, uint64_t bytes)
{
	volatile unsigned char *p = __builtin_alloca(bytes + 1);
	p[0] = (unsigned char)x;
	int64_t r = fn(x);
	return p[0] == (unsigned char)x ? r : -1000000;
}

/* A coroutine calls fn(first), fn(first + 1), ... and yields after each call. Every second call comes
   from further down its stack, the last from near the end. */
struct coroutine {
	ucontext_t here;
	ucontext_t caller;
	void *stack;
	size_t size;
	callback fn;
	int64_t first;
	int32_t calls;
	int32_t done;
	int64_t sum;
};

static __thread struct coroutine *current;

static void run(void)
{
	struct coroutine *c = current;
	volatile unsigned char local[256];
	for (unsigned i = 0; i < sizeof local; i++)
		local[i] = (unsigned char)((int64_t)i + c->first);
	for (int32_t i = 0; i < c->calls; i++) {
		uint64_t below = i % 2 == 0 ? 0 : (c->size - LEFT) / (uint64_t)c->calls * (uint64_t)(i + 1);
		c->sum += gt_call_below(c->fn, c->first + i, below);
		swapcontext(&c->here, &c->caller);
	}
	for (unsigned i = 0; i < sizeof local; i++)
		if (local[i] != (unsigned char)((int64_t)i + c->first))
			c->sum = -1000000;
	c->done = 1;
}

static int start(struct coroutine *c, callback fn, int64_t first, int32_t calls, size_t size)
{
	*c = (struct coroutine){.fn = fn, .first = first, .calls = calls, .size = size};
	c->stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->stack == MAP_FAILED)
		return -1;
	getcontext(&c->here);
	c->here.uc_stack.ss_sp = c->stack;
	c->here.uc_stack.ss_size = size;
	c->here.uc_link = &c->caller;
	makecontext(&c->here, run, 0);
	return 0;
}

/* n coroutines, at most 16, take turns on stacks of `size` bytes; each calls fn `calls` times. The
   sum of the results; negative on failure. */
int64_t gt_coroutines(callback fn, int32_t n, int32_t calls, uint64_t size)
{
	struct coroutine all[16];
	int64_t sum = 0;
	int32_t running = 0;
	if (n > 16)
		return -EINVAL;
	for (; running < n; running++)
		if (start(&all[running], fn, (int64_t)running * calls, calls, size) != 0)
			return -ENOMEM;
	while (running > 0) {
		for (int32_t i = 0; i < n; i++) {
			struct coroutine *c = &all[i];
			if (c->done)
				continue;
			current = c;
			swapcontext(&c->caller, &c->here);
			if (c->done) {
				running--;
				sum += c->sum;
				munmap(c->stack, c->size);
			}
		}
	}
	return sum;
}

struct job {
	callback fn;
	int32_t n;
	int32_t calls;
	uint64_t size;
	int32_t own_first;
	int64_t sum;
};

/* The thread calls Go from its own stack first if it is to, then from others, then from its own. */
static void *run_thread(void *arg)
{
	struct job *j = arg;
	j->sum = j->own_first ? j->fn(0) : 0;
	j->sum += gt_coroutines(j->fn, j->n, j->calls, j->size);
	j->sum += j->fn(0);
	return NULL;
}

/* gt_coroutines on a thread that C makes, and a call of fn(0) after that, and one before if
   own_first. */
int64_t gt_coroutines_on_thread(callback fn, int32_t n, int32_t calls, uint64_t size,
				int32_t own_first)
{
	struct job j = {
		.fn = fn, .n = n, .calls = calls, .size = size, .own_first = own_first};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run_thread, &j);
	if (err != 0)
		return -err;
	pthread_join(thread, NULL);
	return j.sum;
}

typedef int64_t (*callback3)(int64_t, int64_t, const char *);

/* What yields in a callback: a coroutine that calls fn once. */
struct generator {
	ucontext_t here;
	ucontext_t caller;
	callback3 fn;
	int64_t result;
};

static __thread struct generator *generator;

/* Back to who has switched to this thread's coroutine. From within its callback. */
void gt_yield(void)
{
	swapcontext(&generator->here, &generator->caller);
}

static void generate(void)
{
	generator->result = generator->fn(1, 2, "yields");
}

/* fn(1, ...) on a stack of its own, where it is to yield; before it goes on, fn(x, ...) for x from
   2 to n on this one. The sum; negative on failure. */
int64_t gt_yielding(callback3 fn, int64_t n)
{
	const size_t size = (size_t)256 << 10;
	struct generator g = {.fn = fn};
	void *stack =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return -ENOMEM;
	getcontext(&g.here);
	g.here.uc_stack.ss_sp = stack;
	g.here.uc_stack.ss_size = size;
	g.here.uc_link = &g.caller;
	makecontext(&g.here, generate, 0);
	generator = &g;
	swapcontext(&g.caller, &g.here);
	int64_t sum = 0;
	for (int64_t x = 2; x <= n; x++)
		sum += fn(x, 2, "meanwhile");
	swapcontext(&g.caller, &g.here);
	munmap(stack, size);
	return sum + g.result;
}

struct yielding {
	callback3 fn;
	int64_t n;
	int64_t sum;
};

static void *yield_on_thread(void *arg)
{
	struct yielding *y = arg;
	y->sum = y->fn(0, 2, "before") + gt_yielding(y->fn, y->n);
	return NULL;
}

/* fn(0, ...) and gt_yielding on a thread that C makes. */
int64_t gt_yielding_on_thread(callback3 fn, int64_t n)
{
	struct yielding y = {.fn = fn, .n = n};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, yield_on_thread, &y);
	if (err != 0)
		return -err;
	pthread_join(thread, NULL);
	return y.sum;
}
