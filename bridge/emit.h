/* Writes amd64 instructions (emit.c), and keeps the code that they are (arena.c): for what makes
   machine code of a signature or plan. */
#ifndef GW_BRIDGE_EMIT_H
#define GW_BRIDGE_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge.h"

enum { AX, CX, DX, BX, SP, BP, SI, DI, R8, R9, R10, R11, R12, R13, R14, R15 };
static const uint8_t c_ints[6] = {DI, SI, DX, CX, R8, R9};

/* Code that is being written. failed: no memory, too long, or something that there is no code for;
   it stays set, and gw_emit_end gives no code then. */
struct emitter {
	uint8_t *code;
	uint32_t n, room;
	bool failed;
	uint8_t first[1024]; /* where code is until it needs more */
};

void gw_emit_begin(struct emitter *e);

/* Gives the code a place to run, and frees what the emitter has. NULL: none, by e->failed or since
   the system grants no memory for code. The code is for good, and shared with all others of the
   same bytes. With own not NULL, that is so as long as there is not very much code: then, and where
   pages cannot be shared, *own is the memory of this code, for the caller to free with it, else
   NULL. */
void *gw_emit_end(struct emitter *e, gw_code **own);

/* arena.c. The memory of gw_emit_end. */
void *gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own);
/* Sees to it that a fork finds the lock free, and that parent and child do not write to one page.
 */
GW_AT_LOAD void gw_arena_init(void);

void gw_emit_bytes(struct emitter *e, const void *p, uint32_t n);
void gw_emit_byte(struct emitter *e, unsigned b);
/* The operand [base + displacement], reg the other one. */
void gw_emit_operand(struct emitter *e, unsigned reg, unsigned base, uint32_t displacement);
/* A load of size bytes, extended to 64 bits; a store. */
void gw_emit_load(struct emitter *e, unsigned reg, unsigned base, uint32_t at, uint32_t size,
		  bool sign);
void gw_emit_store(struct emitter *e, unsigned reg, unsigned base, uint32_t at, uint32_t size);
/* to = from's lower bytes, extended. */
void gw_emit_extend(struct emitter *e, unsigned to, unsigned from, uint32_t size, bool sign);
void gw_emit_move(struct emitter *e, unsigned to, unsigned from);
/* MOVSS, MOVSD or MOVUPS (4, 8, 16 bytes) between a vector register and memory; all of a vector
   register; 8 bytes between a vector register and another. */
void gw_emit_move_float(struct emitter *e, bool is_load, unsigned reg, unsigned base, uint32_t at,
			uint32_t size);
void gw_emit_move_vector(struct emitter *e, unsigned to, unsigned from);
void gw_emit_movq(struct emitter *e, bool to_vector, unsigned vector, unsigned reg);
void gw_emit_shift(struct emitter *e, bool left, unsigned reg, unsigned bits);
void gw_emit_or(struct emitter *e, unsigned to, unsigned from);
void gw_emit_push(struct emitter *e, unsigned reg);
void gw_emit_lea(struct emitter *e, unsigned reg, unsigned base, uint32_t at);
/* A call of address, through R11. */
void gw_emit_call(struct emitter *e, uintptr_t address);
void gw_emit_jump(struct emitter *e, uintptr_t address);
/* What refers to a place further on: its address, a jump to it. gw_emit_label says where that is,
   with what these gave it. */
enum { IF_ZERO = 4, IF_NOT_ZERO = 5 };
uint32_t gw_emit_lea_label(struct emitter *e, unsigned reg);
uint32_t gw_emit_jump_if(struct emitter *e, unsigned condition);
void gw_emit_label(struct emitter *e, uint32_t from);
/* The begin and the end of a function with a frame at RBP. */
void gw_emit_enter(struct emitter *e);
void gw_emit_leave(struct emitter *e);
/* mov $n, %eax: AL, the vector registers of a call, for a function that may be variadic. */
void gw_emit_count_vectors(struct emitter *e, uint32_t n);
/* add or sub $n, %rsp */
void gw_emit_adjust(struct emitter *e, bool down, uint32_t n);
/* Makes a frame of size bytes. Every page is written to, the highest first: a stack that is too
   short ends at its guard page. */
void gw_emit_frame(struct emitter *e, uint32_t size);
/* words of 8 bytes from memory to memory, by RSI, RDI and RCX, which are lost. */
void gw_emit_copy_words(struct emitter *e, unsigned from, uint32_t src, unsigned to, uint32_t dst,
			uint32_t words);
/* size bytes from memory to memory, through DX. */
void gw_emit_copy(struct emitter *e, unsigned from, uint32_t src, unsigned to, uint32_t dst,
		  uint32_t size);

#endif
