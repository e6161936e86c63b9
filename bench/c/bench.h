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
int bench_errno(int code); /* sets errno to code and returns it */

/* 1 * a0 + 2 * a1 + ... */
int64_t bench_args1(int64_t);
int64_t bench_args2(int64_t, int64_t);
int64_t bench_args4(int64_t, int64_t, int64_t, int64_t);
int64_t bench_args6(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
int64_t bench_args8(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
int64_t bench_args12(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t);
int64_t bench_args16(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
int64_t bench_args24(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
int64_t bench_args32(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
int64_t bench_args40(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
		     int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);

/* Structs by size. bench_bytesN returns the one it gets. */
struct bench_bytes8 {
	int64_t v[1];
};
struct bench_bytes16 {
	int64_t v[2];
};
struct bench_bytes24 {
	int64_t v[3];
};
struct bench_bytes32 {
	int64_t v[4];
};
struct bench_bytes64 {
	int64_t v[8];
};
struct bench_bytes128 {
	int64_t v[16];
};
struct bench_bytes256 {
	int64_t v[32];
};
struct bench_bytes8 bench_bytes8(struct bench_bytes8);
struct bench_bytes16 bench_bytes16(struct bench_bytes16);
struct bench_bytes24 bench_bytes24(struct bench_bytes24);
struct bench_bytes32 bench_bytes32(struct bench_bytes32);
struct bench_bytes64 bench_bytes64(struct bench_bytes64);
struct bench_bytes128 bench_bytes128(struct bench_bytes128);
struct bench_bytes256 bench_bytes256(struct bench_bytes256);
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

/* cbs[0](0) + ... : n calls of count callbacks, each time the one that lies step further. */
int64_t bench_callbacks_many(bench_callback **cbs, int64_t count, int64_t step, int64_t n);

/* cb(0) + ... + cb(n - 1), each on a thread of its own, made and waited for in turn; -1 when no
   thread could be made. */
int64_t bench_threads(bench_callback *cb, int64_t n);

#endif
