/* What the soak program calls beside libgwtest.so: signatures of many shapes, whose results have a
   weight for each argument, and what C says of its memory. */
#define _GNU_SOURCE
#include <complex.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
	int8_t a;
	int16_t b;
	float c;
} gs_small; /* one INTEGER eightbyte */
typedef struct {
	float x, y, z;
} gs_vector; /* two SSE eightbytes */
typedef struct {
	int64_t n;
	double d;
} gs_pair; /* INTEGER, SSE */
typedef struct {
	int64_t v[5];
	gs_small s;
} gs_big; /* MEMORY */

gs_pair gs_mix(gs_small s, gs_vector v, gs_pair p, gs_big b, int32_t k)
{
	gs_pair r = {s.a + 3 * s.b + 5 * p.n + 11 * b.s.b + k,
		     (double)s.c + (double)(v.x + 2 * v.y + 3 * v.z) + p.d + (double)b.s.c};
	for (int i = 0; i < 5; i++)
		r.n += 7 * (i + 1) * b.v[i];
	return r;
}

gs_big gs_grow(gs_big b, gs_small s)
{
	for (int i = 0; i < 5; i++)
		b.v[i] += s.a * i;
	b.s = s;
	return b;
}

/* v = fn(v, p) n times, with another p each time. */
gs_vector gs_fold(gs_vector (*fn)(gs_vector, gs_pair), gs_vector v, gs_pair p, int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		v = fn(v, p);
		p.n++;
	}
	return v;
}

int64_t gs_big_back(gs_big (*fn)(gs_big, gs_small), gs_big b, gs_small s)
{
	gs_big r = fn(b, s);
	int64_t sum = r.s.b;
	for (int i = 0; i < 5; i++)
		sum += (i + 1) * r.v[i];
	return sum;
}

/* n pairs of int64_t and double. */
double gs_sum(int32_t n, ...)
{
	va_list list;
	double sum = 0;
	va_start(list, n);
	for (int32_t i = 0; i < n; i++) {
		sum += (double)((i + 1) * va_arg(list, int64_t));
		sum += va_arg(list, double);
	}
	va_end(list);
	return sum;
}

long double gs_scale(long double x, double by)
{
	return x * (long double)by;
}

double complex gs_times(double complex a, double complex b)
{
	return a * b;
}

__int128 gs_negate(__int128 x)
{
	return -x;
}

uint64_t gs_hash(const char *text)
{
	uint64_t h = 1469598103934665603u;
	for (; *text != 0; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

const char *gs_word(int32_t i)
{
	static const char *const words[] = {"", "one", "twenty-two",
					    "three hundred and thirty-three"};
	return i < 0 || i > 3 ? NULL : words[i];
}

int64_t gs_total(const int32_t *p, uint64_t n)
{
	int64_t sum = 0;
	for (uint64_t i = 0; i < n; i++)
		sum += (int64_t)(i + 1) * p[i];
	return sum;
}

int64_t gs_apply(int64_t (*fn)(int64_t), int64_t x)
{
	return fn == NULL ? -1 : fn(fn(x));
}

double gs_apply_pair(double (*fn)(gs_pair, const char *), gs_pair p, const char *text)
{
	return fn(p, text);
}

/* Threads that nobody waits for: each makes `calls` calls of fn a little later. */
struct loose {
	int64_t (*fn)(int64_t);
	int64_t x;
	int32_t calls;
};
static int32_t loose_threads;
static int64_t loose_wrong;

static void *run_loose(void *arg)
{
	struct loose l = *(struct loose *)arg;
	free(arg);
	for (int32_t i = 0; i < l.calls; i++) {
		usleep(100);
		if (l.fn(l.x + i) != l.x + i)
			__atomic_add_fetch(&loose_wrong, 1, __ATOMIC_RELAXED);
	}
	__atomic_sub_fetch(&loose_threads, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* 0, or an error number. fn returns its argument. */
int32_t gs_loose(int64_t (*fn)(int64_t), int64_t x, int32_t calls)
{
	pthread_attr_t attr;
	pthread_t thread;
	struct loose *l = malloc(sizeof *l);
	if (l == NULL)
		return ENOMEM;
	*l = (struct loose){fn, x, calls};
	int err = pthread_attr_init(&attr);
	if (err != 0) {
		free(l);
		return err;
	}
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	__atomic_add_fetch(&loose_threads, 1, __ATOMIC_RELAXED);
	err = pthread_create(&thread, &attr, run_loose, l);
	if (err != 0) {
		__atomic_sub_fetch(&loose_threads, 1, __ATOMIC_RELAXED);
		free(l);
	}
	pthread_attr_destroy(&attr);
	return err;
}

/* How many of them are still there; what they got wrong. */
int32_t gs_loose_left(void)
{
	return __atomic_load_n(&loose_threads, __ATOMIC_ACQUIRE);
}

int64_t gs_loose_wrong(void)
{
	return __atomic_load_n(&loose_wrong, __ATOMIC_RELAXED);
}

/* Bytes that malloc has handed out, after it has given back to the system what it can. */
int64_t gs_memory(void)
{
	malloc_trim(0);
	struct mallinfo2 m = mallinfo2();
	return (int64_t)(m.uordblks + m.hblkhd);
}
