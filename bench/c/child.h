/* The C programs' side of the protocol, which bench/child/child.go says: the same rows and checks
   as the Go implementations have. */
#ifndef GW_BENCH_CHILD_H
#define GW_BENCH_CHILD_H

#include "open.h"

enum { CHILD_CHECK_N = 100 };

/* One row. run performs n operations, ends the program by child_check if a result is wrong, and
   returns how many nanoseconds they took. */
struct child_bench {
	const char *row, *kind; /* kind: single, threads */
	int64_t check_n;        /* operations of the first run, which only checks */
	int64_t (*run)(int64_t n);
};

/* Opens the library that the command line names, LIBBENCH CORE, and pins the thread to the core.
   impl, which is kept, names the implementation. Ends the program when it cannot. */
void child_init(struct bench_lib *lib, const char *impl, int argc, char **argv);

/* Checks the benches and serves the runner until it closes standard input. */
void child_serve(const struct child_bench *benches, int count);

/* Ends the program unless right. */
void child_check(const char *row, int right);

int64_t child_now(void); /* ns */

/* The sum of (i & 1023) + rest for i below n, which rows of calls add up; rest is bench/child's. */
int64_t child_sum(int64_t n, int64_t rest);
enum { CHILD_CALL2_REST = 7, CHILD_CALL6_REST = 90, CHILD_CALL14_REST = 409 };

/* The qsort row: n times sort(base, count) of 100,000 int32_t. */
int64_t child_qsort(int64_t n, void (*sort)(int32_t *base, size_t count));

/* What C calls back. */
int64_t child_successor(int64_t x);                  /* x + 1 */
int64_t child_scaled(int64_t x, int32_t y, void *p); /* x + y * *(int64_t *)p */
struct bench_out child_convert(struct bench_in in);  /* {a + c, b * d} */
int64_t child_successor_sum(int64_t n);              /* of the calls of bench_callbacks */
int64_t child_scaled_sum(int64_t n);                 /* of bench_callbacks3 */

/* What is passed in the struct rows: {i, 2.5, 3, 4}. Made beforehand: gcc copies a struct in larger
   pieces than it has just been written in, and each such copy waits until the writes are in the
   cache. */
extern struct bench_in child_ins[BENCH_INS];
enum { CHILD_STRUCTS_REST = 3, CHILD_STRUCTS_B = 10 };

/* 32 bytes, for the strlen row. */
extern const char child_text[];
enum { CHILD_TEXT_LENGTH = 32 };

#endif
