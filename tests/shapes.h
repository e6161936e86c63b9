/* Function types of many shapes, each with ten parameters: as compiled C sees them, and as text.
   For test_capi.c, which calls the functions, and test_closure.c, which calls closures by pointers
   of these types. */
#ifndef GW_TESTS_SHAPES_H
#define GW_TESTS_SHAPES_H

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SHAPE_PARAMS = 10, SHAPE_BYTES = 4096 };

struct shape {
	const char *text;
	void (*fn)(void); /* notes its arguments in seen and returns what is in answer */
	/* Call code as a function of the shape, with the values that args point to. */
	void (*call)(void *code, void *const *args, void *result);
};

static _Alignas(64) unsigned char seen[SHAPE_PARAMS][SHAPE_BYTES], answer[SHAPE_BYTES];

typedef struct {
	int32_t a;
	double b;
} int_double;
typedef struct {
	double a;
	int8_t b;
} double_byte;
typedef struct {
	float a, b, c;
} three_floats;
typedef struct {
	float a;
	int16_t b;
	float _Complex c;
} float_short_c64;
typedef struct {
	void *a;
	uint64_t b;
} two_words;
typedef struct {
	struct {
		uint8_t a;
		struct {
		} b;
		uint16_t c[2];
	} a;
	struct {
		float a;
		struct {
			double a;
		} b;
	} b;
} nested;
typedef struct {
	long double a;
} just_f80;
typedef struct {
	long double a;
	uint8_t b;
} f80_byte;
typedef struct {
	__int128 a;
} just_i128;
typedef struct {
	_Alignas(16) int32_t a;
} aligned_int;
typedef struct {
	_Alignas(16) float a;
} aligned_float;
typedef struct {
	_Alignas(64) uint8_t a;
	double b;
} aligned_byte;
typedef struct {
} empty;
typedef struct {
	_Alignas(64) empty a; /* of size 0 */
} aligned_empty;
typedef struct {
	double _Complex a;
} just_c128;
typedef struct {
	long double _Complex a;
} just_c160;
typedef struct {
	double a, b, c;
} three_doubles;
typedef struct {
	uint8_t a[2000];
} large;
typedef union {
	int32_t a;
	double b;
} int_or_double;
typedef union {
	float a[3];
	double b;
} floats_or_double;
typedef union {
	long double a;
	int64_t b[2];
} f80_or_words;
typedef union {
	long double a;
	int32_t b;
} f80_or_int;
typedef union {
	long double a;
	double b[2];
	int64_t c[2];
} f80_or_doubles; /* MEMORY; with the last two in the other order it is not */
typedef struct {
	union {
		int32_t a;
		float b;
	} a;
	float b;
	union {
		uint8_t a[5];
		int16_t b;
	} c;
} holds_unions;
typedef struct __attribute__((packed)) {
	int8_t a;
	int32_t b;
} packed_byte_int;
typedef struct __attribute__((packed)) {
	int64_t a;
	float b;
} packed_long_float;
typedef struct __attribute__((packed)) {
	int8_t a;
	_Alignas(4) int32_t b;
	uint8_t c;
} packed_aligned;
#pragma pack(push, 2)
typedef struct {
	int16_t a;
	double b;
} packed2_short_double;
#pragma pack(pop)
typedef struct {
	struct __attribute__((packed)) {
		int16_t a;
		int8_t b;
	} a[5];
} packed_array; /* gcc looks at the first element */
typedef struct {
	float a;
	double b[];
} flexible;
typedef struct {
	float a;
	int32_t b[];
} flexible_within;
typedef struct {
	_Alignas(16) int64_t a;
	int64_t b, c;
} aligned_words;

/* The bytes of an empty struct must not be touched: memcpy of none is fine. */
#define SHAPE_SEE(i, v) memcpy(seen[i], &v, sizeof v)
#define SHAPE(name, R, A, B, C, D, E, F, G, H, I, J)                                               \
	static R shape_##name(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j)                    \
	{                                                                                          \
		R r;                                                                               \
		SHAPE_SEE(0, a);                                                                   \
		SHAPE_SEE(1, b);                                                                   \
		SHAPE_SEE(2, c);                                                                   \
		SHAPE_SEE(3, d);                                                                   \
		SHAPE_SEE(4, e);                                                                   \
		SHAPE_SEE(5, f);                                                                   \
		SHAPE_SEE(6, g);                                                                   \
		SHAPE_SEE(7, h);                                                                   \
		SHAPE_SEE(8, i);                                                                   \
		SHAPE_SEE(9, j);                                                                   \
		memcpy(&r, answer, sizeof r);                                                      \
		return r;                                                                          \
	}                                                                                          \
	static void call_##name(void *code, void *const *v, void *result)                          \
	{                                                                                          \
		R(*fn)                                                                             \
		(A, B, C, D, E, F, G, H, I, J) =                                                   \
			(R(*)(A, B, C, D, E, F, G, H, I, J))(uintptr_t)code;                       \
		R r = fn(*(A *)v[0], *(B *)v[1], *(C *)v[2], *(D *)v[3], *(E *)v[4], *(F *)v[5],   \
			 *(G *)v[6], *(H *)v[7], *(I *)v[8], *(J *)v[9]);                          \
		memcpy(result, &r, sizeof r);                                                      \
	}

/* Structs of every size, of bytes, that stand in registers and out of them. */
#define BYTES(n)                                                                                   \
	typedef struct {                                                                           \
		uint8_t a[n];                                                                      \
	} bytes_##n;                                                                               \
	SHAPE(bytes_##n, bytes_##n, int8_t, bytes_##n, double, bytes_##n, float, bytes_##n,        \
	      uint16_t, bytes_##n, bytes_##n, int32_t)
#define FLOATS(n)                                                                                  \
	typedef struct {                                                                           \
		float a[n];                                                                        \
	} floats_##n;                                                                              \
	SHAPE(floats_##n, floats_##n, int8_t, floats_##n, double, floats_##n, floats_##n,          \
	      floats_##n, uint16_t, floats_##n, floats_##n, int32_t)

/* clang-format off */
#define EVERY_SIZE(X) \
	X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) \
	X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32) X(33) X(34) X(35) X(36) X(37) X(38) X(39) \
	X(40)
#define SOME_SIZES(X) X(1) X(2) X(3) X(4) X(5) X(6)

EVERY_SIZE(BYTES)
SOME_SIZES(FLOATS)
SHAPE(bool, bool, bool, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, void *)
SHAPE(i8, int8_t, float, double, float, double, float, double, float, double, float, double)
SHAPE(u16, uint16_t, int8_t, uint8_t, bool, int16_t, uint16_t, int32_t, int8_t, bool, uint16_t, int8_t)
SHAPE(i32, int32_t, long double, int32_t, float, long double, double, uint8_t, float _Complex, double _Complex,
	long double _Complex, int64_t)
SHAPE(ptr, void *, int_double, int_double, int_double, int_double, int_double, int_double, int_double, int_double,
	float, int8_t)
SHAPE(f32, float, double_byte, int_double, double_byte, int_double, double_byte, int_double, double_byte, int_double,
	int32_t, float)
SHAPE(f64, double, three_floats, three_floats, three_floats, three_floats, three_floats, double, three_floats, int8_t,
	three_doubles, bool)
SHAPE(f80, long double, just_f80, f80_byte, int8_t, just_f80, float, f80_byte, just_c160, just_c128, long double, void *)
SHAPE(c64, float _Complex, float_short_c64, float_short_c64, float _Complex, just_c128, double _Complex, float_short_c64,
	float _Complex, double _Complex, double _Complex, float)
SHAPE(c128, double _Complex, nested, nested, nested, nested, int8_t, nested, nested, nested, nested, double)
SHAPE(c160, long double _Complex, empty, int32_t, empty, float, empty, empty, two_words, empty, long double _Complex, empty)
SHAPE(i128, __int128, int64_t, __int128, int8_t, int8_t, __int128, int16_t, int32_t, __int128, int8_t, unsigned __int128)
SHAPE(u128, unsigned __int128, __int128, int64_t, __int128, int8_t, just_i128, int16_t, int8_t, just_i128, float, int8_t)
SHAPE(int_double, int_double, void *, void *, void *, void *, void *, two_words, void *, int_double, two_words, double)
SHAPE(double_byte, double_byte, aligned_int, aligned_float, aligned_int, aligned_float, aligned_byte, int64_t, int64_t,
	int64_t, aligned_int, aligned_int)
SHAPE(three_floats, three_floats, aligned_byte, int64_t, aligned_byte, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
	aligned_byte)
SHAPE(float_short_c64, float_short_c64, double, double, double, double, double, double, double, three_floats, double, float)
SHAPE(two_words, two_words, large, int8_t, large, double, int8_t, large, empty, two_words, two_words, two_words)
SHAPE(nested, nested, nested, float, nested, float, double, nested, nested, int_double, double_byte, two_words)
SHAPE(just_f80, just_f80, three_doubles, just_f80, int8_t, f80_byte, bool, just_c160, double, just_c128, just_f80, empty)
SHAPE(f80_byte, f80_byte, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, f80_byte, int8_t, long double)
SHAPE(just_i128, just_i128, two_words, two_words, int8_t, just_i128, uint8_t, int_double, float, just_i128, bool, int8_t)
SHAPE(aligned_int, aligned_int, int8_t, empty, float, aligned_float, aligned_int, double, double, double, double, double)
SHAPE(aligned_float, aligned_float, int8_t, empty, float, aligned_float, aligned_int, double, double, double, aligned_float,
	aligned_float)
SHAPE(aligned_byte, aligned_byte, int8_t, int8_t, int8_t, int8_t, int8_t, int8_t, int8_t, int8_t, int8_t, int8_t)
SHAPE(empty, empty, int8_t, empty, int16_t, empty, float, empty, double, empty, int64_t, empty)
SHAPE(aligned_empty, aligned_empty, int64_t, two_words, aligned_empty, two_words, two_words, aligned_empty, int64_t,
	aligned_empty, aligned_byte, aligned_empty)
SHAPE(just_c128, just_c128, double, double, double, double, double, double, double, just_c128, double, just_c128)
SHAPE(just_c160, just_c160, int64_t, int64_t, int64_t, int64_t, int64_t, two_words, int64_t, two_words, int64_t, float)
SHAPE(three_doubles, three_doubles, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, float)
SHAPE(large, large, int64_t, int64_t, int64_t, int64_t, two_words, int64_t, large, int64_t, int64_t, float)
SHAPE(int_or_double, int_or_double, floats_or_double, int_or_double, f80_or_words, f80_or_int, int8_t, int_or_double,
	f80_or_words, f80_or_words, double, int_or_double)
SHAPE(floats_or_double, floats_or_double, double, floats_or_double, double, floats_or_double, double, floats_or_double,
	int8_t, f80_or_int, float, bool)
SHAPE(f80_or_words, f80_or_words, f80_or_doubles, int8_t, f80_or_words, holds_unions, f80_or_words, holds_unions, float,
	int8_t, packed_byte_int, int8_t)
SHAPE(f80_or_int, f80_or_int, int64_t, f80_or_int, holds_unions, int64_t, int64_t, int64_t, f80_or_int, packed_long_float,
	packed_byte_int, long double)
SHAPE(f80_or_doubles, f80_or_doubles, int64_t, f80_or_doubles, int8_t, int8_t, int8_t, int8_t, int8_t, int8_t, f80_or_words,
	int8_t)
SHAPE(holds_unions, holds_unions, packed_array, holds_unions, packed_array, int8_t, packed_array, float, packed2_short_double,
	holds_unions, packed_aligned, int16_t)
SHAPE(packed_byte_int, packed_byte_int, packed_byte_int, int8_t, packed_byte_int, double, packed_byte_int, int16_t,
	packed_byte_int, packed_byte_int, packed_byte_int, packed_byte_int)
SHAPE(packed_long_float, packed_long_float, packed_long_float, int8_t, packed_long_float, double, packed_long_float,
	packed_aligned, packed_aligned, int8_t, packed_long_float, packed_aligned)
SHAPE(packed_aligned, packed_aligned, packed_aligned, int64_t, packed_aligned, packed_array, int64_t, packed_array, int64_t,
	packed_aligned, packed2_short_double, int64_t)
SHAPE(packed2_short_double, packed2_short_double, int8_t, packed2_short_double, float, packed2_short_double, flexible,
	flexible_within, packed2_short_double, int8_t, int8_t, int8_t)
SHAPE(packed_array, packed_array, packed_array, packed_array, int8_t, packed_array, packed_array, float, int8_t, packed_array,
	int16_t, packed_array)
SHAPE(flexible, flexible, flexible, int8_t, flexible_within, int8_t, flexible, flexible_within, flexible, flexible_within,
	flexible, flexible)
SHAPE(flexible_within, flexible_within, flexible_within, flexible, flexible, flexible, flexible, flexible, flexible, flexible,
	flexible, flexible_within)
SHAPE(aligned_words, aligned_words, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, aligned_words, int8_t,
	aligned_words)
SHAPE(opaque, three_doubles, int64_t, three_doubles, packed_byte_int, aligned_words, int64_t, int64_t, int64_t, int64_t,
	aligned_words, packed_byte_int)
SHAPE(opaque_bytes, packed_byte_int, int64_t, int64_t, int64_t, int64_t, int64_t, three_doubles, int64_t, int64_t,
	f80_or_int, float)

#define ID "{i32, f64}"
#define DB "{f64, i8}"
#define F3 "{f32, f32, f32}"
#define FSC "{f32, i16, c64}"
#define W2 "{ptr, u64}"
#define NE "{{u8, {}, [2]u16}, {f32, {f64}}}"
#define FB "{f80, u8}"
#define AI "{i32@16}"
#define AF "{f32@16}"
#define AB "{u8@64, f64}"
#define AE "{{}@64}"
#define D3 "{f64, f64, f64}"
#define LA "{[2000]u8}"
#define UID "union{i32, f64}"
#define UFD "union{[3]f32, f64}"
#define U8W "union{f80, [2]i64}"
#define U8I "union{f80, i32}"
#define U8D "union{f80, [2]f64, [2]i64}"
#define HU "{union{i32, f32}, f32, union{[5]u8, i16}}"
#define PBI "packed{i8, i32}"
#define PLF "packed{i64, f32}"
#define PA "packed{i8, i32@4, u8}"
#define P2 "packed2{i16, f64}"
#define PAR "{[5]packed{i16, i8}}"
#define FL "{f32, [0]f64}"
#define FW "{f32, [0]i32}"
#define AW "{i64@16, i64, i64}"
#define AS(name, text) {text, (void (*)(void))shape_##name, call_##name},
#define BYTES_AS(n) AS(bytes_##n, "{[" #n "]u8}(i8, {[" #n "]u8}, f64, {[" #n "]u8}, f32, {[" #n "]u8}, u16, {[" #n "]u8}," \
	"{[" #n "]u8}, i32)")
#define FLOATS_AS(n) AS(floats_##n, "{[" #n "]f32}(i8, {[" #n "]f32}, f64, {[" #n "]f32}, {[" #n "]f32}, {[" #n "]f32}," \
	"u16, {[" #n "]f32}, {[" #n "]f32}, i32)")

static const struct shape shapes[] = {
	EVERY_SIZE(BYTES_AS)
	SOME_SIZES(FLOATS_AS)
	AS(bool, "bool(bool, i8, u8, i16, u16, i32, u32, i64, u64, ptr)")
	AS(i8, "i8(f32, f64, f32, f64, f32, f64, f32, f64, f32, f64)")
	AS(u16, "u16(i8, u8, bool, i16, u16, i32, i8, bool, u16, i8)")
	AS(i32, "i32(f80, i32, f32, f80, f64, u8, c64, c128, c160, i64)")
	AS(ptr, "ptr("ID","ID","ID","ID","ID","ID","ID","ID", f32, i8)")
	AS(f32, "f32("DB","ID","DB","ID","DB","ID","DB","ID", i32, f32)")
	AS(f64, "f64("F3","F3","F3","F3","F3", f64,"F3", i8,"D3", bool)")
	AS(f80, "f80({f80},"FB", i8, {f80}, f32,"FB", {c160}, {c128}, f80, ptr)")
	AS(c64, "c64("FSC","FSC", c64, {c128}, c128,"FSC", c64, c128, c128, f32)")
	AS(c128, "c128("NE","NE","NE","NE", i8,"NE","NE","NE","NE", f64)")
	AS(c160, "c160({}, i32, {}, f32, {}, {},"W2", {}, c160, {})")
	AS(i128, "i128(i64, i128, i8, i8, i128, i16, i32, i128, i8, u128)")
	AS(u128, "u128(i128, i64, i128, i8, {i128}, i16, i8, {i128}, f32, i8)")
	AS(int_double, ID"(ptr, ptr, ptr, ptr, ptr,"W2", ptr,"ID","W2", f64)")
	AS(double_byte, DB"("AI","AF","AI","AF","AB", i64, i64, i64,"AI","AI")")
	AS(three_floats, F3"("AB", i64,"AB", i64, i64, i64, i64, i64, i64,"AB")")
	AS(float_short_c64, FSC"(f64, f64, f64, f64, f64, f64, f64,"F3", f64, f32)")
	AS(two_words, W2"("LA", i8,"LA", f64, i8,"LA", {},"W2","W2","W2")")
	AS(nested, NE"("NE", f32,"NE", f32, f64,"NE","NE","ID","DB","W2")")
	AS(just_f80, "{f80}("D3", {f80}, i8,"FB", bool, {c160}, f64, {c128}, {f80}, {})")
	AS(f80_byte, FB"(i64, i64, i64, i64, i64, i64, i64,"FB", i8, f80)")
	AS(just_i128, "{i128}("W2","W2", i8, {i128}, u8,"ID", f32, {i128}, bool, i8)")
	AS(aligned_int, AI"(i8, {}, f32,"AF","AI", f64, f64, f64, f64, f64)")
	AS(aligned_float, AF"(i8, {}, f32,"AF","AI", f64, f64, f64,"AF","AF")")
	AS(aligned_byte, AB"(i8, i8, i8, i8, i8, i8, i8, i8, i8, i8)")
	AS(empty, "{}(i8, {}, i16, {}, f32, {}, f64, {}, i64, {})")
	AS(aligned_empty, AE"(i64,"W2","AE","W2","W2","AE", i64,"AE","AB","AE")")
	AS(just_c128, "{c128}(f64, f64, f64, f64, f64, f64, f64, {c128}, f64, {c128})")
	AS(just_c160, "{c160}(i64, i64, i64, i64, i64,"W2", i64,"W2", i64, f32)")
	AS(three_doubles, D3"(i64, i64, i64, i64, i64, i64, i64, i64, i64, f32)")
	AS(large, LA"(i64, i64, i64, i64,"W2", i64,"LA", i64, i64, f32)")
	AS(int_or_double, UID"("UFD","UID","U8W","U8I", i8,"UID","U8W","U8W", f64,"UID")")
	AS(floats_or_double, UFD"(f64,"UFD", f64,"UFD", f64,"UFD", i8,"U8I", f32, bool)")
	AS(f80_or_words, U8W"("U8D", i8,"U8W","HU","U8W","HU", f32, i8,"PBI", i8)")
	AS(f80_or_int, U8I"(i64,"U8I","HU", i64, i64, i64,"U8I","PLF","PBI", f80)")
	AS(f80_or_doubles, U8D"(i64,"U8D", i8, i8, i8, i8, i8, i8,"U8W", i8)")
	AS(holds_unions, HU"("PAR","HU","PAR", i8,"PAR", f32,"P2","HU","PA", i16)")
	AS(packed_byte_int, PBI"("PBI", i8,"PBI", f64,"PBI", i16,"PBI","PBI","PBI","PBI")")
	AS(packed_long_float, PLF"("PLF", i8,"PLF", f64,"PLF","PA","PA", i8,"PLF","PA")")
	AS(packed_aligned, PA"("PA", i64,"PA","PAR", i64,"PAR", i64,"PA","P2", i64)")
	AS(packed2_short_double, P2"(i8,"P2", f32,"P2","FL","FW","P2", i8, i8, i8)")
	AS(packed_array, PAR"("PAR","PAR", i8,"PAR","PAR", f32, i8,"PAR", i16,"PAR")")
	AS(flexible, FL"("FL", i8,"FW", i8,"FL","FW","FL","FW","FL","FL")")
	AS(flexible_within, FW"("FW","FL","FL","FL","FL","FL","FL","FL","FL","FW")")
	AS(aligned_words, AW"(i64, i64, i64, i64, i64, i64, i64,"AW", i8,"AW")")
	AS(opaque, "mem24@8(i64, mem24@8, mem5@1, mem32@16, i64, i64, i64, i64, mem32@16, mem5@1)")
	AS(opaque_bytes, "mem5@1(i64, i64, i64, i64, i64, mem24@8, i64, i64, mem16@16, f32)")
};
/* clang-format on */

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

#endif
