/* The C functions that every implementation calls. They live in libbench.so, which each
   implementation opens at run time: no compiler can inline them, or leave a call out. */
#ifndef GW_BENCH_H
#define GW_BENCH_H

#include <stddef.h>
#include <stdint.h>

struct bench_in {
	int64_t a;
	double b;
	int32_t c, d;
};

struct bench_out {
	int64_t a;
	double b;
};

typedef int64_t bench_callback(int64_t);
typedef int64_t bench_callback3(int64_t, int32_t, void *);
typedef struct bench_out bench_callback_struct(struct bench_in);
typedef int bench_compare(const void *, const void *);

enum { BENCH_CALL0 = 42, BENCH_STEADY = 43, BENCH_FOREIGN_WARMUP = 16, BENCH_INS = 1024 };

int64_t bench_call0(void);     /* BENCH_CALL0 */
int64_t bench_steady(void);    /* BENCH_STEADY: call0 for the row that calls without a pause */
int bench_call2(int a, int b); /* a + b */
double bench_call3(double a, double b, double c); /* a * b + c */
/* a + 2 * b + ... + 6 * f: what is out of order gives another sum. */
int bench_call6(int a, int b, int c, int d, int e, int f);
/* a + 2 * b + ... + 10 * j + k + 2 * l + 3 * m + 4 * n */
double bench_call14(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double k,
		    double l, double m, double n);
struct bench_out bench_structs(struct bench_in in); /* {a + c, b * d} */
size_t bench_strlen(const char *s);
int64_t bench_callback1(bench_callback *cb, int64_t x); /* cb(x) + 1 */
int64_t bench_callbacks(bench_callback *cb, int64_t n); /* cb(0) + ... + cb(n - 1) */
/* cb(i, 7, pointer to the int64_t 3) for i below n, added up */
int64_t bench_callbacks3(bench_callback3 *cb, int64_t n);
/* cb(in[i % BENCH_INS]) for i below n, a and b of all results added up; b has to be an integer */
int64_t bench_callbacks_struct(bench_callback_struct *cb, const struct bench_in *in, int64_t n);
int bench_compare_ints(const void *a, const void *b); /* int32_t by value, for qsort */
void bench_wait(int64_t us);       /* sleeps so many microseconds; returns at once for 0 */
void bench_wait_mixed(int64_t us); /* bench_wait for the rows that mix long and short calls */

/* bench_callbacks on a new thread, after BENCH_FOREIGN_WARMUP calls that are not timed. Waits for
   the thread and leaves the result in *sum. Returns how many nanoseconds the thread took, -1 when
   no thread could be made. */
int64_t bench_foreign(bench_callback *cb, int64_t n, int64_t *sum);

#endif
