/* C that goes wrong, and functions for runtime.SetCgoTraceback that show it. */
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* Writes to address 8. */
void gt_segfault(void)
{
	int *volatile p = (int *)8;
	*(volatile int *)p = 1;
}

void gt_abort(void)
{
	abort();
}

void gt_illegal(void)
{
	__builtin_trap();
}

int32_t gt_divide(int32_t a, int32_t b)
{
	volatile int32_t x = a;
	volatile int32_t y = b;
	return x / y;
}

/* n frames of half a kilobyte: with enough of them it runs into the guard page of whatever stack it
 * is on. */
__attribute__((noinline)) int64_t gt_overflow(int64_t n)
{
	volatile char local[512];
	local[0] = (char)n;
	return n == 0 ? 0 : gt_overflow(n - 1) + local[0];
}

/* Runs for us microseconds with no more than `left` bytes of this thread's stack below it, once it
   has counted itself in *inside. Returns how many bytes there were, or -errno. */
__attribute__((noinline)) int64_t gt_spin_at_bottom(int32_t *inside, int64_t left, uint32_t us)
{
	pthread_attr_t attr;
	struct timespec t;
	void *end;
	size_t size;
	int err = pthread_getattr_np(pthread_self(), &attr);
	if (err != 0)
		return -err;
	pthread_attr_getstack(&attr, &end, &size);
	pthread_attr_destroy(&attr);
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t until = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + us;
	int64_t have = (char *)__builtin_frame_address(0) - (char *)end;
	volatile char *use = alloca((size_t)(have > left ? have - left : 1));
	use[0] = 1;
	__atomic_add_fetch(inside, 1, __ATOMIC_SEQ_CST);
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 < until);
	return (char *)use - (char *)end;
}

/* Calls fn, which crashes further down. */
void gt_crash_below(void (*fn)(void))
{
	fn();
}

/* The argument blocks of runtime.SetCgoTraceback. */
struct traceback {
	uintptr_t context;
	uintptr_t sig_context;
	uintptr_t *buf;
	uintptr_t max;
};
struct symbolizer {
	uintptr_t pc;
	const char *file;
	uintptr_t line;
	const char *func;
	uintptr_t entry;
	uintptr_t more;
	uintptr_t data;
};

static int64_t tracebacks;
static int64_t contexts;

/* Two invented frames, whatever C was doing. Called in signal handlers. */
void gt_traceback(struct traceback *t)
{
	__atomic_add_fetch(&tracebacks, 1, __ATOMIC_RELAXED);
	uintptr_t i = 0;
	if (i < t->max)
		t->buf[i++] = 0x10001;
	if (i < t->max)
		t->buf[i++] = 0x10002;
	if (i < t->max)
		t->buf[i] = 0;
}

void gt_symbolizer(struct symbolizer *s)
{
	s->more = 0;
	s->data = 0;
	s->entry = s->pc & ~(uintptr_t)0xffff;
	s->file = "invented.c";
	switch (s->pc) {
	case 0x10001:
		s->func = "gt_invented_leaf";
		s->line = 42;
		break;
	case 0x10002:
		s->func = "gt_invented_root";
		s->line = 43;
		break;
	default:
		s->func = NULL;
		s->file = NULL;
		s->line = 0;
	}
}

/* Makes a context for each C-to-Go call and takes it back. */
void gt_context(uintptr_t *context)
{
	if (*context == 0) {
		__atomic_add_fetch(&contexts, 1, __ATOMIC_RELAXED);
		*context = 1;
	} else {
		__atomic_sub_fetch(&contexts, 1, __ATOMIC_RELAXED);
	}
}

int64_t gt_traceback_count(void)
{
	return __atomic_load_n(&tracebacks, __ATOMIC_RELAXED);
}

/* Contexts that were made and not taken back. */
int64_t gt_context_count(void)
{
	return __atomic_load_n(&contexts, __ATOMIC_RELAXED);
}
