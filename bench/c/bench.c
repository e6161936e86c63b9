#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <pthread.h>
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

int64_t bench_args1(int64_t a0)
{
	return a0;
}

int64_t bench_args2(int64_t a0, int64_t a1)
{
	return a0 + 2 * a1;
}

int64_t bench_args4(int64_t a0, int64_t a1, int64_t a2, int64_t a3)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3;
}

int64_t bench_args6(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5;
}

int64_t bench_args8(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		    int64_t a6, int64_t a7)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5 + 7 * a6 + 8 * a7;
}

int64_t bench_args12(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		     int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5 + 7 * a6 + 8 * a7 + 9 * a8 +
	       10 * a9 + 11 * a10 + 12 * a11;
}

int64_t bench_args16(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		     int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11,
		     int64_t a12, int64_t a13, int64_t a14, int64_t a15)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5 + 7 * a6 + 8 * a7 + 9 * a8 +
	       10 * a9 + 11 * a10 + 12 * a11 + 13 * a12 + 14 * a13 + 15 * a14 + 16 * a15;
}

int64_t bench_args24(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		     int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11,
		     int64_t a12, int64_t a13, int64_t a14, int64_t a15, int64_t a16, int64_t a17,
		     int64_t a18, int64_t a19, int64_t a20, int64_t a21, int64_t a22, int64_t a23)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5 + 7 * a6 + 8 * a7 + 9 * a8 +
	       10 * a9 + 11 * a10 + 12 * a11 + 13 * a12 + 14 * a13 + 15 * a14 + 16 * a15 +
	       17 * a16 + 18 * a17 + 19 * a18 + 20 * a19 + 21 * a20 + 22 * a21 + 23 * a22 +
	       24 * a23;
}

int64_t bench_args32(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		     int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11,
		     int64_t a12, int64_t a13, int64_t a14, int64_t a15, int64_t a16, int64_t a17,
		     int64_t a18, int64_t a19, int64_t a20, int64_t a21, int64_t a22, int64_t a23,
		     int64_t a24, int64_t a25, int64_t a26, int64_t a27, int64_t a28, int64_t a29,
		     int64_t a30, int64_t a31)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5 + 7 * a6 + 8 * a7 + 9 * a8 +
	       10 * a9 + 11 * a10 + 12 * a11 + 13 * a12 + 14 * a13 + 15 * a14 + 16 * a15 +
	       17 * a16 + 18 * a17 + 19 * a18 + 20 * a19 + 21 * a20 + 22 * a21 + 23 * a22 +
	       24 * a23 + 25 * a24 + 26 * a25 + 27 * a26 + 28 * a27 + 29 * a28 + 30 * a29 +
	       31 * a30 + 32 * a31;
}

int64_t bench_args40(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5,
		     int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11,
		     int64_t a12, int64_t a13, int64_t a14, int64_t a15, int64_t a16, int64_t a17,
		     int64_t a18, int64_t a19, int64_t a20, int64_t a21, int64_t a22, int64_t a23,
		     int64_t a24, int64_t a25, int64_t a26, int64_t a27, int64_t a28, int64_t a29,
		     int64_t a30, int64_t a31, int64_t a32, int64_t a33, int64_t a34, int64_t a35,
		     int64_t a36, int64_t a37, int64_t a38, int64_t a39)
{
	return a0 + 2 * a1 + 3 * a2 + 4 * a3 + 5 * a4 + 6 * a5 + 7 * a6 + 8 * a7 + 9 * a8 +
	       10 * a9 + 11 * a10 + 12 * a11 + 13 * a12 + 14 * a13 + 15 * a14 + 16 * a15 +
	       17 * a16 + 18 * a17 + 19 * a18 + 20 * a19 + 21 * a20 + 22 * a21 + 23 * a22 +
	       24 * a23 + 25 * a24 + 26 * a25 + 27 * a26 + 28 * a27 + 29 * a28 + 30 * a29 +
	       31 * a30 + 32 * a31 + 33 * a32 + 34 * a33 + 35 * a34 + 36 * a35 + 37 * a36 +
	       38 * a37 + 39 * a38 + 40 * a39;
}

struct bench_bytes8 bench_bytes8(struct bench_bytes8 b)
{
	return b;
}

struct bench_bytes16 bench_bytes16(struct bench_bytes16 b)
{
	return b;
}

struct bench_bytes24 bench_bytes24(struct bench_bytes24 b)
{
	return b;
}

struct bench_bytes32 bench_bytes32(struct bench_bytes32 b)
{
	return b;
}

struct bench_bytes64 bench_bytes64(struct bench_bytes64 b)
{
	return b;
}

struct bench_bytes128 bench_bytes128(struct bench_bytes128 b)
{
	return b;
}

struct bench_bytes256 bench_bytes256(struct bench_bytes256 b)
{
	return b;
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
