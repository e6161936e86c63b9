/* Registered code: what is refused and why, what the runtime finds, and when. The runtime is played
   by a module made here by hand, and by gw_jit_find, which reads tables as the runtime does. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <cmocka.h>

#include "../bridge/jit.h"
#include "child.h"

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

/* ---- A program by hand: two functions in 512 bytes of text ---- */

/* As of Go 1.27, but for the text_start of older ones. */
static const struct gw_jit_layout layout = {
	.module = {568, 0, 8, 32, 56, 80, 104, 128, 152, 160, 168, 176, 184, 344, 513, 560},
	.header = {72, 8, 24, 32, 56, 64},
	.func = {44, 4, 8, 16, 20, 24, 28, 32, 36, 43},
};

static _Alignas(16) uint8_t module[568];
static _Alignas(16) uint8_t tables[1024]; /* a pcHeader, then what its offsets say */
static _Alignas(16) uint8_t text[512];
static struct gw_jit_bucket bucket = {0, {0, 0}};
static uint32_t units[] = {7, 0};
static const struct {
	struct gw_jit_stackmap head;
	uint8_t bytes[4];
} args = {{2, 1}, {1, 0}}, locals = {{2, 3}, {5, 4}};
static void *last_module = module;

/* main.f from 0x10, main.g from 0x110, to 0x200. */
static const char names[] = "\0main.f\0main.g";
static const char files[] = "/a.go\0\0/b.go";
/* Each in pairs of a zigzag difference and a length; the first differs from -1. */
static const uint8_t values[] = {
	0,                                 /* none */
	2,  1,    80, 0xbf, 1, 0,          /* 1: sp of main.f: 0 for 1, 40 for 191 */
	4,  0xc0, 1,  0,                   /* 7: file of main.f: 1 */
	22, 0x20, 2,  0x20, 9, 0x80, 1, 0, /* 11: line: 10 for 32, 11 for 32, 6 for 128 */
	0,  0x40, 4,  0x80, 1, 0,          /* 19: map: -1 for 64, 1 for 128 */
	1,  0xc0, 1,  0,                   /* 25: unsafe: -2 */
};
static const uint32_t main_f[] = {0x10, 1, 8, 0, 1, 7, 11, 2, 0, 10, 0x02000000, 25, 19, 0, 16};

enum { FUNCNAMES = 128, PCTAB = 256, FUNCS = 512 };

static void put(size_t offset, uintptr_t value)
{
	memcpy(module + offset, &value, sizeof value);
}

static void put_slice(size_t offset, const void *data, size_t n)
{
	put(offset, (uintptr_t)data);
	put(offset + 8, n);
	put(offset + 16, n);
}

static struct gw_jit_functab functab[] = {{0x10, 0}, {0x110, 64}, {0x200, 0}};
static _Alignas(16) uint8_t gofunc[64];

static void make_program(void)
{
	static const uintptr_t header[] = {0, 2, 0, 0, FUNCNAMES, 0, 0, PCTAB, FUNCS};
	static const uint8_t magic[8] = {0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8};
	memcpy(tables, header, sizeof header);
	memcpy(tables, magic, sizeof magic);
	uintptr_t start = (uintptr_t)text;
	memcpy(tables + 24, &start, sizeof start);
	memcpy(tables + FUNCNAMES, names, sizeof names);
	memcpy(tables + PCTAB, values, sizeof values);
	memcpy(tables + FUNCS, main_f, sizeof main_f);
	memcpy(tables + FUNCS + 64, main_f, sizeof main_f);
	tables[FUNCS + 64] = 0x10;
	tables[FUNCS + 65] = 1;
	tables[FUNCS + 64 + 4] = 8; /* the other name */
	memcpy(gofunc, &args, sizeof args);
	memcpy(gofunc + 16, &locals, sizeof locals);
	memset(module, 0, sizeof module);
	put(0, (uintptr_t)tables);
	put_slice(8, tables + FUNCNAMES, sizeof names);
	put_slice(32, units, 2);
	put_slice(56, files, sizeof files);
	put_slice(80, tables + PCTAB, sizeof values);
	put_slice(104, tables + FUNCS, 128);
	put_slice(128, functab, 3);
	bucket.sub[1] = 0;
	put(152, (uintptr_t)&bucket);
	put(160, start);
	put(168, start + sizeof text);
	put(176, start);
	put(184, start + sizeof text);
	put(344, (uintptr_t)gofunc);
}

static struct gw_jit_host host_here(void)
{
	return (struct gw_jit_host){layout, module, &last_module};
}

static struct gw_jit_known known_here(void)
{
	return (struct gw_jit_known){(uintptr_t)text + 0x10 + 0x50, (uintptr_t)text + 0x10,
				     "main.f", "/a.go", 6};
}

static int make_host(void **state)
{
	(void)state;
	make_program();
	units[0] = 7;
	units[1] = 0;
	return 0;
}

static void reader_finds_what_was_written_by_hand(void **state)
{
	(void)state;
	struct gw_jit_found f;
	uintptr_t start = (uintptr_t)text;
	assert_true(gw_jit_find(&layout, module, start + 0x10, &f));
	assert_int_equal(f.entry, start + 0x10);
	assert_string_equal(f.name, "main.f");
	assert_string_equal(f.file, "/a.go");
	assert_int_equal(f.line, 10);
	assert_int_equal(f.sp, 0);
	assert_int_equal(f.map, -1);
	assert_int_equal(f.preempt, GW_JIT_UNSAFE);
	assert_int_equal(f.args, 8);
	assert_int_equal(f.arg_map->nbit, 1);
	assert_int_equal(f.local_map->nbit, 3);
	assert_true(gw_jit_find(&layout, module, start + 0x11 + 0x1f, &f));
	assert_int_equal(f.line, 11);
	assert_int_equal(f.sp, 40);
	assert_true(gw_jit_find(&layout, module, start + 0x50, &f));
	assert_int_equal(f.line, 6);
	assert_int_equal(f.map, 1);
	assert_true(gw_jit_find(&layout, module, start + 0x110 + 0xbf, &f));
	assert_int_equal(f.entry, start + 0x110);
	assert_string_equal(f.name, "main.g");
	assert_int_equal(f.line, 6);
	/* Behind its tables, before the first function, behind the text. */
	assert_false(gw_jit_find(&layout, module, start + 0x110 + 0xc0, &f));
	assert_false(gw_jit_find(&layout, module, start + 0xf, &f));
	assert_false(gw_jit_find(&layout, module, start - 1, &f));
	assert_false(gw_jit_find(&layout, module, start + 0x200, &f));
}

static void reader_survives_tables_that_end_early(void **state)
{
	(void)state;
	struct gw_jit_found f;
	uintptr_t pc = (uintptr_t)text + 0x50;
	static const size_t slices[] = {8, 32, 56, 80, 104, 128};
	for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
		for (size_t n = 0; n < 2; n++) {
			make_program();
			put(slices[i] + 8, n);
			assert_false(gw_jit_find(&layout, module, pc, &f));
		}
	}
}

/* Every field that is somewhere else than the layout says. */
static void host_with_a_wrong_layout_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t member;
		uint32_t wrong;
		const char *says;
	} cases[] = {
		{offsetof(struct gw_jit_layout, module.pc_header), 16, "moduledata.pcHeader"},
		{offsetof(struct gw_jit_layout, module.pc_header), 344, "magic number"},
		{offsetof(struct gw_jit_layout, module.funcnametab), 32, "funcnametab"},
		{offsetof(struct gw_jit_layout, module.cutab), 8, "not found"},
		{offsetof(struct gw_jit_layout, module.filetab), 8, "is found for"},
		{offsetof(struct gw_jit_layout, module.pctab), 104, "moduledata.pctab"},
		{offsetof(struct gw_jit_layout, module.pclntable), 80, "moduledata.pclntable"},
		{offsetof(struct gw_jit_layout, module.ftab), 104, "moduledata.ftab"},
		{offsetof(struct gw_jit_layout, module.findfunctab), 136, "moduledata.findfunctab"},
		{offsetof(struct gw_jit_layout, module.minpc), 168, "minpc or maxpc"},
		{offsetof(struct gw_jit_layout, module.maxpc), 176, "not in the first module"},
		{offsetof(struct gw_jit_layout, module.text), 184, "minpc or maxpc"},
		{offsetof(struct gw_jit_layout, module.etext), 160, "minpc or maxpc"},
		{offsetof(struct gw_jit_layout, module.gofunc), 336, "moduledata.gofunc"},
		{offsetof(struct gw_jit_layout, module.bad), 136, "moduledata.bad"},
		{offsetof(struct gw_jit_layout, header.nfunc), 16, "pcHeader.nfunc"},
		{offsetof(struct gw_jit_layout, header.text_start), 16, "pcHeader.textStart"},
		{offsetof(struct gw_jit_layout, header.funcname_offset), 56, "funcnameOffset"},
		{offsetof(struct gw_jit_layout, header.pctab_offset), 64, "pctabOffset"},
		{offsetof(struct gw_jit_layout, header.pcln_offset), 56, "pclnOffset"},
		{offsetof(struct gw_jit_layout, func.name), 12, "is found for main.f"},
		{offsetof(struct gw_jit_layout, func.pcsp), 12, "moduledata.gofunc"},
		{offsetof(struct gw_jit_layout, func.pcfile), 12, "is found for /a.go:6"},
		{offsetof(struct gw_jit_layout, func.pcln), 20, "is found for /a.go:6"},
		{offsetof(struct gw_jit_layout, func.npcdata), 12, "moduledata.gofunc"},
		{offsetof(struct gw_jit_layout, func.cu), 28, "not found"},
		{offsetof(struct gw_jit_layout, func.nfuncdata), 42, "moduledata.gofunc"},
	};
	struct gw_jit_known known = known_here();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct gw_jit_host host = host_here();
		*(uint32_t *)((uint8_t *)&host.layout + cases[i].member) = cases[i].wrong;
		if (gw_jit_host_set(&host, &known) != GW_EINVAL)
			fail_msg("case %zu (%s) is accepted", i, cases[i].says);
		if (strstr(gw_last_error(), cases[i].says) == NULL)
			fail_msg("case %zu says %s, not %s", i, gw_last_error(), cases[i].says);
	}
	struct gw_jit_host host = host_here();
	known.entry--;
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
	known = known_here();
	known.line++;
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
	known = known_here();
	known.file = "/b.go";
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
}

static void arena_without_a_runtime_is_refused(void **state)
{
	(void)state;
	gw_jit_arena *arena = NULL;
	assert_int_equal(gw_jit_arena_new(&arena, "a", 4096, 1), GW_ENOGO);
	assert_string_equal(gw_last_error(), "arena a: there is no Go runtime that code can be "
					     "registered with");
	assert_null(arena);
}

static void host_is_taken_once(void **state)
{
	(void)state;
	struct gw_jit_host host = host_here();
	struct gw_jit_known known = known_here();
	assert_int_equal(gw_jit_host_set(&host, &known), GW_OK);
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
	assert_string_equal(gw_last_error(), "the runtime is known already");
}

/* ---- Arenas. From here on the host is set. ---- */

static gw_jit_arena *new_arena(size_t code, size_t functions)
{
	gw_jit_arena *arena;
	if (gw_jit_arena_new(&arena, "test", code, functions) != GW_OK)
		fail_msg("%s", gw_last_error());
	return arena;
}

/* A function of four ranges with a frame of 40 bytes, from the 1st to the 30th byte, and two maps.
 */
static const uint8_t code40[40] = {0x90, [39] = 0xc3};
static const gw_jit_range ranges40[] = {
	{.end = 1, .line = 10},
	{.end = 10, .sp = 8, .line = 10, .map = 1},
	{.end = 30, .sp = 40, .line = 2000000000, .map = 1, .preempt = 1},
	{.end = 40, .line = 12, .preempt = 1},
};
static const uint8_t arg_maps40[] = {0x07, 0x01, 0x00, 0x02};
static const uint8_t local_maps40[] = {0x00, 0x0a};

static gw_jit_function function40(const char *name)
{
	return (gw_jit_function){
		.name = name,
		.file = "/dir/forty.src",
		.code = code40,
		.code_size = 40,
		.ranges = ranges40,
		.range_count = 4,
		.map_count = 2,
		.arg_words = 10,
		.local_words = 4,
		.arg_maps = arg_maps40,
		.local_maps = local_maps40,
	};
}

static void *add(gw_jit_arena *arena, const char *name)
{
	gw_jit_function f = function40(name);
	void *entry;
	if (gw_jit_add(arena, &f, &entry) != GW_OK)
		fail_msg("%s", gw_last_error());
	return entry;
}

static void find(gw_jit_arena *arena, const void *entry, size_t at, struct gw_jit_found *found)
{
	if (!gw_jit_find(&layout, arena->module, (uintptr_t)entry + at, found))
		fail_msg("nothing is found at byte %zu", at);
}

static void check40(gw_jit_arena *arena, const void *entry, const char *name)
{
	/* At both ends of each range, and where a call at the very end would return to. */
	static const struct {
		size_t at;
		int32_t sp, line, map, preempt;
	} want[] = {
		{0, 0, 10, 0, GW_JIT_UNSAFE},         {1, 8, 10, 1, GW_JIT_UNSAFE},
		{9, 8, 10, 1, GW_JIT_UNSAFE},         {10, 40, 2000000000, 1, GW_JIT_SAFE},
		{29, 40, 2000000000, 1, GW_JIT_SAFE}, {30, 0, 12, 0, GW_JIT_SAFE},
		{39, 0, 12, 0, GW_JIT_SAFE},          {40, 0, 12, 0, GW_JIT_SAFE},
		{63, 0, 12, 0, GW_JIT_SAFE},
	};
	struct gw_jit_found f;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		find(arena, entry, want[i].at, &f);
		assert_int_equal(f.entry, (uintptr_t)entry);
		assert_string_equal(f.name, name);
		assert_string_equal(f.file, "/dir/forty.src");
		assert_int_equal(f.sp, want[i].sp);
		assert_int_equal(f.line, want[i].line);
		assert_int_equal(f.map, want[i].map);
		assert_int_equal(f.preempt, want[i].preempt);
	}
	assert_int_equal(f.args, 80);
	assert_int_equal(f.arg_map->n, 2);
	assert_int_equal(f.arg_map->nbit, 10);
	assert_memory_equal(f.arg_map->bytes, arg_maps40, 4);
	assert_int_equal(f.local_map->n, 2);
	assert_int_equal(f.local_map->nbit, 4);
	assert_memory_equal(f.local_map->bytes, local_maps40, 2);
	assert_int_equal((uintptr_t)f.arg_map % 4, 0);
	assert_int_equal((uintptr_t)f.local_map % 4, 0);
}

static void function_added_is_found_whole(void **state)
{
	(void)state;
	gw_jit_arena *arena = new_arena(1, 2);
	assert_ptr_equal(last_module, arena->module);
	void *a = add(arena, "jit.a"), *b = add(arena, "jit.b");
	check40(arena, a, "jit.a");
	check40(arena, b, "jit.b");
	assert_memory_equal(a, code40, 40);
	for (uint8_t *p = (uint8_t *)a + 40; p < (uint8_t *)b; p++)
		assert_int_equal(*p, 0xcc);
	assert_int_equal(((uint8_t *)b)[4095 - (uintptr_t)b % 4096], 0xcc);
	/* One that leaves out all it may. */
	static const uint8_t ret[1] = {0xc3};
	static const gw_jit_range range[1] = {{.end = 1}};
	gw_jit_arena *other = new_arena(1, 1);
	gw_jit_function f = {.name = "p.f",
			     .code = ret,
			     .code_size = 1,
			     .ranges = range,
			     .range_count = 1,
			     .map_count = 1};
	void *entry;
	struct gw_jit_found found;
	assert_int_equal(gw_jit_add(other, &f, &entry), GW_OK);
	find(other, entry, 0, &found);
	assert_string_equal(found.file, "?");
	assert_int_equal(found.args, 0);
	assert_int_equal(found.local_map->n, 1);
	assert_int_equal(found.local_map->nbit, 0);
	((void (*)(void))(uintptr_t)entry)();
}

/* The module has what the program's has, where the runtime checks it (moduledataverify1), and is
   marked for plugins. */
static void arena_is_a_module(void **state)
{
	(void)state;
	gw_jit_arena *arena = new_arena(10000, 5);
	uint8_t *m = arena->module;
	const uint8_t *header = (void *)gw_jit_get(m, 0);
	assert_memory_equal(header, tables, 8);
	assert_int_equal(gw_jit_get(header, 8), 6);
	assert_int_equal(gw_jit_get(header, 24), (uintptr_t)arena->text);
	assert_int_equal(m[513], 1);
	assert_int_equal(arena->text_size, 12288);
	assert_int_equal(gw_jit_get(m, 128 + 8), 7);
	assert_int_equal(gw_jit_get(m, 160), (uintptr_t)arena->text);
	assert_int_equal(gw_jit_get(m, 168), (uintptr_t)arena->text + 12288);
	assert_int_equal(gw_jit_get(m, 176), (uintptr_t)arena->text);
	assert_int_equal(gw_jit_get(m, 184), (uintptr_t)arena->text + 12288);
	assert_int_equal(arena->functab[0].entry, 0);
	for (int i = 1; i < 7; i++)
		assert_int_equal(arena->functab[i].entry, 12288);
	struct gw_jit_found f;
	find(arena, arena->text, 0, &f);
	assert_string_equal(f.name, "test.reserved");
}

/* Functions of every size, in buckets and chunks however they fall, are found at every byte. */
static void functions_of_any_size_are_found_at_every_byte(void **state)
{
	(void)state;
	enum { N = 700 };
	static uint8_t code[20000];
	static uint8_t *entries[N + 1];
	unsigned seed = 20261121;
	gw_jit_arena *arena = new_arena(4 << 20, N);
	for (int i = 0; i < N; i++) {
		size_t size = 1 + (i % 7 == 0 ? (size_t)rand_r(&seed) % sizeof code
					      : (size_t)rand_r(&seed) % 300);
		char name[32];
		snprintf(name, sizeof name, "jit.f%d", i);
		gw_jit_range r[] = {{.end = (uint32_t)size, .line = i}};
		gw_jit_function f = {.name = name,
				     .file = i % 3 ? "x" : "y",
				     .code = code,
				     .code_size = size,
				     .ranges = r,
				     .range_count = 1,
				     .map_count = 1};
		void *entry;
		if (gw_jit_add(arena, &f, &entry) != GW_OK)
			fail_msg("%s", gw_last_error());
		entries[i] = entry;
	}
	entries[N] = arena->text + arena->text_used;
	for (int i = 0; i < N; i++) {
		char name[32];
		snprintf(name, sizeof name, "jit.f%d", i);
		for (uint8_t *pc = entries[i]; pc < entries[i + 1];
		     pc += 1 + (pc - entries[i]) % 5) {
			struct gw_jit_found f;
			find(arena, pc, 0, &f);
			if (f.entry != (uintptr_t)entries[i] || strcmp(f.name, name) != 0 ||
			    f.line != i || strcmp(f.file, i % 3 ? "x" : "y") != 0)
				fail_msg("%p is found in %s:%d, not %s", (void *)pc, f.name, f.line,
					 name);
		}
	}
}

/* Random functions, right and wrong: what is accepted is found at every byte as it was given.
 * GW_SEED replays. */
static void random_functions_are_refused_or_found_as_given(void **state)
{
	(void)state;
	enum { N = 3000, RANGES = 12, MAPS = 3 };
	const char *given = getenv("GW_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	print_message("GW_SEED=%u\n", seed);
	static const uint8_t code[600];
	gw_jit_arena *arena = new_arena(N * 640, N);
	int accepted = 0;
	for (int n = 0; n < N; n++) {
		gw_jit_range r[RANGES];
		uint8_t arg_maps[3 * MAPS], local_maps[3 * MAPS];
		for (size_t i = 0; i < sizeof arg_maps; i++) {
			arg_maps[i] = (uint8_t)rand_r(&seed);
			local_maps[i] = (uint8_t)rand_r(&seed);
		}
		size_t count = 1 + (size_t)rand_r(&seed) % RANGES;
		uint32_t end = 0;
		for (size_t i = 0; i < count; i++) {
			end += 1 + (uint32_t)rand_r(&seed) % 45;
			/* Large frames, so that few maps reach below SP; now and then something
			 * wrong. */
			int32_t sp =
				i == 0 ? 0 : rand_r(&seed) % 40 * 8 + 8 * (rand_r(&seed) % 2) * 24;
			r[i] = (gw_jit_range){.end = end,
					      .sp = sp,
					      .line = rand_r(&seed) % 100000,
					      .map = rand_r(&seed) % MAPS,
					      .preempt = (uint32_t)rand_r(&seed) % 2};
			if (rand_r(&seed) % 200 == 0)
				((int32_t *)&r[i])[rand_r(&seed) % 5] =
					rand_r(&seed) - RAND_MAX / 2;
		}
		gw_jit_function f = {
			.name = "jit.random",
			.file = "random",
			.code = code,
			.code_size = end,
			.ranges = r,
			.range_count = count,
			.map_count = MAPS,
			.arg_words = 24,
			.local_words = 24,
			.arg_maps = arg_maps,
			.local_maps = local_maps,
		};
		void *entry;
		gw_status status = gw_jit_add(arena, &f, &entry);
		if (status != GW_OK) {
			assert_int_equal(status, GW_EINVAL);
			assert_non_null(strstr(gw_last_error(), "function jit.random: "));
			continue;
		}
		accepted++;
		for (size_t at = 0, i = 0; at < end; at++) {
			struct gw_jit_found found;
			while (r[i].end <= at)
				i++;
			find(arena, entry, at, &found);
			assert_int_equal(found.entry, (uintptr_t)entry);
			assert_int_equal(found.sp, r[i].sp);
			assert_int_equal(found.line, r[i].line);
			assert_int_equal(found.map, r[i].map);
			assert_int_equal(found.preempt, r[i].preempt ? GW_JIT_SAFE : GW_JIT_UNSAFE);
			assert_memory_equal(found.arg_map->bytes, arg_maps, sizeof arg_maps);
			assert_memory_equal(found.local_map->bytes, local_maps, sizeof local_maps);
			/* No scanned word is below SP: runtime.getStackMap looks at the map when
			 * there are locals. */
			for (size_t w = 0; found.sp > 8 && w < 24; w++)
				if (local_maps[3 * r[i].map + w / 8] >> w % 8 & 1)
					assert_true((size_t)found.sp - 8 >= 8 * (24 - w));
		}
	}
	assert_in_range(accepted, N / 20, N - N / 20);
}

/* ---- What is refused ---- */

static void refused(const gw_jit_function *f, const char *says)
{
	static gw_jit_arena *arena;
	if (arena == NULL)
		arena = new_arena(4096, 4);
	size_t code, functions;
	void *entry = &entry;
	if (gw_jit_add(arena, f, &entry) != GW_EINVAL)
		fail_msg("accepted: %s", says);
	assert_ptr_equal(entry, &entry);
	assert_string_equal(gw_last_error(), says);
	gw_jit_arena_used(arena, &code, &functions);
	assert_int_equal(code, 32);
	assert_int_equal(functions, 0);
}

static void function_with_bad_members_is_refused(void **state)
{
	(void)state;
	static char long_name[1026], long_file[4098];
	static const char *const reserved[] = {"runtime.", "reflect.", "internal/runtime/",
					       "runtime/internal/"};
	gw_jit_function f = function40(NULL);
	refused(&f, "function without a name");
	f.name = "";
	refused(&f, "function without a name");
	memset(long_name, 'a', 1025);
	f.name = long_name;
	refused(&f, "function: its name is longer than 1024 bytes");
	f.name = "jit.a\nb";
	refused(&f, "function: byte 5 of its name is a control character");
	f.name = "nodot";
	refused(&f, "function nodot: tracebacks hide names without a dot");
	for (int i = 0; i < 4; i++) {
		char name[64], says[160];
		snprintf(name, sizeof name, "%sf.g", reserved[i]);
		snprintf(says, sizeof says,
			 "function %s: names that begin with %s are the runtime's own", name,
			 reserved[i]);
		f.name = name;
		refused(&f, says);
	}
	f = function40("j.f");
	f.file = "";
	refused(&f, "function j.f: its file has no name; NULL is for no file");
	memset(long_file, 'a', 4097);
	f.file = long_file;
	refused(&f, "function j.f: the name of its file is longer than 4096 bytes");
	f = function40("j.f");
	f.code = NULL;
	refused(&f, "function j.f: no code");
	f = function40("j.f");
	f.code_size = 0;
	refused(&f, "function j.f: no code");
	f.code_size = (1 << 30) + 1;
	refused(&f, "function j.f: 1073741825 bytes of code, more than 1073741824");
	f = function40("j.f");
	f.ranges = NULL;
	refused(&f, "function j.f: no ranges");
	f = function40("j.f");
	f.range_count = 0;
	refused(&f, "function j.f: no ranges");
	f = function40("j.f");
	f.map_count = 0;
	refused(&f, "function j.f: no stack map; one is needed even when it is empty");
	f.map_count = 65537;
	refused(&f, "function j.f: 65537 stack maps, more than 65536");
	f = function40("j.f");
	f.arg_words = 65537;
	refused(&f, "function j.f: argument maps of 65537 words, more than 65536");
	f = function40("j.f");
	f.local_words = 65537;
	refused(&f, "function j.f: local maps of 65537 words, more than 65536");
	f = function40("j.f");
	f.arg_maps = NULL;
	refused(&f, "function j.f: 10 argument words, but no argument maps");
	f = function40("j.f");
	f.local_maps = NULL;
	refused(&f, "function j.f: 4 local words, but no local maps");
	f = function40("j.f");
	f.arg_words = 9;
	refused(&f, "function j.f: map 1 has argument bits beyond its 9 words");
	f = function40("j.f");
	f.local_words = 3;
	refused(&f, "function j.f: map 1 has local bits beyond its 3 words");
}

static void function_with_bad_ranges_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t i;
		gw_jit_range range;
		const char *says;
	} cases[] = {
		{0, {.end = 0}, "range 0, 0 to 0: it ends before it begins, or is empty"},
		{1,
		 {.end = 1, .sp = 8},
		 "range 1, 0x1 to 0x1: it ends before it begins, or is empty"},
		{2, {.end = 9}, "range 2, 0xa to 0x9: it ends before it begins, or is empty"},
		{3, {.end = 41}, "range 3, 0x1e to 0x29: it ends behind the code, at 0x28"},
		{3, {.end = 39}, "range 3, the last one, ends at 0x27, the code at 0x28"},
		{0,
		 {.end = 1, .sp = 8},
		 "range 0, 0 to 0x1: the SP delta is 8 at the entry, where nothing is pushed"},
		{2,
		 {.end = 30, .sp = 12},
		 "range 2, 0xa to 0x1e: the SP delta 12 is not a multiple of 8, or negative"},
		{2,
		 {.end = 30, .sp = -8},
		 "range 2, 0xa to 0x1e: the SP delta -8 is not a multiple of 8, or negative"},
		{2,
		 {.end = 30, .sp = 16777224},
		 "range 2, 0xa to 0x1e: the SP delta 16777224 is over 16777216"},
		{1, {.end = 10, .line = -1}, "range 1, 0x1 to 0xa: no line is number -1"},
		{1,
		 {.end = 10, .line = INT32_MAX},
		 "range 1, 0x1 to 0xa: no line is number 2147483647"},
		{1, {.end = 10, .map = -1}, "range 1, 0x1 to 0xa: stack map -1 of 2"},
		{1, {.end = 10, .map = 2}, "range 1, 0x1 to 0xa: stack map 2 of 2"},
		{1,
		 {.end = 10, .preempt = 2},
		 "range 1, 0x1 to 0xa: preempt is 2, neither 0 nor 1"},
		/* Words 1 and 3 of 4 are pointers: 24 bytes have words 2 and 3. */
		{2,
		 {.end = 30, .sp = 24, .map = 1},
		 "range 2, 0xa to 0x1e: stack map 1 has a pointer in local word 1 of 4, which is "
		 "below SP"},
		{2,
		 {.end = 30, .sp = 16, .map = 1},
		 "range 2, 0xa to 0x1e: stack map 1 has a pointer in local word 1 of 4, which is "
		 "below SP"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		gw_jit_range ranges[4];
		char says[256];
		memcpy(ranges, ranges40, sizeof ranges);
		ranges[cases[i].i] = cases[i].range;
		gw_jit_function f = function40("j.f");
		f.ranges = ranges;
		snprintf(says, sizeof says, "function j.f: %s", cases[i].says);
		refused(&f, says);
	}
}

/* The neighbours of what is refused. */
static void function_with_unusual_ranges_is_accepted(void **state)
{
	(void)state;
	static const gw_jit_range accepted[] = {
		{.end = 30, .sp = 8, .map = 1},    /* no words: no map is looked at */
		{.end = 30, .sp = 32, .map = 1},   /* word 1 is the lowest */
		{.end = 30, .sp = 4096, .map = 1}, /* more below the mapped words */
		{.end = 30, .sp = 16777216, .line = INT32_MAX - 1},
	};
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		gw_jit_arena *arena = new_arena(1, 1);
		gw_jit_range ranges[4];
		struct gw_jit_found found;
		void *entry;
		memcpy(ranges, ranges40, sizeof ranges);
		ranges[2] = accepted[i];
		gw_jit_function f = function40("j.f");
		f.ranges = ranges;
		assert_int_equal(gw_jit_add(arena, &f, &entry), GW_OK);
		find(arena, entry, 29, &found);
		assert_int_equal(found.sp, accepted[i].sp);
		assert_int_equal(found.line, accepted[i].line);
		assert_int_equal(found.map, accepted[i].map);
	}
}

static void calls_with_null_are_refused(void **state)
{
	(void)state;
	gw_jit_arena *arena = new_arena(1, 1);
	gw_jit_function f = function40("j.f");
	void *entry;
	assert_int_equal(gw_jit_add(NULL, &f, &entry), GW_EINVAL);
	assert_int_equal(gw_jit_add(arena, NULL, &entry), GW_EINVAL);
	assert_int_equal(gw_jit_add(arena, &f, NULL), GW_EINVAL);
	assert_int_equal(gw_jit_retire(NULL, entry = arena->text), GW_EINVAL);
	assert_int_equal(gw_jit_arena_close(NULL), GW_EINVAL);
	gw_jit_arena_used(arena, NULL, NULL);
	assert_int_equal(gw_jit_arena_new(NULL, "a", 1, 1), GW_EINVAL);
	assert_int_equal(gw_jit_arena_new(&arena, NULL, 1, 1), GW_EINVAL);
	assert_int_equal(gw_jit_arena_new(&arena, "runtime.x", 1, 1), GW_EINVAL);
	assert_int_equal(gw_jit_arena_new(&arena, "a", 0, 1), GW_EINVAL);
	assert_string_equal(gw_last_error(), "arena a: 0 bytes of code, not 1 to 1073741824");
	assert_int_equal(gw_jit_arena_new(&arena, "a", (1 << 30) + 1, 1), GW_EINVAL);
	assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 0), GW_EINVAL);
	assert_string_equal(gw_last_error(), "arena a: 0 functions, not 1 to 1048576");
	assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1048577), GW_EINVAL);
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

/* ---- At the same time ---- */

enum { ADDERS = 3, EACH = 2000 };
static gw_jit_arena *shared;
static void *volatile newest;
static bool adding;

static void *adder(void *arg)
{
	gw_jit_function f = function40("jit.concurrent");
	for (int i = 0; i < EACH; i++) {
		void *entry;
		if (gw_jit_add(shared, &f, &entry) != GW_OK)
			return arg;
		__atomic_store_n(&newest, entry, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Whoever has an entry finds it whole, and nothing that was found changes, while functions are
 * added. */
static void *looker(void *arg)
{
	void *oldest = arg;
	size_t looks = 0;
	while (__atomic_load_n(&adding, __ATOMIC_ACQUIRE) || looks == 0) {
		check40(shared, __atomic_load_n(&newest, __ATOMIC_ACQUIRE), "jit.concurrent");
		check40(shared, oldest, "jit.concurrent");
		looks++;
	}
	return NULL;
}

static void functions_are_added_while_others_look(void **state)
{
	(void)state;
	pthread_t threads[ADDERS + 2];
	shared = new_arena((ADDERS * EACH + 1) * 64, ADDERS * EACH + 1);
	newest = add(shared, "jit.concurrent");
	adding = true;
	for (int i = 0; i < ADDERS + 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < ADDERS ? adder : looker,
						i < ADDERS ? (void *)shared : newest),
				 0);
	void *result;
	for (int i = 0; i < ADDERS + 2; i++) {
		if (i == ADDERS)
			__atomic_store_n(&adding, false, __ATOMIC_RELEASE);
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	size_t functions;
	gw_jit_arena_used(shared, NULL, &functions);
	assert_int_equal(functions, ADDERS * EACH + 1);
	for (size_t i = 1; i <= functions; i++)
		check40(shared, shared->text + shared->functab[i].entry, "jit.concurrent");
}

/* Another registrar of code, which keeps to the same protocol. */
static _Alignas(16) uint8_t others[200][568];

static void *other_registrar(void *arg)
{
	for (size_t i = 0; i < 200; i++) {
		void *mine = others[i];
		void *end = __atomic_exchange_n(&last_module, mine, __ATOMIC_ACQ_REL);
		if (i % 50 == 0)
			sched_yield();
		__atomic_store_n((void **)((uint8_t *)end + 560), mine, __ATOMIC_RELEASE);
	}
	return arg;
}

static void arenas_and_modules_of_others_are_all_linked(void **state)
{
	(void)state;
	pthread_t thread;
	gw_jit_arena *mine[100];
	assert_int_equal(pthread_create(&thread, NULL, other_registrar, NULL), 0);
	for (int i = 0; i < 100; i++)
		mine[i] = new_arena(1, 1);
	pthread_join(thread, NULL);
	int found = 0;
	for (uint8_t *m = module; m != NULL; m = (uint8_t *)gw_jit_get(m, 560)) {
		for (int i = 0; i < 100; i++)
			found += m == mine[i]->module;
		found += m >= others[0] && m <= others[199];
	}
	assert_int_equal(found, 300);
}

static void list_that_is_broken_is_an_error(void **state)
{
	(void)state;
	static _Alignas(16) uint8_t lost[568];
	gw_jit_arena *arena = NULL;
	void *last = last_module;
	last_module = lost; /* nothing leads to it */
	assert_int_equal(gw_jit_arena_new(&arena, "a", 1, 1), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "does not lead to the new one"));
	assert_null(arena);
	last_module = last;
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
		cmocka_unit_test_setup(reader_finds_what_was_written_by_hand, make_host),
		cmocka_unit_test_setup(reader_survives_tables_that_end_early, make_host),
		cmocka_unit_test_setup(host_with_a_wrong_layout_is_refused, make_host),
		cmocka_unit_test(arena_without_a_runtime_is_refused),
		cmocka_unit_test(host_is_taken_once),
		cmocka_unit_test(function_added_is_found_whole),
		cmocka_unit_test(arena_is_a_module),
		cmocka_unit_test(functions_of_any_size_are_found_at_every_byte),
		cmocka_unit_test(random_functions_are_refused_or_found_as_given),
		cmocka_unit_test(function_with_bad_members_is_refused),
		cmocka_unit_test(function_with_bad_ranges_is_refused),
		cmocka_unit_test(function_with_unusual_ranges_is_accepted),
		cmocka_unit_test(calls_with_null_are_refused),
		cmocka_unit_test(full_arena_keeps_what_it_has),
		cmocka_unit_test(arena_that_cannot_be_mapped_leaves_nothing),
		cmocka_unit_test(functions_are_added_while_others_look),
		cmocka_unit_test(arenas_and_modules_of_others_are_all_linked),
		cmocka_unit_test(list_that_is_broken_is_an_error),
		cmocka_unit_test(retired_function_is_traps_with_a_name),
		cmocka_unit_test(closed_arena_gives_its_code_back_at_last),
		cmocka_unit_test(protection_is_never_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
