/* Registered code: an arena's memory, when it is full, when there is none, how it is protected, and
   when it is given back. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "child.h"
#include "jit_program.h"

/* Linked with --wrap=calloc --wrap=mmap --wrap=munmap --wrap=ftruncate: failures on demand, and a
   count of what is mapped. */
static bool calloc_fails, ftruncate_fails;
static int mmap_fails; /* which of the next ones */
static int mmap_errno;
static size_t mapped;
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return calloc_fails ? NULL : __real_calloc(n, size);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	assert_false((protection & PROT_WRITE) && (protection & PROT_EXEC));
	if (mmap_fails > 0 && --mmap_fails == 0) {
		errno = mmap_errno;
		return MAP_FAILED;
	}
	if ((flags & MAP_FIXED) == 0)
		mapped += size;
	return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
	mapped -= size;
	return __real_munmap(at, size);
}

int __wrap_ftruncate(int fd, off_t size)
{
	if (ftruncate_fails) {
		errno = EFBIG;
		return -1;
	}
	return __real_ftruncate(fd, size);
}

/* ---- Room ---- */

static void expect_full(gw_jit_arena *arena, const gw_jit_function *f, const char *what)
{
	void *entry;
	assert_int_equal(gw_jit_add(arena, f, &entry), GW_ENOMEM);
	if (strstr(gw_last_error(), what) == NULL ||
	    strstr(gw_last_error(), "arena test is full") == NULL)
		fail_msg("it says %s, not %s", gw_last_error(), what);
}

static void full_arena_keeps_what_it_has(void **state)
{
	(void)state;
	static uint8_t code[8192];
	static gw_jit_range many[8192];
	static char name[1025], file[4097];
	static uint8_t maps[65536 / 8 * 16];
	gw_jit_arena *arena = new_arena(4000, 40);
	void *a = add(arena, "jit.a");
	gw_jit_function f = function40("jit.large");
	gw_jit_range one = {.end = 8160};
	f.code = code;
	f.code_size = 8160;
	f.ranges = &one;
	f.range_count = 1;
	expect_full(arena, &f, "96 of 4096 bytes of code are used");
	/* Every table, one after the other. */
	f = function40("jit.maps");
	f.map_count = 16;
	f.arg_words = f.local_words = 65536;
	f.arg_maps = f.local_maps = maps;
	expect_full(arena, &f, "bytes for stack maps are used");
	for (uint32_t i = 0; i < 8192; i++)
		many[i] = (gw_jit_range){.end = i + 1, .sp = i % 2 ? 1 << 20 : 0};
	f = function40("jit.ranges");
	f.code = code;
	f.ranges = many;
	f.code_size = f.range_count = 3900;
	expect_full(arena, &f, "bytes for tables of ranges are used");
	gw_jit_arena *long_names = new_arena(8192, 20);
	memset(name, 'n', 1023);
	memcpy(name, "jit.", 4);
	memset(file, 'f', 4096);
	for (int i = 0;; i++) {
		f = function40(name);
		void *entry;
		gw_status status = gw_jit_add(long_names, &f, &entry);
		if (status == GW_OK) {
			assert_true(i < 10);
			check40(long_names, entry, name);
			continue;
		}
		assert_true(i > 2);
		expect_full(long_names, &f, "bytes for names are used");
		break;
	}
	void *entry;
	gw_jit_arena *long_files = new_arena(8192, 20);
	for (int i = 0;; i++) {
		f = function40("jit.f");
		file[0] = (char)('a' + i);
		f.file = file;
		if (gw_jit_add(long_files, &f, &entry) == GW_OK) {
			assert_true(i < 5);
			continue;
		}
		assert_true(i > 1);
		expect_full(long_files, &f, "bytes for names of files are used");
		break;
	}
	/* The same file again needs no room. */
	file[0]--;
	assert_int_equal(gw_jit_add(long_files, &f, &entry), GW_OK);
	/* What did not fit has changed nothing. */
	check40(arena, a, "jit.a");
	for (int i = 1; i < 40; i++)
		check40(arena, add(arena, "jit.b"), "jit.b");
	f = function40("jit.c");
	expect_full(arena, &f, "40 of 40 functions are used");
	size_t used, functions;
	gw_jit_arena_used(arena, &used, &functions);
	assert_int_equal(used, 32 + 40 * 64);
	assert_int_equal(functions, 40);
	check40(arena, a, "jit.a");
}

static void arena_that_cannot_be_mapped_leaves_nothing(void **state)
{
	(void)state;
	gw_jit_arena *arena = NULL;
	size_t before = mapped;
	void *last = last_module;
	calloc_fails = true;
	assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1), GW_ENOMEM);
	calloc_fails = false;
	ftruncate_fails = true;
	assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1), GW_ESYS);
	assert_string_equal(gw_last_error(), "no memory for code: ftruncate: File too large");
	ftruncate_fails = false;
	for (int i = 1; i <= 3; i++) {
		mmap_fails = i;
		mmap_errno = ENOMEM;
		assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1), GW_ENOMEM);
		mmap_fails = i;
		mmap_errno = EACCES;
		assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1), GW_ESYS);
		assert_int_equal(mmap_fails, 0);
	}
	assert_int_equal(mapped, before);
	assert_ptr_equal(last_module, last);
	assert_null(arena);
}

/* ---- The end ---- */

static void *trapped;

static void run_trapped(void)
{
	signal(SIGTRAP, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	((void (*)(void))(uintptr_t)trapped)();
}

static void retired_function_is_traps_with_a_name(void **state)
{
	(void)state;
	gw_jit_arena *arena = new_arena(1, 3);
	void *a = add(arena, "jit.a"), *b = add(arena, "jit.b"), *c = add(arena, "jit.c");
	char said[64];
	assert_int_equal(gw_jit_retire(arena, b), GW_OK);
	for (uint8_t *p = b; p < (uint8_t *)c; p++)
		assert_int_equal(*p, 0xcc);
	assert_memory_equal(a, code40, 40);
	assert_memory_equal(c, code40, 40);
	check40(arena, b, "jit.b");
	trapped = b;
	int status = in_child(run_trapped, said, sizeof said);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
	assert_int_equal(gw_jit_retire(arena, b), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "is retired already"));
	assert_int_equal(gw_jit_retire(arena, (uint8_t *)c + 1), GW_EINVAL);
	assert_int_equal(gw_jit_retire(arena, arena->text), GW_EINVAL);
	assert_int_equal(gw_jit_retire(arena, (uint8_t *)c + 64), GW_EINVAL);
	assert_int_equal(gw_jit_retire(arena, NULL), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "is no entry of it"));
	/* Its room is not used again. */
	gw_jit_function f = function40("jit.d");
	expect_full(arena, &f, "3 of 3 functions");
	assert_int_equal(gw_jit_retire(arena, c), GW_OK);
	assert_int_equal(gw_jit_retire(arena, a), GW_OK);
}

static void closed_arena_gives_its_code_back_at_last(void **state)
{
	(void)state;
	gw_jit_function f = function40("jit.x");
	gw_jit_arena *arena = new_arena(1, 3), *empty = new_arena(4097, 1);
	void *a = add(arena, "jit.a"), *b = add(arena, "jit.b"), *entry;
	char said[64];
	size_t before = mapped;
	assert_int_equal(gw_jit_arena_close(arena), GW_OK);
	assert_int_equal(gw_jit_arena_close(arena), GW_ECLOSED);
	assert_int_equal(gw_jit_add(arena, &f, &entry), GW_ECLOSED);
	assert_int_equal(gw_jit_retire(arena, a), GW_OK);
	assert_memory_equal(b, code40, 40);
	assert_int_equal(mapped, before);
	assert_int_equal(gw_jit_retire(arena, b), GW_OK);
	assert_int_equal(mapped, before - 4096);
	check40(arena, a, "jit.a");
	check40(arena, b, "jit.b");
	trapped = b;
	int status = in_child(run_trapped, said, sizeof said);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_int_equal(gw_jit_retire(arena, b), GW_EINVAL);
	assert_int_equal(gw_jit_arena_close(empty), GW_OK);
	assert_int_equal(mapped, before - 4096 - 8192);
}

static void protection_is_never_both(void **state)
{
	(void)state;
	gw_jit_arena *arena = new_arena(1, 1);
	void *entry = add(arena, "jit.a");
	char line[512];
	int seen = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		uintptr_t from, to;
		char prot[5];
		assert_int_equal(sscanf(line, "%lx-%lx %4s", &from, &to, prot), 3);
		if (from <= (uintptr_t)entry && (uintptr_t)entry < to) {
			assert_string_equal(prot, "r-xs");
			seen++;
		}
		if (from <= (uintptr_t)arena->writable && (uintptr_t)arena->writable < to) {
			assert_string_equal(prot, "rw-s");
			seen++;
		}
	}
	fclose(f);
	assert_int_equal(seen, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_arena_keeps_what_it_has),
		cmocka_unit_test(arena_that_cannot_be_mapped_leaves_nothing),
		cmocka_unit_test(retired_function_is_traps_with_a_name),
		cmocka_unit_test(closed_arena_gives_its_code_back_at_last),
		cmocka_unit_test(protection_is_never_both),
	};
	return cmocka_run_group_tests(tests, set_host, NULL);
}
