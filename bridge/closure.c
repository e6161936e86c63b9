/* Closures: functions made at run time for C handlers. C calls a thunk, which enters
   gw_closure_entry (trampolines/closure_sysv.S), which calls run here. */
#include "signature.h"

#include <stdlib.h>
#include <string.h>

/* Who handles a call: one of the two. */
struct callee {
	gw_handler *plain;
	gw_chained_handler *chained;
	void *user;
};

struct gw_closure {
	struct gw_closure_record record; /* first: the slot's record is the closure */
	const gw_signature *signature;
	struct callee callee;
	void *code;
};

/* A value that no place holds whole, or not aligned, is put together in one of these. At most 14
   are needed, as each has a register; all values of nothing but padding, of 16 bytes at most, share
   one more. */
struct gathered {
	_Alignas(16) unsigned char bytes[16];
};
enum { MAX_GATHERED = 14, PADDING = MAX_GATHERED };

/* An address aligned for a type without bytes, whose alignment may be any: there is nothing to read
   or write at it. */
static void *no_bytes(const struct gw_type *type, struct gathered *near)
{
	return (void *)((uintptr_t)near & -(uintptr_t)type->align);
}

/* Where the value of an argument is. One or two pieces of a kind lie side by side in regs, aligned
   to 8; stack arguments lie as memory has them, and are the callee's to write. */
static void *find_argument(struct gw_closure_regs *regs, const struct gw_place *place,
			   struct gathered *g, size_t *gathered)
{
	const struct gw_piece *first = &place->piece[0], *second = &place->piece[1];
	if (place->type->size == 0)
		return no_bytes(place->type, &g[PADDING]);
	if (place->pieces == 0)
		return g[PADDING].bytes;
	if (first->where == GW_IN_MEMORY)
		return (unsigned char *)regs->stack + first->stack;
	/* With as many pieces as eightbytes: one that is padding has no register to lie in. */
	if (place->type->align <= 8 && place->pieces == place->type->nclasses &&
	    (place->pieces == 1 || first->where == second->where))
		return first->where == GW_IN_INT ? &regs->ints[first->index]
						 : &regs->sse[first->index];
	unsigned char *bytes = g[(*gathered)++].bytes;
	for (uint8_t i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		const uint64_t *from = piece->where == GW_IN_INT ? regs->ints : regs->sse;
		memcpy(bytes + piece->offset, &from[piece->index], 8);
	}
	return bytes;
}

static void load_result(struct gw_closure_regs *regs, const struct gw_place *place,
			const unsigned char *from)
{
	uint64_t *const ints[2] = {&regs->rax, &regs->rdx}, *const sses[2] = {&regs->xmm0,
									      &regs->xmm1};
	for (uint8_t i = 0; i < place->pieces; i++) {
		const struct gw_piece *piece = &place->piece[i];
		if (piece->where == GW_IN_X87) {
			memcpy(regs->st[piece->index], from + piece->offset, 16);
			regs->x87 = place->pieces;
			continue;
		}
		uint64_t word = gw_piece_load(place->type, from + piece->offset, piece->size);
		*(piece->where == GW_IN_INT ? ints : sses)[piece->index] = word;
	}
}

static void enter(const struct callee *callee, void *result, void *const *args, void *chain)
{
	if (callee->chained != NULL)
		callee->chained(result, args, callee->user, chain);
	else
		callee->plain(result, args, callee->user);
}

static void handle(const gw_signature *s, struct gw_closure_regs *regs, const struct callee *callee)
{
	void *args[s->count + 1];
	struct gathered gathered[MAX_GATHERED + 1];
	size_t n = 0;
	for (uint32_t i = 0; i < s->count; i++)
		args[i] = find_argument(regs, &s->params[i], gathered, &n);
	if (s->hidden) {
		uint64_t to = regs->ints[0];
		enter(callee, (void *)(uintptr_t)to, args, regs->chain);
		regs->rax = to;
		return;
	}
	_Alignas(16) unsigned char value[32] = {0};
	void *result = value;
	if (s->result.type->size == 0)
		result = no_bytes(s->result.type, &gathered[PADDING]);
	enter(callee, result, args, regs->chain);
	load_result(regs, &s->result, value);
}

void gw_closure_handle(const gw_signature *s, struct gw_closure_regs *regs, gw_handler *handler,
		       void *user)
{
	struct callee callee = {.plain = handler, .user = user};
	handle(s, regs, &callee);
}

static void run(void *record, struct gw_closure_regs *regs)
{
	const struct gw_closure *c = record;
	handle(c->signature, regs, &c->callee);
}

static gw_status check(const gw_signature *signature, struct callee callee)
{
	if (signature == NULL || (callee.plain == NULL && callee.chained == NULL))
		return gw_fail(GW_EINVAL, "closure: a pointer is NULL");
	if (signature->fixed != signature->count)
		return gw_fail(GW_EINVAL, "closure: what a caller passes for \"...\" is not known");
	return GW_OK;
}

static gw_status set(gw_closure *c, const gw_signature *signature, struct callee callee)
{
	if (c == NULL)
		return gw_fail(GW_EINVAL, "closure: a pointer is NULL");
	gw_status status = check(signature, callee);
	if (status != GW_OK)
		return status;
	c->signature = signature;
	c->callee = callee;
	gw_thunk_set(c->code, (const void *)(uintptr_t)gw_closure_entry, c);
	return GW_OK;
}

gw_status gw_closure_reserve(gw_closure **out)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "closure: a pointer is NULL");
	struct gw_closure *c = malloc(sizeof *c);
	if (c == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a closure");
	*c = (struct gw_closure){.record = {run}};
	gw_status status = gw_thunk_alloc((const void *)(uintptr_t)gw_closure_none, NULL, &c->code);
	if (status != GW_OK) {
		free(c);
		return status;
	}
	*out = c;
	return GW_OK;
}

gw_status gw_closure_set(gw_closure *closure, const gw_signature *signature, gw_handler *handler,
			 void *user)
{
	return set(closure, signature, (struct callee){.plain = handler, .user = user});
}

gw_status gw_closure_set_chained(gw_closure *closure, const gw_signature *signature,
				 gw_chained_handler *handler, void *user)
{
	return set(closure, signature, (struct callee){.chained = handler, .user = user});
}

gw_status gw_closure_new(gw_closure **out, const gw_signature *signature, gw_handler *handler,
			 void *user)
{
	struct callee callee = {.plain = handler, .user = user};
	gw_closure *c;
	gw_status status = check(signature, callee);
	if (status == GW_OK)
		status = gw_closure_reserve(out == NULL ? NULL : &c);
	if (status == GW_OK) {
		set(c, signature, callee);
		*out = c;
	}
	return status;
}

void *gw_closure_code(const gw_closure *closure)
{
	return closure == NULL ? NULL : closure->code;
}

void gw_closure_free(gw_closure *closure)
{
	if (closure == NULL)
		return;
	gw_thunk_set(closure->code, (const void *)(uintptr_t)gw_closure_none, NULL);
	gw_thunk_free(closure->code);
	free(closure);
}
