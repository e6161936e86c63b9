/* Signatures: the places of results and parameters as the psABI has them, and what the functions
   that make types and signatures refuse. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "values.h"

/* Where the result and each parameter are, as "i0 s1 m16 x0": the register or the stack offset;
   pieces of one value with "+", nothing as "-". */
static void places_text(const gw_signature *s, char *out, size_t size)
{
	size_t at = 0;
	for (uint32_t i = 0; i <= s->count; i++) {
		const struct gw_place *p = i == 0 ? &s->result : &s->params[i - 1];
		at += (size_t)snprintf(out + at, size - at, "%s%s", i == 0 ? "" : " ",
				       p->pieces == 0 ? "-" : "");
		for (int j = 0; j < p->pieces; j++) {
			const struct gw_piece *piece = &p->piece[j];
			at += (size_t)snprintf(out + at, size - at, "%s%c%u", j == 0 ? "" : "+",
					       "ismx"[piece->where],
					       piece -> where == GW_IN_MEMORY ? piece -> stack
									      : piece -> index);
		}
	}
}

static const struct {
	const char *text, *places;
	unsigned ints, sses, stack, align;
	bool hidden;
} placements[] = {
	{"void()", "-", 0, 0, 0, 16, false},
	{"i32(ptr, f64, i8, f32)", "i0 i0 s0 i1 s1", 2, 2, 0, 16, false},
	{"f32(i8, i8, i8, i8, i8, i8, i8, i8)", "s0 i0 i1 i2 i3 i4 i5 m0 m8", 6, 0, 16, 16, false},
	{"bool(f64, f64, f64, f64, f64, f64, f64, f64, f64, i64)",
	 "i0 s0 s1 s2 s3 s4 s5 s6 s7 m0 i0", 1, 8, 8, 16, false},
	/* A struct that does not fit leaves its register to those after it. */
	{"void(ptr, ptr, ptr, ptr, ptr, {i64, i64}, i32, i32)", "- i0 i1 i2 i3 i4 m0 i5 m16", 6, 0,
	 24, 16, false},
	{"void(ptr, ptr, ptr, ptr, ptr, i128, i32, i32)", "- i0 i1 i2 i3 i4 m0 i5 m16", 6, 0, 24,
	 16, false},
	{"void(ptr, ptr, ptr, ptr, ptr, ptr, i32, i128)", "- i0 i1 i2 i3 i4 i5 m0 m16", 6, 0, 32,
	 16, false},
	{"void(ptr, ptr, ptr, ptr, ptr, ptr, {i64, f64}, f32)", "- i0 i1 i2 i3 i4 i5 m0 s0", 6, 1,
	 16, 16, false},
	{"void(f64, f64, f64, f64, f64, f64, f64, f64, {i64, f64}, i8)",
	 "- s0 s1 s2 s3 s4 s5 s6 s7 m0 i0", 1, 8, 16, 16, false},
	{"void({f64, i32}, {i32, f64}, c128)", "- s0+i0 i1+s1 s2+s3", 2, 4, 0, 16, false},
	{"void(i64, f80, i64, {i8, i8, i8}, c160, {[17]u8}, f80)", "- i0 m0 i1 i2 m16 m48 m80", 3,
	 0, 96, 16, false},
	{"void({}, i32, {}, f32)", "- - i0 - s0", 1, 1, 0, 16, false},
	{"void({i32@16}, i32, {f32@16})", "- i0 i1 s0", 2, 1, 0, 16, false},
	{"void({[3]i64}, {i64@64}, i8)", "- m0 m64 i0", 1, 0, 128, 64, false},
	{"void({pad8, f64}, {pad8, i64}, {pad2})", "- s0 i0 -", 1, 1, 0, 16, false},
	/* Empty classes of C++, the larger ones as clang++ passes them. */
	{"void({pad1}, {[16]{pad1}}, i8)", "- - - i0", 1, 0, 0, 16, false},
	{"void({[17]{pad1}}, {{pad1}@32}, i8)", "- m0 m32 i0", 1, 0, 64, 32, false},
	{"{{pad1}@32}(i8)", "m0 i1", 2, 0, 0, 16, true},
	{"void({{}@64}, i8)", "- - i0", 1, 0, 0, 16, false},
	{"{[3]i64}(ptr)", "m0 i1", 2, 0, 0, 16, true},
	{"{c160}({[3]i64})", "m0 m0", 1, 0, 24, 16, true},
	{"{i64, f64}(f64)", "i0+s0 s0", 0, 1, 0, 16, false},
	{"{f64, i64}()", "s0+i0", 0, 0, 0, 16, false},
	{"{i64, i64}()", "i0+i1", 0, 0, 0, 16, false},
	{"{f32, f32, f32}()", "s0+s1", 0, 0, 0, 16, false},
	{"{pad8, f64}()", "s0", 0, 0, 0, 16, false},
	{"i128()", "i0+i1", 0, 0, 0, 16, false},
	{"c128()", "s0+s1", 0, 0, 0, 16, false},
	{"c64()", "s0", 0, 0, 0, 16, false},
	{"f80(f80)", "x0 m0", 0, 0, 16, 16, false},
	{"{f80}({f80})", "x0 m0", 0, 0, 16, 16, false},
	{"c160()", "x0+x1", 0, 0, 0, 16, false},
	{"{}()", "-", 0, 0, 0, 16, false},
	{"str(str, slice, func)", "i0 i0 i1 i2", 3, 0, 0, 16, false},
	{"i32(ptr, ..., f64, i64, str)", "i0 i0 s0 i1 i2", 3, 1, 0, 16, false},
	{"union{i32, f64}(union{f32, f64}, union{i32, f64})", "i0 s0 i0", 1, 1, 0, 16, false},
	{"union{f80, i32}(union{f80, [2]i64})", "m0 i1+i2", 3, 0, 0, 16, true},
	{"packed{i8, i32}(packed{i8, i32}, i8, packed{i64, f32})", "m0 m0 i1 i2+s0", 3, 1, 8, 16, true},
	{"mem4@4(mem1@1, mem32@32, i8)", "m0 m0 m32 i1", 2, 0, 64, 32, true},
	{"void(i64, i64, i64, i64, i64, i64, i64, {i64@16, i64}, i8)",
	 "- i0 i1 i2 i3 i4 i5 m0 m16 m32", 6, 0, 40, 16, false},
};

static void signature_places_are_the_psabis(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof placements / sizeof placements[0]; i++) {
		char places[256];
		gw_signature *s = parsed_go(placements[i].text);
		places_text(s, places, sizeof places);
		if (strcmp(places, placements[i].places) != 0)
			fail_msg("%s: %s, not %s", placements[i].text, places,
				 placements[i].places);
		assert_int_equal(s->ints, placements[i].ints);
		assert_int_equal(s->sses, placements[i].sses);
		assert_int_equal(s->stack_bytes, placements[i].stack);
		assert_int_equal(s->stack_align, placements[i].align);
		assert_int_equal(s->hidden, placements[i].hidden);
		gw_signature_free(s);
	}
}

static void signature_pieces_have_the_bytes_of_the_value(void **state)
{
	(void)state;
	gw_signature *s = parsed_go("{i64, [3]i8}({f32, f32, f32}, {[7]i8}, {pad8, i32}, {[20]i8})");
	const struct gw_piece expected[][2] = {
		{{GW_IN_INT, 0, 8, 0, 0}, {GW_IN_INT, 1, 8, 8, 0}},
		{{GW_IN_SSE, 0, 8, 0, 0}, {GW_IN_SSE, 1, 4, 8, 0}},
		{{GW_IN_INT, 0, 7, 0, 0}},
		{{GW_IN_INT, 1, 4, 8, 0}},
		{{GW_IN_MEMORY, 0, 20, 0, 0}},
	};
	const int pieces[] = {2, 2, 1, 1, 1};
	for (int i = 0; i < 5; i++) {
		const struct gw_place *p = i == 0 ? &s->result : &s->params[i - 1];
		assert_int_equal(p->pieces, pieces[i]);
		for (int j = 0; j < pieces[i]; j++) {
			assert_int_equal(p->piece[j].where, expected[i][j].where);
			assert_int_equal(p->piece[j].index, expected[i][j].index);
			assert_int_equal(p->piece[j].size, expected[i][j].size);
			assert_int_equal(p->piece[j].offset, expected[i][j].offset);
			assert_int_equal(p->piece[j].stack, expected[i][j].stack);
		}
	}
	gw_signature_free(s);
}

/* 2^30 types if each were visited where it stands. */
static void type_sharing_does_not_grow_without_bounds(void **state)
{
	(void)state;
	gw_type *type, *next;
	assert_int_equal(gw_type_struct(&type, NULL, 0), GW_OK);
	gw_status status = GW_OK;
	int levels = 0;
	for (; status == GW_OK; levels++) {
		const gw_type *twice[] = {type, type};
		status = gw_type_struct(&next, twice, 2);
		if (status == GW_OK) {
			gw_type_release(type);
			type = next;
		}
	}
	assert_int_equal(status, GW_EINVAL);
	assert_string_equal(gw_last_error(), "more than 4096 types in one");
	assert_in_range(levels, 11, 12);
	const gw_type *params[] = {type, type, type};
	gw_signature *s;
	assert_int_equal(gw_signature_new(&s, type, params, 3, 3), GW_EINVAL);
	assert_string_equal(gw_last_error(), "signature: more than 4096 types in it");
	gw_type_release(type);
}

static void type_and_signature_bad_arguments_are_refused(void **state)
{
	(void)state;
	gw_type *type;
	gw_signature *s;
	const gw_type *i32 = gw_type_scalar(GW_I32), *none = NULL, *f32 = gw_type_scalar(GW_F32);
	assert_int_equal(gw_type_struct(NULL, &i32, 1), GW_EINVAL);
	assert_int_equal(gw_type_struct(&type, NULL, 1), GW_EINVAL);
	assert_int_equal(gw_type_struct(&type, &none, 1), GW_EINVAL);
	assert_int_equal(gw_type_struct(&type, &i32, (size_t)-1 / 8), GW_EINVAL);
	assert_int_equal(gw_type_array(NULL, i32, 1), GW_EINVAL);
	assert_int_equal(gw_type_array(&type, NULL, 1), GW_EINVAL);
	assert_int_equal(gw_type_array(&type, i32, (size_t)1 << 62), GW_EINVAL);
	assert_int_equal(gw_type_pad(NULL, 1), GW_EINVAL);
	assert_int_equal(gw_type_pad(&type, (size_t)-1), GW_EINVAL);
	assert_int_equal(gw_type_aligned(NULL, i32, 4), GW_EINVAL);
	assert_int_equal(gw_type_aligned(&type, NULL, 4), GW_EINVAL);
	assert_int_equal(gw_type_aligned(&type, i32, 0), GW_EINVAL);
	assert_int_equal(gw_type_aligned(&type, i32, (size_t)1 << 32), GW_EINVAL);
	assert_int_equal(gw_type_aligned(&type, i32, 16), GW_OK);
	assert_int_equal(gw_type_union(NULL, &i32, 1), GW_EINVAL);
	assert_string_equal(gw_last_error(), "gw_type_union: a pointer is NULL");
	assert_int_equal(gw_type_packed(NULL, &i32, 1, 1), GW_EINVAL);
	assert_string_equal(gw_last_error(), "gw_type_packed: a pointer is NULL");
	assert_int_equal(gw_type_packed(&type, &i32, 1, 6), GW_EINVAL);
	assert_int_equal(gw_type_memory(NULL, 1, 1), GW_EINVAL);
	assert_int_equal(gw_type_memory(&type, 8192, 8192), GW_EINVAL);
	assert_int_equal(gw_type_memory(&type, 1, 0), GW_EINVAL);
	assert_int_equal(gw_type_memory(&type, (size_t)1 << 32, 1), GW_EINVAL);
	gw_type *array;
	assert_int_equal(gw_type_array(&array, type, 2), GW_EINVAL);
	assert_string_equal(gw_last_error(),
			    "elements of an array: their alignment, 16, exceeds their size");
	gw_type_release(type);
	gw_type_release(NULL);
	gw_type_release(i32);
	assert_int_equal(gw_signature_parse(NULL, "void()"), GW_EINVAL);
	assert_int_equal(gw_signature_parse(&s, NULL), GW_EINVAL);
	assert_int_equal(gw_signature_new(NULL, i32, NULL, 0, 0), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, NULL, NULL, 0, 0), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, i32, NULL, 1, 1), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, i32, &none, 1, 1), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, i32, &i32, 1, 2), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, i32, &i32, 257, 257), GW_EINVAL);
	assert_int_equal(gw_signature_new(&s, i32, &f32, 1, 0), GW_EINVAL);
	assert_string_equal(gw_last_error(), "signature: parameter 1: C passes it as f64 where the "
					     "parameters are variadic");
	gw_signature_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signature_places_are_the_psabis),
		cmocka_unit_test(signature_pieces_have_the_bytes_of_the_value),
		cmocka_unit_test(type_sharing_does_not_grow_without_bounds),
		cmocka_unit_test(type_and_signature_bad_arguments_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
