/* Writes amd64 instructions: what machine code of plans is made of (gocode.c, gocallback.c). */
#ifndef GW_BRIDGE_EMIT_H
#define GW_BRIDGE_EMIT_H

#include <stdlib.h>
#include <string.h>

#include "goexec.h"

enum { AX, CX, DX, BX, SP, BP, SI, DI, R8, R9, R10, R11, R12, R13, R14, R15 };
static const uint8_t c_ints[6] = {DI, SI, DX, CX, R8, R9};

enum { MAX_CODE = 4096 };

/* What has been written so far; failed: no room, or something that there is no code for. */
struct emitter {
	uint8_t code[MAX_CODE];
	uint32_t n;
	bool failed;
	uint32_t image, results, hidden, slots, strings, size; /* of a call's frame (gocode.c) */
};

static inline void bytes(struct emitter *e, const void *p, uint32_t n)
{
	if (e->n + n > MAX_CODE) {
		e->failed = true;
		return;
	}
	memcpy(e->code + e->n, p, n);
	e->n += n;
}

static inline void byte(struct emitter *e, unsigned b)
{
	uint8_t one = (uint8_t)b;
	bytes(e, &one, 1);
}

static inline void rex(struct emitter *e, bool wide, unsigned reg, unsigned rm, bool always)
{
	unsigned b = 0x40u | (wide ? 8u : 0u) | (reg >> 3 & 1) << 2 | (rm >> 3 & 1);
	if (b != 0x40 || always)
		byte(e, b);
}

/* The operand [base + displacement]. */
static inline void operand(struct emitter *e, unsigned reg, unsigned base, uint32_t displacement)
{
	byte(e, 0x80 | (reg & 7) << 3 | (base & 7));
	if ((base & 7) == SP)
		byte(e, 0x24);
	bytes(e, &displacement, 4);
}

/* The opcode of a move of 1, 2, 4 or 8 bytes into an integer register, extended to 64 bits, but for
   the prefixes. */
static inline void int_opcode(struct emitter *e, uint32_t size, bool sign)
{
	switch (size) {
	case 8:
		byte(e, 0x8b);
		break;
	case 4:
		byte(e, sign ? 0x63 : 0x8b);
		break;
	case 2:
		byte(e, 0x0f);
		byte(e, sign ? 0xbf : 0xb7);
		break;
	default:
		byte(e, 0x0f);
		byte(e, sign ? 0xbe : 0xb6);
	}
}

/* Load, extended. */
static inline void load_int(struct emitter *e, unsigned reg, unsigned base, uint32_t at,
			    uint32_t size, bool sign)
{
	rex(e, size == 8 || sign, reg, base, false);
	int_opcode(e, size, sign);
	operand(e, reg, base, at);
}

static inline void store_int(struct emitter *e, unsigned reg, unsigned base, uint32_t at,
			     uint32_t size)
{
	if (size == 2)
		byte(e, 0x66);
	rex(e, size == 8, reg, base, size == 1);
	byte(e, size == 1 ? 0x88 : 0x89);
	operand(e, reg, base, at);
}

/* to = from's lower bytes, extended. */
static inline void extend(struct emitter *e, unsigned to, unsigned from, uint32_t size, bool sign)
{
	rex(e, size == 8 || sign, to, from, size == 1);
	int_opcode(e, size, sign);
	byte(e, 0xc0 | (to & 7) << 3 | (from & 7));
}

/* MOVSD or MOVSS between a vector register and memory. */
static inline void move_float(struct emitter *e, bool is_load, unsigned reg, unsigned base,
			      uint32_t at, uint32_t size)
{
	byte(e, size == 8 ? 0xf2 : 0xf3);
	rex(e, false, reg, base, false);
	byte(e, 0x0f);
	byte(e, is_load ? 0x10 : 0x11);
	operand(e, reg, base, at);
}

static inline void lea(struct emitter *e, unsigned reg, unsigned base, uint32_t at)
{
	rex(e, true, reg, base, false);
	byte(e, 0x8d);
	operand(e, reg, base, at);
}

static inline void move_reg(struct emitter *e, unsigned to, unsigned from)
{
	extend(e, to, from, 8, false);
}

static inline void move_vector(struct emitter *e, unsigned to, unsigned from)
{
	rex(e, false, to, from, false);
	byte(e, 0x0f);
	byte(e, 0x28);
	byte(e, 0xc0 | (to & 7) << 3 | (from & 7));
}

static inline void call_address(struct emitter *e, uintptr_t address)
{
	uint64_t a = address;
	byte(e, 0x49); /* mov $a, %r11 */
	byte(e, 0xbb);
	bytes(e, &a, 8);
	byte(e, 0x41); /* call *%r11: AL may be an argument */
	byte(e, 0xff);
	byte(e, 0xd3);
}

/* mov $n, %eax: AL, the vector registers of a call, for a function that may be variadic. */
static inline void count_vectors(struct emitter *e, uint32_t n)
{
	byte(e, 0xb8);
	bytes(e, &n, 4);
}

/* add or sub $n, %rsp */
static inline void adjust(struct emitter *e, bool down, uint32_t n)
{
	byte(e, 0x48);
	byte(e, 0x81);
	byte(e, down ? 0xec : 0xc4);
	bytes(e, &n, 4);
}

static inline void op_size(uint8_t op, uint32_t *size, bool *sign)
{
	*sign = op == GW_MOVE_S1 || op == GW_MOVE_S2 || op == GW_MOVE_S4;
	if (op == GW_MOVE_Z1 || op == GW_MOVE_S1)
		*size = 1;
	else if (op == GW_MOVE_Z2 || op == GW_MOVE_S2)
		*size = 2;
	else if (op == GW_MOVE_Z4 || op == GW_MOVE_S4)
		*size = 4;
}

/* size bytes from memory to memory, through DX. */
static inline void copy(struct emitter *e, unsigned from, uint32_t src, unsigned to, uint32_t dst,
			uint32_t size)
{
	while (size > 0) {
		uint32_t n = size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
		load_int(e, DX, from, src, n, false);
		store_int(e, DX, to, dst, n);
		src += n;
		dst += n;
		size -= n;
	}
}

/* Copies what was emitted to memory for code; NULL when that fails. */
static inline void *keep(const struct emitter *e)
{
	void *code = NULL;
	gw_code *memory;
	if (e->failed || gw_code_new(&memory, e->n) != GW_OK)
		return NULL;
	memcpy(gw_code_data(memory), e->code, e->n);
	if (gw_code_seal(memory) == GW_OK)
		code = gw_code_data(memory); /* for good: func values and thunks hold it */
	else
		gw_code_free(memory);
	return code;
}

#endif
