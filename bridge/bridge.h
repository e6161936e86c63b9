/* Internal interface of the C core: what bridge/ files, the assembly in trampolines/ and the Go
   side share. Nothing here is public; include/gangway.h is.

   The whole core is linked by Go's internal linker: no thread-local variables, no constructors.
   Per-thread state goes through pthread keys, set-up happens on first use.

   fork(2). A child has the thread that forked alone, and the memory of all: a lock that another
   thread held would stay locked for good. So thunk.c and arena.c take their locks before a fork and
   free them after, in handlers of pthread_atfork(3). The other locks need none: jit.c refuses to
   work in a child, where there is no Go runtime; rt_init.c's is for threads that wait for the
   runtime to start, which a child without the thread that starts it does in vain, locked or not;
   and pthread_once(3), which status.c has, sees to it itself. Children that share no memory to lock
   in (vfork, posix_spawn, Go's own) or that only exec (_Fork) run no handlers and no code of ours.
 */
#ifndef GW_BRIDGE_H
#define GW_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/gangway.h"

/* What is to run once before anything of its file does: when a library is loaded, by itself; of the
   object (build-aux/object.sh), of which Go's linker would drop it silently, by gw_call_setup. */
#ifdef GW_OBJECT
#define GW_AT_LOAD
#else
#define GW_AT_LOAD __attribute__((constructor))
#endif

/* status.c */

/* Keep a printf-like text as this thread's last error, and return status. errno stays. */
gw_status gw_fail(gw_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* thunk.c. A thunk is a code address of its own that jumps to its slot's entry with R11 = the slot.
   Everything else is as its caller left it, so entry sees the arguments of the call. */
struct gw_thunk_slot {
	const void *entry; /* code; SysV arguments and stack, R11 = the slot */
	void *record;      /* entry's business; Gangway's owner of the thunk keeps it alive */
};

/* A thunk for entry and record. GW_ENOMEM, GW_ESYS: no page for code can be had and no thunk is
   free. Takes a lock, as gw_thunk_free does. */
gw_status gw_thunk_alloc(const void *entry, void *record, void **code);

/* Retarget a thunk that is allocated. record is stored before entry: a call at the same time may
   see the old entry with the new record, never the new entry with the old record. */
void gw_thunk_set(void *code, const void *entry, void *record);

/* Give a thunk back, exactly once. Its slot stays as it is until the address is allocated again, at
   least 1024 frees later (when no more pages for code can be had: when it is the one that has been
   free for longest): retarget it first to what a call that comes too late shall meet. */
void gw_thunk_free(void *code);

/* Sees to it that a fork finds the lock free. */
GW_AT_LOAD void gw_thunk_init(void);

size_t gw_thunk_count(void); /* allocated and not freed */
size_t gw_thunk_pages(void); /* pairs of pages mapped */

/* code.c. The pages of code, which stay for good: code is freed. */
void *gw_code_leave(gw_code *code);

/* size bytes of memory, whole pages, mapped twice: to run code in, and to write it to. NULL
   on success; else the words for what could not be had, and errno. */
const char *gw_code_map_twice(void **text, void **writable, size_t size);

/* host.c. Stored by the Go side at start-up, once, with release order; NULL without a Go runtime.
   They run on the thread that is to be attached or detached, on C's stack. in_go tells whether Go
   called the C code that runs on this thread; NULL on the safe road, where nobody can tell. */
extern gw_status (*gw_host_attach_hook)(void);
extern bool (*gw_host_in_go_hook)(void);

/* Runtime support, used only with cgo off: each gw_rt_ function stands behind a hook variable that
   runtime/cgo would fill (trampolines/hooks_amd64.s). Unless said otherwise they run on the system
   stack of a thread that Go knows. */

/* The first words of the runtime's g: all of it that C touches. A g belongs to the runtime. */
struct gw_rt_g {
	uintptr_t stacklo;
	uintptr_t stackhi;
};

/* The runtime's cgothreadstart: on the caller's stack, valid until gw_rt_thread_start returns. */
struct gw_rt_thread {
	struct gw_rt_g *g;
	uintptr_t *tls;   /* m.tls; glibc has the thread's TLS set up, so it stays unused */
	void (*fn)(void); /* runtime.mstart, ABI0 */
};

/* The runtime's argset: args points to the words of a call made by package syscall. */
struct gw_rt_argset {
	uintptr_t *args;
	uintptr_t retval;
};

/* Argument blocks of runtime.SetCgoTraceback's functions, as its documentation lays them out. */
struct gw_rt_traceback {
	uintptr_t context;
	uintptr_t sig_context;
	uintptr_t *buf;
	uintptr_t max;
};
struct gw_rt_context {
	uintptr_t context;
};
struct gw_rt_symbolizer {
	uintptr_t pc;
	const char *file;
	uintptr_t lineno;
	const char *func;
	uintptr_t entry;
	uintptr_t more;
	uintptr_t data;
};
struct gw_rt_traceback_functions {
	void (*traceback)(struct gw_rt_traceback *);
	void (*context)(struct gw_rt_context *);
	void (*symbolizer)(struct gw_rt_symbolizer *);
};

/* rt_init.c */
void gw_rt_init(struct gw_rt_g *g, void (*setg)(void *));
void gw_rt_notify_runtime_init_done(void *unused);
void gw_rt_wait_runtime_init_done(void);
bool gw_rt_serving(void);
void gw_rt_setg_and_call(void (*fn)(void), struct gw_rt_g *g);
void gw_rt_fatal(const char *what, int err) __attribute__((noreturn));

/* rt_thread.c */
extern uintptr_t gw_rt_pthread_key_created;
extern void (*gw_rt_crosscall2_ptr)(void (*fn)(void *), void *arg, int n, size_t context);
void gw_rt_thread_start(struct gw_rt_thread *ts);
void gw_rt_sys_thread_create(void *(*fn)(void *));
void gw_rt_create_key(void);
void gw_rt_bindm(void *g);
bool gw_rt_drop_thread(void);
int gw_rt_stack(uintptr_t *lo, uintptr_t *hi);
void gw_rt_getstackbound(uintptr_t bounds[2]);

/* rt_exit.c */
const void *gw_rt_loader(void);
void (*gw_rt_finalizer(const void *base))(void *);
void gw_rt_register_finalizer(void);

/* How a g of the runtime's begins. */
struct gw_stack_bounds {
	uintptr_t lo, hi;
	uintptr_t guard0, guard1;
};
void gw_stack_deeper(struct gw_stack_bounds *g0, uintptr_t sp);

/* rt_env.c: the arguments are C strings that live for the call. */
void gw_rt_setenv(char **arg);
void gw_rt_unsetenv(char **arg);
void gw_rt_clearenv(void *unused);

/* rt_setid.c */
void gw_rt_setegid(struct gw_rt_argset *x);
void gw_rt_seteuid(struct gw_rt_argset *x);
void gw_rt_setgid(struct gw_rt_argset *x);
void gw_rt_setgroups(struct gw_rt_argset *x);
void gw_rt_setregid(struct gw_rt_argset *x);
void gw_rt_setresgid(struct gw_rt_argset *x);
void gw_rt_setresuid(struct gw_rt_argset *x);
void gw_rt_setreuid(struct gw_rt_argset *x);
void gw_rt_setuid(struct gw_rt_argset *x);

/* rt_traceback.c */
void gw_rt_callers(uintptr_t sig, void *info, void *context,
		   void (*traceback)(struct gw_rt_traceback *), uintptr_t *callers,
		   void (*sigtramp)(uintptr_t, void *, void *));
void gw_rt_set_context_function(void (*context)(struct gw_rt_context *));
void gw_rt_set_traceback_functions(const struct gw_rt_traceback_functions *arg);
void gw_rt_call_traceback_function(struct gw_rt_traceback *arg);
void gw_rt_call_symbolizer_function(struct gw_rt_symbolizer *arg);
uintptr_t gw_rt_context_get(void);
void gw_rt_context_release(uintptr_t context);

/* trampolines/crosscall1_sysv.S */
void gw_crosscall1(void (*fn)(void), void (*setg)(void *), void *g);

#endif
