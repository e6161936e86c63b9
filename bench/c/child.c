#define _GNU_SOURCE
#include "child.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CALIBRATION_ROUNDS = 1 << 13 };

const char child_text[] = "0123456789abcdef0123456789abcdef";
_Static_assert(sizeof child_text == CHILD_TEXT_LENGTH + 1, "a text of another length");

struct bench_in child_ins[BENCH_INS];

static const char *impl;
static int32_t unsorted[CHILD_SORT_MANY], sorted[CHILD_SORT_MANY];
static int schedstat = -1;
static char **wanted;
static int wanted_count;

int64_t child_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void child_check(const char *row, int right)
{
	if (right)
		return;
	fprintf(stderr, "%s: %s: wrong result\n", impl, row);
	exit(1);
}

int64_t child_sum(int64_t n, int64_t rest)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += (i & 1023) + rest;
	return sum;
}

int64_t child_successor(int64_t x)
{
	return x + 1;
}

int64_t child_scaled(int64_t x, int32_t y, void *p)
{
	return x + y * *(int64_t *)p;
}

struct bench_out child_convert(struct bench_in in)
{
	return (struct bench_out){.a = in.a + in.c, .b = in.b * in.d};
}

int64_t child_successor_sum(int64_t n)
{
	return n * (n + 1) / 2;
}

int64_t child_scaled_sum(int64_t n)
{
	return n * (n - 1) / 2 + 21 * n;
}

int64_t child_errno_sum(int64_t n)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += (i & 31) + 1;
	return sum;
}

int64_t child_step(int64_t count)
{
	int64_t step = count * 6 / 10 + 1; /* count is a power of ten */
	while (step % 2 == 0 || step % 5 == 0)
		step++;
	return step;
}

static uint64_t xorshift(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

int64_t child_qsort(int64_t n, size_t length, void (*sort)(int32_t *base, size_t count))
{
	int64_t ns = 0;
	for (int64_t i = 0; i < n; i++) {
		uint64_t before = 0, after = 0;
		memcpy(sorted, unsorted, length * sizeof sorted[0]);
		int64_t from = child_now();
		sort(sorted, length);
		ns += child_now() - from;
		for (size_t j = 0; j < length; j++) {
			child_check("qsort", j == 0 || sorted[j - 1] <= sorted[j]);
			before += (uint32_t)unsorted[j];
			after += (uint32_t)sorted[j];
		}
		child_check("qsort", before == after);
	}
	return ns;
}

/* Six chains side by side take all that the core can do: one alone would leave room for whoever
   shares the core's units, and not see them. */
static int64_t calibrate(void)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
	int64_t from = child_now();
	for (int i = 0; i < CALIBRATION_ROUNDS; i++) {
		a = xorshift(a);
		b = xorshift(b);
		c = xorshift(c);
		d = xorshift(d);
		e = xorshift(e);
		f = xorshift(f);
	}
	int64_t ns = child_now() - from;
	child_check("calibration", a != 0 && b != 0 && c != 0 && d != 0 && e != 0 && f != 0);
	return ns;
}

/* How long this thread has been ready to run without running. */
static int64_t delayed(void)
{
	char text[64] = "";
	int64_t ran, waited = 0;
	if (schedstat < 0 || pread(schedstat, text, sizeof text - 1, 0) <= 0 ||
	    sscanf(text, "%" SCNd64 " %" SCNd64, &ran, &waited) != 2)
		return 0;
	return waited;
}

void child_init(struct bench_lib *lib, const char *name, int argc, char **argv)
{
	impl = name;
	if (argc < 3) {
		fprintf(stderr, "usage: %s LIBBENCH CORE [ROW...]\n", argv[0]);
		exit(2);
	}
	wanted = argv + 3;
	wanted_count = argc - 3;
	const char *error = bench_open(lib, argv[1]);
	if (error != NULL) {
		fprintf(stderr, "%s: %s\n", impl, error);
		exit(1);
	}
	cpu_set_t cores;
	CPU_ZERO(&cores);
	CPU_SET((size_t)atoi(argv[2]), &cores);
	if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
		fprintf(stderr, "%s: ", impl);
		perror("sched_setaffinity");
		exit(1);
	}
	schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	uint64_t x = 1;
	for (int i = 0; i < CHILD_SORT_MANY; i++)
		unsorted[i] = (int32_t)((x = xorshift(x)) >> 32);
	for (int i = 0; i < BENCH_INS; i++)
		child_ins[i] = (struct bench_in){.a = i, .b = 2.5, .c = 3, .d = 4};
}

static int is_wanted(const char *row)
{
	for (int i = 0; i < wanted_count; i++) {
		if (strcmp(row, wanted[i]) == 0)
			return 1;
	}
	return wanted_count == 0;
}

static const struct child_bench *benches[CHILD_BENCHES];
static int count;

void child_add(const struct child_bench *more, int n)
{
	for (int i = 0; i < n; i++) {
		if (!is_wanted(more[i].row))
			continue;
		child_check("more rows than CHILD_BENCHES", count < CHILD_BENCHES);
		benches[count++] = &more[i];
	}
}

static int64_t run(const struct child_bench *b, int64_t n)
{
	return b->run != NULL ? b->run(n) : b->run_with(n, b->x);
}

void child_serve(void)
{
	for (int i = 0; i < count; i++) {
		run(benches[i], benches[i]->check_n);
		printf("bench %s %s %s -\n", benches[i]->row, impl, benches[i]->kind);
	}
	printf("ready\n");
	fflush(stdout);

	char line[64];
	int index;
	int64_t n;
	while (fgets(line, sizeof line, stdin) != NULL &&
	       sscanf(line, "run %d %" SCNd64, &index, &n) == 2 && index >= 0 && index < count) {
		int64_t before = calibrate();
		int64_t delay = delayed();
		int64_t ns = run(benches[index], n);
		delay = strcmp(benches[index]->kind, "single") == 0 ? delayed() - delay : 0;
		int64_t after = calibrate();
		printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", ns, before, after,
		       delay);
		fflush(stdout);
	}
}
