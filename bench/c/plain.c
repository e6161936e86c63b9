/* Implementation "c": plain C through a pointer. The child's side of the protocol
   (bench/child/child.go says it), and the same rows as the Go implementations have. Usage: plain
   LIBBENCH CORE */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "open.h"

enum { CALIBRATION_ROUNDS = 1 << 16, SORT_LENGTH = 100000, CHECK_N = 100 };

static struct bench_lib lib;
static int32_t unsorted[SORT_LENGTH], sorted[SORT_LENGTH];
static int schedstat = -1;

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void check(const char *row, int right)
{
	if (right)
		return;
	fprintf(stderr, "c: %s: wrong result\n", row);
	exit(1);
}

static int64_t run_call0(int64_t n)
{
	int64_t sum = 0, from = now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call0();
	int64_t ns = now() - from;
	check("call0", sum == n * BENCH_CALL0);
	return ns;
}

static int64_t run_steady(int64_t n)
{
	int64_t sum = 0, from = now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.steady();
	int64_t ns = now() - from;
	check("steady", sum == n * BENCH_STEADY);
	return ns;
}

static int64_t run_call2(int64_t n)
{
	int64_t sum = 0, from = now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call2((int)(i & 1023), 7);
	int64_t ns = now() - from, want = 0;
	for (int64_t i = 0; i < n; i++)
		want += (i & 1023) + 7;
	check("call2", sum == want);
	return ns;
}

static int64_t run_call3(int64_t n)
{
	double sum = 0;
	int64_t from = now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.call3(2, 3, 4);
	int64_t ns = now() - from;
	check("call3", sum == (double)n * 10);
	return ns;
}

static int64_t successor(int64_t x)
{
	return x + 1;
}

static int64_t run_callback1(int64_t n)
{
	int64_t sum = 0, from = now();
	for (int64_t i = 0; i < n; i++)
		sum += lib.callback1(successor, 1);
	int64_t ns = now() - from;
	check("callback1", sum == n * 3);
	return ns;
}

static int64_t run_callbacks(int64_t n)
{
	int64_t from = now();
	int64_t sum = lib.callbacks(successor, n);
	int64_t ns = now() - from;
	check("callbacks", sum == n * (n + 1) / 2);
	return ns;
}

static int64_t run_foreign(int64_t n)
{
	int64_t sum = 0, ns = lib.foreign(successor, n, &sum);
	check("foreign", ns >= 0 && sum == n * (n + 1) / 2);
	return ns;
}

static int64_t run_qsort(int64_t n)
{
	int64_t ns = 0;
	for (int64_t i = 0; i < n; i++) {
		uint64_t before = 0, after = 0;
		memcpy(sorted, unsorted, sizeof sorted);
		int64_t from = now();
		qsort(sorted, SORT_LENGTH, sizeof sorted[0], lib.compare_ints);
		ns += now() - from;
		for (int j = 0; j < SORT_LENGTH; j++) {
			check("qsort", j == 0 || sorted[j - 1] <= sorted[j]);
			before += (uint32_t)unsorted[j];
			after += (uint32_t)sorted[j];
		}
		check("qsort", before == after);
	}
	return ns;
}

static const struct {
	const char *row, *kind;
	int64_t (*run)(int64_t n);
} benches[] = {
	{"call0", "single", run_call0},         {"call2", "single", run_call2},
	{"call3", "single", run_call3},         {"steady", "single", run_steady},
	{"callback1", "single", run_callback1}, {"callbacks", "single", run_callbacks},
	{"foreign", "threads", run_foreign},    {"qsort", "single", run_qsort},
};
enum { BENCHES = sizeof benches / sizeof benches[0] };

static uint64_t xorshift(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static int64_t calibrate(void)
{
	uint64_t x = 1;
	int64_t from = now();
	for (int i = 0; i < CALIBRATION_ROUNDS; i++)
		x = xorshift(x);
	int64_t ns = now() - from;
	check("calibration", x != 0);
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

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: plain LIBBENCH CORE\n");
		return 2;
	}
	const char *error = bench_open(&lib, argv[1]);
	if (error != NULL) {
		fprintf(stderr, "c: %s\n", error);
		return 1;
	}
	cpu_set_t cores;
	CPU_ZERO(&cores);
	CPU_SET((size_t)atoi(argv[2]), &cores);
	if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
		perror("c: sched_setaffinity");
		return 1;
	}
	schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	uint64_t x = 1;
	for (int i = 0; i < SORT_LENGTH; i++)
		unsorted[i] = (int32_t)((x = xorshift(x)) >> 32);

	for (int i = 0; i < BENCHES; i++) {
		benches[i].run(i == BENCHES - 1 ? 1 : CHECK_N);
		printf("bench %s c %s\n", benches[i].row, benches[i].kind);
	}
	printf("ready\n");
	fflush(stdout);

	char line[64];
	int index;
	int64_t n;
	while (fgets(line, sizeof line, stdin) != NULL &&
	       sscanf(line, "run %d %" SCNd64, &index, &n) == 2 && index >= 0 && index < BENCHES) {
		int64_t before = calibrate();
		int64_t delay = delayed();
		int64_t ns = benches[index].run(n);
		delay = strcmp(benches[index].kind, "single") == 0 ? delayed() - delay : 0;
		int64_t after = calibrate();
		printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", ns, before, after,
		       delay);
		fflush(stdout);
	}
	return 0;
}
