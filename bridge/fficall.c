/* Calls by libffi's ffi_call, where the system grants no memory for code (SELinux, seccomp,
   PR_SET_MDWE): for signatures that callcode.c has no code for then.

   libffi gets what travels, not what it is made of: each eightbyte in a register as a number of its
   own, each value in memory as a struct that has to go there. So unions, packed structs and 128-bit
   integers are what they are to classify.c. (And a bug of libffi's is not met: of a struct whose
   integer goes to R9, the other half lands in XMM0, whatever is there.) What it does not do is to
   align the stack to more than 16: signatures with such arguments are refused when they are made.

   Closures are not for it. Its own need executable memory where it is built without static
   trampolines, and Debian's and Ubuntu's libffi.a is. */
#include "signature.h"

#include <alloca.h>
#include <ffi.h>
#include <stdlib.h>
#include <string.h>

/* A struct as libffi has it. */
struct described {
	ffi_type type;
	ffi_type *elements[3];
};

struct gw_ffi {
	ffi_cif cif;
	ffi_type **types;       /* two for each parameter at most */
	struct described own[]; /* of the result, then of each parameter */
};

/* Half an eightbyte of a class that merges with SSE to MEMORY (psABI 3.2.3, rule 4(e)). */
static ffi_type half_x87 = {4, 4, FFI_TYPE_LONGDOUBLE, NULL};

static ffi_type *in_register(const struct gw_piece *piece)
{
	return piece->where == GW_IN_INT ? &ffi_type_uint64 : &ffi_type_double;
}

static ffi_type *in_memory(const struct gw_type *type, struct described *d)
{
	uint32_t size = type->size < 8 ? 8 : type->size, align = type->align < 8 ? 8 : type->align;
	d->type = (ffi_type){size, (unsigned short)align, FFI_TYPE_STRUCT, d->elements};
	/* More than 16 bytes go to memory anyway. */
	d->elements[0] = type->size > 16 ? &ffi_type_uint64 : &half_x87;
	d->elements[1] = &ffi_type_float;
	d->elements[2] = NULL;
	return &d->type;
}

/* A result in one register is a number, in two registers a struct. Padding before it has no say. */
static ffi_type *result_of(const struct gw_place *place, struct described *d)
{
	const struct gw_piece *piece = place->piece;
	if (place->pieces == 0)
		return &ffi_type_void;
	if (piece->where == GW_IN_MEMORY)
		return in_memory(place->type, d);
	if (piece->where == GW_IN_X87)
		return place->pieces == 1 ? &ffi_type_longdouble : &ffi_type_complex_longdouble;
	if (place->pieces == 1)
		return in_register(piece);
	d->type = (ffi_type){16, 8, FFI_TYPE_STRUCT, d->elements};
	d->elements[0] = in_register(&piece[0]);
	d->elements[1] = in_register(&piece[1]);
	d->elements[2] = NULL;
	return &d->type;
}

gw_status gw_ffi_describe(struct gw_ffi **out, const gw_signature *s)
{
	if (s->stack_align > 16)
		return gw_fail(GW_ESYS,
			       "signature: an argument is aligned to %u on the stack: without "
			       "memory for code, which the system does not grant, 16 is the most",
			       (unsigned)s->stack_align);
	struct gw_ffi *f = malloc(sizeof *f + (s->count + 1) * sizeof f->own[0] +
				  (2 * s->count + 1) * sizeof f->types[0]);
	if (f == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a signature");
	unsigned n = 0;
	f->types = (ffi_type **)(void *)&f->own[s->count + 1];
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_place *place = &s->params[i];
		for (uint8_t k = 0; k < place->pieces; k++)
			f->types[n++] = place->piece[k].where == GW_IN_MEMORY
						? in_memory(place->type, &f->own[i + 1])
						: in_register(&place->piece[k]);
	}
	ffi_type *result = result_of(&s->result, &f->own[0]);
	if (ffi_prep_cif(&f->cif, FFI_DEFAULT_ABI, n, result, f->types) != FFI_OK) {
		free(f);
		return gw_fail(GW_ESYS, "signature: libffi refuses it, and the system grants no "
					"memory for code");
	}
	*out = f;
	return GW_OK;
}

void gw_ffi_free(struct gw_ffi *f)
{
	free(f);
}

/* Up to 8 bytes of a value, extended: libffi reads 8. */
static uint64_t word_of(const struct gw_type *type, const char *from, uint32_t size)
{
	uint64_t word = 0;
	memcpy(&word, from, size);
	unsigned shift = gw_type_is_signed(type) ? 64 - 8 * size : 0;
	return (uint64_t)((int64_t)(word << shift) >> shift);
}

/* The result is put together by its pieces: of exactly the bytes that it has. */
static void store_result(const struct gw_place *place, char *to, const char *from)
{
	for (uint8_t i = 0; i < place->pieces; i++)
		memcpy(to + place->piece[i].offset, from + i * (place->piece[i].size > 8 ? 16 : 8),
		       place->piece[i].size);
}

void gw_ffi_call(const gw_signature *s, void (*fn)(void), void *result, void *const *args,
		 void *chain)
{
	const struct gw_type *type = s->result.type;
	uint64_t words[2 * s->count + 1];
	void *values[2 * s->count + 1];
	_Alignas(16) char value[32] = {0};
	void *to = value;
	unsigned n = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_place *place = &s->params[i];
		for (uint8_t k = 0; k < place->pieces; k++, n++) {
			const struct gw_piece *piece = &place->piece[k];
			values[n] = piece->size > 8 ? args[i] : &words[n];
			if (piece->size <= 8)
				words[n] = word_of(place->type, (char *)args[i] + piece->offset,
						   piece->size);
		}
	}
	if (s->hidden && result != NULL) {
		to = result;
	} else if (s->hidden) {
		char *room = alloca(type->size + type->align);
		gw_touch((unsigned char *)room, type->size + type->align);
		to = room + (-(uintptr_t)room & (type->align - 1));
	}
	/* libffi writes to its stack from the lowest byte on: a stack that is too short ends here.
	 */
	gw_touch(alloca(s->stack_bytes + 4096), s->stack_bytes + 4096);
	ffi_call_go(&s->ffi->cif, fn, to, values, chain);
	if (result != NULL && to != result)
		store_result(&s->result, result, value);
}
