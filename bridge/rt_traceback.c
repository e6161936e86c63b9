/* runtime.SetCgoTraceback: the user's C functions that make C frames visible in Go's tracebacks and
   profiles. */
#include "bridge.h"

/* Stored once, at start-up, and read by any thread, in signal handlers too. */
static struct gw_rt_traceback_functions functions;

/* The length of runtime.cgoCallers. */
enum { CALLERS_MAX = 32 };

/* _cgo_callers. The runtime's signal trampoline jumps here on the signal stack when a signal
   arrives during a cgo call: collect the C callers into callers (zero-terminated if short), then go
   on to sigtramp. The detour puts a C frame, which an unwinder understands, below the traceback
   function. */
void gw_rt_callers(uintptr_t sig, void *info, void *context,
		   void (*traceback)(struct gw_rt_traceback *), uintptr_t *callers,
		   void (*sigtramp)(uintptr_t, void *, void *))
{
	struct gw_rt_traceback arg = {
		.context = 0,
		.sig_context = (uintptr_t)context,
		.buf = callers,
		.max = CALLERS_MAX,
	};
	traceback(&arg);
	sigtramp(sig, info, context);
}

/* _cgo_set_context_function: Go 1.25 and earlier, which call the other two functions without our
   help. */
void gw_rt_set_context_function(void (*context)(struct gw_rt_context *))
{
	__atomic_store_n(&functions.context, context, __ATOMIC_RELEASE);
}

/* _cgo_set_traceback_functions: Go 1.26 and later. Any of the three may be NULL. */
void gw_rt_set_traceback_functions(const struct gw_rt_traceback_functions *arg)
{
	__atomic_store_n(&functions.traceback, arg->traceback, __ATOMIC_RELEASE);
	__atomic_store_n(&functions.context, arg->context, __ATOMIC_RELEASE);
	__atomic_store_n(&functions.symbolizer, arg->symbolizer, __ATOMIC_RELEASE);
}

void gw_rt_call_traceback_function(struct gw_rt_traceback *arg)
{
	void (*fn)(struct gw_rt_traceback *) =
		__atomic_load_n(&functions.traceback, __ATOMIC_ACQUIRE);
	if (fn != NULL)
		fn(arg);
}

void gw_rt_call_symbolizer_function(struct gw_rt_symbolizer *arg)
{
	void (*fn)(struct gw_rt_symbolizer *) =
		__atomic_load_n(&functions.symbolizer, __ATOMIC_ACQUIRE);
	if (fn != NULL)
		fn(arg);
}

/* Before C calls Go: the context that crosscall2 takes as its last argument, 0 when no context
   function is set. Give it to gw_rt_context_release after the call. */
uintptr_t gw_rt_context_get(void)
{
	struct gw_rt_context arg = {0};
	void (*fn)(struct gw_rt_context *) = __atomic_load_n(&functions.context, __ATOMIC_ACQUIRE);
	if (fn != NULL)
		fn(&arg);
	return arg.context;
}

void gw_rt_context_release(uintptr_t context)
{
	struct gw_rt_context arg = {context};
	void (*fn)(struct gw_rt_context *) = __atomic_load_n(&functions.context, __ATOMIC_ACQUIRE);
	if (context != 0 && fn != NULL)
		fn(&arg);
}
