// Package withcgo is linked when cgo is on. It lets C functions that Gangway calls as running calls call functions that
// cgo exports, and has the runtime keep threads that C made.
//
// A cgo export enters Go by runtime.cgocallback, which expects the goroutine in a system call: a running call is none.
// Before it does so, runtime/cgo calls the context function of runtime.SetCgoTraceback, on the same stack. We put
// ourselves there: our context function turns a running call into a system call, then calls the user's, if any.
// It also brings the libraries in which glibc before 2.34 has threads and dlopen.
package withcgo

/*
#cgo LDFLAGS: -ldl -lpthread
#include <stddef.h>
#include <stdint.h>

struct gw_functions {
	void (*traceback)(void *);
	void (*context)(uintptr_t *);
	void (*symbolizer)(void *);
};

// What runtime/cgo has: the first up to Go 1.25, the second in later releases.
extern void x_cgo_set_context_function(void (*context)(uintptr_t *)) __attribute__((weak));
extern void x_cgo_set_traceback_functions(struct gw_functions *functions) __attribute__((weak));
extern void (*_cgo_get_context_function(void))(uintptr_t *) __attribute__((weak));
extern void (*_cgo_get_traceback_function(void))(void *) __attribute__((weak));
extern void (*_cgo_get_symbolizer_function(void))(void *) __attribute__((weak));

// What every cgo export calls, in each of them.
extern uintptr_t _cgo_wait_runtime_init_done(void) __attribute__((weak));
extern void _cgo_release_context(uintptr_t context) __attribute__((weak));

static void (*gw_takeover)(void);
static void (*gw_user_context)(uintptr_t *);

// The context function. *context is 0 when C is about to enter Go, else what the user's function left there.
static void gw_context(uintptr_t *context)
{
	if (*context == 0)
		gw_takeover();
	void (*user)(uintptr_t *) = __atomic_load_n(&gw_user_context, __ATOMIC_ACQUIRE);
	if (user != NULL)
		user(context);
}

// Stand behind the runtime's variables of the same purpose, for a later SetCgoTraceback.
static void gw_set_context_function(void (*context)(uintptr_t *))
{
	__atomic_store_n(&gw_user_context, context, __ATOMIC_RELEASE);
}
static void gw_set_traceback_functions(struct gw_functions *functions)
{
	struct gw_functions ours = *functions;
	__atomic_store_n(&gw_user_context, functions->context, __ATOMIC_RELEASE);
	ours.context = gw_context;
	x_cgo_set_traceback_functions(&ours);
}
static void *gw_context_setter(void) { return gw_set_context_function; }
static void *gw_traceback_setter(void) { return gw_set_traceback_functions; }

// The runtime keeps its data of a thread that C made from one callback to the next (Go 1.21 and later) when the key by which
// it hears of the thread's end exists. runtime/cgo makes that key as C first enters Go by a cgo export, in here.
static void gw_keep_threads(void)
{
	if (_cgo_wait_runtime_init_done == NULL || _cgo_release_context == NULL)
		return;
	uintptr_t context = _cgo_wait_runtime_init_done();
	if (context != 0)
		_cgo_release_context(context);
}

// Returns 0 when this release of runtime/cgo has neither way.
static int gw_install(uintptr_t takeover)
{
	if (_cgo_get_context_function == NULL)
		return 0;
	gw_takeover = (void (*)(void))takeover;
	gw_user_context = _cgo_get_context_function();
	if (x_cgo_set_traceback_functions != NULL && _cgo_get_traceback_function != NULL &&
	    _cgo_get_symbolizer_function != NULL) {
		struct gw_functions f = {_cgo_get_traceback_function(), gw_context, _cgo_get_symbolizer_function()};
		x_cgo_set_traceback_functions(&f);
		return 1;
	}
	if (x_cgo_set_context_function != NULL) {
		x_cgo_set_context_function(gw_context);
		return 1;
	}
	return 0;
}
*/
import "C"

import "unsafe"

// The runtime's variables that SetCgoTraceback calls; one of the two is nil, depending on the release.
//
//go:linkname cgoSetContextFunction _cgo_set_context_function
var cgoSetContextFunction unsafe.Pointer

//go:linkname cgoSetTracebackFunctions _cgo_set_traceback_functions
var cgoSetTracebackFunctions unsafe.Pointer

func init() {
	C.gw_keep_threads()
}

// Install makes takeover, a C function, run whenever C is about to enter Go by a cgo export. It reports whether this
// release of runtime/cgo has a way.
func Install(takeover uintptr) bool {
	if C.gw_install(C.uintptr_t(takeover)) == 0 {
		return false
	}
	if cgoSetContextFunction != nil {
		cgoSetContextFunction = C.gw_context_setter()
	}
	if cgoSetTracebackFunctions != nil {
		cgoSetTracebackFunctions = C.gw_traceback_setter()
	}
	return true
}
