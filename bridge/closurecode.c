/* Machine code for closures: for each signature one entry for thunks, which calls the handler of a
   closure with the addresses of the arguments, and brings its result where the psABI wants it.

   In:        R11 struct gw_thunk_slot *, whose record begins with a struct gw_handled; otherwise an
	      ordinary C function of the signature. R10 the static chain, if there is one.
   Preserves: what a C function must: BX and R12-R15 are not touched.

	     | stack arguments               |  theirs, for the handler to read and write
	+ 16 +-------------------------------+
	+  8 | return address                |
	RBP  | caller's RBP                  |
	-  8 | where the code goes on        |  for gw_generated_call
	- 16 | address of a result in memory |
	- 48 | result                        |
	- 64 | values of padding alone       |  up to 16 bytes, of no account
	     | values that came in registers |  16 bytes each
	     | addresses of the values       |  args
	RSP  +-------------------------------+

   A value that comes in registers is put together in memory of its own: so each is as aligned as
   its type may be that travels so, and the handler may write to it. */
#include "emit.h"
#include "signature.h"

enum { AT_CODE = -8, AT_TO = -16, AT_RESULT = -48, AT_PADDING = -64 };

static bool in_registers(const struct gw_place *place)
{
	return place->pieces != 0 && place->piece[0].where != GW_IN_MEMORY;
}

/* RAX = SP, as a type without bytes may want it aligned: there is nothing at it. */
static void no_bytes(struct emitter *e, unsigned to, const struct gw_type *type)
{
	static const uint8_t and_rax[] = {0x48, 0x25};
	uint32_t mask = -type->align;
	gw_emit_lea(e, AX, SP, 0);
	gw_emit_bytes(e, and_rax, sizeof and_rax);
	gw_emit_bytes(e, &mask, 4);
	if (to != AX)
		gw_emit_move(e, to, AX);
}

/* Registers to memory, all of them before any is used for something else. at: below RBP. */
static void save_registers(struct emitter *e, const gw_signature *s, uint32_t at)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_place *place = &s->params[i];
		if (!in_registers(place))
			continue;
		at -= 16;
		for (uint8_t k = 0; k < place->pieces; k++) {
			const struct gw_piece *piece = &place->piece[k];
			if (piece->where == GW_IN_INT)
				gw_emit_store(e, c_ints[piece->index], BP, at + piece->offset, 8);
			else
				gw_emit_move_float(e, false, piece->index, BP, at + piece->offset,
						   8);
		}
	}
}

static void store_addresses(struct emitter *e, const gw_signature *s, uint32_t at)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_place *place = &s->params[i];
		if (in_registers(place))
			gw_emit_lea(e, AX, BP, at -= 16);
		else if (place->pieces != 0)
			gw_emit_lea(e, AX, BP, 16 + place->piece[0].stack);
		else if (place->type->size != 0)
			gw_emit_lea(e, AX, BP, (uint32_t)AT_PADDING);
		else
			no_bytes(e, AX, place->type);
		gw_emit_store(e, AX, SP, 8 * i, 8);
	}
}

/* RDI = where the handler stores the result, which is 0 there. */
static void begin_result(struct emitter *e, const gw_signature *s)
{
	static const uint8_t zero_eax[] = {0x31, 0xc0};
	uint32_t size = s->result.type->size;
	if (s->hidden) {
		gw_emit_store(e, DI, BP, (uint32_t)AT_TO, 8);
		return;
	}
	gw_emit_bytes(e, zero_eax, sizeof zero_eax);
	for (uint32_t i = 0; i < size; i += 8)
		gw_emit_store(e, AX, BP, (uint32_t)AT_RESULT + i, 8);
	if (size == 0 && s->result.type->align > 16)
		no_bytes(e, DI, s->result.type);
	else
		gw_emit_lea(e, DI, BP, (uint32_t)AT_RESULT);
}

static void end_result(struct emitter *e, const gw_signature *s)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	const struct gw_place *place = &s->result;
	gw_emit_bytes(e, endbr64, sizeof endbr64);
	if (s->hidden)
		gw_emit_load(e, AX, BP, (uint32_t)AT_TO, 8, false);
	for (uint8_t i = place->pieces; i > 0 && !s->hidden; i--) { /* ST1 before ST0 */
		const struct gw_piece *piece = &place->piece[i - 1];
		uint32_t at = (uint32_t)AT_RESULT + piece->offset;
		bool whole = (piece->size & (piece->size - 1)) == 0; /* else 0 follows it */
		if (piece->where == GW_IN_X87) {
			gw_emit_byte(e, 0xdb); /* fldt */
			gw_emit_operand(e, 5, BP, at);
		} else if (piece->where == GW_IN_SSE) {
			gw_emit_move_float(e, true, piece->index, BP, at, piece->size == 4 ? 4 : 8);
		} else {
			gw_emit_load(e, piece->index == 0 ? AX : DX, BP, at,
				     whole ? piece->size : 8, gw_type_is_signed(place->type));
		}
	}
	gw_emit_leave(e);
}

void *gw_closure_code_make(const gw_signature *s, gw_code **own)
{
	struct emitter e;
	uint32_t frame = (uint32_t)-AT_PADDING + 8 * s->count;
	for (uint32_t i = 0; i < s->count; i++)
		frame += in_registers(&s->params[i]) ? 16 : 0;
	gw_emit_begin(&e);
	gw_emit_enter(&e);
	gw_emit_adjust(&e, true, (frame + 15) & ~15u);
	save_registers(&e, s, (uint32_t)AT_PADDING);
	store_addresses(&e, s, (uint32_t)AT_PADDING);
	begin_result(&e, s);
	gw_emit_load(&e, AX, R11, offsetof(struct gw_thunk_slot, record), 8, false);
	gw_emit_lea(&e, SI, SP, 0);
	gw_emit_move(&e, CX, R10);
	gw_emit_load(&e, DX, AX, offsetof(struct gw_handled, user), 8, false);
	gw_emit_load(&e, R11, AX, offsetof(struct gw_handled, handler), 8, false);
	uint32_t later = gw_emit_lea_label(&e, AX);
	gw_emit_store(&e, AX, BP, (uint32_t)AT_CODE, 8);
	gw_emit_jump(&e, (uintptr_t)gw_generated_call);
	gw_emit_label(&e, later);
	end_result(&e, s);
	return gw_emit_end(&e, own);
}
