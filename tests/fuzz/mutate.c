/* New texts from old ones, for libFuzzer (with its own mutations) and for driver.c. Most of what is
   made here is a signature, or nearly one: bytes at random hardly ever are. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

/* libFuzzer's, where there is one. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));

/* A text that grows; what is beyond max is dropped. */
struct text {
	char *at;
	size_t size, max;
	uint64_t random;
};

static uint64_t below(struct text *t, uint64_t n)
{
	return (fuzz_random(&t->random) >> 16) % n;
}

static void put(struct text *t, const char *words)
{
	for (; *words != '\0' && t->size < t->max; words++)
		t->at[t->size++] = *words;
}

static void put_number(struct text *t, const char *before, uint64_t number)
{
	char digits[32];
	snprintf(digits, sizeof digits, "%s%llu", before, (unsigned long long)number);
	put(t, digits);
}

#define PICK(t, of) (of)[below(t, sizeof(of) / sizeof(of)[0])]

static const char *const scalars[] = {"bool", "i8",   "u8",  "i16",  "u16", "i32", "u32",
				      "i64",  "u64",  "f32", "f64",  "f80", "c64", "c128",
				      "i128", "u128", "ptr", "c160", "i8",  "f32", "f64",
				      "i32",  "i64",  "u8",  "f32",  "f64", "ptr"};
static const char *const go_kinds[] = {"str", "str", "slice", "func"};
static const char *const promoted[] = {"i32", "u32",  "i64", "u64",  "f64", "f80",
				       "c64", "c128", "ptr", "i128", "u128"};
static const char *const tokens[] = {"void",    "pad", "[",       "]",       "{",
				     "}",       "(",   ")",       ",",       "...",
				     "@",       " ",   "\t",      "\n",      "{}",
				     "pad1",    "[1]", "@8",      "@16",     "@4096",
				     "pad8",    "[2]", "1048576", "1048577", "4096",
				     "0",       "256", "@32",     "..., ",   "18446744073709551616",
				     "[65536]", "\0",     "union{",  "packed{",
				     "packed2{",  "[0]",   "mem8@8",  "mem24@4",
				     "<",         "=",     ">",       ":"};
static const unsigned numbers[] = {1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33, 64};

static void put_type(struct text *t, unsigned level);

static void put_member(struct text *t, unsigned level)
{
	static const unsigned aligns[] = {1, 2, 4, 8, 8, 16, 16, 32, 64, 4096};
	if (below(t, 12) == 0) {
		put_number(t, "pad", PICK(t, numbers));
		return;
	}
	if (below(t, 6) == 0)
		put_number(t, "[", PICK(t, numbers)), put(t, "]");
	put_type(t, level);
	if (below(t, 16) == 0)
		put_number(t, "@", PICK(t, aligns));
}

static void put_struct(struct text *t, unsigned level)
{
	static const char *const begins[] = {"{",      "{",       "{",        "{",       "{",
					     "{",      "{",       "packed{", "packed2{", "packed4{",
					     "union{", "union{"};
	uint64_t n = below(t, 8) == 0 ? below(t, 14) : below(t, 5);
	put(t, PICK(t, begins));
	for (uint64_t i = 0; i < n; i++) {
		put(t, i == 0 ? "" : below(t, 2) == 0 ? ", " : ",");
		if (i + 1 == n && below(t, 12) == 0)
			put(t, "[0]");
		put_member(t, level + 1);
	}
	put(t, "}");
}

/* What Go has in place of a type of C, of the same size for sure. */
static void put_as_go(struct text *t)
{
	static const char *const pairs[] = {
		"{[5]u8} = packed{i8, i32}",
		"{i8, [4]u8} = packed{i8, i32}",
		"{i64} = union{i32, f64}",
		"{f32, i32} = union{f64, i8}",
		"{[8]u8} = union{[2]f32, f64}",
		"{u64, u64} = union{f80}",
		"{[2]u64} = union{f80, [2]f64, [2]i64}",
		"{u32, [12]u8} = {i32@16}",
		"{ptr, i32} = mem16@16",
		"{i64, [24]u8} = {i64@32}",
		"{[32]u8} = {c160}",
		"{i32, [4]u8} = {i32, [0]f64}",
		"{i64, i32, i32} = {i64@16, i32, f32}",
		"{u16, u16, u16, u16, u16} = packed2{i16, f64}",
		"{{f32, u8}, [1]u16} = packed4{u32, u16, pad6}",
		"{i64, {f64, [3]i8}} = packed{{i64, f64}, mem8@4}",
		"{[9]i64} = mem72@8",
		"{ptr} = union{ptr, i64}",
	};
	put(t, "<");
	put(t, PICK(t, pairs));
	put(t, ">");
}

static void put_memory(struct text *t)
{
	static const unsigned aligns[] = {1, 1, 2, 4, 8, 16, 64};
	unsigned align = PICK(t, aligns);
	put_number(t, "mem", align * (1 + below(t, 9)));
	put_number(t, "@", align);
}

static void put_type(struct text *t, unsigned level)
{
	if (below(t, 24) == 0)
		put_memory(t);
	else if (level < 5 && below(t, 3) == 0)
		put_struct(t, level);
	else
		put(t, PICK(t, scalars));
}

/* A member of at most two eightbytes of one size again and again: what travels in registers. */
static void put_small_struct(struct text *t)
{
	static const char *const small[] = {"i8", "u16", "f32", "i32", "f32", "f64", "i64", "ptr"};
	uint64_t n = 1 + below(t, 4);
	put(t, "{");
	for (uint64_t i = 0; i < n; i++) {
		put(t, i == 0 ? "" : ", ");
		put(t, PICK(t, small));
	}
	put(t, "}");
}

static void put_value(struct text *t, bool go)
{
	if (go && below(t, 3) == 0)
		put(t, PICK(t, go_kinds));
	else if (go && below(t, 3) == 0)
		put_as_go(t);
	else if (below(t, 3) == 0)
		put_small_struct(t);
	else
		put_type(t, 0);
}

static void put_signature(struct text *t)
{
	bool go = below(t, 4) == 0;
	uint64_t n = below(t, 40) == 0   ? below(t, 260)
		     : below(t, 10) == 0 ? below(t, 40)
					 : below(t, 12);
	uint64_t dots = below(t, 8) == 0 ? below(t, n + 1) : UINT64_MAX;
	uint64_t result = below(t, 5);
	const char *same = below(t, 8) == 0 ? PICK(t, scalars) : NULL;
	t->size = 0;
	if (result == 0)
		put(t, "void");
	else if (result == 1 && go)
		put(t, "str");
	else
		put_value(t, go);
	put(t, "(");
	for (uint64_t i = 0; i < n; i++) {
		put(t, i == 0 ? "" : ", ");
		put(t, i == dots ? "..., " : "");
		if (i >= dots)
			put(t, PICK(t, promoted));
		else if (same != NULL)
			put(t, same);
		else
			put_value(t, go);
	}
	put(t, ")");
}

/* ---- Changes of a text ---- */

static void erase(struct text *t, size_t from, size_t n)
{
	memmove(t->at + from, t->at + from + n, t->size - from - n);
	t->size -= n;
}

static void insert(struct text *t, size_t at, const char *words, size_t n)
{
	if (t->size + n > t->max)
		return;
	memmove(t->at + at + n, t->at + at, t->size - at);
	memcpy(t->at + at, words, n);
	t->size += n;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A word, or the struct that begins here, becomes another type. */
static void replace_type(struct text *t)
{
	char words[512];
	struct text other = {.at = words, .max = sizeof words, .random = fuzz_random(&t->random)};
	size_t from = below(t, t->size), end;
	while (from > 0 && is_word(t->at[from]) && is_word(t->at[from - 1]))
		from--;
	for (end = from; end < t->size && is_word(t->at[end]); end++)
		;
	if (t->at[from] == '{') {
		unsigned level = 0;
		do
			level += (t->at[end] == '{') - (unsigned)(t->at[end] == '}');
		while (++end < t->size && level != 0);
	}
	if (below(t, 4) == 0)
		put(&other, PICK(&other, go_kinds));
	else
		put_type(&other, 0);
	erase(t, from, end - from);
	insert(t, from, words, other.size);
}

static void replace_number(struct text *t)
{
	static const unsigned edges[] = {0,    1,    2,    8,     15,      16,      17,
					 31,   32,   255,  256,   257,     1024,    1025,
					 4095, 4096, 4097, 65536, 1048575, 1048576, 1048577};
	char digits[16];
	size_t from = below(t, t->size), end;
	while (from < t->size && (t->at[from] < '0' || t->at[from] > '9'))
		from++;
	for (end = from; end < t->size && t->at[end] >= '0' && t->at[end] <= '9'; end++)
		;
	erase(t, from, end - from);
	insert(t, from, digits, (size_t)snprintf(digits, sizeof digits, "%u", PICK(t, edges)));
}

static void change(struct text *t)
{
	size_t at = t->size == 0 ? 0 : below(t, t->size), n;
	const char *token;
	if (t->size == 0) {
		put_signature(t);
		return;
	}
	switch (below(t, 8)) {
	case 0: /* a bit, or a byte */
		if (below(t, 2) == 0)
			t->at[at] = (char)(t->at[at] ^ 1 << below(t, 8));
		else
			t->at[at] = (char)below(t, 256);
		break;
	case 1:
		token = PICK(t, tokens);
		insert(t, at, token, token[0] == '\0' ? 1 : strlen(token));
		break;
	case 2:
		n = 1 + below(t, 8);
		erase(t, at, n < t->size - at ? n : t->size - at);
		break;
	case 3: { /* a part of it twice */
		char part[64];
		n = 1 + below(t, sizeof part - 1);
		n = n < t->size - at ? n : t->size - at;
		memcpy(part, t->at + at, n);
		insert(t, below(t, t->size + 1), part, n);
		break;
	}
	case 4:
		replace_number(t);
		break;
	default:
		replace_type(t);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct text t = {.at = (char *)data, .size = size, .max = max, .random = seed};
	uint64_t way = below(&t, 8);
	if (way < 4) {
		put_signature(&t);
	} else if (way < 6 && LLVMFuzzerMutate != NULL) {
		return LLVMFuzzerMutate(data, size, max);
	} else {
		for (uint64_t n = 1 + below(&t, 4); n > 0; n--)
			change(&t);
	}
	return t.size;
}
