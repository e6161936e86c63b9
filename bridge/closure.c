/* Closures: functions made at run time for C handlers. C calls a thunk, which enters the code of
   the signature (closurecode.c), which calls the handler. */
#include "signature.h"

#include <stdlib.h>

struct gw_closure {
	struct gw_handled handled; /* first: the slot's record is the closure */
	void *code;
};

const void *gw_closure_entry_of(const gw_signature *signature)
{
	const void *entry = __atomic_load_n(&signature->closure, __ATOMIC_ACQUIRE);
	if (entry != NULL)
		return entry;
	gw_signature *s = (gw_signature *)(uintptr_t)signature; /* all of them come from malloc */
	gw_code *memory;
	const void *code = gw_closure_code_make(s, &memory);
	if (code == NULL) {
		gw_fail(GW_ENOMEM, "closure: the system grants no memory for its code");
		return NULL;
	}
	if (__atomic_compare_exchange_n(&s->closure, &entry, code, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		s->closure_memory = memory;
		return code;
	}
	gw_code_free(memory); /* another thread was first */
	return entry;
}

static gw_status set(gw_closure *c, const gw_signature *signature, gw_handler *handler, void *user)
{
	if (c == NULL || signature == NULL || handler == NULL)
		return gw_fail(GW_EINVAL, "closure: a pointer is NULL");
	if (signature->fixed != signature->count)
		return gw_fail(GW_EINVAL, "closure: what a caller passes for \"...\" is not known");
	const void *entry = gw_closure_entry_of(signature);
	if (entry == NULL)
		return GW_ENOMEM;
	c->handled = (struct gw_handled){handler, user};
	gw_thunk_set(c->code, entry, c);
	return GW_OK;
}

gw_status gw_closure_reserve(gw_closure **out)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "closure: a pointer is NULL");
	struct gw_closure *c = malloc(sizeof *c);
	if (c == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a closure");
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
	return set(closure, signature, handler, user);
}

/* The code of a signature calls all handlers with the chain, as a fourth argument; what has three
   does not look at it. */
gw_status gw_closure_set_chained(gw_closure *closure, const gw_signature *signature,
				 gw_chained_handler *handler, void *user)
{
	return set(closure, signature, (gw_handler *)(void (*)(void))handler, user);
}

gw_status gw_closure_new(gw_closure **out, const gw_signature *signature, gw_handler *handler,
			 void *user)
{
	gw_closure *c;
	gw_status status = gw_closure_reserve(out == NULL ? NULL : &c);
	if (status != GW_OK)
		return status;
	status = set(c, signature, handler, user);
	if (status == GW_OK)
		*out = c;
	else
		gw_closure_free(c);
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
