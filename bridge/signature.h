/* Signatures as Gangway sees them inside: C types with their psABI classes, where each value of a
   call travels, and the register blocks of the trampolines that make and take calls of any
   signature.

   The way of a signature: parse.c (text) or the public constructors -> type.c (layout) ->
   classify.c (classes) -> signature.c (places) -> callcode.c and closurecode.c (machine code), the
   plan compiler on the Go side. Nothing of it changes once it is made but for the code of closures,
   so that it is read without locks by any thread. */
#ifndef GW_BRIDGE_SIGNATURE_H
#define GW_BRIDGE_SIGNATURE_H

#include "bridge.h"

/* Kinds that only the Go side uses, numbered after the public ones. To C each is a pointer; they
   are parameters only (a string also a result), never members. */
enum { GW_GO_STR = GW_MEMORY + 1, GW_GO_SLICE, GW_GO_FUNC, GW_KINDS };

/* Classes of eightbytes (psABI 3.2.3). There is no SSEUP: see classify.c. */
enum {
	GW_CLASS_NONE, /* padding */
	GW_CLASS_INTEGER,
	GW_CLASS_SSE,
	GW_CLASS_X87,
	GW_CLASS_X87UP,
	GW_CLASS_COMPLEX_X87,
	GW_CLASS_MEMORY /* never stored: memory says it */
};

enum {
	GW_MAX_SIZE = 1 << 20, /* bytes of a type; elements of an array; bytes of stack arguments */
	GW_MAX_ALIGN = 4096,
	GW_MAX_DEPTH = 32,   /* structs, arrays and alignments inside each other */
	GW_MAX_PARAMS = 256, /* parameters of a signature, variadic arguments included */
	GW_MAX_NODES = 4096  /* types within a type or signature, each counted where it stands */
};

struct gw_field {
	const struct gw_type *type;
	uint32_t offset;
};

/* Scalars are static; others are counted and hold a reference to each type they are made of. */
struct gw_type {
	uint8_t kind;
	/* Eightbytes when it travels in registers: 0 (void, an empty struct), 1 or 2; 0 for MEMORY
	   too. A long double has 2 (X87, X87UP) and its complex 2 (COMPLEX_X87 twice): as a result
	   it travels in x87 registers, as an argument in memory. */
	uint8_t nclasses;
	uint8_t classes[2];
	bool memory;                /* class MEMORY */
	uint8_t depth;              /* 0 for scalars and padding */
	uint16_t nodes;             /* types in it, itself included */
	uint32_t align;             /* as a member, at least 1 */
	uint32_t size;              /* not always a multiple of align: @ raises align alone */
	uint32_t count;             /* fields or members, elements of an array, bytes of padding */
	uint32_t pack;              /* a packed struct aligns its fields to that at most; else 0 */
	uint32_t refs;              /* atomic; 0 for static types, which are not counted */
	const struct gw_type *elem; /* of an array */
	const struct gw_field *fields; /* of a struct or union */
	const struct gw_type *base; /* the type that @ raised the alignment of, which owns fields */
	/* The type as Go has it, where that is another one of the same size, and the type that this
	   is a copy of with go added, which owns fields. */
	const struct gw_type *go, *in_c;
};

/* Whether type has fields: a struct's or members of a union. */
static inline bool gw_type_has_fields(const struct gw_type *type)
{
	return type->kind == GW_STRUCT || type->kind == GW_UNION;
}

enum { GW_IN_INT, GW_IN_SSE, GW_IN_MEMORY, GW_IN_X87 };

/* Where an eightbyte of a value, or all of it, travels. */
struct gw_piece {
	uint8_t where;
	/* Register number. Arguments: DI SI DX CX R8 R9 = 0..5, XMM0.. = 0..7. Results: RAX RDX =
	   0, 1, XMM0 XMM1 = 0, 1, ST0 ST1 = 0, 1. */
	uint8_t index;
	uint32_t size;   /* bytes of the value in it: 1..8, 16 for x87, all of it for memory */
	uint32_t offset; /* in the value */
	uint32_t stack;  /* GW_IN_MEMORY: offset in the stack arguments; a multiple of 8 */
};

/* Padding eightbytes have no piece. MEMORY is one piece, GW_IN_MEMORY, of the whole size. */
struct gw_place {
	const struct gw_type *type;
	uint8_t pieces; /* 0: nothing travels (void, an empty struct) */
	struct gw_piece piece[2];
};

/* A call with fn's signature, see gw_call_chained. An ordinary C function. */
typedef void gw_call_code(const gw_signature *signature, void (*fn)(void), void *result,
			  void *const *args, void *chain);

struct gw_signature {
	struct gw_place result; /* piece[0].where == GW_IN_MEMORY: through the hidden pointer */
	bool hidden;            /* result through memory: address in DI, and in RAX on return */
	uint8_t ints, sses;     /* registers that the arguments take, the hidden pointer included */
	uint32_t stack_bytes; /* end of the last stack argument, rounded up to 8: not to stack_align
			       */
	uint32_t stack_align; /* of the stack pointer at the call: 16, more for over-aligned structs
			       */
	uint32_t count, fixed; /* parameters, and those before "..." */
	bool dots;             /* "..." stands in the text; always if fixed < count */
	/* What gw_call calls, and the memory that is this signature's alone, if there is any. */
	gw_call_code *call;
	gw_code *call_memory;
	struct gw_ffi *ffi; /* with gw_ffi_call as call; else NULL */
	/* Where thunks of closures go; atomic: NULL until one is made. */
	const void *closure;
	gw_code *closure_memory;
	struct gw_place params[];
};

/* type.c. The static type of a scalar or of a kind of the Go side, by kind or by its name in text
   of length bytes; NULL for others. */
const struct gw_type *gw_type_static(unsigned kind);
const struct gw_type *gw_type_named(const char *name, size_t length);
const char *gw_type_name(const struct gw_type *type); /* of a static type */
/* A copy of type, a struct, union or opaque value, that Go has as go, which has the same size. */
gw_status gw_type_as_go(gw_type **out, const struct gw_type *go, const struct gw_type *type);
/* Whether Go sees pointers in it. */
bool gw_type_has_pointers(const struct gw_type *type);
/* Whether there is an @ on type, or on the elements of an array. */
bool gw_type_is_aligned(const struct gw_type *type);

/* classify.c. Sets nclasses, classes and memory of a type whose layout is done. */
void gw_type_classify(struct gw_type *type);

/* signature.c. As gw_signature_new; with go, the kinds of the Go side are acceptable. */
gw_status gw_signature_make(gw_signature **out, const gw_type *result, const gw_type *const *params,
			    size_t n, size_t fixed, bool go);
/* Makes what gw_call calls. status: that of making *out, which is returned if it is none; else, when
   this fails, *out is freed. */
gw_status gw_signature_prepare(gw_status status, gw_signature **out);
/* Why type cannot be a parameter, a variadic argument or the result; NULL if it can. */
enum gw_role { GW_AS_PARAM, GW_AS_VARIADIC, GW_AS_RESULT };
const char *gw_signature_refusal(const gw_type *type, enum gw_role role, bool go);

/* parse.c. As gw_signature_parse, with the names str, slice and func, and <go = type>, see
   gw_type_as_go. */
gw_status gw_signature_parse_go(gw_signature **out, const char *text);
/* The same, of which gw_call knows nothing: for what has code of its own. */
gw_status gw_signature_parse_plan(gw_signature **out, const char *text);

/* The size and the alignment of a type in text that can be a parameter of a C function, by the same
   names; layout[0] and layout[1]. */
gw_status gw_type_layout_go(const char *text, uint32_t layout[2]);

/* What a slot's record begins with whose entry is gw_closure_entry_of's. handler is a
   gw_chained_handler, too, or does not look at its fourth argument. */
struct gw_handled {
	gw_handler *handler;
	void *user;
};

/* closure.c. The entry for thunks of closures of signature; made by the first who asks. NULL: the
   system grants no memory for code. */
const void *gw_closure_entry_of(const gw_signature *signature);

/* callcode.c, closurecode.c. Machine code for a signature; own as gw_emit_end's. NULL: no memory. */
void *gw_call_code_make(const gw_signature *signature, gw_code **own);
void *gw_closure_code_make(const gw_signature *signature, gw_code **own);

/* trampolines/generated_sysv.S; not C functions. gw_closure_none is an entry for thunks, and traps:
   there is no handler any more, or none yet. */
void gw_generated_call(void);
void gw_closure_none(void);

/* fficall.c. A description of signature for gw_ffi_call. GW_ESYS: libffi cannot call it, and why;
   GW_ENOMEM. */
gw_status gw_ffi_describe(struct gw_ffi **out, const gw_signature *signature);
void gw_ffi_free(struct gw_ffi *ffi);
gw_call_code gw_ffi_call;

/* callcode.c. Whether integers of type are extended with their sign. */
bool gw_type_is_signed(const struct gw_type *type);

/* Write to every page of a stack buffer, the highest first, before any call runs below it: a stack
   that is too short ends at its guard page. */
static inline void gw_touch(volatile unsigned char *buffer, size_t size)
{
	while (size > 4096) {
		size -= 4096;
		buffer[size] = 0;
	}
}

#endif
