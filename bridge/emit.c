/* Writes amd64 instructions. */
#include "emit.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CODE = 1 << 20 };

void gw_emit_begin(struct emitter *e)
{
	e->code = e->first;
	e->n = 0;
	e->room = sizeof e->first;
	e->failed = false;
}

void *gw_emit_end(struct emitter *e, gw_code **own)
{
	if (own != NULL)
		*own = NULL;
	void *code = e->failed ? NULL : gw_arena_keep(e->code, e->n, own);
	if (e->code != e->first)
		free(e->code);
	return code;
}

/* Room for n more bytes. */
static bool grow(struct emitter *e, uint32_t n)
{
	uint32_t room = 2 * (e->n + n);
	uint8_t *code = room > MAX_CODE ? NULL : malloc(room);
	if (code == NULL) {
		e->failed = true;
		return false;
	}
	memcpy(code, e->code, e->n);
	if (e->code != e->first)
		free(e->code);
	e->code = code;
	e->room = room;
	return true;
}

void gw_emit_bytes(struct emitter *e, const void *p, uint32_t n)
{
	if (e->failed || (e->n + n > e->room && !grow(e, n)))
		return;
	memcpy(e->code + e->n, p, n);
	e->n += n;
}

void gw_emit_byte(struct emitter *e, unsigned b)
{
	if (e->failed || (e->n == e->room && !grow(e, 1)))
		return;
	e->code[e->n++] = (uint8_t)b;
}

static void rex(struct emitter *e, bool wide, unsigned reg, unsigned rm, bool always)
{
	unsigned b = 0x40u | (wide ? 8u : 0u) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1);
	if (b != 0x40 || always)
		gw_emit_byte(e, b);
}

void gw_emit_operand(struct emitter *e, unsigned reg, unsigned base, uint32_t displacement)
{
	bool is_short = (int32_t)displacement >= -128 && (int32_t)displacement <= 127;
	bool none = displacement == 0 && (base & 7) != BP;
	gw_emit_byte(e, (none ? 0u : is_short ? 0x40u : 0x80u) | (reg & 7) << 3 | (base & 7));
	if ((base & 7) == SP)
		gw_emit_byte(e, 0x24);
	if (!none)
		gw_emit_bytes(e, &displacement, is_short ? 1 : 4);
}

/* The opcode of a move of 1, 2, 4 or 8 bytes into an integer register, extended to 64 bits, but for
   the prefixes. */
static void int_opcode(struct emitter *e, uint32_t size, bool sign)
{
	switch (size) {
	case 8:
		gw_emit_byte(e, 0x8b);
		break;
	case 4:
		gw_emit_byte(e, sign ? 0x63 : 0x8b);
		break;
	case 2:
		gw_emit_byte(e, 0x0f);
		gw_emit_byte(e, sign ? 0xbf : 0xb7);
		break;
	default:
		gw_emit_byte(e, 0x0f);
		gw_emit_byte(e, sign ? 0xbe : 0xb6);
	}
}

void gw_emit_load(struct emitter *e, unsigned reg, unsigned base, uint32_t at, uint32_t size,
		  bool sign)
{
	rex(e, size == 8 || sign, reg, base, false);
	int_opcode(e, size, sign);
	gw_emit_operand(e, reg, base, at);
}

void gw_emit_store(struct emitter *e, unsigned reg, unsigned base, uint32_t at, uint32_t size)
{
	if (size == 2)
		gw_emit_byte(e, 0x66);
	rex(e, size == 8, reg, base, size == 1);
	gw_emit_byte(e, size == 1 ? 0x88 : 0x89);
	gw_emit_operand(e, reg, base, at);
}

void gw_emit_extend(struct emitter *e, unsigned to, unsigned from, uint32_t size, bool sign)
{
	rex(e, size == 8 || sign, to, from, size == 1);
	int_opcode(e, size, sign);
	gw_emit_byte(e, 0xc0 | (to & 7) << 3 | (from & 7));
}

void gw_emit_move(struct emitter *e, unsigned to, unsigned from)
{
	gw_emit_extend(e, to, from, 8, false);
}

void gw_emit_move_float(struct emitter *e, bool is_load, unsigned reg, unsigned base, uint32_t at,
			uint32_t size)
{
	if (size != 16)
		gw_emit_byte(e, size == 8 ? 0xf2 : 0xf3);
	rex(e, false, reg, base, false);
	gw_emit_byte(e, 0x0f);
	gw_emit_byte(e, is_load ? 0x10 : 0x11);
	gw_emit_operand(e, reg, base, at);
}

void gw_emit_move_vector(struct emitter *e, unsigned to, unsigned from)
{
	rex(e, false, to, from, false);
	gw_emit_byte(e, 0x0f);
	gw_emit_byte(e, 0x28);
	gw_emit_byte(e, 0xc0 | (to & 7) << 3 | (from & 7));
}

void gw_emit_movq(struct emitter *e, bool to_vector, unsigned vector, unsigned reg)
{
	gw_emit_byte(e, 0x66);
	rex(e, true, vector, reg, true);
	gw_emit_byte(e, 0x0f);
	gw_emit_byte(e, to_vector ? 0x6e : 0x7e);
	gw_emit_byte(e, 0xc0 | (vector & 7) << 3 | (reg & 7));
}

void gw_emit_shift(struct emitter *e, bool left, unsigned reg, unsigned bits)
{
	rex(e, true, 0, reg, true);
	gw_emit_byte(e, 0xc1);
	gw_emit_byte(e, (left ? 0xe0u : 0xe8u) | (reg & 7));
	gw_emit_byte(e, bits);
}

void gw_emit_or(struct emitter *e, unsigned to, unsigned from)
{
	rex(e, true, from, to, true);
	gw_emit_byte(e, 0x09);
	gw_emit_byte(e, 0xc0 | (from & 7) << 3 | (to & 7));
}

void gw_emit_push(struct emitter *e, unsigned reg)
{
	rex(e, false, 0, reg, false);
	gw_emit_byte(e, 0x50 | (reg & 7));
}

void gw_emit_lea(struct emitter *e, unsigned reg, unsigned base, uint32_t at)
{
	rex(e, true, reg, base, false);
	gw_emit_byte(e, 0x8d);
	gw_emit_operand(e, reg, base, at);
}

void gw_emit_call(struct emitter *e, uintptr_t address)
{
	static const uint8_t mov_r11[] = {0x49, 0xbb}, call_r11[] = {0x41, 0xff, 0xd3};
	uint64_t a = address;
	gw_emit_bytes(e, mov_r11, sizeof mov_r11);
	gw_emit_bytes(e, &a, 8);
	gw_emit_bytes(e, call_r11, sizeof call_r11); /* not by RAX: AL may be an argument */
}

void gw_emit_jump(struct emitter *e, uintptr_t address)
{
	static const uint8_t jmp_rip[] = {0xff, 0x25, 0, 0, 0, 0};
	uint64_t a = address;
	gw_emit_bytes(e, jmp_rip, sizeof jmp_rip);
	gw_emit_bytes(e, &a, 8);
}

uint32_t gw_emit_lea_label(struct emitter *e, unsigned reg)
{
	static const uint8_t later[4];
	rex(e, true, reg, 0, true);
	gw_emit_byte(e, 0x8d);
	gw_emit_byte(e, (reg & 7) << 3 | 5);
	gw_emit_bytes(e, later, sizeof later);
	return e->n;
}

uint32_t gw_emit_jump_if(struct emitter *e, unsigned condition)
{
	static const uint8_t later[4];
	gw_emit_byte(e, 0x0f);
	gw_emit_byte(e, 0x80 | condition);
	gw_emit_bytes(e, later, sizeof later);
	return e->n;
}

void gw_emit_label(struct emitter *e, uint32_t from)
{
	uint32_t distance = e->n - from;
	if (!e->failed)
		memcpy(e->code + from - 4, &distance, 4);
}

void gw_emit_enter(struct emitter *e)
{
	static const uint8_t enter[] = {
		0xf3, 0x0f, 0x1e, 0xfa, /* endbr64 */
		0x55,                   /* push %rbp */
		0x48, 0x89, 0xe5,       /* mov %rsp, %rbp */
	};
	gw_emit_bytes(e, enter, sizeof enter);
}

void gw_emit_leave(struct emitter *e)
{
	static const uint8_t leave[] = {0xc9, 0xc3}; /* leave; ret */
	gw_emit_bytes(e, leave, sizeof leave);
}

void gw_emit_count_vectors(struct emitter *e, uint32_t n)
{
	gw_emit_byte(e, 0xb8);
	gw_emit_bytes(e, &n, 4);
}

void gw_emit_adjust(struct emitter *e, bool down, uint32_t n)
{
	gw_emit_byte(e, 0x48);
	gw_emit_byte(e, 0x81);
	gw_emit_byte(e, down ? 0xec : 0xc4);
	gw_emit_bytes(e, &n, 4);
}

void gw_emit_frame(struct emitter *e, uint32_t size)
{
	enum { STEP = 2048 }; /* less than a page, with what is pushed below */
	for (; size > STEP; size -= STEP) {
		gw_emit_adjust(e, true, STEP);
		gw_emit_store(e, AX, SP, 0, 8);
	}
	gw_emit_adjust(e, true, size);
}

void gw_emit_copy_words(struct emitter *e, unsigned from, uint32_t src, unsigned to, uint32_t dst,
			uint32_t words)
{
	static const uint8_t rep_movsq[] = {0xf3, 0x48, 0xa5};
	gw_emit_lea(e, SI, from, src);
	gw_emit_lea(e, DI, to, dst);
	gw_emit_byte(e, 0xb8 | CX); /* mov $words, %ecx */
	gw_emit_bytes(e, &words, 4);
	gw_emit_bytes(e, rep_movsq, sizeof rep_movsq);
}

void gw_emit_copy(struct emitter *e, unsigned from, uint32_t src, unsigned to, uint32_t dst,
		  uint32_t size)
{
	while (size > 0) {
		uint32_t n = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
		gw_emit_load(e, DX, from, src, n, false);
		gw_emit_store(e, DX, to, dst, n);
		src += n;
		dst += n;
		size -= n;
	}
}
