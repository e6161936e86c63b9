#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t bench_call0(void)
{
	return BENCH_CALL0;
}

int64_t bench_steady(void)
{
	return BENCH_STEADY;
}

int bench_call2(int a, int b)
{
	return a + b;
}

double bench_call3(double a, double b, double c)
{
	return a * b + c;
}

int bench_call6(int a, int b, int c, int d, int e, int f)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f;
}

double bench_call14(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double k,
		    double l, double m, double n)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + k +
	       2 * l + 3 * m + 4 * n;
}

struct bench_out bench_structs(struct bench_in in)
{
	return (struct bench_out){.a = in.a + in.c, .b = in.b * in.d};
}

size_t bench_strlen(const char *s)
{
	return strlen(s);
}

int bench_errno(int code)
{
	errno = code;
	return code;
}

/* clang-format off */
#define ARGS(n) int64_t bench_args##n(BENCH_P##n) { return BENCH_S##n; }
#define BYTES(n) struct bench_bytes##n bench_bytes##n(struct bench_bytes##n b) { return b; }
/* clang-format on */
BENCH_COUNTS(ARGS)
BENCH_SIZES(BYTES)

int64_t bench_option(void *handle, int option, ...)
{
	va_list rest;
	va_start(rest, option);
	int64_t value = va_arg(rest, int64_t);
	va_end(rest);
	return handle == NULL ? option + value : 0;
}

int64_t bench_callbacks0(bench_callback0 *cb, int64_t n)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += cb();
	return sum;
}

/* The 1 keeps the call from becoming a jump: cb returns here, as it would in a library. */
int64_t bench_callback1(bench_callback *cb, int64_t x)
{
	return cb(x) + 1;
}

int64_t bench_callbacks(bench_callback *cb, int64_t n)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += cb(i);
	return sum;
}

int64_t bench_callbacks3(bench_callback3 *cb, int64_t n)
{
	int64_t sum = 0, three = 3;
	for (int64_t i = 0; i < n; i++)
		sum += cb(i, 7, &three);
	return sum;
}

int64_t bench_callbacks_struct(bench_callback_struct *cb, const struct bench_in *in, int64_t n)
{
	int64_t sum = 0;
	for (uint64_t i = 0; i < (uint64_t)n; i++) {
		struct bench_out out = cb(in[i % BENCH_INS]);
		sum += out.a + (int64_t)out.b;
	}
	return sum;
}

int bench_compare_ints(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

void bench_wait(int64_t us)
{
	if (us > 0)
		usleep((useconds_t)us);
}

void bench_wait_mixed(int64_t us)
{
	bench_wait(us);
}

struct foreign {
	bench_callback *cb;
	int64_t n, sum, ns;
};

static void *foreign_thread(void *arg)
{
	struct foreign *f = arg;
	struct timespec from, to;
	bench_callbacks(f->cb, BENCH_FOREIGN_WARMUP);
	clock_gettime(CLOCK_MONOTONIC, &from);
	f->sum = bench_callbacks(f->cb, f->n);
	clock_gettime(CLOCK_MONOTONIC, &to);
	f->ns = (to.tv_sec - from.tv_sec) * 1000000000 + (to.tv_nsec - from.tv_nsec);
	return NULL;
}

int64_t bench_foreign(bench_callback *cb, int64_t n, int64_t *sum)
{
	struct foreign f = {.cb = cb, .n = n};
	pthread_t thread;
	if (pthread_create(&thread, NULL, foreign_thread, &f) != 0)
		return -1;
	pthread_join(thread, NULL);
	*sum = f.sum;
	return f.ns;
}

int64_t bench_callbacks_many(bench_callback **cbs, int64_t count, int64_t step, int64_t n)
{
	int64_t sum = 0, at = 0;
	for (int64_t i = 0; i < n; i++) {
		sum += cbs[at](i);
		if ((at += step) >= count)
			at -= count;
	}
	return sum;
}

struct single {
	bench_callback *cb;
	int64_t x, result;
};

static void *single_thread(void *arg)
{
	struct single *s = arg;
	s->result = s->cb(s->x);
	return NULL;
}

int64_t bench_threads(bench_callback *cb, int64_t n)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++) {
		struct single s = {.cb = cb, .x = i};
		pthread_t thread;
		if (pthread_create(&thread, NULL, single_thread, &s) != 0)
			return -1;
		pthread_join(thread, NULL);
		sum += s.result;
	}
	return sum;
}
