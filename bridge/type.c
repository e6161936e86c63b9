/* C types: what they are made of, and their layout. */
#include "signature.h"

#include <stdlib.h>
#include <string.h>

/* The psABI's figure 3.1; classes by 3.2.3. */
#define STATIC(k, bytes, n, c0, c1)                                                                \
	[k] = {.kind = k,                                                                          \
	       .nclasses = n,                                                                      \
	       .classes = {GW_CLASS_##c0, GW_CLASS_##c1},                                          \
	       .nodes = 1,                                                                         \
	       .align = bytes > 16 ? 16 : bytes,                                                   \
	       .size = bytes}

static const struct gw_type statics[GW_KINDS] = {
	[GW_VOID] = {.kind = GW_VOID, .nodes = 1, .align = 1},
	STATIC(GW_BOOL, 1, 1, INTEGER, NONE),
	STATIC(GW_I8, 1, 1, INTEGER, NONE),
	STATIC(GW_U8, 1, 1, INTEGER, NONE),
	STATIC(GW_I16, 2, 1, INTEGER, NONE),
	STATIC(GW_U16, 2, 1, INTEGER, NONE),
	STATIC(GW_I32, 4, 1, INTEGER, NONE),
	STATIC(GW_U32, 4, 1, INTEGER, NONE),
	STATIC(GW_I64, 8, 1, INTEGER, NONE),
	STATIC(GW_U64, 8, 1, INTEGER, NONE),
	STATIC(GW_F32, 4, 1, SSE, NONE),
	STATIC(GW_F64, 8, 1, SSE, NONE),
	STATIC(GW_F80, 16, 2, X87, X87UP),
	[GW_C64] = {.kind = GW_C64,
		    .nclasses = 1,
		    .classes = {GW_CLASS_SSE},
		    .nodes = 1,
		    .align = 4,
		    .size = 8},
	[GW_C128] = {.kind = GW_C128,
		     .nclasses = 2,
		     .classes = {GW_CLASS_SSE, GW_CLASS_SSE},
		     .nodes = 1,
		     .align = 8,
		     .size = 16},
	STATIC(GW_C160, 32, 2, COMPLEX_X87, COMPLEX_X87),
	STATIC(GW_I128, 16, 2, INTEGER, INTEGER),
	STATIC(GW_U128, 16, 2, INTEGER, INTEGER),
	STATIC(GW_PTR, 8, 1, INTEGER, NONE),
	STATIC(GW_GO_STR, 8, 1, INTEGER, NONE),
	STATIC(GW_GO_SLICE, 8, 1, INTEGER, NONE),
	STATIC(GW_GO_FUNC, 8, 1, INTEGER, NONE),
};

static const char names[GW_KINDS][6] = {
	[GW_VOID] = "void",      [GW_BOOL] = "bool",    [GW_I8] = "i8",     [GW_U8] = "u8",
	[GW_I16] = "i16",        [GW_U16] = "u16",      [GW_I32] = "i32",   [GW_U32] = "u32",
	[GW_I64] = "i64",        [GW_U64] = "u64",      [GW_F32] = "f32",   [GW_F64] = "f64",
	[GW_F80] = "f80",        [GW_C64] = "c64",      [GW_C128] = "c128", [GW_C160] = "c160",
	[GW_I128] = "i128",      [GW_U128] = "u128",    [GW_PTR] = "ptr",   [GW_GO_STR] = "str",
	[GW_GO_SLICE] = "slice", [GW_GO_FUNC] = "func",
};

const struct gw_type *gw_type_static(unsigned kind)
{
	return kind < GW_KINDS && statics[kind].align != 0 ? &statics[kind] : NULL;
}

const struct gw_type *gw_type_named(const char *name, size_t length)
{
	for (unsigned kind = 0; kind < GW_KINDS; kind++)
		if (length > 0 && strlen(names[kind]) == length &&
		    memcmp(names[kind], name, length) == 0)
			return &statics[kind];
	return NULL;
}

const char *gw_type_name(const struct gw_type *type)
{
	return names[type->kind];
}

const gw_type *gw_type_scalar(gw_kind kind)
{
	return (unsigned)kind < GW_STRUCT ? gw_type_static(kind) : NULL;
}

void gw_type_retain(const gw_type *type)
{
	if (type != NULL && type->refs != 0)
		__atomic_add_fetch(&((struct gw_type *)type)->refs, 1, __ATOMIC_RELAXED);
}

/* Types inside types are GW_MAX_DEPTH deep at most, and so is the recursion. */
void gw_type_release(const gw_type *type)
{
	if (type == NULL || __atomic_load_n(&type->refs, __ATOMIC_RELAXED) == 0 ||
	    __atomic_sub_fetch(&((struct gw_type *)type)->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	if (type->base != NULL) {
		gw_type_release(type->base);
	} else if (type->go != NULL) {
		gw_type_release(type->go);
		gw_type_release(type->in_c);
	} else {
		gw_type_release(type->elem);
		for (uint32_t i = 0; gw_type_has_fields(type) && i < type->count; i++)
			gw_type_release(type->fields[i].type);
	}
	free((void *)type);
}

/* Account for member inside outer. */
static gw_status contain(struct gw_type *outer, const struct gw_type *member)
{
	unsigned nodes = outer->nodes + member->nodes;
	unsigned depth = member->depth + 1u;
	if (nodes > GW_MAX_NODES)
		return gw_fail(GW_EINVAL, "more than %d types in one", GW_MAX_NODES);
	if (depth > GW_MAX_DEPTH)
		return gw_fail(GW_EINVAL, "more than %d levels of types", GW_MAX_DEPTH);
	outer->nodes = (uint16_t)nodes;
	if (outer->depth < depth)
		outer->depth = (uint8_t)depth;
	return GW_OK;
}

static const char *member_refusal(const struct gw_type *member)
{
	if (member == NULL)
		return "no type";
	if (member->kind == GW_VOID)
		return "void has no values";
	if (member->kind > GW_MEMORY)
		return "a Go value is a parameter, and no part of a type";
	return NULL;
}

bool gw_type_is_aligned(const struct gw_type *type)
{
	while (type->base == NULL && type->kind == GW_ARRAY)
		type = type->elem;
	return type->base != NULL;
}

bool gw_type_has_pointers(const struct gw_type *type)
{
	if (type->go != NULL)
		type = type->go;
	switch (type->kind) {
	case GW_PTR:
	case GW_GO_FUNC:
	case GW_GO_STR:
	case GW_GO_SLICE:
		return true;
	case GW_ARRAY:
		return type->count > 0 && gw_type_has_pointers(type->elem);
	case GW_STRUCT:
	case GW_UNION:
		for (uint32_t i = 0; i < type->count; i++)
			if (gw_type_has_pointers(type->fields[i].type))
				return true;
		return false;
	default:
		return false;
	}
}

static bool is_flexible(const struct gw_type *type)
{
	return type->kind == GW_ARRAY && type->count == 0;
}

/* C's layout: a field lies at the next multiple of its alignment, which a packed struct bounds; a
   member of a union at 0. The whole is as aligned as its strictest field (psABI 3.1.2, Aggregates
   and Unions). */
static gw_status lay_out(struct gw_type *type, struct gw_field *fields,
			 const gw_type *const *members, size_t n)
{
	bool is_union = type->kind == GW_UNION;
	const char *what = is_union ? "member" : "field";
	uint64_t size = 0;
	for (size_t i = 0; i < n; i++) {
		const struct gw_type *member = members[i];
		const char *refusal = member_refusal(member);
		if (refusal == NULL && is_flexible(member) && (is_union || i + 1 < n || size == 0))
			refusal = "a flexible array is the last field of a struct that has others";
		if (refusal != NULL)
			return gw_fail(GW_EINVAL, "%s %zu: %s", what, i + 1, refusal);
		gw_status status = contain(type, member);
		if (status != GW_OK)
			return status;
		uint32_t align = member->align;
		if (type->pack != 0 && align > type->pack && !gw_type_is_aligned(member))
			align = type->pack;
		uint64_t at = is_union ? 0 : (size + align - 1) & -(uint64_t)align;
		fields[i] = (struct gw_field){.type = member, .offset = (uint32_t)at};
		if (size < at + member->size)
			size = at + member->size;
		if (size > GW_MAX_SIZE)
			break;
		if (type->align < align)
			type->align = align;
	}
	size = (size + type->align - 1) & -(uint64_t)type->align;
	if (size > GW_MAX_SIZE)
		return gw_fail(GW_EINVAL, "a %s of more than %d bytes",
			       is_union ? "union" : "struct", GW_MAX_SIZE);
	type->size = (uint32_t)size;
	return GW_OK;
}

static gw_status make(gw_type **out, struct gw_type blank, const gw_type *const *fields, size_t n)
{
	if (out == NULL || (fields == NULL && n != 0))
		return gw_fail(GW_EINVAL, "%s: a pointer is NULL",
			       blank.kind == GW_UNION ? "gw_type_union"
			       : blank.pack != 0      ? "gw_type_packed"
						      : "gw_type_struct");
	if (n >= GW_MAX_NODES)
		return gw_fail(GW_EINVAL, "more than %d types in one", GW_MAX_NODES);
	struct gw_type *type = malloc(sizeof *type + n * sizeof(struct gw_field));
	if (type == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a type");
	struct gw_field *laid = (struct gw_field *)(type + 1);
	*type = blank;
	type->depth = 1;
	type->nodes = 1;
	type->align = 1;
	type->count = (uint32_t)n;
	type->refs = 1;
	type->fields = laid;
	gw_status status = lay_out(type, laid, fields, n);
	if (status != GW_OK) {
		free(type);
		return status;
	}
	for (size_t i = 0; i < n; i++)
		gw_type_retain(fields[i]);
	gw_type_classify(type);
	*out = type;
	return GW_OK;
}

gw_status gw_type_struct(gw_type **out, const gw_type *const *fields, size_t n)
{
	return make(out, (struct gw_type){.kind = GW_STRUCT}, fields, n);
}

gw_status gw_type_packed(gw_type **out, const gw_type *const *fields, size_t n, size_t pack)
{
	if (pack == 0 || pack > 16 || (pack & (pack - 1)) != 0)
		return gw_fail(GW_EINVAL, "packed to %zu: 1, 2, 4, 8 and 16 are possible", pack);
	struct gw_type blank = {.kind = GW_STRUCT, .pack = (uint32_t)pack};
	return make(out, blank, fields, n);
}

gw_status gw_type_union(gw_type **out, const gw_type *const *members, size_t n)
{
	return make(out, (struct gw_type){.kind = GW_UNION}, members, n);
}

/* A copy of blank, classified, if member may stand in it. */
static gw_status keep(gw_type **out, struct gw_type blank, const struct gw_type *member)
{
	if (member != NULL) {
		gw_status status = contain(&blank, member);
		if (status != GW_OK)
			return status;
	}
	struct gw_type *type = malloc(sizeof *type);
	if (type == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a type");
	*type = blank;
	if (member != NULL)
		gw_type_retain(member);
	gw_type_classify(type);
	*out = type;
	return GW_OK;
}

gw_status gw_type_array(gw_type **out, const gw_type *elem, size_t n)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "gw_type_array: a pointer is NULL");
	const char *refusal = member_refusal(elem);
	if (refusal != NULL)
		return gw_fail(GW_EINVAL, "elements of an array: %s", refusal);
	if (elem->size % elem->align != 0)
		return gw_fail(GW_EINVAL,
			       "elements of an array: their alignment, %u, exceeds their size",
			       elem->align);
	if (is_flexible(elem))
		return gw_fail(GW_EINVAL, "elements of an array: a flexible array is none");
	if (n > GW_MAX_SIZE || n * elem->size > GW_MAX_SIZE)
		return gw_fail(GW_EINVAL, "an array of %zu elements of %u bytes", n, elem->size);
	struct gw_type type = {.kind = GW_ARRAY,
			       .nodes = 1,
			       .align = elem->align,
			       .size = (uint32_t)n * elem->size,
			       .count = (uint32_t)n,
			       .refs = 1,
			       .elem = elem};
	return keep(out, type, elem);
}

gw_status gw_type_pad(gw_type **out, size_t n)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "gw_type_pad: a pointer is NULL");
	if (n == 0 || n > GW_MAX_SIZE)
		return gw_fail(GW_EINVAL, "padding of %zu bytes: 1 to %d are possible", n,
			       GW_MAX_SIZE);
	struct gw_type type = {.kind = GW_PAD,
			       .nodes = 1,
			       .align = 1,
			       .size = (uint32_t)n,
			       .count = (uint32_t)n,
			       .refs = 1};
	return keep(out, type, NULL);
}

gw_status gw_type_memory(gw_type **out, size_t size, size_t align)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "gw_type_memory: a pointer is NULL");
	if (align == 0 || align > GW_MAX_ALIGN || (align & (align - 1)) != 0)
		return gw_fail(GW_EINVAL,
			       "alignment %zu: it must be a power of two from 1 to %d here", align,
			       GW_MAX_ALIGN);
	if (size == 0 || size > GW_MAX_SIZE || size % align != 0)
		return gw_fail(GW_EINVAL,
			       "a value in memory of %zu bytes: it must be a multiple of %zu from "
			       "%zu to %d here",
			       size, align, align, GW_MAX_SIZE);
	struct gw_type type = {.kind = GW_MEMORY,
			       .nodes = 1,
			       .align = (uint32_t)align,
			       .size = (uint32_t)size,
			       .refs = 1};
	return keep(out, type, NULL);
}

/* Whether Go has a pointer in that eightbyte of a type at offset, 16 bytes at most. */
static bool has_pointer(const struct gw_type *type, uint32_t offset, uint32_t eightbyte)
{
	if (type->go != NULL)
		type = type->go;
	uint32_t elements = type->kind == GW_ARRAY && type->elem->size != 0 ? type->count : 0;
	for (uint32_t i = 0; i < elements; i++)
		if (has_pointer(type->elem, offset + i * type->elem->size, eightbyte))
			return true;
	for (uint32_t i = 0; gw_type_has_fields(type) && i < type->count; i++)
		if (has_pointer(type->fields[i].type, offset + type->fields[i].offset, eightbyte))
			return true;
	return type->kind == GW_PTR && offset / 8 == eightbyte;
}

gw_status gw_type_as_go(gw_type **out, const struct gw_type *go, const struct gw_type *type)
{
	struct gw_type both = *type;
	const char *refusal = member_refusal(go);
	if (refusal != NULL)
		return gw_fail(GW_EINVAL, "%s", refusal);
	if (type->base != NULL || type->go != NULL ||
	    (!gw_type_has_fields(type) && type->kind != GW_MEMORY))
		return gw_fail(GW_EINVAL, "a struct of Go is a struct, a union or memN@M in C");
	if (go->size != type->size)
		return gw_fail(GW_EINVAL, "%u bytes in C and %u in Go", type->size, go->size);
	/* Go finds there whatever there was. */
	for (uint32_t i = 0; i < type->nclasses; i++)
		if (type->classes[i] == GW_CLASS_NONE && has_pointer(go, 0, i))
			return gw_fail(GW_EINVAL, "Go has a pointer where C has padding");
	both.nodes = 1;
	both.refs = 1;
	both.go = go;
	both.in_c = type;
	gw_status status = contain(&both, go);
	if (status == GW_OK)
		status = keep(out, both, type);
	if (status == GW_OK)
		gw_type_retain(go);
	return status;
}

gw_status gw_type_aligned(gw_type **out, const gw_type *type, size_t align)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "gw_type_aligned: a pointer is NULL");
	const char *refusal = member_refusal(type);
	if (refusal != NULL)
		return gw_fail(GW_EINVAL, "an aligned member: %s", refusal);
	if (align < type->align || align > GW_MAX_ALIGN || (align & (align - 1)) != 0)
		return gw_fail(GW_EINVAL,
			       "alignment %zu: it must be a power of two from %u to %d here", align,
			       type->align, GW_MAX_ALIGN);
	struct gw_type aligned = *type;
	aligned.nodes = 1;
	aligned.align = (uint32_t)align;
	aligned.refs = 1;
	aligned.base = type;
	return keep(out, aligned, type);
}

gw_kind gw_type_kind(const gw_type *type)
{
	return type == NULL ? GW_VOID : (gw_kind)type->kind;
}

size_t gw_type_size(const gw_type *type)
{
	return type == NULL ? 0 : type->size;
}

size_t gw_type_align(const gw_type *type)
{
	return type == NULL ? 0 : type->align;
}

size_t gw_type_count(const gw_type *type)
{
	if (type == NULL || (!gw_type_has_fields(type) && type->kind != GW_ARRAY))
		return 0;
	return type->count;
}

size_t gw_type_offset(const gw_type *type, size_t i)
{
	if (i >= gw_type_count(type))
		return 0;
	return gw_type_has_fields(type) ? type->fields[i].offset : i * type->elem->size;
}

const gw_type *gw_type_member(const gw_type *type, size_t i)
{
	if (i >= gw_type_count(type))
		return NULL;
	return gw_type_has_fields(type) ? type->fields[i].type : type->elem;
}
