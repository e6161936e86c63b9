/* The text of signatures, and their memory: what is refused and how, limits, what is printed,
   random signatures through print and parse, and memory that runs out or is given back. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "values.h"

/* Counts down to the allocation that fails; 0: none does. */
static int failing_malloc;
static long live_blocks;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
	if (failing_malloc > 0 && --failing_malloc == 0)
		return NULL;
	void *p = __real_malloc(size);
	live_blocks += p != NULL;
	return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p = __real_calloc(n, size);
	live_blocks += p != NULL;
	return p;
}

void __wrap_free(void *p)
{
	live_blocks -= p != NULL;
	__real_free(p);
}

static const struct {
	const char *text, *error;
} refusals[] = {
	{"", "signature: result: at the end: a type is missing"},
	{"i32", "signature: result: at the end: \"(\" is missing"},
	{"i32)", "signature: result: character 4, at \")\": \"(\" is missing"},
	{"int(i32)", "signature: result: character 1, at \"int(i32)\": a type is missing"},
	{"i32(", "signature: parameter 1: at the end: a type is missing"},
	{"i32(,)", "signature: parameter 1: character 5, at \",)\": a type is missing"},
	{"i32(i8,)", "signature: parameter 2: character 8, at \")\": a type is missing"},
	{"i32(i8 i8)",
	 "signature: parameter 2: character 8, at \"i8)\": \",\" or \")\" is missing"},
	{"i32(i8, f17)", "signature: parameter 2: character 9, at \"f17)\": a type is missing"},
	{"i32(i8, f16)",
	 "signature: parameter 2: character 9, at \"f16)\": _Float16 cannot be described"},
	{"bf16()", "signature: result: character 1, at \"bf16()\": __bf16 cannot be described"},
	{"void({i8, f128})",
	 "signature: parameter 1: character 11, at \"f128})\": __float128 cannot be described"},
	{"void(d64)",
	 "signature: parameter 1: character 6, at \"d64)\": _Decimal64 cannot be described"},
	{"void(m128)",
	 "signature: parameter 1: character 6, at \"m128)\": vectors cannot be described"},
	{"void({u32:3})",
	 "signature: parameter 1: character 10, at \":3})\": a bit-field cannot be described; the "
	 "integer that it lies in can"},
	{"void(union)", "signature: parameter 1: character 11, at \")\": \"{\" is missing"},
	{"void(union{i8 i8})",
	 "signature: parameter 1: character 15, at \"i8})\": \",\" or \"}\" is missing"},
	{"void(union{i8, [0]i8})",
	 "signature: parameter 1: character 6, at \"union{i8, [0]i8})\": member 2: a flexible "
	 "array is the last field of a struct that has others"},
	{"void({[0]i8})",
	 "signature: parameter 1: character 6, at \"{[0]i8})\": field 1: a flexible array is the "
	 "last field of a struct that has others"},
	{"void({{}, [0]i8})",
	 "signature: parameter 1: character 6, at \"{{}, [0]i8})\": field 2: a flexible array is "
	 "the last field of a struct that has others"},
	{"void(union2{i8})",
	 "signature: parameter 1: character 6, at \"union2{i8})\": a type is missing"},
	{"void(packed i8)", "signature: parameter 1: character 13, at \"i8)\": \"{\" is missing"},
	{"void(packed3{i8})",
	 "signature: parameter 1: character 6, at \"packed3{i8})\": packed to 3: 1, 2, 4, 8 and 16 "
	 "are possible"},
	{"void(packed0{i8})",
	 "signature: parameter 1: character 6, at \"packed0{i8})\": packed to 0: 1, 2, 4, 8 and 16 "
	 "are possible"},
	{"void(packed32{i8})",
	 "signature: parameter 1: character 6, at \"packed32{i8})\": packed to 32: 1, 2, 4, 8 and "
	 "16 are possible"},
	{"void(mem8)",
	 "signature: parameter 1: character 10, at \")\": \"@\" and the alignment are missing"},
	{"void(mem8@)", "signature: parameter 1: character 11, at \")\": a number is missing"},
	{"void(mem8@3)",
	 "signature: parameter 1: character 6, at \"mem8@3)\": alignment 3: it must be a power of "
	 "two from 1 to 4096 here"},
	{"void(mem0@1)",
	 "signature: parameter 1: character 6, at \"mem0@1)\": a value in memory of 0 bytes: it "
	 "must be a multiple of 1 from 1 to 1048576 here"},
	{"void(mem12@8)",
	 "signature: parameter 1: character 6, at \"mem12@8)\": a value in memory of 12 bytes: it "
	 "must be a multiple of 8 from 8 to 1048576 here"},
	{"void(mem8@8@16)",
	 "signature: parameter 1: character 6, at \"mem8@8@16)\": an alignment belongs to a member "
	 "of a struct"},
	{"void(<{i8} = {i8}>)",
	 "signature: parameter 1: character 6, at \"<{i8} = {i8}>)\": a type is missing"},
	{"i32(i8, \001\377)",
	 "signature: parameter 2: character 9, at \"?\?)\": a type is missing"},
	{"i32(i8) i8", "signature: character 9, at \"i8\": nothing may follow"},
	{"i32(void)",
	 "signature: parameter 1: character 5, at \"void)\": void has no values; () are "
	 "no parameters"},
	{"void({i8, void})",
	 "signature: parameter 1: character 6, at \"{i8, void})\": field 2: void "
	 "has no values"},
	{"void([2]i8)",
	 "signature: parameter 1: character 6, at \"[2]i8)\": an array is a value in a "
	 "struct only; elsewhere C passes a ptr"},
	{"[2]i8()",
	 "signature: result: character 1, at \"[2]i8()\": an array is a value in a struct "
	 "only; elsewhere C passes a ptr"},
	{"void(pad2)",
	 "signature: parameter 1: character 6, at \"pad2)\": padding belongs in a struct"},
	{"void({pad})", "signature: parameter 1: character 7, at \"pad})\": a type is missing"},
	{"void({pad0})",
	 "signature: parameter 1: character 7, at \"pad0})\": padding of 0 bytes: 1 "
	 "to 1048576 are possible"},
	{"void(i32@8)",
	 "signature: parameter 1: character 6, at \"i32@8)\": an alignment belongs to "
	 "a member of a struct"},
	{"void({i32@2})",
	 "signature: parameter 1: character 7, at \"i32@2})\": alignment 2: it must "
	 "be a power of two from 4 to 4096 here"},
	{"void({i8@24})",
	 "signature: parameter 1: character 7, at \"i8@24})\": alignment 24: it must "
	 "be a power of two from 1 to 4096 here"},
	{"void({i8@8192})",
	 "signature: parameter 1: character 7, at \"i8@8192})\": alignment 8192: it "
	 "must be a power of two from 1 to 4096 here"},
	{"void({i8@})", "signature: parameter 1: character 10, at \"})\": a number is missing"},
	{"void({[]i8})", "signature: parameter 1: character 8, at \"]i8})\": a number is missing"},
	{"void({[0]i8, i8})",
	 "signature: parameter 1: character 6, at \"{[0]i8, i8})\": field 1: a flexible array is "
	 "the last field of a struct that has others"},
	{"void({[2][0]i8})",
	 "signature: parameter 1: character 7, at \"[2][0]i8})\": elements of an array: a flexible "
	 "array is none"},
	{"void({[3i8})", "signature: parameter 1: character 9, at \"i8})\": \"]\" is missing"},
	{"void({[2]void})", "signature: parameter 1: character 7, at \"[2]void})\": elements of an "
			    "array: void has no values"},
	{"void({[99999999999999999999]i8})", "signature: parameter 1: character 8, at "
					     "\"99999999999999999999]i8}...\": the number is too "
					     "large"},
	{"void({[1048577]i8})",
	 "signature: parameter 1: character 8, at \"1048577]i8})\": the number "
	 "is too large"},
	{"void({[1048576]i16})",
	 "signature: parameter 1: character 7, at \"[1048576]i16})\": an array "
	 "of 1048576 elements of 2 bytes"},
	{"void({[1048576]i8, i8})",
	 "signature: parameter 1: character 6, at \"{[1048576]i8, i8})\": a "
	 "struct of more than 1048576 bytes"},
	{"void({[1048576]i8}, {[1048576]i8})",
	 "signature: parameter 2: more than 1048576 bytes of arguments in memory"},
	{"void({i8", "signature: parameter 1: at the end: \",\" or \"}\" is missing"},
	{"void({i8,", "signature: parameter 1: at the end: a type is missing"},
	{"void(..., f32)", "signature: parameter 1: character 11, at \"f32)\": C passes it as f64 "
			   "where the parameters are variadic"},
	{"void(i8, ..., i8)",
	 "signature: parameter 2: character 15, at \"i8)\": C passes it as i32 "
	 "where the parameters are variadic"},
	{"void(i8, ..., bool)",
	 "signature: parameter 2: character 15, at \"bool)\": C passes it as "
	 "i32 where the parameters are variadic"},
	{"void(i8, ..., i32, ...)",
	 "signature: parameter 3: character 20, at \"...)\": a type is missing"},
	{"void(.., i32)",
	 "signature: parameter 1: character 6, at \".., i32)\": a type is missing"},
	{"void(str)", "signature: parameter 1: character 6, at \"str)\": only Go has such a type"},
};

static void assert_refused(const char *text, const char *error)
{
	gw_signature *s = (gw_signature *)&s;
	assert_int_equal(gw_signature_parse(&s, text), GW_EINVAL);
	assert_ptr_equal(s, &s);
	if (strcmp(gw_last_error(), error) != 0)
		fail_msg("%.60s\n      %s\n not: %s", text, gw_last_error(), error);
}

static void parse_wrong_text_is_refused_with_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		assert_refused(refusals[i].text, refusals[i].error);
}

/* A struct of Go that stands for another type of C. */
static void parse_what_go_has_instead_is_checked(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"void(<i32 = i32>)", "a struct of Go is a struct, a union or memN@M in C"},
		{"void(<{i8} = <{i8} = {i8}>>)",
		 "a struct of Go is a struct, a union or memN@M in C"},
		{"void(<{i64} = union{i32}>)", "4 bytes in C and 8 in Go"},
		{"void(<{str} = mem16@8>)", "a Go value is a parameter, and no part of a type"},
		{"void(<void = {}>)", "void has no values"},
		{"void(<{[2]ptr} = {i64@16}>)",
		 "Go has a pointer where C has padding"},
		{"void(<{i64, {[1]ptr}} = {i64@16}>)", "Go has a pointer where C has padding"},
		{"void(<{i8} {i8}>)", "\"=\" is missing"},
		{"void(<{i8} = {i8})", "\">\" is missing"},
		{"void({<{i8} = mem1@1>@8)", "\",\" or \"}\" is missing"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gw_signature *s;
		assert_int_equal(gw_signature_parse_go(&s, rows[i][0]), GW_EINVAL);
		if (strstr(gw_last_error(), rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0], gw_last_error());
	}
	static const char text[] = "<{ptr, i64} = {i64@16}>(<{i64} = union{i32, f64}>, {i8, <{[3]u8} "
				   "= packed{i8, i16}>@8})";
	long before = live_blocks;
	gw_signature *s = parsed_go(text);
	char again[sizeof text];
	gw_signature_print(s, again, sizeof again);
	assert_string_equal(again, text);
	gw_signature_free(s);
	assert_int_equal(live_blocks, before);
}

static void parse_go_kinds_are_parameters_only(void **state)
{
	(void)state;
	gw_signature *s;
	assert_int_equal(gw_signature_parse_go(&s, "slice()"), GW_EINVAL);
	assert_string_equal(gw_last_error(), "signature: result: character 1, at \"slice()\": it "
					     "cannot be a result");
	assert_int_equal(gw_signature_parse_go(&s, "func()"), GW_EINVAL);
	assert_int_equal(gw_signature_parse_go(&s, "void({str})"), GW_EINVAL);
	assert_string_equal(gw_last_error(), "signature: parameter 1: character 6, at \"{str})\": "
					     "field 1: a Go value is a parameter, and no part of a "
					     "type");
	assert_int_equal(gw_signature_parse_go(&s, "void({[2]func})"), GW_EINVAL);
	const gw_type *str = gw_type_static(GW_GO_STR);
	assert_int_equal(gw_signature_new(&s, str, NULL, 0, 0), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, gw_type_scalar(GW_VOID), &str, 1, 1), GW_EINVAL);
}

/* before, n times unit with separators, after. */
static char *repeated(const char *before, const char *unit, int n, const char *after)
{
	size_t length = strlen(before) + (size_t)n * strlen(unit) + strlen(after) + 1;
	char *text = malloc(length);
	assert_non_null(text);
	strcpy(text, before);
	char *at = text + strlen(before);
	for (int i = 0; i < n; i++, at += strlen(unit))
		strcpy(at, unit);
	strcpy(at, after);
	return text;
}

static void parse_limit_holds(const char *before, const char *unit, int n, const char *after,
			      const char *words)
{
	gw_signature *s;
	char *text = repeated(before, unit, n, after);
	if (gw_signature_parse(&s, text) != GW_OK)
		fail_msg("%d times %s: %s", n, unit, gw_last_error());
	size_t length = gw_signature_print(s, NULL, 0);
	assert_true(length <= strlen(text));
	gw_signature_free(s);
	free(text);
	const int beyond[] = {n + 1, 1000000};
	for (int i = 0; i < 2; i++) {
		text = repeated(before, unit, beyond[i], after);
		assert_int_equal(gw_signature_parse(&s, text), GW_EINVAL);
		if (strstr(gw_last_error(), words) == NULL)
			fail_msg("%d times %s: %s", beyond[i], unit, gw_last_error());
		free(text);
	}
}

static void parse_each_limit_is_exact_and_hostile_text_harmless(void **state)
{
	(void)state;
	parse_limit_holds("void(i8", ", i8", 255, ")", "too many parameters");
	parse_limit_holds("void({i8", ", i8", 4093, "})", "too many types");
	gw_signature *s;
	for (int levels = 31; levels < 35; levels++) {
		char *open = repeated("void(", "{", levels, "i8");
		char *text = repeated(open, "}", levels, ")");
		gw_status status = gw_signature_parse(&s, text);
		assert_int_equal(status, levels <= 32 ? GW_OK : GW_EINVAL);
		if (status == GW_OK)
			gw_signature_free(s);
		else
			assert_non_null(strstr(gw_last_error(), "too many levels of types"));
		free(open);
		free(text);
	}
	static const char *const units[] = {"{",     "[1]",  "[1048576]", "{{},", "{[9]", "@1",
					    "@4096", "pad1", "(",         "...",  ",",    " ",
					    "1",     "9",    "{i8@2@4",   "}",    "void("};
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		for (int n = 1; n < 3000000; n = n * 3 + 1) {
			char *text = repeated("void({i8", units[i], n, "");
			assert_int_equal(gw_signature_parse(&s, text), GW_EINVAL);
			free(text);
			text = repeated("", units[i], n, "");
			assert_int_equal(gw_signature_parse(&s, text), GW_EINVAL);
			free(text);
		}
}

static void signature_outlives_its_makers_references(void **state)
{
	(void)state;
	long before = live_blocks;
	const gw_type *i32 = gw_type_scalar(GW_I32);
	gw_type *aligned, *array, *whole;
	gw_signature *s;
	assert_int_equal(gw_type_aligned(&aligned, i32, 16), GW_OK);
	assert_int_equal(gw_type_struct(&whole, (const gw_type *[]){i32, aligned}, 2), GW_OK);
	gw_type_release(aligned);
	assert_int_equal(gw_type_array(&array, whole, 3), GW_OK);
	gw_type_release(whole);
	assert_int_equal(gw_type_struct(&whole, (const gw_type *[]){array, array}, 2), GW_OK);
	gw_type_release(array);
	assert_int_equal(gw_signature_new(&s, whole, (const gw_type *[]){whole, i32}, 2, 1), GW_OK);
	gw_type_release(whole);
	char text[128];
	size_t length = gw_signature_print(s, text, sizeof text);
	assert_int_equal(length, strlen(text));
	assert_string_equal(text,
			    "{[3]{i32, i32@16}, [3]{i32, i32@16}}({[3]{i32, i32@16}, [3]{i32, "
			    "i32@16}}, ..., i32)");
	gw_signature_free(s);
	assert_int_equal(live_blocks, before);
}

static void parse_without_memory_fails_and_leaks_nothing(void **state)
{
	(void)state;
	gw_last_error();
	static const char text[] = "{i8, {}}(i8, {[2]{i8, pad4}, i8@4}, {c160}, union{i8, mem4@2}, "
				   "packed{i8, [0]i8}, ..., {f64})";
	/* The last error's text is a block too, and stays. */
	gw_signature *s;
	gw_status status = GW_ENOMEM;
	assert_int_equal(gw_signature_parse(&s, ""), GW_EINVAL);
	long before = live_blocks;
	for (int i = 1; status != GW_OK && i < 100; i++) {
		failing_malloc = i;
		status = gw_signature_parse(&s, text);
		failing_malloc = 0;
		if (status != GW_OK) {
			assert_int_equal(status, GW_ENOMEM);
			assert_int_equal(live_blocks, before);
		} else {
			assert_in_range(i, 13, 16);
		}
	}
	assert_int_equal(status, GW_OK);
	gw_signature_free(s);
	assert_int_equal(live_blocks, before);
}

static void print_short_buffer_is_cut_as_by_snprintf(void **state)
{
	(void)state;
	static const char text[] = "i32(ptr, f64, {i8, [4]f32, {u16}, pad3}, ..., f64)";
	gw_signature *s = parsed(" i32 (ptr,f64,{ i8,[ 4 ] f32,\t{u16},pad3},...,f64 )\n");
	assert_int_equal(gw_signature_print(s, NULL, 0), sizeof text - 1);
	for (size_t size = 1; size <= sizeof text + 1; size++) {
		char buffer[sizeof text + 2];
		memset(buffer, '#', sizeof buffer);
		assert_int_equal(gw_signature_print(s, buffer, size), sizeof text - 1);
		size_t kept = size < sizeof text ? size - 1 : sizeof text - 1;
		assert_memory_equal(buffer, text, kept);
		assert_int_equal(buffer[kept], '\0');
		assert_int_equal(buffer[size], '#');
	}
	gw_signature_free(s);
}

/* As on the way in, with "..." that nothing follows, and @ where it means something. */
static void print_is_what_was_read(void **state)
{
	(void)state;
	static const struct {
		const char *text, *printed;
		size_t count, fixed;
	} rows[] = {
		{"void()", NULL, 0, 0},
		{"void(...)", NULL, 0, 0},
		{"i32(ptr, ...)", NULL, 1, 1},
		{"i32(ptr, ..., f64)", NULL, 2, 1},
		{"i32(..., f64)", NULL, 1, 0},
		{"mem24@8({i8, mem8@2@8})", NULL, 1, 1},
		{"union{}(union{i8, {i32@8}}, {[2]union{i8}})", NULL, 2, 2},
		{"void(packed { i8 , i32 } ,packed1{}, packed16{i8@1})",
		 "void(packed{i8, i32}, packed{}, packed16{i8@1})", 3, 3},
		{"void(packed{i8, i32@4, [2]i16@2}, {i32@4})",
		 "void(packed{i8, i32@4, [2]i16@2}, {i32})", 2, 2},
		{"void({i32, [0]f64}, {packed{i8, i16}@4})", NULL, 2, 2},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gw_signature *s = parsed(rows[i].text);
		char text[128];
		gw_signature_print(s, text, sizeof text);
		assert_string_equal(text, rows[i].printed == NULL ? rows[i].text : rows[i].printed);
		assert_int_equal(gw_signature_count(s), rows[i].count);
		assert_int_equal(gw_signature_fixed(s), rows[i].fixed);
		gw_signature_free(s);
	}
	assert_int_equal(gw_signature_fixed(NULL), 0);
}

static void type_alone_is_parsed_printed_and_counted(void **state)
{
	(void)state;
	static const char *const texts[] = {"void",
					    "i32",
					    "[3]f32",
					    "pad7",
					    "i32@8",
					    "i32@4",
					    "[2]c128@16",
					    "mem40@8",
					    "union{i8, f80}",
					    "packed{i8, {i32@8}, [0]i16}"};
	long before = live_blocks;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const gw_type *type = NULL;
		char text[64], few[4];
		if (gw_type_parse(&type, texts[i]) != GW_OK)
			fail_msg("%s: %s", texts[i], gw_last_error());
		assert_int_equal(gw_type_print(type, text, sizeof text), strlen(texts[i]));
		assert_string_equal(text, texts[i]);
		assert_int_equal(gw_type_print(type, few, sizeof few), strlen(texts[i]));
		assert_memory_equal(few, texts[i], 3);
		assert_int_equal(few[3], '\0');
		gw_type_retain(type);
		gw_type_release(type);
		assert_int_equal(gw_type_print(type, text, sizeof text), strlen(texts[i]));
		gw_type_release(type);
	}
	assert_int_equal(live_blocks, before);
	const gw_type *type;
	char text[4] = "abc";
	assert_int_equal(gw_type_parse(&type, "{i8, i7}"), GW_EINVAL);
	assert_string_equal(gw_last_error(), "type: character 6, at \"i7}\": a type is missing");
	assert_int_equal(gw_type_parse(&type, "i8 i8"), GW_EINVAL);
	assert_string_equal(gw_last_error(), "type: character 4, at \"i8\": nothing may follow");
	assert_int_equal(gw_type_parse(&type, ""), GW_EINVAL);
	assert_int_equal(gw_type_parse(&type, "str"), GW_EINVAL);
	assert_int_equal(gw_type_parse(NULL, "i8"), GW_EINVAL);
	assert_int_equal(gw_type_parse(&type, NULL), GW_EINVAL);
	assert_int_equal(gw_type_print(NULL, text, sizeof text), 0);
	assert_string_equal(text, "");
	gw_type_retain(NULL);
}

static gw_type *made(gw_status status, gw_type *type)
{
	if (status != GW_OK)
		fail_msg("%s", gw_last_error());
	return type;
}

/* A random type; of several levels only when member. */
static const gw_type *random_type(int level)
{
	gw_type *out = NULL;
	long choice = random() % (level == 0 ? 23 : 30);
	if (level > 3 || (choice < 18 && choice > 0))
		return gw_type_scalar((gw_kind)(GW_BOOL + random() % (GW_PTR - GW_BOOL + 1)));
	if (choice < 22) {
		const gw_type *fields[6];
		size_t n = (size_t)random() % 7;
		for (size_t i = 0; i < n; i++)
			fields[i] = random_type(level + 1);
		if (choice == 21)
			made(gw_type_union(&out, fields, n), NULL);
		else if (choice == 20)
			made(gw_type_packed(&out, fields, n, (size_t)1 << random() % 5), NULL);
		else
			made(gw_type_struct(&out, fields, n), NULL);
		for (size_t i = 0; i < n; i++)
			gw_type_release(fields[i]);
		return out;
	}
	if (choice < 24) {
		size_t align = (size_t)1 << random() % 5;
		if (level > 0 && choice == 23)
			made(gw_type_pad(&out, (size_t)random() % 20 + 1), NULL);
		else
			made(gw_type_memory(&out, align * ((size_t)random() % 5 + 1), align), NULL);
		return out;
	}
	const gw_type *inner = random_type(level + 1);
	if (choice < 27 && gw_type_size(inner) % gw_type_align(inner) == 0)
		made(gw_type_array(&out, inner, (size_t)random() % 5 + 1), NULL);
	else
		made(gw_type_aligned(&out, inner, gw_type_align(inner) << random() % 3), NULL);
	gw_type_release(inner);
	return out;
}

static void signature_random_ones_survive_print_and_parse(void **state)
{
	(void)state;
	seed_random();
	long before = live_blocks;
	for (int round = 0; round < 5000; round++) {
		const gw_type *types[12];
		size_t n = (size_t)random() % 12, fixed = (size_t)random() % (n + 1);
		for (size_t i = 0; i <= n; i++)
			types[i] = random_type(0);
		gw_signature *s = NULL, *again = NULL;
		gw_status status = gw_signature_new(&s, types[0], types + 1, n, fixed);
		if (status != GW_OK) {
			assert_non_null(strstr(gw_last_error(), "variadic"));
			made(gw_signature_new(&s, types[0], types + 1, n, n), NULL);
		}
		for (size_t i = 0; i <= n; i++)
			gw_type_release(types[i]);
		size_t length = gw_signature_print(s, NULL, 0);
		char *text = malloc(length + 1), *text_again = malloc(length + 1);
		gw_signature_print(s, text, length + 1);
		if (gw_signature_parse(&again, text) != GW_OK)
			fail_msg("%s: %s", text, gw_last_error());
		assert_int_equal(gw_signature_print(again, text_again, length + 1), length);
		assert_string_equal(text, text_again);
		assert_int_equal(s->stack_bytes, again->stack_bytes);
		assert_int_equal(s->fixed, again->fixed);
		for (size_t i = 0; i <= n; i++) {
			struct gw_place *a = i == 0 ? &s->result : &s->params[i - 1];
			struct gw_place *b = i == 0 ? &again->result : &again->params[i - 1];
			assert_int_equal(a->type->size, b->type->size);
			assert_int_equal(a->type->align, b->type->align);
			assert_int_equal(a->pieces, b->pieces);
			for (int j = 0; j < a->pieces; j++) {
				assert_int_equal(a->piece[j].where, b->piece[j].where);
				assert_int_equal(a->piece[j].index, b->piece[j].index);
				assert_int_equal(a->piece[j].stack, b->piece[j].stack);
			}
		}
		free(text);
		free(text_again);
		gw_signature_free(s);
		gw_signature_free(again);
	}
	assert_in_range(live_blocks - before, 0, 1); /* the last error's text */
}

/* The table of code is a block, and stays. */
static int start(void **state)
{
	gw_signature *s;
	(void)state;
	if (gw_signature_parse(&s, "void()") != GW_OK)
		return -1;
	gw_signature_free(s);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_wrong_text_is_refused_with_the_place),
		cmocka_unit_test(parse_what_go_has_instead_is_checked),
		cmocka_unit_test(parse_go_kinds_are_parameters_only),
		cmocka_unit_test(parse_each_limit_is_exact_and_hostile_text_harmless),
		cmocka_unit_test(signature_outlives_its_makers_references),
		cmocka_unit_test(parse_without_memory_fails_and_leaks_nothing),
		cmocka_unit_test(print_short_buffer_is_cut_as_by_snprintf),
		cmocka_unit_test(print_is_what_was_read),
		cmocka_unit_test(type_alone_is_parsed_printed_and_counted),
		cmocka_unit_test(signature_random_ones_survive_print_and_parse),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
