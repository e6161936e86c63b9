/* The C functions that every implementation calls. They live in libbench.so, which each
   implementation opens at run time: no compiler can inline them, or leave a call out. */
#ifndef GW_BENCH_H
#define GW_BENCH_H

#include <stdint.h>

typedef int64_t bench_callback(int64_t);
typedef int bench_compare(const void *, const void *);

enum { BENCH_CALL0 = 42, BENCH_STEADY = 43, BENCH_FOREIGN_WARMUP = 16 };

int64_t bench_call0(void);     /* BENCH_CALL0 */
int64_t bench_steady(void);    /* BENCH_STEADY: call0 for the row that calls without a pause */
int bench_call2(int a, int b); /* a + b */
double bench_call3(double a, double b, double c);       /* a * b + c */
int64_t bench_callback1(bench_callback *cb, int64_t x); /* cb(x) + 1 */
int64_t bench_callbacks(bench_callback *cb, int64_t n); /* cb(0) + ... + cb(n - 1) */
int bench_compare_ints(const void *a, const void *b);   /* int32_t by value, for qsort */
void bench_wait(int64_t us);       /* sleeps so many microseconds; returns at once for 0 */
void bench_wait_mixed(int64_t us); /* bench_wait for the rows that mix long and short calls */

/* bench_callbacks on a new thread, after BENCH_FOREIGN_WARMUP calls that are not timed. Waits for
   the thread and leaves the result in *sum. Returns how many nanoseconds the thread took, -1 when
   no thread could be made. */
int64_t bench_foreign(bench_callback *cb, int64_t n, int64_t *sum);

#endif
