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
	uint8_t one = (uint8_t)b;
	gw_emit_bytes(e, &one, 1);
}

static void rex(struct emitter *e, bool wide, unsigned reg, unsigned rm, bool always)
{
	unsigned b = 0x40u | (wide ? 8u : 0u) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1);
	if (b != 0x40 || always)
		gw_emit_byte(e, b);
}

void gw_emit_operand(struct emitter *e, unsigned reg, unsigned base, uint32_t displacement)
{
	gw_emit_byte(e, 0x80 | (reg & 7) << 3 | (base & 7));
	if ((base & 7) == SP)
		gw_emit_byte(e, 0x24);
	gw_emit_bytes(e, &displacement, 4);
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
