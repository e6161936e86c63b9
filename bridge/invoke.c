/* Calls of any signature: values from memory into the registers and stack words that their places
   name, and the result back. gw_invoke makes the call. */
#include "signature.h"

#include <errno.h>
#include <string.h>

/* Compilers take for granted that the caller has extended an integer parameter to 32 bits, which
   the psABI says of _Bool alone; 64 do no harm. */
static uint64_t extend(const struct gw_type *type, uint64_t word)
{
	switch (type->kind) {
	case GW_I8:
		return (uint64_t)(int8_t)word;
	case GW_I16:
		return (uint64_t)(int16_t)word;
	case GW_I32:
		return (uint64_t)(int32_t)word;
	}
	return word;
}

uint64_t gw_piece_load(const struct gw_type *type, const void *from, uint32_t size)
{
	uint64_t word = 0;
	if (size == 8)
		memcpy(&word, from, 8);
	else if (size == 4)
		memcpy(&word, from, 4);
	else
		memcpy(&word, from, size);
	return extend(type, word);
}

void gw_piece_store(void *to, uint64_t word, uint32_t size)
{
	if (size == 8)
		memcpy(to, &word, 8);
	else if (size == 4)
		memcpy(to, &word, 4);
	else
		memcpy(to, &word, size);
}

static void load_argument(struct gw_invoke *x, unsigned char *stack, const struct gw_place *place,
			  const unsigned char *from)
{
	for (uint8_t i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		if (piece->where == GW_IN_MEMORY && piece->size > 8) {
			memcpy(stack + piece->stack, from, piece->size);
			continue;
		}
		uint64_t word = gw_piece_load(place->type, from + piece->offset, piece->size);
		if (piece->where == GW_IN_INT)
			x->ints[piece->index] = word;
		else if (piece->where == GW_IN_SSE)
			x->sse[piece->index] = word;
		else
			memcpy(stack + piece->stack, &word, 8);
	}
}

static void store_result(const struct gw_invoke *x, const struct gw_place *place, unsigned char *to)
{
	for (uint8_t i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		uint64_t ints[2] = {x->rax, x->rdx}, sses[2] = {x->xmm0, x->xmm1};
		if (piece->where == GW_IN_INT)
			gw_piece_store(to + piece->offset, ints[piece->index], piece->size);
		else if (piece->where == GW_IN_SSE)
			gw_piece_store(to + piece->offset, sses[piece->index], piece->size);
		else if (piece->where == GW_IN_X87)
			memcpy(to + piece->offset, x->st[piece->index], piece->size);
	}
}

static void call(const gw_signature *signature, void (*fn)(void), uint64_t chain, void *result,
		 void *const *args)
{
	const struct gw_type *type = signature->result.type;
	size_t dropped = signature->hidden && result == NULL ? type->size + type->align : 0;
	unsigned char stack[signature->stack_bytes + dropped + 8];
	gw_touch(stack, sizeof stack);
	memset(stack, 0, signature->stack_bytes);

	struct gw_invoke x = {.fn = fn,
			      .chain = chain,
			      .al = signature->sses,
			      .stack_bytes = signature->stack_bytes,
			      .stack_align = signature->stack_align,
			      .stack = stack};
	if (dropped != 0) {
		uintptr_t after = (uintptr_t)stack + signature->stack_bytes;
		x.ints[0] = (after + type->align - 1) & -(uintptr_t)type->align;
	} else if (signature->hidden) {
		x.ints[0] = (uintptr_t)result;
	}
	if (signature->result.pieces != 0 && signature->result.piece[0].where == GW_IN_X87)
		x.x87 = signature->result.pieces;
	for (uint32_t i = 0; i < signature->count; i++)
		load_argument(&x, stack, &signature->params[i], args[i]);
	gw_invoke(&x);
	if (result != NULL)
		store_result(&x, &signature->result, result);
}

void gw_call(const gw_signature *signature, void (*fn)(void), void *result, void *const *args)
{
	call(signature, fn, 0, result, args);
}

void gw_call_chained(const gw_signature *signature, void (*fn)(void), void *chain, void *result,
		     void *const *args)
{
	call(signature, fn, (uint64_t)(uintptr_t)chain, result, args);
}

void gw_invoke_errno(struct gw_invoke *x)
{
	errno = 0;
	gw_invoke(x);
	x->err = (uint64_t)errno;
}
