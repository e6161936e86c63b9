/* What the differential tests (tests/differential) need to make C calls from C: Gangway's C
   interface and libffi, by the text of a signature. Arguments and results of gw_call end where a
   page without access begins. One thread at a time. */
#define _GNU_SOURCE
#include <ffi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../include/gangway.h"

enum { PAGE = 4096, VALUES = 257, CANARY = 0xcc };

#define EXPORT __attribute__((visibility("default")))

EXPORT uint8_t cdiff_arena[1 << 20]; /* where the Go side puts values */

static char error[512];

EXPORT const char *cdiff_error(void)
{
	return error;
}

static gw_signature *parse(const char *text)
{
	gw_signature *s;
	if (gw_signature_parse(&s, text) == GW_OK)
		return s;
	snprintf(error, sizeof error, "gw_signature_parse: %s", gw_last_error());
	return NULL;
}

/* Page i of those that another one without access follows; NULL without memory. */
static uint8_t *guarded(size_t i)
{
	static uint8_t *pages;
	if (pages == NULL) {
		uint8_t *p = mmap(NULL, (size_t)VALUES * 2 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
		for (size_t k = 0; k < VALUES; k++)
			if (mprotect(p + (2 * k + 1) * PAGE, PAGE, PROT_NONE) != 0)
				return NULL;
		pages = p;
	}
	return pages + 2 * i * PAGE;
}

/* gw_call. 0, or 1 with words in cdiff_error. */
EXPORT int32_t cdiff_call(const char *text, void (*fn)(void), void *result, void *const *args)
{
	gw_signature *s = parse(text);
	void *copies[VALUES];
	int32_t bad = 1;
	if (s == NULL)
		return 1;
	size_t n = gw_signature_count(s), size = gw_type_size(gw_signature_result(s));
	uint8_t *page = guarded(n);
	if (page == NULL || size > PAGE) {
		snprintf(error, sizeof error, "no memory for guard pages");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		size_t bytes = gw_type_size(gw_signature_param(s, i));
		if (bytes > PAGE) {
			snprintf(error, sizeof error, "argument %zu does not fit a page", i);
			goto out;
		}
		copies[i] = guarded(i) + PAGE - bytes;
		memcpy(copies[i], args[i], bytes);
	}
	memset(page, CANARY, PAGE);
	gw_call(s, fn, page + PAGE - size, copies);
	memcpy(result, page + PAGE - size, size);
	for (size_t i = 0; i < PAGE - size; i++)
		if (page[i] != CANARY) {
			snprintf(error, sizeof error, "a write %zu bytes before the result",
				 PAGE - size - i);
			goto out;
		}
	bad = 0;
out:
	gw_signature_free(s);
	return bad;
}

/* libffi's type for type; NULL where it has none or memory is short. Structs are allocated, and
   never freed before forget_types. */
static void *allocated[4096];
static size_t n_allocated;

static void forget_types(void)
{
	while (n_allocated > 0)
		free(allocated[--n_allocated]);
}

static void *keep(size_t size)
{
	if (n_allocated == sizeof allocated / sizeof allocated[0])
		return NULL;
	void *p = calloc(1, size);
	if (p != NULL)
		allocated[n_allocated++] = p;
	return p;
}

static ffi_type *ffi_of(const gw_type *type)
{
	size_t n = gw_type_count(type);
	switch (gw_type_kind(type)) {
	case GW_VOID:
		return &ffi_type_void;
	case GW_BOOL:
	case GW_U8:
		return &ffi_type_uint8;
	case GW_I8:
		return &ffi_type_sint8;
	case GW_I16:
		return &ffi_type_sint16;
	case GW_U16:
		return &ffi_type_uint16;
	case GW_I32:
		return &ffi_type_sint32;
	case GW_U32:
		return &ffi_type_uint32;
	case GW_I64:
		return &ffi_type_sint64;
	case GW_U64:
		return &ffi_type_uint64;
	case GW_F32:
		return &ffi_type_float;
	case GW_F64:
		return &ffi_type_double;
	case GW_F80:
		return &ffi_type_longdouble;
	case GW_C64:
		return &ffi_type_complex_float;
	case GW_C128:
		return &ffi_type_complex_double;
	case GW_C160:
		return &ffi_type_complex_longdouble;
	case GW_PTR:
		return &ffi_type_pointer;
	case GW_STRUCT:
	case GW_ARRAY:
		break; /* an array is a struct of as many members */
	default:
		return NULL;
	}
	if (gw_type_size(type) == 0)
		return NULL;
	ffi_type *t = keep(sizeof *t);
	ffi_type **elements = keep((n + 1) * sizeof *elements);
	if (t == NULL || elements == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((elements[i] = ffi_of(gw_type_member(type, i))) == NULL)
			return NULL;
	t->type = FFI_TYPE_STRUCT;
	t->elements = elements;
	size_t *offsets = keep((n + 1) * sizeof *offsets);
	if (offsets == NULL || ffi_get_struct_offsets(FFI_DEFAULT_ABI, t, offsets) != FFI_OK ||
	    t->size != gw_type_size(type) || t->alignment != gw_type_align(type))
		return NULL;
	for (size_t i = 0; i < n; i++) /* a packed struct, or an aligned member */
		if (offsets[i] != gw_type_offset(type, i))
			return NULL;
	return t;
}

/* ffi_call. 0; -1 when libffi has no such types; 1. */
EXPORT int32_t cdiff_ffi(const char *text, int32_t fixed, void (*fn)(void), void *result,
			 void *const *args)
{
	static _Alignas(16) uint8_t values[VALUES][2 * PAGE]; /* libffi reads whole words */
	static _Alignas(16) uint8_t returned[2 * PAGE];
	gw_signature *s = parse(text);
	ffi_type *types[VALUES];
	void *copies[VALUES];
	ffi_cif cif;
	int32_t status = -1;
	if (s == NULL)
		return 1;
	unsigned n = (unsigned)gw_signature_count(s);
	size_t size = gw_type_size(gw_signature_result(s));
	ffi_type *r = ffi_of(gw_signature_result(s));
	if (r == NULL)
		goto out;
	for (unsigned i = 0; i < n; i++) {
		const gw_type *t = gw_signature_param(s, i);
		if ((types[i] = ffi_of(t)) == NULL || gw_type_size(t) > PAGE)
			goto out;
		copies[i] = values[i];
		memcpy(values[i], args[i], gw_type_size(t));
	}
	ffi_status prepared = fixed < (int32_t)n ? ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI,
								    (unsigned)fixed, n, r, types)
						 : ffi_prep_cif(&cif, FFI_DEFAULT_ABI, n, r, types);
	if (prepared != FFI_OK || size > PAGE)
		goto out;
	ffi_call(&cif, fn, returned, copies);
	memcpy(result, returned, size); /* little endian: a narrow integer is where the word is */
	status = 0;
out:
	forget_types();
	gw_signature_free(s);
	return status;
}

/* A closure that copies its arguments to capture, each at the next multiple of 16, and its result
 * from result. */
struct closure {
	gw_signature *signature;
	gw_closure *closure;
	const void *result;
	uint8_t *capture;
	int32_t calls;
};

static void handler(void *result, void *const *args, void *user)
{
	struct closure *c = user;
	uint8_t *to = c->capture;
	size_t n = gw_signature_count(c->signature);
	c->calls++;
	for (size_t i = 0; i < n; i++) {
		size_t size = gw_type_size(gw_signature_param(c->signature, i));
		memcpy(to, args[i], size);
		/* The arguments are the closure's own: writing there harms nobody. */
		memset(args[i], CANARY, size);
		to += (size + 15) / 16 * 16;
	}
	memcpy(result, c->result, gw_type_size(gw_signature_result(c->signature)));
}

EXPORT struct closure *cdiff_closure(const char *text, const void *result, uint8_t *capture)
{
	struct closure *c = calloc(1, sizeof *c);
	if (c == NULL)
		return NULL;
	c->result = result;
	c->capture = capture;
	if ((c->signature = parse(text)) == NULL)
		goto no_signature;
	if (gw_closure_new(&c->closure, c->signature, handler, c) != GW_OK) {
		snprintf(error, sizeof error, "gw_closure_new: %s", gw_last_error());
		goto no_closure;
	}
	return c;
no_closure:
	gw_signature_free(c->signature);
no_signature:
	free(c);
	return NULL;
}

EXPORT void *cdiff_closure_code(const struct closure *c)
{
	return gw_closure_code(c->closure);
}

/* How often it was called. */
EXPORT int32_t cdiff_closure_free(struct closure *c)
{
	int32_t calls = c->calls;
	gw_closure_free(c->closure);
	gw_signature_free(c->signature);
	free(c);
	return calls;
}
