/* Types: size, alignment and members against the compiler's, classes as the psABI has them. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "values.h"

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

#define PACKED __attribute__((packed))
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
	/* clang-format off */
	ROW("union{}", "", union {}),
	ROW("union{i32, f64}", "I", union { int a; double b; }),
	ROW("union{f32, f64}", "S", union { float a; double b; }),
	ROW("union{[3]f32, f64}", "SS", union { float a[3]; double b; }),
	ROW("union{[16]u8, f64}", "II", union { char a[16]; double b; }),
	ROW("union{[17]u8, f64}", "M", union { char a[17]; double b; }),
	ROW("union{[5]u8, i16}", "I", union { char a[5]; short b; }),
	ROW("union{f80}", "X", union { long double a; }),
	ROW("union{f80, i32}", "M", union { long double a; int b; }),
	ROW("union{f80, f32}", "M", union { long double a; float b; }),
	ROW("union{f80, [2]i64}", "II", union { long double a; long b[2]; }),
	ROW("union{f80, [2]i64, [2]f64}", "II", union { long double a; long b[2]; double c[2]; }),
	ROW("union{f80, [2]f64, [2]i64}", "M", union { long double a; double c[2]; long b[2]; }),
	ROW("union{f80, {f32, i32, f32, i32}}", "II", union { long double a; struct { float a; int b; float c; int d; } b; }),
	ROW("union{union{f80, i32}, [2]i64}", "M", union { union { long double a; int b; } a; long b[2]; }),
	ROW("union{c160}", "M", union { long double _Complex a; }),
	ROW("union{i8@16}", "I-", union { _Alignas(16) char a; }),
	ROW("union{i8, {f32@16}}", "I-", union { char a; struct { _Alignas(16) float b; } b; }),
	ROW("{union{i32, f32}, f32, union{f32}}", "IS", struct { union { int a; float b; } a; float b; union { float a; } c; }),
	ROW("{[2]union{i32, f32}, f64}", "IS", struct { union { int a; float b; } a[2]; double b; }),
	ROW("packed{i8, i32}", "M", struct PACKED { char a; int b; }),
	ROW("packed{i32, i8}", "I", struct PACKED { int a; char b; }),
	ROW("packed{i64, i32}", "II", struct PACKED { long a; int b; }),
	ROW("packed{f64, f32}", "SS", struct PACKED { double a; float b; }),
	ROW("packed{f32, c64}", "SS", struct PACKED { float a; float _Complex b; }),
	ROW("packed{i8, [3]i8, f32}", "I", struct PACKED { char a, b[3]; float c; }),
	ROW("packed{i8, {[2]i8}, pad1}", "I", struct PACKED { char a; struct { char a[2]; } b; char c; }),
	ROW("packed{i8, {i16}}", "M", struct PACKED { char a; struct { short a; } b; }),
	ROW("packed{i8, union{f32, [4]i8}}", "M", struct PACKED { char a; union { float a; char b[4]; } b; }),
	ROW("packed{{i8, i32}, i8}", "II", struct PACKED { struct { char a; int b; } a; char b; }),
	ROW("packed{i8, i32@4, i8}", "II", struct PACKED { char a; _Alignas(4) int b; char c; }),
	ROW("packed{i8, f64@16}", "M", struct PACKED { char a; _Alignas(16) double b; }),
	ROW("packed{i8, [2]i16@2}", "I", struct PACKED { char a; _Alignas(2) short b[2]; }),
	ROW("packed{i8, {i8@8}}", "I-", struct PACKED { char a; struct { _Alignas(8) char a; } b; }),
	ROW("packed{i8, i128}", "M", struct PACKED { char a; __int128 b; }),
	ROW("packed{f80}", "X", struct PACKED { long double a; }),
	ROW("{packed{i8, i32}, i8}", "M", struct { struct PACKED { char a; int b; } a; char b; }),
	ROW("{[3]packed{i8, i16}}", "M", struct { struct PACKED { char a; short b; } a[3]; }),
	ROW("{[5]packed{i16, i8}}", "II", struct { struct PACKED { short b; char a; } a[5]; }),
	ROW("{[3]packed{f32, i8}}", "II", struct { struct PACKED { float b; char a; } a[3]; }),
	ROW("{packed{i8, i16}@4}", "M", struct { _Alignas(4) struct PACKED { char a; short b; } a; }),
	ROW("{i32, [0]f64}", "I", struct { int a; double b[]; }),
	ROW("{f32, [0]i32}", "S", struct { float a; int b[]; }),
	ROW("{i64, i8, [0]i16}", "II", struct { long a; char b; short c[]; }),
	ROW("{i8, [0]{i8, i64}@16}", "I-", struct { char a; _Alignas(16) struct { char a; long b; } b[]; }),
	/* clang-format on */
	{"packed2{i16, f64}", 10, 2, "M"},
	{"packed2{i32, f64}", 12, 2, "M"},
	{"packed4{i8, i32, f64}", 16, 4, "IS"},
	{"packed4{i32, f64}", 12, 4, "M"},
	{"packed8{i8, i128}", 24, 8, "M"},
	{"packed16{f80}", 16, 16, "X"},
	{"union{f80, {pad8, i64}}", 16, 16, "M"},
	{"mem1@1", 1, 1, "M"},
	{"mem24@8", 24, 8, "M"},
	{"{mem4@4, i32}", 8, 4, "M"},
	{"{i8, mem8@2@8}", 16, 8, "M"},
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
	static const char letters[] = {
		[GW_CLASS_NONE] = '-', [GW_CLASS_INTEGER] = 'I', [GW_CLASS_SSE] = 'S',
		[GW_CLASS_X87] = 'X',  [GW_CLASS_X87UP] = 'X',   [GW_CLASS_COMPLEX_X87] = 'X',
	};
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
		gw_signature *s = parsed_go(text);
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
	gw_signature *s = parsed_go("void({i8, [4]f32, {u16}, pad3})");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_layout_and_classes_are_the_compilers),
		cmocka_unit_test(type_members_are_where_the_compiler_puts_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
