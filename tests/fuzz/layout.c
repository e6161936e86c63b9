/* Values, and where Go's ABIInternal has them. Written from Go's document, not from goplan.c. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

uint32_t fuzz_go_size(const struct gw_type *type)
{
	return type->kind == GW_GO_STR ? 16 : type->kind == GW_GO_SLICE ? 24 : type->size;
}

bool fuzz_holds(const struct gw_type *type, unsigned kind)
{
	if (type->go != NULL)
		type = type->go;
	if (type->kind == kind)
		return true;
	if (type->kind == GW_ARRAY)
		return type->count != 0 && fuzz_holds(type->elem, kind);
	for (uint32_t i = 0; gw_type_has_fields(type) && i < type->count; i++)
		if (fuzz_holds(type->fields[i].type, kind))
			return true;
	return false;
}

bool fuzz_go_has(const struct gw_type *type)
{
	bool has = true;
	if (type->go != NULL)
		type = type->go;
	switch (type->kind) {
	case GW_C160:
	case GW_UNION:
	case GW_MEMORY:
		return false;
	case GW_ARRAY:
		return type->count != 0 && fuzz_go_has(type->elem);
	case GW_STRUCT:
		for (uint32_t i = 0; i < type->count; i++)
			has &= fuzz_go_has(type->fields[i].type);
		return has && type->pack == 0;
	}
	return true;
}

static void mark(const struct gw_type *type, unsigned char *bytes, unsigned char *mask);

/* No padding on either side. */
static void mark_both(const struct gw_type *type, unsigned char *bytes, unsigned char *mask)
{
	unsigned char *of_go = calloc(1, type->size + 1);
	mark(type->go, bytes, of_go);
	mark(type->in_c, bytes, mask);
	for (uint32_t i = 0; i < type->size; i++)
		mask[i] &= of_go[i];
	free(of_go);
}

/* Random bytes are there; marks those that are no padding, and makes a bool 0 or 1. */
static void mark(const struct gw_type *type, unsigned char *bytes, unsigned char *mask)
{
	if (type->go != NULL) {
		mark_both(type, bytes, mask);
		return;
	}
	switch (type->kind) {
	case GW_STRUCT:
	case GW_UNION: /* what any member has */
		for (uint32_t i = 0; i < type->count; i++)
			mark(type->fields[i].type, bytes + type->fields[i].offset,
			     mask + type->fields[i].offset);
		return;
	case GW_ARRAY:
		for (uint32_t i = 0; type->elem->size != 0 && i < type->count; i++)
			mark(type->elem, bytes + i * type->elem->size, mask + i * type->elem->size);
		return;
	case GW_PAD:
	case GW_VOID:
		return;
	case GW_F80:
		memset(mask, 0xff, 10);
		return;
	case GW_C160:
		memset(mask, 0xff, 10);
		memset(mask + 16, 0xff, 10);
		return;
	case GW_BOOL:
		bytes[0] &= 1;
		break;
	}
	memset(mask, 0xff, type->size);
}

/* The lengths around which copies of strings change their ways. */
static uint64_t string_length(uint64_t *seed)
{
	static const uint64_t lengths[] = {0,    1,    7,    8,    9,    31,   63,
					   100,  255,  256,  510,  511,  512,  1000,
					   2000, 4000, 4094, 4095, 4096, 5000, GW_GO_TERMINATED};
	uint64_t r = fuzz_random(seed);
	if (r % 4 != 0)
		return r >> 8 & 63;
	return lengths[(r >> 8) % (sizeof lengths / sizeof lengths[0])];
}

static void make_string(struct fuzz_value *v, uint64_t *seed)
{
	uint64_t bytes;
	v->length = string_length(seed);
	bytes = v->length == GW_GO_TERMINATED ? 40 : v->length;
	v->string = malloc(bytes + 1);
	v->exact = malloc(bytes + (bytes == 0));
	for (uint64_t i = 0; i < bytes; i++)
		v->string[i] = (char)(fuzz_random(seed) % 255 + 1);
	v->string[bytes] = '\0';
	memcpy(v->exact, v->string, bytes);
	const char *to_c = v->string, *to_go = v->length == GW_GO_TERMINATED ? v->string : v->exact;
	memcpy(v->bytes, &to_c, 8);
	memcpy(v->go, &to_go, 8);
	memcpy(v->go + 8, &v->length, 8);
}

/* malloc'd exactly, so that a byte too many that is read is found. */
void fuzz_value_make(struct fuzz_value *v, const struct gw_type *type, uint64_t *seed)
{
	uint32_t size = type->size, room = size == 0 ? 1 : size;
	*v = (struct fuzz_value){.type = type, .go_size = fuzz_go_size(type)};
	void *bytes;
	if (posix_memalign(&bytes, type->align < 8 ? 8 : type->align, room) != 0)
		abort();
	v->bytes = bytes;
	v->mask = calloc(1, room);
	for (uint32_t i = 0; i < size; i++)
		v->bytes[i] = (unsigned char)fuzz_random(seed);
	mark(type, v->bytes, v->mask);
	v->go = v->bytes;
	v->go_mask = v->mask;
	if (v->go_size == size)
		return;
	v->go = malloc(v->go_size);
	v->go_mask = calloc(1, v->go_size);
	for (uint32_t i = 0; i < v->go_size; i++)
		v->go[i] = (unsigned char)fuzz_random(seed);
	memset(v->go_mask, 0xff, 8); /* only the address travels */
	if (type->kind == GW_GO_STR)
		make_string(v, seed);
	else
		memcpy(v->go, v->bytes, 8);
}

void fuzz_value_free(struct fuzz_value *v)
{
	if (v->go != v->bytes) {
		free(v->go);
		free(v->go_mask);
	}
	free(v->bytes);
	free(v->mask);
	free(v->string);
	free(v->exact);
}

/* One register for a scalar, if one is left. */
static bool leaf(struct fuzz_go_side *side, struct fuzz_go_place *place, uint32_t offset,
		 uint32_t size, bool floating, bool pointer)
{
	unsigned *taken = floating ? &side->floats : &side->ints;
	if (*taken >= (unsigned)(floating ? GW_GO_FLOATS : GW_GO_INTS))
		return false;
	place->leaf[place->n++] = (struct fuzz_leaf){.offset = offset,
						     .size = size,
						     .floating = floating,
						     .pointer = pointer,
						     .reg = (uint8_t)(*taken)++};
	return true;
}

static bool leaves(struct fuzz_go_side *side, struct fuzz_go_place *place,
		   const struct gw_type *type, uint32_t at)
{
	bool ok = true;
	if (type->go != NULL)
		type = type->go;
	switch (type->kind) {
	case GW_STRUCT: /* recursively each field */
		for (uint32_t i = 0; ok && i < type->count; i++)
			ok = leaves(side, place, type->fields[i].type, at + type->fields[i].offset);
		return ok;
	case GW_ARRAY: /* of length 1: its element; longer: fail */
		return type->count == 1 && leaves(side, place, type->elem, at);
	case GW_PAD: /* [n]byte */
		return type->count == 1 && leaf(side, place, at, 1, false, false);
	case GW_C64:
	case GW_C128: /* real and imaginary part */
		for (uint32_t i = 0; ok && i < 2; i++)
			ok = leaf(side, place, at + i * type->size / 2, type->size / 2, true,
				  false);
		return ok;
	case GW_F80: /* Go has structs of two words for these */
	case GW_I128:
	case GW_U128:
		return leaf(side, place, at, 8, false, false) &&
		       leaf(side, place, at + 8, 8, false, false);
	case GW_GO_STR:
	case GW_GO_SLICE:
		ok = leaf(side, place, at, 8, false, true);
		for (uint32_t i = 8; ok && i < fuzz_go_size(type); i += 8)
			ok = leaf(side, place, at + i, 8, false, false);
		return ok;
	case GW_F32:
	case GW_F64:
		return leaf(side, place, at, type->size, true, false);
	case GW_PTR:
	case GW_GO_FUNC:
		return leaf(side, place, at, 8, false, true);
	}
	return leaf(side, place, at, type->size, false, false);
}

/* Of the scalars in it the most, and 8 at most. */
static uint32_t fuzz_go_align(const struct gw_type *type)
{
	uint32_t most = 1;
	if (type->go != NULL)
		type = type->go;
	if (type->base != NULL || (type->kind != GW_STRUCT && type->kind != GW_ARRAY))
		return type->align > 8 ? 8 : type->align;
	for (uint32_t i = 0; i < (type->kind == GW_ARRAY ? 1 : type->count); i++) {
		const struct gw_type *part = type->elem != NULL ? type->elem : type->fields[i].type;
		uint32_t align = fuzz_go_align(part);
		most = align > most ? align : most;
	}
	return most;
}

void fuzz_go_assign(struct fuzz_go_side *side, const struct gw_type *type,
		    struct fuzz_go_place *place)
{
	struct fuzz_go_side before = *side;
	uint32_t size = fuzz_go_size(type), align = fuzz_go_align(type);
	place->n = 0;
	place->in_regs = size != 0 && leaves(side, place, type, 0);
	if (place->in_regs)
		return;
	*side = before;
	place->n = 0;
	place->stack = (side->stack + align - 1) / align * align;
	side->stack = place->stack + size;
}

static unsigned char *of_leaf(const struct fuzz_leaf *l, struct gw_go_regs *regs)
{
	return (unsigned char *)(l->floating ? &regs->floats[l->reg] : &regs->ints[l->reg]);
}

/* The bytes above a narrow value in a register stay: Go leaves anything there. */
void fuzz_go_put(const struct fuzz_go_place *place, const struct fuzz_value *v,
		 struct gw_go_regs *regs, unsigned char *stack)
{
	for (unsigned i = 0; i < place->n; i++)
		memcpy(of_leaf(&place->leaf[i], regs), v->go + place->leaf[i].offset,
		       place->leaf[i].size);
	if (!place->in_regs && v->go_size != 0)
		memcpy(stack + place->stack, v->go, v->go_size);
}

static void compare(const unsigned char *is, const unsigned char *should, const unsigned char *mask,
		    uint32_t size, uint32_t offset, const char *what)
{
	for (uint32_t i = 0; i < size; i++)
		CHECK(((is[i] ^ should[i]) & mask[i]) == 0, "%s: byte %u is %02x and not %02x",
		      what, offset + i, is[i], should[i]);
}

void fuzz_go_check(const struct fuzz_go_place *place, const struct fuzz_value *v,
		   const struct gw_go_regs *regs, const unsigned char *stack, const char *what)
{
	struct gw_go_regs copy = *regs;
	for (unsigned i = 0; i < place->n; i++) {
		const struct fuzz_leaf *l = &place->leaf[i];
		compare(of_leaf(l, &copy), v->go + l->offset, v->go_mask + l->offset, l->size,
			l->offset, what);
	}
	if (!place->in_regs && v->go_size != 0)
		compare(stack + place->stack, v->go, v->go_mask, v->go_size, 0, what);
}
