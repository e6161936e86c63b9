/* Registered code: what is refused, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jit_program.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_with_bad_members_is_refused),
		cmocka_unit_test(function_with_bad_ranges_is_refused),
		cmocka_unit_test(function_with_unusual_ranges_is_accepted),
		cmocka_unit_test(calls_with_null_are_refused),
	};
	return cmocka_run_group_tests(tests, set_host, NULL);
}
