/* Signatures: where each argument and the result travel (psABI 3.2.3, "Passing" and "Returning of
   Values"), and their text. */
#include "signature.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum { INT_REGISTERS = 6, SSE_REGISTERS = 8 };

static bool is_x87(const struct gw_type *type)
{
	return type->nclasses != 0 &&
	       (type->classes[0] == GW_CLASS_X87 || type->classes[0] == GW_CLASS_COMPLEX_X87);
}

/* Pieces of a type that travels in registers, numbered from ints and sses. */
static void place_in_registers(struct gw_place *place, unsigned ints, unsigned sses)
{
	const struct gw_type *type = place->type;
	for (uint32_t i = 0; i < type->nclasses; i++) {
		uint32_t offset = i * 8, left = type->size - offset;
		struct gw_piece piece = {.size = left < 8 ? left : 8, .offset = offset};
		if (type->classes[i] == GW_CLASS_INTEGER) {
			piece.where = GW_IN_INT;
			piece.index = (uint8_t)ints++;
		} else if (type->classes[i] == GW_CLASS_SSE) {
			piece.where = GW_IN_SSE;
			piece.index = (uint8_t)sses++;
		} else {
			continue; /* padding */
		}
		place->piece[place->pieces++] = piece;
	}
}

/* "Returning of Values". */
static void place_result(struct gw_signature *s)
{
	struct gw_place *place = &s->result;
	const struct gw_type *type = place->type;
	if (type->memory) {
		/* Rule 2: the caller's memory, "as if it were the first argument". */
		s->hidden = true;
		s->ints = 1;
		place->pieces = 1;
		place->piece[0] = (struct gw_piece){.where = GW_IN_MEMORY, .size = type->size};
	} else if (is_x87(type)) {
		/* Rules 5 and 7: ST0; of a complex the imaginary part in ST1. */
		place->pieces = type->classes[0] == GW_CLASS_X87 ? 1 : 2;
		for (uint8_t i = 0; i < place->pieces; i++)
			place->piece[i] = (struct gw_piece){
				.where = GW_IN_X87, .index = i, .size = 16, .offset = i * 16u};
	} else {
		place_in_registers(place, 0, 0);
	}
}

/* "Passing". A value travels in registers whole or not at all, and registers that are too few for
   one value still serve those after it. Stack arguments are aligned to 8, or as their type is. */
static gw_status place_argument(struct gw_signature *s, struct gw_place *place)
{
	const struct gw_type *type = place->type;
	unsigned ints = 0, sses = 0;
	if (type->size == 0)
		return GW_OK;
	for (uint32_t i = 0; i < type->nclasses; i++) {
		ints += type->classes[i] == GW_CLASS_INTEGER;
		sses += type->classes[i] == GW_CLASS_SSE;
	}
	if (!type->memory && !is_x87(type) && s->ints + ints <= INT_REGISTERS &&
	    s->sses + sses <= SSE_REGISTERS) {
		place_in_registers(place, s->ints, s->sses);
		s->ints = (uint8_t)(s->ints + ints);
		s->sses = (uint8_t)(s->sses + sses);
		return GW_OK;
	}
	uint32_t align = type->align < 8 ? 8 : type->align;
	uint32_t at = (s->stack_bytes + align - 1) & -align;
	uint32_t end = at + ((type->size + 7) & ~7u);
	if (end > GW_MAX_SIZE)
		return gw_fail(GW_EINVAL, "more than %d bytes of arguments in memory", GW_MAX_SIZE);
	place->pieces = 1;
	place->piece[0] = (struct gw_piece){.where = GW_IN_MEMORY, .size = type->size, .stack = at};
	s->stack_bytes = end;
	if (s->stack_align < align)
		s->stack_align = align;
	return GW_OK;
}

/* Conversions that C applies to arguments for "..." (C11 6.5.2.2). */
static const char *promotion(const struct gw_type *type)
{
	switch (type->kind) {
	case GW_BOOL:
	case GW_I8:
	case GW_U8:
	case GW_I16:
	case GW_U16:
		return "C passes it as i32 where the parameters are variadic";
	case GW_F32:
		return "C passes it as f64 where the parameters are variadic";
	}
	return NULL;
}

const char *gw_signature_refusal(const gw_type *type, enum gw_role role, bool go)
{
	if (type == NULL)
		return "no type";
	if (type->base != NULL)
		return "an alignment belongs to a member of a struct";
	switch (type->kind) {
	case GW_VOID:
		return role == GW_AS_RESULT ? NULL : "void has no values; () are no parameters";
	case GW_ARRAY:
		return "an array is a value in a struct only; elsewhere C passes a ptr";
	case GW_PAD:
		return "padding belongs in a struct";
	case GW_GO_STR:
		return go ? NULL : "only Go has it";
	case GW_GO_SLICE:
	case GW_GO_FUNC:
		if (!go)
			return "only Go has it";
		return role == GW_AS_RESULT ? "it cannot be a result" : NULL;
	}
	return role == GW_AS_VARIADIC ? promotion(type) : NULL;
}

static gw_status check(const gw_type *result, const gw_type *const *params, size_t n, size_t fixed,
		       bool go)
{
	const char *refusal = gw_signature_refusal(result, GW_AS_RESULT, go);
	if (refusal != NULL)
		return gw_fail(GW_EINVAL, "signature: result: %s", refusal);
	size_t nodes = result->nodes;
	for (size_t i = 0; i < n; i++) {
		refusal = gw_signature_refusal(params[i], i < fixed ? GW_AS_PARAM : GW_AS_VARIADIC,
					       go);
		if (refusal != NULL)
			return gw_fail(GW_EINVAL, "signature: parameter %zu: %s", i + 1, refusal);
		nodes += params[i]->nodes;
	}
	if (nodes > GW_MAX_NODES)
		return gw_fail(GW_EINVAL, "signature: more than %d types in it", GW_MAX_NODES);
	return GW_OK;
}

gw_status gw_signature_make(gw_signature **out, const gw_type *result, const gw_type *const *params,
			    size_t n, size_t fixed, bool go)
{
	if (out == NULL || (params == NULL && n != 0))
		return gw_fail(GW_EINVAL, "signature: a pointer is NULL");
	if (n > GW_MAX_PARAMS)
		return gw_fail(GW_EINVAL, "signature: more than %d parameters", GW_MAX_PARAMS);
	if (fixed > n)
		return gw_fail(GW_EINVAL, "signature: %zu parameters, %zu of them fixed", n, fixed);
	gw_status status = check(result, params, n, fixed, go);
	if (status != GW_OK)
		return status;
	struct gw_signature *s = malloc(sizeof *s + n * sizeof s->params[0]);
	if (s == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a signature");
	*s = (struct gw_signature){.result = {.type = result},
				   .stack_align = 16,
				   .count = (uint32_t)n,
				   .fixed = (uint32_t)fixed,
				   .dots = fixed < n};
	place_result(s);
	for (size_t i = 0; i < n; i++) {
		s->params[i] = (struct gw_place){.type = params[i]};
		status = place_argument(s, &s->params[i]);
		if (status != GW_OK) {
			free(s);
			return gw_fail(status, "signature: parameter %zu: %s", i + 1,
				       gw_last_error());
		}
	}
	gw_type_retain(result);
	for (size_t i = 0; i < n; i++)
		gw_type_retain(params[i]);
	*out = s;
	return GW_OK;
}

gw_status gw_signature_prepare(gw_status status, gw_signature **out)
{
	if (status != GW_OK)
		return status;
	gw_signature *s = *out;
	s->call = (gw_call_code *)gw_call_code_make(s, &s->call_memory);
	if (s->call != NULL)
		return GW_OK;
	status = gw_ffi_describe(&s->ffi, s);
	if (status == GW_OK)
		s->call = gw_ffi_call;
	else
		gw_signature_free(s);
	return status;
}

gw_status gw_signature_new(gw_signature **out, const gw_type *result, const gw_type *const *params,
			   size_t n, size_t fixed)
{
	gw_signature *s;
	gw_status status = gw_signature_prepare(
		gw_signature_make(out == NULL ? NULL : &s, result, params, n, fixed, false), &s);
	if (status == GW_OK)
		*out = s;
	return status;
}

void gw_signature_free(gw_signature *signature)
{
	if (signature == NULL)
		return;
	for (uint32_t i = 0; i < signature->count; i++)
		gw_type_release(signature->params[i].type);
	gw_type_release(signature->result.type);
	gw_code_free(signature->call_memory);
	gw_ffi_free(signature->ffi);
	gw_code_free(signature->closure_memory);
	free(signature);
}

size_t gw_signature_count(const gw_signature *signature)
{
	return signature == NULL ? 0 : signature->count;
}

size_t gw_signature_fixed(const gw_signature *signature)
{
	return signature == NULL ? 0 : signature->fixed;
}

const gw_type *gw_signature_result(const gw_signature *signature)
{
	return signature == NULL ? NULL : signature->result.type;
}

const gw_type *gw_signature_param(const gw_signature *signature, size_t i)
{
	return i < gw_signature_count(signature) ? signature->params[i].type : NULL;
}

/* Text that grows to length; what is beyond size is not kept. */
struct text {
	char *buffer;
	size_t size, length;
};

static void put(struct text *t, const char *words)
{
	for (; *words != '\0'; words++, t->length++)
		if (t->length + 1 < t->size)
			t->buffer[t->length] = *words;
}

static void put_number(struct text *t, const char *before, uint32_t number, const char *after)
{
	char digits[16];
	snprintf(digits, sizeof digits, "%u", number);
	put(t, before);
	put(t, digits);
	put(t, after);
}

/* The alignment without any @ of the type itself or of the elements of an array: [n]t@a in text is
   an aligned array, which is laid out as an array of aligned elements is. */
static uint32_t own_align(const struct gw_type *type)
{
	while (type->base != NULL || type->kind == GW_ARRAY)
		type = type->base != NULL ? type->base : type->elem;
	return type->align;
}

/* Which @ are written: those of an array's elements are the array's; in a packed struct one that is
   no more than the type has means something, too. */
enum at { NO_AT, AT_IF_MORE, EVERY_AT };

static void put_type(struct text *t, const struct gw_type *type, enum at at);

static void put_fields(struct text *t, const struct gw_type *type)
{
	if (type->kind == GW_UNION)
		put(t, "union");
	else if (type->pack == 1)
		put(t, "packed");
	else if (type->pack != 0)
		put_number(t, "packed", type->pack, "");
	put(t, "{");
	for (uint32_t i = 0; i < type->count; i++) {
		put(t, i == 0 ? "" : ", ");
		put_type(t, type->fields[i].type, type->pack != 0 ? EVERY_AT : AT_IF_MORE);
	}
	put(t, "}");
}

static void put_type(struct text *t, const struct gw_type *type, enum at at)
{
	if (type->go != NULL) {
		put(t, "<");
		put_type(t, type->go, AT_IF_MORE);
		put(t, " = ");
	}
	switch (type->kind) {
	case GW_STRUCT:
	case GW_UNION:
		put_fields(t, type);
		break;
	case GW_MEMORY:
		put_number(t, "mem", type->size, "@");
		put_number(t, "", own_align(type), "");
		break;
	case GW_ARRAY:
		put_number(t, "[", type->count, "]");
		put_type(t, type->elem, NO_AT);
		break;
	case GW_PAD:
		put_number(t, "pad", type->count, "");
		break;
	default:
		put(t, gw_type_name(type));
	}
	if (type->go != NULL)
		put(t, ">");
	if ((at == AT_IF_MORE && type->align > own_align(type)) ||
	    (at == EVERY_AT && gw_type_is_aligned(type)))
		put_number(t, "@", type->align, "");
}

/* The NUL, and the length. */
static size_t end(struct text *t)
{
	if (t->size > 0)
		t->buffer[t->length < t->size ? t->length : t->size - 1] = '\0';
	return t->length;
}

size_t gw_type_print(const gw_type *type, char *buffer, size_t size)
{
	struct text t = {.buffer = buffer, .size = buffer == NULL ? 0 : size};
	if (type != NULL)
		put_type(&t, type, EVERY_AT);
	return end(&t);
}

size_t gw_signature_print(const gw_signature *signature, char *buffer, size_t size)
{
	struct text t = {.buffer = buffer, .size = buffer == NULL ? 0 : size};
	if (signature == NULL)
		return end(&t);
	put_type(&t, signature->result.type, AT_IF_MORE);
	put(&t, "(");
	for (uint32_t i = 0; i < signature->count; i++) {
		put(&t, i == 0 ? "" : ", ");
		put(&t, i == signature->fixed ? "..., " : "");
		put_type(&t, signature->params[i].type, AT_IF_MORE);
	}
	if (signature->dots && signature->fixed == signature->count)
		put(&t, signature->count == 0 ? "..." : ", ...");
	put(&t, ")");
	return end(&t);
}
