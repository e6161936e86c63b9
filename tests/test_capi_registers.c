/* gw_call at the function's entry: registers and stack with random signatures against libffi's
   ffi_call, what lies beside small values, and what a call preserves. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

#include <cmocka.h>
#include <ffi.h>

#include "around.h"
#include "guards.h"

enum { ROUNDS = 3000 };

/* What the recorder saw. */
struct notes {
	uint64_t ints[6];
	uint64_t sse[8];
	uint64_t sp;
	uint64_t al;
	uint64_t stack[320];
};
struct notes notes __attribute__((visibility("hidden")));

/* What it returns. */
struct give {
	uint64_t rax, rdx, xmm0, xmm1;
	uint64_t hidden; /* RDI in RAX instead */
};
struct give give __attribute__((visibility("hidden")));

/* Notes its registers and the words above its return address. */
void recorder(void);
__asm__(".text\n"
	".type recorder, @function\n"
	"recorder:\n"
	"	lea notes(%rip), %r11\n"
	"	mov %rdi, (%r11)\n"
	"	mov %rsi, 8(%r11)\n"
	"	mov %rdx, 16(%r11)\n"
	"	mov %rcx, 24(%r11)\n"
	"	mov %r8, 32(%r11)\n"
	"	mov %r9, 40(%r11)\n"
	"	movsd %xmm0, 48(%r11)\n"
	"	movsd %xmm1, 56(%r11)\n"
	"	movsd %xmm2, 64(%r11)\n"
	"	movsd %xmm3, 72(%r11)\n"
	"	movsd %xmm4, 80(%r11)\n"
	"	movsd %xmm5, 88(%r11)\n"
	"	movsd %xmm6, 96(%r11)\n"
	"	movsd %xmm7, 104(%r11)\n"
	"	mov %rsp, 112(%r11)\n"
	"	mov %rax, 120(%r11)\n"
	"	xor %eax, %eax\n"
	"1:	mov 8(%rsp,%rax,8), %r10\n"
	"	mov %r10, 128(%r11,%rax,8)\n"
	"	inc %eax\n"
	"	cmp $320, %eax\n"
	"	jne 1b\n"
	"	lea give(%rip), %r11\n"
	"	mov (%r11), %rax\n"
	"	mov 8(%r11), %rdx\n"
	"	movsd 16(%r11), %xmm0\n"
	"	movsd 24(%r11), %xmm1\n"
	"	cmpq $0, 32(%r11)\n"
	"	cmovne %rdi, %rax\n"
	"	ret\n"
	".size recorder, .-recorder\n");

_Static_assert(offsetof(struct notes, sp) == 112, "the recorder knows the offset of sp");
_Static_assert(offsetof(struct notes, al) == 120, "the recorder knows the offset of al");
_Static_assert(offsetof(struct notes, stack) == 128, "the recorder knows the offset of stack");
_Static_assert(offsetof(struct give, hidden) == 32, "the recorder knows the offset of hidden");

/* A random type that libffi knows too: no empty structs, 128-bit integers or raised alignments. */
static const gw_type *random_type(int level)
{
	static const gw_kind kinds[] = {GW_I8,  GW_U8,  GW_I16, GW_U16,  GW_I32, GW_U32,
					GW_I64, GW_U64, GW_PTR, GW_F32,  GW_F64, GW_F32,
					GW_F64, GW_F80, GW_C64, GW_C128, GW_C160};
	gw_type *out;
	long choice = random() % 10;
	if (choice < 5 || level > 2) {
		size_t n = level == 0 ? sizeof kinds / sizeof kinds[0] : 14;
		return gw_type_scalar(kinds[(size_t)random() % n]);
	}
	const gw_type *fields[4];
	size_t n = (size_t)random() % 4 + 1;
	for (size_t i = 0; i < n; i++)
		fields[i] = random_type(level + 1);
	gw_status status = choice == 9 && level > 0
				   ? gw_type_array(&out, fields[0], (size_t)random() % 4 + 1)
				   : gw_type_struct(&out, fields, n);
	if (status != GW_OK)
		fail_msg("%s", gw_last_error());
	for (size_t i = 0; i < n; i++)
		gw_type_release(fields[i]);
	return out;
}

/* libffi's type for it; never freed. An array is a struct of its elements. */
static ffi_type *ffi_type_of(const gw_type *type)
{
	switch (gw_type_kind(type)) {
	case GW_I8:
		return &ffi_type_sint8;
	case GW_U8:
		return &ffi_type_uint8;
	case GW_I16:
		return &ffi_type_sint16;
	case GW_U16:
		return &ffi_type_uint16;
	case GW_I32:
		return &ffi_type_sint32;
	case GW_U32:
		return &ffi_type_uint32;
	case GW_I64:
		return &ffi_type_sint64;
	case GW_U64:
		return &ffi_type_uint64;
	case GW_PTR:
		return &ffi_type_pointer;
	case GW_F32:
		return &ffi_type_float;
	case GW_F64:
		return &ffi_type_double;
	case GW_F80:
		return &ffi_type_longdouble;
	case GW_C64:
		return &ffi_type_complex_float;
	case GW_C128:
		return &ffi_type_complex_double;
	case GW_C160:
		return &ffi_type_complex_longdouble;
	case GW_VOID:
		return &ffi_type_void;
	default:
		break;
	}
	size_t n = gw_type_count(type);
	ffi_type *out = calloc(1, sizeof *out);
	assert_non_null(out);
	out->type = FFI_TYPE_STRUCT;
	out->elements = calloc(n + 1, sizeof *out->elements);
	assert_non_null(out->elements);
	for (size_t i = 0; i < n; i++)
		out->elements[i] = ffi_type_of(gw_type_member(type, i));
	return out;
}

static void free_ffi_type(ffi_type *type)
{
	if (type->type != FFI_TYPE_STRUCT)
		return; /* static */
	for (ffi_type **element = type->elements; *element != NULL; element++)
		free_ffi_type(*element);
	free(type->elements);
	free(type);
}

/* What the recorder cannot give and libffi 3.4 gets wrong: results in x87 registers; and a struct
   of two eightbytes of which the first travels in R9, as the other spoils XMM0. */
static bool beyond_libffi(const gw_signature *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_piece *first = &s->params[i].piece[0];
		if (s->params[i].pieces == 2 && first->where == GW_IN_INT && first->index == 5)
			return true;
	}
	return s->result.pieces != 0 && s->result.piece[0].where == GW_IN_X87;
}

/* An argument as the recorder noted it. */
static void noted(const struct notes *n, const struct gw_place *place, unsigned char *to)
{
	for (int i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		const void *from = piece->where == GW_IN_INT ? (const void *)&n->ints[piece->index]
				   : piece->where == GW_IN_SSE
					   ? (const void *)&n->sse[piece->index]
					   : (const char *)n->stack + piece->stack;
		memcpy(to + piece->offset, from, piece->size);
	}
}

static void call_random_signatures_agree_with_libffi(void **state)
{
	(void)state;
	seed_random();
	for (int round = 0; round < ROUNDS; round++) {
		const gw_type *types[MAX_ARGS + 1];
		ffi_type *ffi_types[MAX_ARGS + 1];
		void *args[MAX_ARGS], *copies[MAX_ARGS], *given[MAX_ARGS];
		char text[2048];
		size_t n = (size_t)random() % (MAX_ARGS + 1);
		gw_signature *s;
		for (size_t i = 0; i <= n; i++) {
			types[i] = random_type(0);
			ffi_types[i] = ffi_type_of(types[i]);
		}
		if (gw_signature_new(&s, types[0], types + 1, n, n) != GW_OK)
			fail_msg("%s", gw_last_error());
		gw_signature_print(s, text, sizeof text);
		for (size_t i = 0; i <= n; i++)
			gw_type_release(types[i]);
		if (beyond_libffi(s) || s->stack_bytes > sizeof notes.stack) {
			for (size_t i = 0; i <= n; i++)
				free_ffi_type(ffi_types[i]);
			gw_signature_free(s);
			continue;
		}
		random_args(s, args);
		for (size_t i = 0; i < n; i++) {
			copies[i] = calloc(1, gw_type_size(gw_signature_param(s, i)) + 16);
			assert_non_null(copies[i]);
			memcpy(copies[i], args[i], gw_type_size(gw_signature_param(s, i)));
		}
		for (size_t i = 0; i < sizeof give; i++)
			((unsigned char *)&give)[i] = random_byte();
		give.hidden = s->hidden;

		size_t size = gw_type_size(gw_signature_result(s));
		unsigned char *result = before_guard(MAX_ARGS, size);
		memset(&notes, 0, sizeof notes);
		gw_call(s, recorder, result, args);
		struct notes ours = notes;
		assert_int_equal(ours.sp % 16, 8);
		assert_int_equal(ours.al, s->sses);
		if (s->hidden)
			assert_ptr_equal((void *)ours.ints[0], result);

		ffi_cif cif;
		_Alignas(16) unsigned char theirs[4096] = {0};
		assert_int_equal(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, (unsigned)n, ffi_types[0],
					      ffi_types + 1),
				 FFI_OK);
		assert_int_equal(ffi_types[0]->size, size);
		/* ffi_call puts copies of its own in the list. */
		memcpy(given, copies, sizeof given);
		ffi_call(&cif, FFI_FN(recorder), theirs, given);
		for (size_t i = 0; i < n; i++) {
			unsigned char by_us[4096], by_them[4096];
			const struct gw_place *p = &s->params[i];
			noted(&ours, p, by_us);
			noted(&notes, p, by_them);
			if (!same_value(p->type, by_us, args[i]) ||
			    !same_value(p->type, by_us, by_them))
				fail_msg("%s: parameter %zu", text, i + 1);
		}
		if (!s->hidden && !same_value(gw_signature_result(s), result, theirs))
			fail_msg("%s: result", text);
		for (size_t i = 0; i < n; i++)
			free(copies[i]);
		for (size_t i = 0; i <= n; i++)
			free_ffi_type(ffi_types[i]);
		gw_signature_free(s);
	}
}

static void call_unused_bytes_of_registers_are_zero_or_extension(void **state)
{
	(void)state;
	gw_signature *s =
		parsed("void(i8, u8, i16, u16, i32, bool, f32, {f32}, {f32, f32, f32}, i8, "
		       "{[3]u8}, u16, i32, f32, f32, f32, f32, f32)");
	int8_t i8 = -2;
	uint8_t u8 = 0xfe;
	int16_t i16 = -3;
	uint16_t u16 = 0xfffd;
	int32_t i32 = -4;
	bool yes = true;
	float f = -1, three[] = {-1, -1, -1};
	uint32_t f_bits = 0xbf800000;
	void *args[] = {&i8,  &u8,  &i16, &u16, &i32, &yes, &f, &f, three, &i8, "\377\377\377",
			&u16, &i32, &f,   &f,   &f,   &f,   &f};
	give.hidden = 0;
	memset(&notes, 0x77, sizeof notes);
	gw_call(s, recorder, NULL, args);
	const uint64_t ints[] = {(uint64_t)-2, 0xfe, (uint64_t)-3, 0xfffd, (uint64_t)-4, 1};
	const uint64_t stack[] = {(uint64_t)-2, 0xffffff, 0xfffd, (uint64_t)-4, f_bits};
	assert_memory_equal(notes.ints, ints, sizeof ints);
	assert_memory_equal(notes.stack, stack, sizeof stack);
	for (int i = 0; i < 8; i++)
		assert_int_equal(notes.sse[i], i == 2 ? (uint64_t)f_bits << 32 | f_bits : f_bits);
	gw_signature_free(s);
}

static unsigned seen_mxcsr;
static uint64_t seen_flags;

static void see_control(void)
{
	seen_mxcsr = _mm_getcsr();
	__asm__ volatile("pushfq; pop %0" : "=r"(seen_flags));
}

/* What gw_call does, without a compiler's code around it, which would preserve registers. */
struct direct {
	const gw_signature *signature;
	void (*fn)(void);
	void *result;
	void *const *args;
	void *chain;
	gw_call_code *code;
};
void direct(struct direct *d);
__asm__(".text\n"
	".type direct, @function\n"
	"direct:\n"
	"	mov %rdi, %rax\n"
	"	mov (%rax), %rdi\n"
	"	mov 8(%rax), %rsi\n"
	"	mov 16(%rax), %rdx\n"
	"	mov 24(%rax), %rcx\n"
	"	mov 32(%rax), %r8\n"
	"	jmp *40(%rax)\n"
	".size direct, .-direct\n");

static void call_callee_saved_registers_and_control_bits_are_preserved(void **state)
{
	(void)state;
	enum { DF = 1 << 10, ROUND_TO_ZERO = 3 << 13 };
	_Alignas(4096) static uint64_t stack[512];
	uint64_t flags;
	assert_int_equal(around((void *)(uintptr_t)break_register, NULL), 1 << 3);
	for (unsigned words = 3; words < 512; words += 73)
		for (unsigned align = 8; align <= 4096; align *= 4) {
			char text[80];
			snprintf(text, sizeof text, "void(i32, {[%u]i64, [0]i64@%u}, {[3]u8})",
				 words, align);
			gw_signature *aligned = parsed(text);
			void *args[] = {&words, stack, stack};
			struct direct d = {aligned, recorder, NULL, args, &d, aligned->call};
			for (unsigned i = 0; i < words; i++)
				stack[i] = i;
			assert_int_equal(around((void *)(uintptr_t)direct, &d), 0);
			assert_int_equal((notes.sp + 8) % (align < 16 ? 16 : align), 0);
			assert_int_equal((uint32_t)notes.ints[0], words);
			for (unsigned i = 0; i < words && i < 320; i++)
				assert_int_equal(notes.stack[i], i);
			gw_signature_free(aligned);
		}
	gw_signature *s = parsed("void()");
	unsigned before = _mm_getcsr();
	_mm_setcsr(before | ROUND_TO_ZERO);
	gw_call(s, see_control, NULL, NULL);
	unsigned after = _mm_getcsr();
	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	_mm_setcsr(before);
	assert_int_equal(after & ROUND_TO_ZERO, ROUND_TO_ZERO);
	assert_int_equal(seen_mxcsr & ROUND_TO_ZERO, ROUND_TO_ZERO);
	assert_int_equal(seen_flags & DF, 0);
	assert_int_equal(flags & DF, 0);
	gw_signature_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_random_signatures_agree_with_libffi),
		cmocka_unit_test(call_unused_bytes_of_registers_are_zero_or_extension),
		cmocka_unit_test(call_callee_saved_registers_and_control_bits_are_preserved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
