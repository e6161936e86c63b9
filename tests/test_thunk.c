/* Thunks: where they lead, when their addresses come back, what their pages are. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "../bridge/bridge.h"
#include "child.h"

enum { PAGE = 4096, REUSE_DISTANCE = 1024 };

/* Linked with --wrap=malloc --wrap=mmap --wrap=munmap --wrap=mprotect: failures on demand, and a
   watch over the protections asked for. */
static bool malloc_fails;
static int mmap_errno;
static int mprotect_errno;
static int writable_and_executable;
static int mapped; /* less what was unmapped */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_mprotect(void *at, size_t size, int protection);
int __wrap_mprotect(void *at, size_t size, int protection);

static void watch(int protection)
{
	if ((protection & PROT_WRITE) && (protection & PROT_EXEC))
		writable_and_executable++;
}

void *__wrap_malloc(size_t size)
{
	return malloc_fails ? NULL : __real_malloc(size);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	watch(protection);
	if (mmap_errno != 0) {
		errno = mmap_errno;
		return MAP_FAILED;
	}
	mapped++;
	return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
	mapped--;
	return __real_munmap(at, size);
}

int __wrap_mprotect(void *at, size_t size, int protection)
{
	watch(protection);
	if (mprotect_errno != 0) {
		errno = mprotect_errno;
		return -1;
	}
	return __real_mprotect(at, size, protection);
}

/* Entries: long add(long n) returns n + record; negate returns record - n; forward goes to the C
   function record. */
void entry_add(void);
void entry_negate(void);
void entry_forward(void);
__asm__(".text\n"
	"entry_add:\n\t"
	"movq 8(%r11), %rax\n\t"
	"addq %rdi, %rax\n\t"
	"ret\n"
	"entry_negate:\n\t"
	"movq 8(%r11), %rax\n\t"
	"subq %rdi, %rax\n\t"
	"ret\n"
	"entry_forward:\n\t"
	"jmp *8(%r11)\n");

static const void *entry(void (*function)(void))
{
	return (const void *)(uintptr_t)function;
}

static void *record(long n)
{
	return (void *)(intptr_t)n;
}

static long call(void *code, long n)
{
	long (*function)(long);
	memcpy(&function, &code, sizeof code);
	return function(n);
}

static void *new_thunk(long n)
{
	void *code = NULL;
	assert_int_equal(gw_thunk_alloc(entry(entry_add), record(n), &code), GW_OK);
	assert_non_null(code);
	return code;
}

/* Permissions of the mapping that holds address, as /proc/self/maps writes them: "r-xp". */
static void permissions(const void *address, char out[5])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	char line[512];
	strcpy(out, "none");
	while (fgets(line, sizeof line, maps) != NULL) {
		uintptr_t lo;
		uintptr_t hi;
		char flags[5];
		assert_int_equal(sscanf(line, "%lx-%lx %4s", &lo, &hi, flags), 3);
		if (lo <= (uintptr_t)address && (uintptr_t)address < hi)
			strcpy(out, flags);
	}
	fclose(maps);
}

static void thunk_call_reaches_entry_with_record(void **state)
{
	(void)state;
	void *a = new_thunk(100);
	void *b = new_thunk(200);
	assert_ptr_not_equal(a, b);
	assert_int_equal((uintptr_t)a % 16, 0);
	assert_int_equal(call(a, 1), 101);
	assert_int_equal(call(b, 1), 201);
	gw_thunk_free(a);
	gw_thunk_free(b);
}

/* C calls it by a pointer, maybe in a process that tracks indirect branches. */
static void thunk_begins_with_endbr64(void **state)
{
	(void)state;
	static const unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	void *code = new_thunk(0);
	assert_memory_equal(code, endbr64, sizeof endbr64);
	gw_thunk_free(code);
}

static long check_arguments(long a, double b, long c, long d, long e, long f, long g, double h,
			    double i, double j, double k, double l, double m, double n, long o,
			    double p, long double q)
{
	return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && g == 7 && h == 8 &&
	       i == 9 && j == 10 && k == 11 && l == 12 && m == 13 && n == 14 && o == 15 &&
	       p == 16 && q == 17;
}

static void thunk_call_leaves_arguments_alone(void **state)
{
	(void)state;
	void *code;
	assert_int_equal(
		gw_thunk_alloc(entry(entry_forward), (void *)(uintptr_t)check_arguments, &code),
		GW_OK);
	long (*function)(long, double, long, long, long, long, long, double, double, double, double,
			 double, double, double, long, double, long double);
	memcpy(&function, &code, sizeof code);
	assert_true(function(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17));
	gw_thunk_free(code);
}

static void thunk_set_retargets(void **state)
{
	(void)state;
	void *code = new_thunk(10);
	gw_thunk_set(code, entry(entry_negate), record(30));
	assert_int_equal(call(code, 1), 29);
	gw_thunk_set(code, entry(entry_add), record(40));
	assert_int_equal(call(code, 1), 41);
	gw_thunk_free(code);
}

static void thunk_freed_still_leads_where_it_was_set(void **state)
{
	(void)state;
	void *code = new_thunk(10);
	gw_thunk_set(code, entry(entry_add), record(-1));
	gw_thunk_free(code);
	for (int i = 0; i < REUSE_DISTANCE; i++)
		gw_thunk_free(new_thunk(i));
	assert_int_equal(call(code, 1), 0);
}

static void thunk_count_follows(void **state)
{
	(void)state;
	size_t before = gw_thunk_count();
	void *a = new_thunk(1);
	void *b = new_thunk(2);
	assert_int_equal(gw_thunk_count(), before + 2);
	gw_thunk_free(a);
	assert_int_equal(gw_thunk_count(), before + 1);
	gw_thunk_free(b);
	assert_int_equal(gw_thunk_count(), before);
}

/* One thunk at a time, which is when addresses come back soonest. */
static void thunk_address_comes_back_late_but_does(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		void *first = new_thunk(0);
		gw_thunk_free(first);
		int frees = 0;
		void *code = new_thunk(0);
		while (code != first && frees < 100 * REUSE_DISTANCE) {
			gw_thunk_free(code);
			frees++;
			code = new_thunk(0);
		}
		gw_thunk_free(code);
		assert_true(frees >= REUSE_DISTANCE);
		assert_true(frees < 2 * REUSE_DISTANCE + PAGE / 16);
	}
}

static void thunk_reuse_is_in_order_of_freeing(void **state)
{
	(void)state;
	enum { COUNT = 3 * REUSE_DISTANCE };
	static void *freed[COUNT];
	for (int i = 0; i < COUNT; i++)
		freed[i] = new_thunk(i);
	for (int i = 0; i < COUNT; i += 2)
		gw_thunk_free(freed[i]);
	for (int i = 1; i < COUNT; i += 2)
		gw_thunk_free(freed[i]);

	int next = 0;
	static void *taken[COUNT];
	int count = 0;
	while (next < 2 * REUSE_DISTANCE && count < COUNT) {
		taken[count] = new_thunk(0);
		if (taken[count] == freed[next])
			next += 2;
		else
			for (int i = 0; i < COUNT; i++)
				assert_true(next == 0 || taken[count] != freed[i]);
		count++;
	}
	assert_true(next >= REUSE_DISTANCE);
	for (int i = 0; i < count; i++)
		gw_thunk_free(taken[i]);
}

static void thunk_100000_in_turn_need_no_more_pages(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * REUSE_DISTANCE; i++)
		gw_thunk_free(new_thunk(i));
	size_t pages = gw_thunk_pages();
	for (long i = 0; i < 100000; i++) {
		void *code = new_thunk(i);
		assert_int_equal(call(code, 1), i + 1);
		gw_thunk_free(code);
	}
	assert_int_equal(gw_thunk_pages(), pages);
}

static void thunk_100000_at_once_are_distinct_and_come_back(void **state)
{
	(void)state;
	enum { COUNT = 100000 };
	static void *codes[COUNT];
	size_t live = gw_thunk_count();
	size_t pages = 0;
	for (int round = 0; round < 4; round++) {
		for (long i = 0; i < COUNT; i++)
			codes[i] = new_thunk(i);
		assert_int_equal(gw_thunk_count(), live + COUNT);
		/* A thunk allocated twice would answer with its last record. */
		for (long i = 0; i < COUNT; i++)
			assert_int_equal(call(codes[i], 0), i);
		for (long i = 0; i < COUNT; i++)
			gw_thunk_free(codes[i]);
		if (round == 1)
			pages = gw_thunk_pages();
	}
	assert_int_equal(gw_thunk_pages(), pages);
	assert_true(pages <= (COUNT + 2 * REUSE_DISTANCE) / (PAGE / 16) + 16);
	assert_int_equal(gw_thunk_count(), live);
}

static void thunk_pages_are_never_writable_and_executable(void **state)
{
	(void)state;
	void *code = new_thunk(0);
	char flags[5];
	permissions(code, flags);
	assert_string_equal(flags, "r-xp");
	permissions((char *)code + PAGE, flags);
	assert_string_equal(flags, "rw-p");
	gw_thunk_free(code);

	/* All of the process, since other pages were mapped too. */
	FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	char line[512];
	while (fgets(line, sizeof line, maps) != NULL)
		assert_null(strstr(line, " rwx"));
	fclose(maps);
	assert_int_equal(writable_and_executable, 0);
}

static void *allocate_call_free(void *arg)
{
	enum { HELD = 16, ROUNDS = 2000 };
	long base = (long)(intptr_t)arg * 1000000;
	void *codes[HELD];
	for (long round = 0; round < ROUNDS; round++) {
		for (long i = 0; i < HELD; i++)
			if (gw_thunk_alloc(entry(entry_add), record(base + round + i), &codes[i]) !=
			    GW_OK)
				return NULL;
		for (long i = 0; i < HELD; i++)
			if (call(codes[i], 5) != base + round + i + 5)
				return NULL;
		for (long i = 0; i < HELD; i++)
			gw_thunk_free(codes[i]);
	}
	return arg;
}

static void thunk_threads_allocate_at_once(void **state)
{
	(void)state;
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	size_t live = gw_thunk_count();
	for (intptr_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, allocate_call_free, (void *)(i + 1)), 0);
	for (intptr_t i = 0; i < THREADS; i++) {
		void *result;
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, (void *)(i + 1));
	}
	assert_int_equal(gw_thunk_count(), live);
}

/* The record goes first: a call may meet the old entry with the new record, but not the new entry
   with the old one. Allowed answers to 0: add/1, add/2 (old entry, new record), negate/2, negate/1
   on the way back. entry_add and entry_negate answer alike, so what shows is that no third record
   is ever seen. */
struct caller {
	void *code;
	bool stop;
	bool ok;
};

static void *call_until_stopped(void *arg)
{
	struct caller *caller = arg;
	caller->ok = true;
	while (!__atomic_load_n(&caller->stop, __ATOMIC_RELAXED)) {
		long got = call(caller->code, 0);
		caller->ok = caller->ok && (got == 1 || got == 2);
	}
	return NULL;
}

static void thunk_set_while_called_shows_old_or_new(void **state)
{
	(void)state;
	struct caller caller = {.code = new_thunk(1)};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, call_until_stopped, &caller), 0);
	for (int i = 0; i < 200000; i++) {
		gw_thunk_set(caller.code, entry(entry_negate), record(2));
		gw_thunk_set(caller.code, entry(entry_add), record(1));
	}
	__atomic_store_n(&caller.stop, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(caller.ok);
	gw_thunk_free(caller.code);
}

static bool forking;

static void *allocate_until_forked(void *arg)
{
	while (__atomic_load_n(&forking, __ATOMIC_RELAXED)) {
		void *codes[300];
		int n = 0;
		while (n < 300 && gw_thunk_alloc(entry(entry_add), record(n), &codes[n]) == GW_OK)
			n++;
		while (n > 0)
			gw_thunk_free(codes[--n]);
	}
	return arg;
}

/* In the child of a fork; SIGALRM ends one that hangs. */
static void allocate_in_child(void)
{
	enum { COUNT = 3000 };
	static void *codes[COUNT];
	alarm(60);
	for (long i = 0; i < COUNT; i++)
		if (gw_thunk_alloc(entry(entry_add), record(i), &codes[i]) != GW_OK)
			_exit(1);
	for (long i = 0; i < COUNT; i++)
		if (call(codes[i], 1) != i + 1)
			_exit(2);
	for (long i = 0; i < COUNT; i++)
		gw_thunk_free(codes[i]);
}

static void fork_and_allocate(void)
{
	char said[64];
	allocate_in_child();
	if (in_child(allocate_in_child, said, sizeof said) != 0)
		_exit(3);
}

/* A lock that another thread holds at the fork would be held for good in the child: without
   handlers half of the children hang. And the child's own children. */
static void thunk_child_of_a_fork_among_allocations_allocates(void **state)
{
	(void)state;
	enum { THREADS = 3, FORKS = 100 };
	pthread_t threads[THREADS];
	size_t live = gw_thunk_count();
	forking = true;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, allocate_until_forked, NULL), 0);
	int bad = 0;
	for (int i = 0; i < FORKS && bad == 0; i++) {
		char said[256];
		bad = in_child(i % 10 == 0 ? fork_and_allocate : allocate_in_child, said,
			       sizeof said);
	}
	__atomic_store_n(&forking, false, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(bad, 0);
	assert_int_equal(gw_thunk_count(), live);
}

/* Take thunks until there is none: those that were free, too. */
static gw_status take_all(void **codes, size_t most, size_t *count)
{
	gw_status status = GW_OK;
	*count = 0;
	while (status == GW_OK && *count < most) {
		void *code = codes;
		status = gw_thunk_alloc(entry(entry_add), record(0), &code);
		if (status == GW_OK)
			codes[(*count)++] = code;
		else
			assert_ptr_equal(code, codes);
	}
	return status;
}

/* Room for one thunk more than there are. */
static void **room(size_t *most)
{
	*most = gw_thunk_pages() * (PAGE / 16) + 1;
	void **codes = __real_malloc(*most * sizeof *codes);
	assert_non_null(codes);
	return codes;
}

/* Take thunks until a page is needed; the status of the failure. Frees what it took. */
static gw_status exhaust(void)
{
	size_t most, count;
	void **codes = room(&most);
	gw_status status = take_all(codes, most, &count);
	while (count > 0)
		gw_thunk_free(codes[--count]);
	free(codes);
	return status;
}

/* However few are free, in order of their freeing, and without a trace of the failure. */
static void reuse_without(int *refusal)
{
	size_t most, count, pages = gw_thunk_pages();
	gw_thunk_free(new_thunk(0));
	void **codes = room(&most);
	assert_int_equal(gw_fail(GW_EINVAL, "as it was"), GW_EINVAL);
	*refusal = ENOMEM;
	assert_int_equal(take_all(codes, most, &count), GW_ENOMEM);
	assert_int_equal(gw_thunk_count(), most - 1);
	assert_string_not_equal(gw_last_error(), "as it was");
	assert_int_equal(gw_fail(GW_EINVAL, "as it was"), GW_EINVAL);
	for (size_t few = 1; few <= 256; few *= 4) {
		for (size_t i = 0; i < few; i++)
			gw_thunk_free(codes[i * 31 % few]);
		for (size_t i = 0; i < few; i++) {
			void *code = new_thunk((long)i);
			assert_ptr_equal(code, codes[i * 31 % few]);
			assert_int_equal(call(code, 1), i + 1);
		}
	}
	/* One at a time: the others that are free wait for longer. */
	for (size_t i = 0; i < 16; i++)
		gw_thunk_free(codes[i]);
	for (size_t i = 0; i < 5000; i++) {
		void *code = new_thunk(0);
		assert_ptr_equal(code, codes[i % 16]);
		gw_thunk_free(code);
	}
	assert_string_equal(gw_last_error(), "as it was");
	*refusal = 0;
	/* There are pages again: addresses rest again. */
	for (size_t i = 0; i <= PAGE / 16; i++)
		gw_thunk_free(new_thunk(0));
	assert_int_equal(gw_thunk_pages(), pages + 1);
	while (count > 16)
		gw_thunk_free(codes[--count]);
	free(codes);
}

static void thunk_alloc_without_pages_takes_the_longest_free(void **state)
{
	(void)state;
	reuse_without(&mmap_errno);
	reuse_without(&mprotect_errno);
}

static void thunk_alloc_without_address_space_is_enomem(void **state)
{
	(void)state;
	size_t live = gw_thunk_count();
	size_t pages = gw_thunk_pages();
	mmap_errno = ENOMEM;
	gw_status status = exhaust();
	mmap_errno = 0;
	assert_int_equal(status, GW_ENOMEM);
	assert_int_equal(gw_thunk_count(), live);
	assert_int_equal(gw_thunk_pages(), pages);
	gw_thunk_free(new_thunk(0));
}

static void thunk_alloc_without_permission_is_esys(void **state)
{
	(void)state;
	size_t pages = gw_thunk_pages();
	mmap_errno = EPERM;
	gw_status status = exhaust();
	mmap_errno = 0;
	assert_int_equal(status, GW_ESYS);
	assert_non_null(strstr(gw_last_error(), "mmap"));

	int before = mapped;
	mprotect_errno = EACCES;
	status = exhaust();
	mprotect_errno = 0;
	assert_int_equal(status, GW_ESYS);
	assert_non_null(strstr(gw_last_error(), "mprotect"));
	assert_int_equal(mapped, before);
	assert_int_equal(gw_thunk_pages(), pages);
	gw_thunk_free(new_thunk(0));
}

static void thunk_alloc_without_memory_is_enomem(void **state)
{
	(void)state;
	gw_status status = GW_OK;
	malloc_fails = true;
	/* The queue doubles, so a page or two may still fit in. */
	void **kept = NULL;
	while (status == GW_OK) {
		void **code;
		status = gw_thunk_alloc(entry(entry_add), NULL, (void **)&code);
		if (status == GW_OK) {
			gw_thunk_set(code, entry(entry_add), kept);
			kept = code;
		}
	}
	malloc_fails = false;
	assert_int_equal(status, GW_ENOMEM);
	while (kept != NULL) {
		void **next = (void **)call(kept, 0);
		gw_thunk_free(kept);
		kept = next;
	}
	gw_thunk_free(new_thunk(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thunk_call_reaches_entry_with_record),
		cmocka_unit_test(thunk_begins_with_endbr64),
		cmocka_unit_test(thunk_call_leaves_arguments_alone),
		cmocka_unit_test(thunk_set_retargets),
		cmocka_unit_test(thunk_freed_still_leads_where_it_was_set),
		cmocka_unit_test(thunk_count_follows),
		cmocka_unit_test(thunk_address_comes_back_late_but_does),
		cmocka_unit_test(thunk_reuse_is_in_order_of_freeing),
		cmocka_unit_test(thunk_100000_in_turn_need_no_more_pages),
		cmocka_unit_test(thunk_threads_allocate_at_once),
		cmocka_unit_test(thunk_set_while_called_shows_old_or_new),
		cmocka_unit_test(thunk_child_of_a_fork_among_allocations_allocates),
		cmocka_unit_test(thunk_alloc_without_address_space_is_enomem),
		cmocka_unit_test(thunk_alloc_without_permission_is_esys),
		cmocka_unit_test(thunk_alloc_without_memory_is_enomem),
		cmocka_unit_test(thunk_alloc_without_pages_takes_the_longest_free),
		cmocka_unit_test(thunk_100000_at_once_are_distinct_and_come_back),
		cmocka_unit_test(thunk_pages_are_never_writable_and_executable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
