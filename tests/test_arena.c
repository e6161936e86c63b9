/* The memory of generated code: shared pages that are never writable and executable, the same code
   once, and what happens without such pages, in the children of forks, and with too much of it. */
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bridge/emit.h"

enum { PAGE = 4096, CHUNK = 64 << 10 };

/* ---- The system, which refuses when it is told to. ---- */

static bool no_shared; /* no memory that a file has */
static bool no_calloc;

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (no_shared && (flags & MAP_SHARED) != 0) {
		errno = EACCES;
		return MAP_FAILED;
	}
	return __real_mmap(at, size, protection, flags, fd, offset);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_calloc ? NULL : __real_calloc(n, size);
}

/* ---- Code ---- */

/* A function that gives number, and room bytes of int3 after it. */
static int (*keep(uint32_t number, uint32_t room, gw_code **own))(void)
{
	static const uint8_t ret = 0xc3, trap = 0xcc;
	struct emitter e;
	int (*fn)(void);
	gw_emit_begin(&e);
	gw_emit_count_vectors(&e, number); /* mov $number, %eax */
	gw_emit_bytes(&e, &ret, 1);
	for (uint32_t i = 0; i < room; i++)
		gw_emit_bytes(&e, &trap, 1);
	void *code = gw_emit_end(&e, own);
	memcpy(&fn, &code, sizeof fn);
	return fn;
}

static uint32_t fresh(void)
{
	static uint32_t number = 1000;
	return __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
}

static uintptr_t page_of(int (*fn)(void))
{
	return (uintptr_t)fn & -(uintptr_t)PAGE;
}

/* What the system says of the page of fn, "r-xs" for instance. */
static void protection(int (*fn)(void), char perms[5])
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	perms[0] = '\0';
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long lo, hi;
		char p[5];
		if (sscanf(line, "%lx-%lx %4s", &lo, &hi, p) == 3 && lo <= (uintptr_t)fn &&
		    (uintptr_t)fn < hi)
			memcpy(perms, p, 5);
	}
	fclose(maps);
}

static void pieces_share_pages_and_never_change(void **state)
{
	int (*fn[100])(void), (*before)(void) = NULL;
	char perms[5];
	unsigned together = 0;
	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		fn[i] = keep(i, i, NULL);
		assert_non_null(fn[i]);
		assert_int_equal((uintptr_t)fn[i] % 32, 0);
		together += before != NULL && page_of(before) == page_of(fn[i]);
		before = fn[i];
	}
	assert_true(together > 90);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(fn[i](), i);
	protection(fn[0], perms);
	assert_string_equal(perms, "r-xs");
}

static void same_bytes_are_kept_once(void **state)
{
	gw_code *own;
	(void)state;
	assert_ptr_equal(keep(7, 3, NULL), keep(7, 3, &own));
	assert_null(own);
	assert_ptr_not_equal(keep(7, 3, NULL), keep(7, 4, NULL));
	assert_ptr_not_equal(keep(7, 3, NULL), keep(8, 3, NULL));
	/* Also once the table has grown, and in another chunk. */
	int (*fn)(void) = keep(7, 3, NULL);
	for (int i = 0; i < 3000; i++)
		keep(fresh(), 0, NULL);
	assert_ptr_equal(keep(7, 3, NULL), fn);
	assert_int_equal(fn(), 7);
}

static void large_code_has_pages_of_its_own(void **state)
{
	gw_code *own;
	int (*fn)(void) = keep(fresh(), 100000, &own);
	char perms[5];
	(void)state;
	assert_non_null(own);
	assert_ptr_equal(gw_code_data(own), (void *)(uintptr_t)fn);
	protection(fn, perms);
	assert_string_equal(perms, "r-xp");
	fn();
	gw_code_free(own);
	/* And none above a limit. */
	assert_null(keep(1, 2 << 20, &own));
	assert_null(own);
}

static void without_shared_pages_each_has_its_own(void **state)
{
	gw_code *own = NULL;
	(void)state;
	no_shared = true;
	/* What is left of the chunk. */
	while (own == NULL)
		assert_non_null(keep(fresh(), 8000, &own));
	uint32_t number = fresh();
	gw_code_free(own);
	int (*fn)(void) = keep(number, 8000, &own), (*again)(void) = keep(number, 8000, NULL);
	assert_non_null(own);
	assert_ptr_not_equal(fn, again);
	assert_int_equal(fn(), number);
	gw_code_free(own);
	assert_int_equal(again(), number);
	no_shared = false;
	assert_non_null(keep(number, 8000, &own));
	assert_null(own);
}

static void without_memory_for_the_table_it_goes_on(void **state)
{
	gw_code *own = NULL;
	uint32_t number = 0;
	int (*fn)(void);
	(void)state;
	no_calloc = true;
	for (int i = 0; i < 100000 && own == NULL; i++) {
		number = fresh();
		fn = keep(number, 0, &own);
		assert_non_null(fn);
	}
	no_calloc = false;
	assert_non_null(own);
	assert_int_equal(fn(), number);
	gw_code_free(own);
	assert_int_equal(keep(number, 0, &own)(), number);
	assert_null(own);
}

static bool works(uint32_t number, int (*fn)(void))
{
	return fn != NULL && fn() == (int)number;
}

static void child_of_a_fork_writes_to_its_own_pages(void **state)
{
	uint32_t number = fresh(), theirs = fresh(), ours = fresh();
	int (*before)(void) = keep(number, 0, NULL);
	int to_child[2], status;
	char byte;
	(void)state;
	assert_int_equal(pipe(to_child), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		/* Once the parent has written. */
		int (*fn)(void) = NULL;
		if (read(to_child[0], &byte, 1) == 1)
			fn = keep(theirs, 0, NULL);
		_exit(works(theirs, fn) && works(number, before) &&
				      keep(number, 0, NULL) == before &&
				      page_of(fn) != page_of(before)
			      ? 0
			      : 1);
	}
	int (*after)(void) = keep(ours, 0, NULL);
	assert_int_equal(write(to_child[1], "", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(works(ours, after) && works(number, before));
	assert_true(works(theirs, keep(theirs, 0, NULL)));
	close(to_child[0]);
	close(to_child[1]);
}

static void *keep_often(void *bad)
{
	for (int i = 0; i < 3000; i++) {
		uint32_t number = fresh();
		if (!works(number, keep(number, 0, NULL)) || !works(i, keep(i, 5, NULL)))
			return bad;
	}
	return NULL;
}

static void threads_run_code_while_more_is_added(void **state)
{
	pthread_t threads[4];
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_often, &(char){0}), 0);
	for (int i = 0; i < 4; i++) {
		void *bad;
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
}

/* Last: nothing is shared afterwards. */
static void endless_different_code_is_not_kept(void **state)
{
	gw_code *own = NULL;
	uint32_t kept = 0;
	(void)state;
	int (*first)(void) = keep(fresh(), 16000, &own);
	assert_null(own);
	while (own == NULL && kept < (32 << 20)) {
		keep(fresh(), 16000, &own);
		kept += 16000;
	}
	assert_in_range(kept, 12 << 20, 17 << 20);
	gw_code_free(own);
	(void)first;
	/* What is there serves on. */
	assert_int_equal(keep(7, 3, &own)(), 7);
	assert_null(own);
	/* Code for good is had nevertheless. */
	uint32_t number = fresh();
	assert_int_equal(keep(number, 16000, NULL)(), number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_share_pages_and_never_change),
		cmocka_unit_test(same_bytes_are_kept_once),
		cmocka_unit_test(large_code_has_pages_of_its_own),
		cmocka_unit_test(without_shared_pages_each_has_its_own),
		cmocka_unit_test(without_memory_for_the_table_it_goes_on),
		cmocka_unit_test(child_of_a_fork_writes_to_its_own_pages),
		cmocka_unit_test(threads_run_code_while_more_is_added),
		cmocka_unit_test(endless_different_code_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
