/* Registered code: what is added to an arena is found by gw_jit_find, which reads tables as the
   runtime does. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "jit_program.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_added_is_found_whole),
		cmocka_unit_test(arena_is_a_module),
		cmocka_unit_test(functions_of_any_size_are_found_at_every_byte),
		cmocka_unit_test(random_functions_are_refused_or_found_as_given),
	};
	return cmocka_run_group_tests(tests, set_host, NULL);
}
