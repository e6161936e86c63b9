/* Machine code for gw_call: one function for each signature, which gets the arguments from memory
   to where the psABI wants them, and the result back.

   void code(const gw_signature *signature, void (*fn)(void), void *result, void *const *args,
	     void *chain)

	+ 16 +-------------------------------+
	+  8 | return address                |
	RBP  | caller's RBP                  |
	-  8 | where the code goes on        |  for gw_generated_call
	- 16 | result                        |
	- 24 | chain                         |  while R10 is needed
	     | 0 or more bytes for alignment |
	     | a result in memory, dropped   |
	     | 0 or more bytes for alignment |
	     | stack arguments               |
	RSP  +-------------------------------+  at the call

   While arguments are loaded RAX is args, R11 fn and R10 the chain. Memory comes first, then vector
   registers, then integer registers, each of which holds the address of its value before it holds
   the value. Not one byte is read that is not the value's: it may end where memory does.

   A signal or fault meets the code with a frame by RBP, which profilers and debuggers follow; the
   unwinder knows nothing of it. It never has to but during the call, see gw_generated_call. */
#include "emit.h"
#include "signature.h"

enum {
	PAGE = 4096,
	LARGE = 256, /* bytes from which on REP MOVSQ copies */
	AT_CODE = -8,
	AT_RESULT = -16,
	AT_CHAIN = -24
};

/* Compilers take for granted that the caller has extended an integer parameter to 32 bits, which
   the psABI says of _Bool alone; 64 do no harm. */
bool gw_type_is_signed(const struct gw_type *type)
{
	return type->kind == GW_I8 || type->kind == GW_I16 || type->kind == GW_I32;
}

/* 1 to 8 bytes at [from + at], and no more, to an integer register, extended. R10 is lost when they
   are not 1, 2, 4 or 8. */
static void load_word(struct emitter *e, unsigned to, unsigned from, uint32_t at, uint32_t size,
		      bool sign)
{
	if ((size & (size - 1)) == 0) {
		gw_emit_load(e, to, from, at, size, sign);
		return;
	}
	/* Two loads, which overlap. */
	uint32_t part = size == 3 ? 2 : 4;
	gw_emit_load(e, R10, from, at + size - part, part, false);
	gw_emit_shift(e, true, R10, 8 * (size - part));
	gw_emit_load(e, to, from, at, part, false);
	gw_emit_or(e, to, R10);
}

/* The lower 1 to 8 bytes of a register to [to + at]. The register is lost when they are not 1, 2, 4
   or 8. */
static void store_word(struct emitter *e, unsigned from, unsigned to, uint32_t at, uint32_t size)
{
	for (uint32_t part = 8; size > 0; part /= 2) {
		if (size < part)
			continue;
		gw_emit_store(e, from, to, at, part);
		size -= part;
		at += part;
		if (size > 0)
			gw_emit_shift(e, false, from, 8 * part);
	}
}

static bool is_odd(const struct gw_piece *piece)
{
	return piece->size < 8 && (piece->size & (piece->size - 1)) != 0;
}

/* Whether R10 is needed to load the arguments. */
static bool needs_r10(const gw_signature *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		for (uint8_t k = 0; k < s->params[i].pieces; k++)
			if (is_odd(&s->params[i].piece[k]))
				return true;
	return false;
}

/* n bytes of stack, aligned; RCX is lost. Every page is touched, the highest first: a stack that is
   too short ends at its guard page. */
static void reserve(struct emitter *e, uint32_t n, uint32_t align)
{
	static const uint8_t touch[] = {0x48, 0x83, 0x0c, 0x24, 0}; /* orq $0, (%rsp) */
	static const uint8_t and_rsp[] = {0x48, 0x81, 0xe4};        /* and $..., %rsp */
	static const uint8_t again[] = {0xff, 0xc9, 0x75, 0xf0};    /* dec %ecx; jnz, 16 back */
	n = (n + 15) & ~15u;
	if (n > PAGE) {
		uint32_t pages = n / PAGE;
		gw_emit_byte(e, 0xb8 | CX); /* mov $pages, %ecx */
		gw_emit_bytes(e, &pages, 4);
		gw_emit_adjust(e, true, PAGE);
		gw_emit_bytes(e, touch, sizeof touch);
		gw_emit_bytes(e, again, sizeof again);
		n %= PAGE;
	}
	if (n != 0)
		gw_emit_adjust(e, true, n);
	if (align > 16) {
		uint32_t mask = -align;
		gw_emit_bytes(e, and_rsp, sizeof and_rsp);
		gw_emit_bytes(e, &mask, 4);
		gw_emit_bytes(e, touch, sizeof touch);
	}
}

/* A result in memory that nobody wants has memory nevertheless. */
static void drop_hidden(struct emitter *e, const struct gw_type *type)
{
	static const uint8_t test_rdx[] = {0x48, 0x85, 0xd2};
	gw_emit_bytes(e, test_rdx, sizeof test_rdx);
	uint32_t wanted = gw_emit_jump_if(e, IF_NOT_ZERO);
	reserve(e, type->size, type->align);
	gw_emit_store(e, SP, BP, (uint32_t)AT_RESULT, 8);
	gw_emit_label(e, wanted);
}

/* n bytes from RSI to the stack arguments, by way of RCX, RDI and XMM15. */
static void copy_argument(struct emitter *e, uint32_t to, uint32_t n)
{
	uint32_t at = 0;
	if (n >= LARGE) {
		uint32_t words = n / 8;
		gw_emit_copy_words(e, SI, 0, SP, to, words);
		gw_emit_copy(e, SI, 0, SP, to + 8 * words, n % 8);
		return;
	}
	for (; n - at >= 16; at += 16) {
		gw_emit_move_float(e, true, 15, SI, at, 16);
		gw_emit_move_float(e, false, 15, SP, to + at, 16);
	}
	gw_emit_copy(e, SI, at, SP, to + at, n - at);
}

/* The address of the value of parameter i. */
static void load_address(struct emitter *e, unsigned to, uint32_t i)
{
	gw_emit_load(e, to, AX, 8 * i, 8, false);
}

static void memory_argument(struct emitter *e, uint32_t i, const struct gw_place *place)
{
	const struct gw_piece *piece = &place->piece[0];
	load_address(e, SI, i);
	if (piece->size > 8) {
		copy_argument(e, piece->stack, piece->size);
		return;
	}
	load_word(e, CX, SI, 0, piece->size, gw_type_is_signed(place->type));
	gw_emit_store(e, CX, SP, piece->stack, 8);
}

static void vector_argument(struct emitter *e, uint32_t i, const struct gw_piece *piece)
{
	load_address(e, SI, i);
	if (piece->size == 8 || piece->size == 4) {
		gw_emit_move_float(e, true, piece->index, SI, piece->offset, piece->size);
		return;
	}
	load_word(e, CX, SI, piece->offset, piece->size, false);
	gw_emit_movq(e, true, piece->index, CX);
}

static void int_argument(struct emitter *e, uint32_t i, const struct gw_place *place,
			 const struct gw_piece *piece)
{
	unsigned reg = c_ints[piece->index];
	load_address(e, reg, i);
	load_word(e, reg, reg, piece->offset, piece->size, gw_type_is_signed(place->type));
}

static void arguments(struct emitter *e, const gw_signature *s)
{
	static const uint8_t order[] = {GW_IN_MEMORY, GW_IN_SSE, GW_IN_INT};
	for (unsigned pass = 0; pass < sizeof order; pass++) {
		for (uint32_t i = 0; i < s->count; i++) {
			const struct gw_place *place = &s->params[i];
			for (uint8_t k = 0; k < place->pieces; k++) {
				const struct gw_piece *piece = &place->piece[k];
				if (piece->where != order[pass])
					continue;
				if (piece->where == GW_IN_MEMORY)
					memory_argument(e, i, place);
				else if (piece->where == GW_IN_SSE)
					vector_argument(e, i, piece);
				else
					int_argument(e, i, place, piece);
			}
		}
	}
}

/* The values on the x87 stack, to RCX or, with RCX NULL, dropped. */
static void x87_result(struct emitter *e, const struct gw_place *place, bool dropped)
{
	static const uint8_t zero_eax[] = {0x31, 0xc0}, drop[] = {0xdd, 0xd8}; /* fstp %st(0) */
	if (!dropped)
		gw_emit_bytes(e, zero_eax, sizeof zero_eax);
	for (uint8_t i = 0; i < place->pieces; i++) {
		if (dropped) {
			gw_emit_bytes(e, drop, sizeof drop);
			continue;
		}
		gw_emit_store(e, AX, CX, place->piece[i].offset + 8, 8); /* padding is 0 */
		gw_emit_byte(e, 0xdb);                                   /* fstpt */
		gw_emit_operand(e, 7, CX, place->piece[i].offset);
	}
}

static void store_result(struct emitter *e, const struct gw_place *place)
{
	static const unsigned ints[2] = {AX, DX};
	for (uint8_t i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		if (piece->where == GW_IN_INT)
			store_word(e, ints[piece->index], CX, piece->offset, piece->size);
	}
	for (uint8_t i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		if (piece->where != GW_IN_SSE)
			continue;
		if (piece->size == 8 || piece->size == 4) {
			gw_emit_move_float(e, false, piece->index, CX, piece->offset, piece->size);
			continue;
		}
		gw_emit_movq(e, false, piece->index, AX);
		store_word(e, AX, CX, piece->offset, piece->size);
	}
}

static void result(struct emitter *e, const gw_signature *s)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa}, test_rcx[] = {0x48, 0x85, 0xc9};
	const struct gw_place *place = &s->result;
	bool x87 = place->pieces != 0 && place->piece[0].where == GW_IN_X87;
	gw_emit_bytes(e, endbr64, sizeof endbr64);
	if (place->pieces == 0 || s->hidden) {
		gw_emit_leave(e);
		return;
	}
	gw_emit_load(e, CX, BP, (uint32_t)AT_RESULT, 8, false);
	gw_emit_bytes(e, test_rcx, sizeof test_rcx);
	uint32_t dropped = gw_emit_jump_if(e, IF_ZERO);
	if (x87)
		x87_result(e, place, false);
	else
		store_result(e, place);
	if (x87)
		gw_emit_leave(e);
	gw_emit_label(e, dropped);
	if (x87)
		x87_result(e, place, true);
	gw_emit_leave(e);
}

void *gw_call_code_make(const gw_signature *s, gw_code **own)
{
	static const uint8_t zero_eax[] = {0x31, 0xc0};
	struct emitter e;
	gw_emit_begin(&e);
	gw_emit_enter(&e);
	uint32_t later = gw_emit_lea_label(&e, AX);
	gw_emit_push(&e, AX);
	gw_emit_push(&e, DX);
	bool r10 = needs_r10(s);
	if (r10) {
		gw_emit_push(&e, R8);
		gw_emit_push(&e, R8); /* for alignment */
	} else {
		gw_emit_move(&e, R10, R8);
	}
	gw_emit_move(&e, R11, SI);
	if (s->count != 0)
		gw_emit_move(&e, AX, CX);
	if (s->hidden)
		drop_hidden(&e, s->result.type);
	if (s->stack_bytes != 0)
		reserve(&e, s->stack_bytes, s->stack_align);
	arguments(&e, s);
	if (s->hidden)
		gw_emit_load(&e, DI, BP, (uint32_t)AT_RESULT, 8, false);
	if (r10)
		gw_emit_load(&e, R10, BP, (uint32_t)AT_CHAIN, 8, false);
	if (s->sses == 0)
		gw_emit_bytes(&e, zero_eax, sizeof zero_eax);
	else
		gw_emit_count_vectors(&e, s->sses);
	gw_emit_jump(&e, (uintptr_t)gw_generated_call);
	gw_emit_label(&e, later);
	result(&e, s);
	return gw_emit_end(&e, own);
}
