/* Classes of types: psABI 3.2.3, "Classification", for the types that gangway.h can describe. A
   class tells what kind of register an eightbyte of a value travels in.

   Left out, since no gw_type is one: __m64, __float128 and _Decimal types, __m128 and wider vectors
   (the only source of SSEUP), _Float16, _BitInt, and unions and bit-fields, whose members overlap
   or begin anywhere. A packed struct is left out too: all offsets are multiples of the alignment,
   so that rule 1, MEMORY for unaligned fields, never applies. Rule 2 is about C++ classes that are
   not trivial: they are described as the ptr that they travel by. */
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

/* Merge the classes of a type at offset into those of the whole, which has 16 bytes at most.
   Members without bytes have no class, and at most 16 others are visited at each level. */
static void classify(const struct gw_type *type, uint32_t offset, uint8_t classes[2])
{
	switch (type->kind) {
	case GW_STRUCT:
		for (uint32_t i = 0; i < type->count; i++)
			if (type->fields[i].type->size != 0)
				classify(type->fields[i].type, offset + type->fields[i].offset,
					 classes);
		return;
	case GW_ARRAY:
		for (uint32_t i = 0; type->elem->size != 0 && i < type->count; i++)
			classify(type->elem, offset + i * type->elem->size, classes);
		return;
	case GW_PAD:
		return;
	case GW_C64: /* as a struct of two float, which may lie in two eightbytes */
		classes[offset / 8] = merge(classes[offset / 8], GW_CLASS_SSE);
		classes[(offset + 4) / 8] = merge(classes[(offset + 4) / 8], GW_CLASS_SSE);
		return;
	}
	/* A scalar begins an eightbyte, or lies within one. */
	for (uint32_t i = 0; i < type->nclasses; i++)
		classes[offset / 8 + i] = merge(classes[offset / 8 + i], type->classes[i]);
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
	/* Rule 5(a). 5(b), X87UP without X87, cannot arise: a long double fills both eightbytes. */
	if (classes[0] == GW_CLASS_MEMORY || classes[1] == GW_CLASS_MEMORY)
		type->memory = true;
	if (!type->memory) {
		type->nclasses = (uint8_t)((type->size + 7) / 8);
		type->classes[0] = classes[0];
		type->classes[1] = classes[1];
	}
}
