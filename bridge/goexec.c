/* Calls and callbacks whose values all go through memory, for the Go side. */
#include <alloca.h>
#include <errno.h>
#include <string.h>

#include "call.h"
#include "goexec.h"

/* Go's memory may be less aligned than a result that the function itself stores. */
void gw_go_safe_call(struct gw_go_safe_call *call)
{
	struct gw_callback_frame *in = gw_callback_innermost();
	const gw_signature *s = call->signature;
	uint32_t size = s->result.type->size, align = s->result.type->align;
	void *result = call->result;
	if (s->hidden && (uintptr_t)result % align != 0) {
		char *room = alloca(size + align);
		gw_touch((unsigned char *)room, size + align);
		result = room + (-(uintptr_t)room & (align - 1));
	}
	errno = 0;
	gw_call(s, call->fn, result, call->args);
	call->err = (uint64_t)errno;
	if (result != call->result)
		memcpy(call->result, result, size);
	gw_callback_check(in);
}
