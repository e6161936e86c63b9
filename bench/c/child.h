/* The C programs' side of the protocol, which bench/child/child.go says: the same rows and checks
   as the Go implementations have. */
#ifndef GW_BENCH_CHILD_H
#define GW_BENCH_CHILD_H

#include "open.h"

enum { CHILD_CHECK_N = 100, CHILD_BENCHES = 128 };

/* One row. run performs n operations, ends the program by child_check if a result is wrong, and
   returns how many nanoseconds they took. */
struct child_bench {
	const char *row, *kind; /* kind: single, threads */
	int64_t check_n;        /* operations of the first run, which only checks */
	int64_t (*run)(int64_t n);
	int64_t (*run_with)(int64_t n, int64_t x); /* in the place of run: the point x of a curve */
	int64_t x;
};

/* Opens the library that the command line names, LIBBENCH CORE [ROW...], and pins the thread to the
   core. impl, which is kept, names the implementation. Ends the program when it cannot. */
void child_init(struct bench_lib *lib, const char *impl, int argc, char **argv);

/* Adds those of the benches, which are kept, whose rows are wanted. */
void child_add(const struct child_bench *benches, int count);

/* Checks the benches and serves the runner until it closes standard input. */
void child_serve(void);

/* Ends the program unless right. */
void child_check(const char *row, int right);

int64_t child_now(void); /* ns */

/* The sum of (i & 1023) + rest for i below n, which rows of calls add up; rest is bench/child's. */
int64_t child_sum(int64_t n, int64_t rest);
enum { CHILD_CALL2_REST = 7, CHILD_CALL6_REST = 90, CHILD_CALL14_REST = 409 };

/* The qsort rows: n times sort(base, count) of count int32_t, CHILD_SORT or CHILD_SORT_MANY. */
int64_t child_qsort(int64_t n, size_t count, void (*sort)(int32_t *base, size_t count));
enum { CHILD_SORT = 100000, CHILD_SORT_MANY = 1000000 };

/* What C calls back. */
int64_t child_successor(int64_t x);                  /* x + 1 */
int64_t child_scaled(int64_t x, int32_t y, void *p); /* x + y * *(int64_t *)p */
struct bench_out child_convert(struct bench_in in);  /* {a + c, b * d} */
int64_t child_successor_sum(int64_t n);              /* of the calls of bench_callbacks */
int64_t child_scaled_sum(int64_t n);                 /* of bench_callbacks3 */

/* The errno rows set errno to (i & 31) + 1; the sum for i below n. */
int64_t child_errno_sum(int64_t n);

/* What the rows of bound functions and of live callbacks add to an index to take the next of count:
   it has no factor in common with count, and neighbours lie far apart. */
int64_t child_step(int64_t count);

/* What is passed in the struct rows: {i, 2.5, 3, 4}. Made beforehand: gcc copies a struct in larger
   pieces than it has just been written in, and each such copy waits until the writes are in the
   cache. */
extern struct bench_in child_ins[BENCH_INS];
enum { CHILD_STRUCTS_REST = 3, CHILD_STRUCTS_B = 10 };

/* 32 bytes, for the strlen row. */
extern const char child_text[];
enum { CHILD_TEXT_LENGTH = 32 };

#endif
