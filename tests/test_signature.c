/* Types, signatures and their text: layout against the compiler's, classes and places as the psABI
   has them, what is refused and how, and random signatures through print and parse. */
#define _GNU_SOURCE
#include <complex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../bridge/signature.h"

/* Counts down to the allocation that fails; 0: none does. */
static int failing_malloc;
static long live_blocks;

void *__real_malloc(size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
	if (failing_malloc > 0 && --failing_malloc == 0)
		return NULL;
	void *p = __real_malloc(size);
	live_blocks += p != NULL;
	return p;
}

void __wrap_free(void *p)
{
	live_blocks -= p != NULL;
	__real_free(p);
}

static gw_signature *parsed(const char *text)
{
	gw_signature *s = NULL;
	if (gw_signature_parse_go(&s, text) != GW_OK)
		fail_msg("%s: %s", text, gw_last_error());
	return s;
}

/* One argument "text" is that C type, with those classes: I, S, - for padding, X for x87, M for
   memory, "" for nothing. */
struct layout_row {
	const char *text;
	size_t size, align;
	const char *classes;
};

typedef struct {
	signed char a;
	float b[4];
	struct {
		unsigned short c;
	} d;
	char pad[3];
} example;

#define ROW(text, classes, ...)                                                                    \
	{                                                                                          \
		text, sizeof(__VA_ARGS__), _Alignof(__VA_ARGS__), classes                          \
	}

static const struct layout_row layouts[] = {
	ROW("bool", "I", _Bool),
	ROW("i8", "I", int8_t),
	ROW("u8", "I", uint8_t),
	ROW("i16", "I", int16_t),
	ROW("u16", "I", uint16_t),
	ROW("i32", "I", int32_t),
	ROW("u32", "I", uint32_t),
	ROW("i64", "I", int64_t),
	ROW("u64", "I", uint64_t),
	ROW("ptr", "I", void *),
	ROW("str", "I", char *),
	ROW("slice", "I", void *),
	ROW("func", "I", void (*)(void)),
	ROW("f32", "S", float),
	ROW("f64", "S", double),
	ROW("f80", "X", long double),
	ROW("c64", "S", float _Complex),
	ROW("c128", "SS", double _Complex),
	ROW("c160", "X", long double _Complex),
	ROW("i128", "II", __int128),
	ROW("u128", "II", unsigned __int128),
	ROW("{}", "", struct {}),
	ROW(
		"{{}, {{}}}", "",
		struct {
			struct {
			} a;
			struct {
				struct {
				} c;
			} b;
		}),
	ROW(
		"{{}@16}", "",
		struct {
			_Alignas(16) struct {
			} a;
		}),
	ROW(
		"{{}, f64, {}}", "S",
		struct {
			struct {
			} a;
			double b;
			struct {
			} c;
		}),
	ROW(
		"{i8}", "I", struct { char a; }),
	ROW(
		"{[3]u8}", "I", struct { char a[3]; }),
	ROW(
		"{i8, i16, i32}", "I",
		struct {
			char a;
			short b;
			int c;
		}),
	ROW(
		"{i8, i64}", "II",
		struct {
			char a;
			long b;
		}),
	ROW(
		"{i64, i8}", "II",
		struct {
			long a;
			char b;
		}),
	ROW(
		"{i64, i64, i8}", "M",
		struct {
			long a, b;
			char c;
		}),
	ROW(
		"{[16]u8}", "II", struct { char a[16]; }),
	ROW(
		"{[17]u8}", "M", struct { char a[17]; }),
	ROW(
		"{f32}", "S", struct { float a; }),
	ROW(
		"{f32, f32, f32}", "SS", struct { float a, b, c; }),
	ROW(
		"{[4]f32}", "SS", struct { float a[4]; }),
	ROW(
		"{[5]f32}", "M", struct { float a[5]; }),
	ROW(
		"{f32, i32}", "I",
		struct {
			float a;
			int b;
		}),
	ROW(
		"{i8, f32}", "I",
		struct {
			char a;
			float b;
		}),
	ROW(
		"{f32, f32, i32}", "SI",
		struct {
			float a, b;
			int c;
		}),
	ROW(
		"{f64, i8}", "SI",
		struct {
			double a;
			char b;
		}),
	ROW(
		"{i8, f64}", "IS",
		struct {
			char a;
			double b;
		}),
	ROW(
		"{i32, [2]f32, f32}", "IS",
		struct {
			int a;
			float b[2], c;
		}),
	ROW(
		"{ptr, f64}", "IS",
		struct {
			void *a;
			double b;
		}),
	ROW(
		"{{i8}, {f32}, {{f64}}}", "IS",
		struct {
			struct {
				char a;
			} a;
			struct {
				float a;
			} b;
			struct {
				struct {
					double a;
				} a;
			} c;
		}),
	ROW(
		"{f32, c64}", "SS",
		struct {
			float a;
			float _Complex b;
		}),
	ROW(
		"{i32, c64}", "IS",
		struct {
			int a;
			float _Complex b;
		}),
	ROW(
		"{c64, i32}", "SI",
		struct {
			float _Complex a;
			int b;
		}),
	ROW(
		"{c128}", "SS", struct { double _Complex a; }),
	ROW(
		"{c128, {}}", "SS",
		struct {
			double _Complex a;
			struct {
			} b;
		}),
	ROW(
		"{c128, i8}", "M",
		struct {
			double _Complex a;
			char b;
		}),
	ROW(
		"{f80}", "X", struct { long double a; }),
	ROW(
		"{{{f80}}}", "X",
		struct {
			struct {
				struct {
					long double a;
				} a;
			} a;
		}),
	ROW(
		"{f80, i8}", "M",
		struct {
			long double a;
			char b;
		}),
	ROW(
		"{i8, f80}", "M",
		struct {
			char b;
			long double a;
		}),
	ROW(
		"{c160}", "M", struct { long double _Complex a; }),
	ROW(
		"{i128}", "II", struct { __int128 a; }),
	ROW(
		"{i8, i128}", "M",
		struct {
			char b;
			__int128 a;
		}),
	ROW(
		"{i32@16}", "I-", struct { _Alignas(16) int a; }),
	ROW(
		"{f32@16}", "S-", struct { _Alignas(16) float a; }),
	ROW(
		"{f32@8, f32@8}", "SS",
		struct {
			_Alignas(8) float a;
			_Alignas(8) float b;
		}),
	ROW(
		"{[2]f32@16}", "S-", struct { _Alignas(16) float a[2]; }),
	ROW(
		"{{i8}@16}", "I-",
		struct {
			_Alignas(16) struct {
				char a;
			} a;
		}),
	ROW(
		"{i8@32}", "M", struct { _Alignas(32) char a; }),
	ROW(
		"{i64@64}", "M", struct { _Alignas(64) long a; }),
	ROW(
		"{i128@32}", "M", struct { _Alignas(32) __int128 a; }),
	ROW(
		"{i8, {i8@8}, f32}", "M",
		struct {
			char a;
			struct {
				_Alignas(8) char a;
			} b;
			float c;
		}),
	{"{pad8, i64}", 16, 8, "-I"},
	{"{pad8, f64}", 16, 8, "-S"},
	{"{f64, pad8}", 16, 8, "S-"},
	{"{pad4, f32}", 8, 4, "S"},
	{"{pad4, f32, pad1, i8}", 12, 4, "SI"},
	{"{pad3@8, i8}", 8, 8, "I"},
	{"{pad1}", 1, 1, "-"},
	ROW("{i8, [4]f32, {u16}, pad3}", "M", example),
	ROW(
		"{[3][2]i16}", "II", struct { short a[3][2]; }),
	ROW(
		"{[2]{i8, i32}}", "II",
		struct {
			struct {
				char a;
				int b;
			} a[2];
		}),
	ROW(
		"{[2]{i32, f32}}", "II",
		struct {
			struct {
				int a;
				float b;
			} a[2];
		}),
	ROW(
		"{[2]{f32}, [2]{f32}}", "SS",
		struct {
			struct {
				float a;
			} a[2], b[2];
		}),
	ROW(
		"{[1000]{f64, i8}}", "M",
		struct {
			struct {
				double a;
				char b;
			} a[1000];
		}),
	ROW(
		"{[1048576]u8}", "M", struct { char a[1048576]; }),
	ROW(
		"{[1048576]{}, u8}", "I",
		struct {
			struct {
			} a[1048576];
			char b;
		}),
};

static void classes_text(const struct gw_type *type, char out[3])
{
	static const char letters[] = "-ISXXX";
	memset(out, 0, 3);
	if (type->memory)
		strcpy(out, "M");
	for (int i = 0; i < type->nclasses; i++)
		out[i] = letters[type->classes[i]];
	if (out[0] == 'X')
		out[1] = '\0';
}

static void type_layout_and_classes_are_the_compilers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		const struct layout_row *row = &layouts[i];
		char text[128], classes[3];
		snprintf(text, sizeof text, "void(%s)", row->text);
		gw_signature *s = parsed(text);
		const struct gw_type *type = s->params[0].type;
		classes_text(type, classes);
		if (type->size != row->size || type->align != row->align ||
		    strcmp(classes, row->classes) != 0)
			fail_msg(
				"%s: size %u, not %zu; or align %u, not %zu; or classes %s, not %s",
				row->text, type->size, row->size, type->align, row->align, classes,
				row->classes);
		gw_signature_free(s);
	}
}

static void type_members_are_where_the_compiler_puts_them(void **state)
{
	(void)state;
	gw_signature *s = parsed("void({i8, [4]f32, {u16}, pad3})");
	const gw_type *t = gw_signature_param(s, 0);
	const size_t offsets[] = {offsetof(example, a), offsetof(example, b), offsetof(example, d),
				  offsetof(example, pad)};
	assert_int_equal(gw_type_kind(t), GW_STRUCT);
	assert_int_equal(gw_type_count(t), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(gw_type_offset(t, i), offsets[i]);
	assert_int_equal(gw_type_offset(t, 4), 0);
	assert_null(gw_type_member(t, 4));
	const gw_type *array = gw_type_member(t, 1);
	assert_int_equal(gw_type_kind(array), GW_ARRAY);
	assert_int_equal(gw_type_count(array), 4);
	assert_int_equal(gw_type_offset(array, 3), 12);
	assert_int_equal(gw_type_offset(array, 4), 0);
	assert_ptr_equal(gw_type_member(array, 0), gw_type_scalar(GW_F32));
	assert_int_equal(gw_type_kind(gw_type_member(t, 3)), GW_PAD);
	assert_int_equal(gw_type_count(gw_type_member(t, 3)), 0);
	assert_int_equal(gw_signature_count(s), 1);
	assert_null(gw_signature_param(s, 1));
	assert_ptr_equal(gw_signature_result(s), gw_type_scalar(GW_VOID));
	gw_signature_free(s);
	assert_null(gw_type_scalar(GW_STRUCT));
	assert_null(gw_type_scalar((gw_kind)GW_GO_STR));
	assert_null(gw_type_scalar((gw_kind)-1));
	assert_null(gw_type_scalar((gw_kind)1000));
}

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
};

static void signature_places_are_the_psabis(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof placements / sizeof placements[0]; i++) {
		char places[256];
		gw_signature *s = parsed(placements[i].text);
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
	gw_signature *s = parsed("{i64, [3]i8}({f32, f32, f32}, {[7]i8}, {pad8, i32}, {[20]i8})");
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
	{"i32(i8, f16)", "signature: parameter 2: character 9, at \"f16)\": a type is missing"},
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
	{"void({[0]i8})",
	 "signature: parameter 1: character 7, at \"[0]i8})\": an array of 0 elements "
	 "of 1 bytes"},
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
	static const char text[] = "{i8, {}}(i8, {[2]{i8, pad4}, i8@4}, {c160}, ..., {f64})";
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
			assert_in_range(i, 9, 12);
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
	long choice = random() % (level == 0 ? 22 : 30);
	if (level > 3 || (choice < 18 && choice > 0))
		return gw_type_scalar((gw_kind)(GW_BOOL + random() % (GW_PTR - GW_BOOL + 1)));
	if (choice < 22) {
		const gw_type *fields[6];
		size_t n = (size_t)random() % 7;
		for (size_t i = 0; i < n; i++)
			fields[i] = random_type(level + 1);
		made(gw_type_struct(&out, fields, n), NULL);
		for (size_t i = 0; i < n; i++)
			gw_type_release(fields[i]);
		return out;
	}
	if (choice < 24) {
		made(gw_type_pad(&out, (size_t)random() % 20 + 1), NULL);
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
	const char *given = getenv("GANGWAY_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
	print_message("seed %u (GANGWAY_SEED replays it)\n", seed);
	srandom(seed);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_layout_and_classes_are_the_compilers),
		cmocka_unit_test(type_members_are_where_the_compiler_puts_them),
		cmocka_unit_test(signature_places_are_the_psabis),
		cmocka_unit_test(signature_pieces_have_the_bytes_of_the_value),
		cmocka_unit_test(parse_wrong_text_is_refused_with_the_place),
		cmocka_unit_test(parse_go_kinds_are_parameters_only),
		cmocka_unit_test(parse_each_limit_is_exact_and_hostile_text_harmless),
		cmocka_unit_test(type_sharing_does_not_grow_without_bounds),
		cmocka_unit_test(type_and_signature_bad_arguments_are_refused),
		cmocka_unit_test(signature_outlives_its_makers_references),
		cmocka_unit_test(parse_without_memory_fails_and_leaks_nothing),
		cmocka_unit_test(print_short_buffer_is_cut_as_by_snprintf),
		cmocka_unit_test(signature_random_ones_survive_print_and_parse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
