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
typedef int64_t bench_callback0(void);
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

/* Functions of so many int64_t: 1 * a0 + 2 * a1 + ... BENCH_Pn are their parameters, BENCH_An the
   names of these, BENCH_Vn the values that rows pass, BENCH_Sn the sum. BENCH_COUNTS(DO) is DO(n)
   for each n. */
/* clang-format off */
#define BENCH_COUNTS(DO) DO(1) DO(2) DO(4) DO(6) DO(8) DO(9) DO(12) DO(14) DO(16) DO(24) DO(32) DO(40)
#define BENCH_P1 int64_t a0
#define BENCH_P2 BENCH_P1, int64_t a1
#define BENCH_P4 BENCH_P2, int64_t a2, int64_t a3
#define BENCH_P6 BENCH_P4, int64_t a4, int64_t a5
#define BENCH_P8 BENCH_P6, int64_t a6, int64_t a7
#define BENCH_P9 BENCH_P8, int64_t a8
#define BENCH_P12 BENCH_P9, int64_t a9, int64_t a10, int64_t a11
#define BENCH_P14 BENCH_P12, int64_t a12, int64_t a13
#define BENCH_P16 BENCH_P14, int64_t a14, int64_t a15
#define BENCH_P24 BENCH_P16, int64_t a16, int64_t a17, int64_t a18, int64_t a19, int64_t a20 \
	, int64_t a21, int64_t a22, int64_t a23
#define BENCH_P32 BENCH_P24, int64_t a24, int64_t a25, int64_t a26, int64_t a27, int64_t a28 \
	, int64_t a29, int64_t a30, int64_t a31
#define BENCH_P40 BENCH_P32, int64_t a32, int64_t a33, int64_t a34, int64_t a35, int64_t a36 \
	, int64_t a37, int64_t a38, int64_t a39
#define BENCH_V1 1
#define BENCH_V2 BENCH_V1, 2
#define BENCH_V4 BENCH_V2, 3, 4
#define BENCH_V6 BENCH_V4, 5, 6
#define BENCH_V8 BENCH_V6, 7, 8
#define BENCH_V9 BENCH_V8, 9
#define BENCH_V12 BENCH_V9, 10, 11, 12
#define BENCH_V14 BENCH_V12, 13, 14
#define BENCH_V16 BENCH_V14, 15, 16
#define BENCH_V24 BENCH_V16, 17, 18, 19, 20, 21, 22, 23, 24
#define BENCH_V32 BENCH_V24, 25, 26, 27, 28, 29, 30, 31, 32
#define BENCH_V40 BENCH_V32, 33, 34, 35, 36, 37, 38, 39, 40
#define BENCH_A1 a0
#define BENCH_A2 BENCH_A1, a1
#define BENCH_A4 BENCH_A2, a2, a3
#define BENCH_A6 BENCH_A4, a4, a5
#define BENCH_A8 BENCH_A6, a6, a7
#define BENCH_A9 BENCH_A8, a8
#define BENCH_A12 BENCH_A9, a9, a10, a11
#define BENCH_A14 BENCH_A12, a12, a13
#define BENCH_A16 BENCH_A14, a14, a15
#define BENCH_A24 BENCH_A16, a16, a17, a18, a19, a20, a21, a22, a23
#define BENCH_A32 BENCH_A24, a24, a25, a26, a27, a28, a29, a30, a31
#define BENCH_A40 BENCH_A32, a32, a33, a34, a35, a36, a37, a38, a39
#define BENCH_S1 1 * a0
#define BENCH_S2 BENCH_S1 + 2 * a1
#define BENCH_S4 BENCH_S2 + 3 * a2 + 4 * a3
#define BENCH_S6 BENCH_S4 + 5 * a4 + 6 * a5
#define BENCH_S8 BENCH_S6 + 7 * a6 + 8 * a7
#define BENCH_S9 BENCH_S8 + 9 * a8
#define BENCH_S12 BENCH_S9 + 10 * a9 + 11 * a10 + 12 * a11
#define BENCH_S14 BENCH_S12 + 13 * a12 + 14 * a13
#define BENCH_S16 BENCH_S14 + 15 * a14 + 16 * a15
#define BENCH_S24 BENCH_S16 + 17 * a16 + 18 * a17 + 19 * a18 + 20 * a19 + 21 * a20 + 22 * a21 \
	 + 23 * a22 + 24 * a23
#define BENCH_S32 BENCH_S24 + 25 * a24 + 26 * a25 + 27 * a26 + 28 * a27 + 29 * a28 + 30 * a29 \
	 + 31 * a30 + 32 * a31
#define BENCH_S40 BENCH_S32 + 33 * a32 + 34 * a33 + 35 * a34 + 36 * a35 + 37 * a36 + 38 * a37 \
	 + 39 * a38 + 40 * a39
/* Structs by size: bench_bytesN returns the one it gets. */
#define BENCH_SIZES(DO) DO(8) DO(16) DO(24) DO(32) DO(64) DO(128) DO(256)
#define ARGS(n) int64_t bench_args##n(BENCH_P##n);
#define BYTES(n) \
	struct bench_bytes##n { int64_t v[(n) / 8]; }; \
	struct bench_bytes##n bench_bytes##n(struct bench_bytes##n);
/* clang-format on */
BENCH_COUNTS(ARGS)
BENCH_SIZES(BYTES)
#undef ARGS
#undef BYTES

/* Takes a pointer, an int that says what follows, and an int64_t, as options are set in C: the sum
   of the two. */
int64_t bench_option(void *handle, int option, ...);

int64_t bench_callback1(bench_callback *cb, int64_t x);   /* cb(x) + 1 */
int64_t bench_callbacks0(bench_callback0 *cb, int64_t n); /* cb(), n times, added up */
int64_t bench_callbacks(bench_callback *cb, int64_t n);   /* cb(0) + ... + cb(n - 1) */
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
