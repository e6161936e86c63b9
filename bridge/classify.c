/* Classes of types: psABI 3.2.3, "Classification", for the types that gangway.h can describe. A
   class tells what kind of register an eightbyte of a value travels in.

   Left out, since no gw_type is one: __m64, __float128 and _Decimal types, __m128 and wider vectors
   (the only source of SSEUP), _Float16, _BitInt and bit-fields. Rule 2 is about C++ classes that
   are not trivial: they are described as the ptr that they travel by. */
#include "signature.h"

/* Rule 4: the class of an eightbyte that two fields share. */
static uint8_t merge(uint8_t a, uint8_t b)
{
	if (a == b) /* (a) */
		return a;
	if (a == GW_CLASS_NONE) /* (b) */
		return b;
	if (b == GW_CLASS_NONE)
		return a;
	if (a == GW_CLASS_MEMORY || b == GW_CLASS_MEMORY) /* (c) */
		return GW_CLASS_MEMORY;
	if (a == GW_CLASS_INTEGER || b == GW_CLASS_INTEGER) /* (d) */
		return GW_CLASS_INTEGER;
	if (a != GW_CLASS_SSE || b != GW_CLASS_SSE) /* (e): one is of the x87 */
		return GW_CLASS_MEMORY;
	return GW_CLASS_SSE; /* (f) */
}

static void classify(const struct gw_type *type, uint32_t offset, uint8_t classes[2]);

/* The classes of a struct or union by itself, as rule 3 has it: they depend on the order in which
   fields are merged. */
static void classify_fields(const struct gw_type *type, uint32_t offset, uint8_t own[2])
{
	for (uint32_t i = 0; i < type->count; i++)
		if (type->fields[i].type->size != 0)
			classify(type->fields[i].type, offset + type->fields[i].offset, own);
	/* Rule 5(b), and for X87 without X87UP, of which the psABI says nothing. */
	if ((own[0] == GW_CLASS_X87) != (own[1] == GW_CLASS_X87UP))
		own[0] = GW_CLASS_MEMORY;
}

/* An array is classified by its first element, as gcc does it. The psABI would look at the others
   of a packed struct, too, some of which are less aligned. */
static void classify_elements(const struct gw_type *type, uint32_t offset, uint8_t own[2])
{
	const struct gw_type *elem = type->elem;
	if (type->count == 0 || elem->size == 0)
		return;
	classify(elem, offset, own);
	if (offset / 8 == 0 && offset + elem->size <= 8 && offset + type->size > 8)
		own[1] = own[0];
}

/* Merge the classes of a type at offset into those of the whole, which has 16 bytes at most.
   Members without bytes have no class, and at most 16 others of a struct are visited. */
static void classify(const struct gw_type *type, uint32_t offset, uint8_t classes[2])
{
	uint8_t own[2] = {GW_CLASS_NONE, GW_CLASS_NONE};
	const struct gw_type *scalar = gw_type_static(type->kind);
	if (gw_type_has_fields(type)) {
		classify_fields(type, offset, own);
	} else if (type->kind == GW_ARRAY) {
		classify_elements(type, offset, own);
	} else if (type->kind == GW_MEMORY || (scalar != NULL && offset % scalar->align != 0)) {
		own[0] = GW_CLASS_MEMORY; /* rule 1: an unaligned field */
	} else if (type->kind == GW_C64) { /* as two float, which may lie in two eightbytes */
		own[offset / 8] = own[(offset + 4) / 8] = GW_CLASS_SSE;
	} else if (type->kind != GW_PAD) {
		/* A scalar begins an eightbyte, or lies within one. */
		for (uint32_t i = 0; i < type->nclasses; i++)
			own[offset / 8 + i] = type->classes[i];
	}
	for (int i = 0; i < 2; i++)
		classes[i] = merge(classes[i], own[i]);
}

void gw_type_classify(struct gw_type *type)
{
	uint8_t classes[2] = {GW_CLASS_NONE, GW_CLASS_NONE};
	if (type->kind <= GW_PTR) /* an aligned scalar: as the scalar */
		return;
	type->nclasses = 0;
	/* Rule 1, and 5(c): more than two eightbytes travel in registers only as one vector. */
	type->memory = type->size > 16;
	if (!type->memory)
		classify(type, 0, classes);
	/* Rule 5(a). */
	if (classes[0] == GW_CLASS_MEMORY || classes[1] == GW_CLASS_MEMORY)
		type->memory = true;
	if (!type->memory) {
		type->nclasses = (uint8_t)((type->size + 7) / 8);
		type->classes[0] = classes[0];
		type->classes[1] = classes[1];
	}
}
