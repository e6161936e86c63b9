/* A program by hand: two functions in 512 bytes of text, and what is registered with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jit_program.h"

/* As of Go 1.27, but for the text_start of older ones. */
const struct gw_jit_layout layout = {
	.module = {568, 0, 8, 32, 56, 80, 104, 128, 152, 160, 168, 176, 184, 344, 513, 560},
	.header = {72, 8, 24, 32, 56, 64},
	.func = {44, 4, 8, 16, 20, 24, 28, 32, 36, 43},
};

_Alignas(16) uint8_t module[568];
_Alignas(16) uint8_t tables[1024];
_Alignas(16) uint8_t text[512];
static struct gw_jit_bucket bucket = {0, {0, 0}};
static const uint32_t units[] = {7, 0};
static const struct {
	struct gw_jit_stackmap head;
	uint8_t bytes[4];
} args = {{2, 1}, {1, 0}}, locals = {{2, 3}, {5, 4}};
void *last_module = module;

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

void put(size_t offset, uintptr_t value)
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

void make_program(void)
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

struct gw_jit_host host_here(void)
{
	return (struct gw_jit_host){layout, module, &last_module};
}

struct gw_jit_known known_here(void)
{
	return (struct gw_jit_known){(uintptr_t)text + 0x10 + 0x50, (uintptr_t)text + 0x10,
				     "main.f", "/a.go", 6};
}

int set_host(void **state)
{
	(void)state;
	make_program();
	struct gw_jit_host host = host_here();
	struct gw_jit_known known = known_here();
	return gw_jit_host_set(&host, &known) == GW_OK ? 0 : -1;
}

gw_jit_arena *new_arena(size_t code, size_t functions)
{
	gw_jit_arena *arena;
	if (gw_jit_arena_new(&arena, "test", code, functions) != GW_OK)
		fail_msg("%s", gw_last_error());
	return arena;
}

const uint8_t code40[40] = {0x90, [39] = 0xc3};
const gw_jit_range ranges40[4] = {
	{.end = 1, .line = 10},
	{.end = 10, .sp = 8, .line = 10, .map = 1},
	{.end = 30, .sp = 40, .line = 2000000000, .map = 1, .preempt = 1},
	{.end = 40, .line = 12, .preempt = 1},
};
static const uint8_t arg_maps40[] = {0x07, 0x01, 0x00, 0x02};
static const uint8_t local_maps40[] = {0x00, 0x0a};

gw_jit_function function40(const char *name)
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

void *add(gw_jit_arena *arena, const char *name)
{
	gw_jit_function f = function40(name);
	void *entry;
	if (gw_jit_add(arena, &f, &entry) != GW_OK)
		fail_msg("%s", gw_last_error());
	return entry;
}

void find(gw_jit_arena *arena, const void *entry, size_t at, struct gw_jit_found *found)
{
	if (!gw_jit_find(&layout, arena->module, (uintptr_t)entry + at, found))
		fail_msg("nothing is found at byte %zu", at);
}

void check40(gw_jit_arena *arena, const void *entry, const char *name)
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
