/* What the trampolines and the C core share: layouts that assembly knows. */
#ifndef GW_BRIDGE_CALL_H
#define GW_BRIDGE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../trampolines/callregs_sysv.h"

/* The registers of one call on the safe road (gw_call_regs in trampolines/call_sysv.S). */
struct gw_call_regs {
	const void *fn;
	uintptr_t chain; /* R10 */
	uintptr_t al;    /* vector registers in use, for a variadic function */
	uintptr_t ints[6];
	double floats[8];
	size_t stack_bytes; /* a multiple of 8 */
	const void *stack;
	uintptr_t rax, rdx;
	double xmm0, xmm1;
	uintptr_t err; /* errno as the function left it, 0 when it set none */
};

_Static_assert(offsetof(struct gw_call_regs, fn) == CR_FN, "fn");
_Static_assert(offsetof(struct gw_call_regs, chain) == CR_CHAIN, "chain");
_Static_assert(offsetof(struct gw_call_regs, al) == CR_AL, "al");
_Static_assert(offsetof(struct gw_call_regs, ints) == CR_INTS, "ints");
_Static_assert(offsetof(struct gw_call_regs, floats) == CR_FLOATS, "floats");
_Static_assert(offsetof(struct gw_call_regs, stack_bytes) == CR_STACK_BYTES, "stack_bytes");
_Static_assert(offsetof(struct gw_call_regs, stack) == CR_STACK, "stack");
_Static_assert(offsetof(struct gw_call_regs, rax) == CR_RAX, "rax");
_Static_assert(offsetof(struct gw_call_regs, rdx) == CR_RDX, "rdx");
_Static_assert(offsetof(struct gw_call_regs, xmm0) == CR_XMM0, "xmm0");
_Static_assert(offsetof(struct gw_call_regs, xmm1) == CR_XMM1, "xmm1");
_Static_assert(offsetof(struct gw_call_regs, err) == CR_ERRNO, "err");

void gw_call_regs(struct gw_call_regs *r);
void gw_safe_call_regs(struct gw_call_regs *r); /* on the safe road: with gw_callback_check */

/* callback.c. The trampolines' callbackFrame begins with this. */
struct gw_callback_frame {
	const void *unwind; /* the trampolines' */
	struct gw_callback_frame *outer;
};
void gw_callback_init(void);
void gw_callback_entered(struct gw_callback_frame *f);
void gw_callback_left(struct gw_callback_frame *f);
struct gw_callback_frame *gw_callback_innermost(void);
void gw_callback_check(struct gw_callback_frame *in);
void gw_callback_thread_ends(void);
bool gw_on_one_stack(const void *a, const void *b);
/* Ends the program with a report of the innermost callback. Stored by the Go side at start-up. */
extern void (*gw_callback_report_hook)(void);
void gw_call_init(int *errno_location);

/* Start-up, through runtime.cgocall, before any other call into the core. *secure becomes AT_SECURE:
   not 0 when the program has rights that its caller has not (set-user-ID, set-group-ID, file
   capabilities), so that nothing in the environment may be believed. */
void gw_call_setup(uintptr_t *secure);

/* g and m as they are during a call by runtime.cgocall (trampolines.snapshot on the Go side,
 * start_layout.go). */
struct gw_snapshot {
	const void *g, *m;
	unsigned char g_bytes[256];
	unsigned char m_bytes[704];
};
void gw_snapshot(struct gw_snapshot *s);

/* The Auto state of one C function (trampolines.AutoState on the Go side, which owns it and never
   frees it). mode is read by assembly before every call; all members are accessed by several
   threads at once. */
enum {
	GW_AUTO_PROBING = 0,  /* Blocking calls, timed */
	GW_AUTO_RUNNING = 1,  /* running calls */
	GW_AUTO_BLOCKING = 2, /* Blocking calls, for good; set when one was seen waiting */
	GW_AUTO_CLOSED = 3    /* the library is closed: calls are refused */
};

struct gw_auto {
	_Atomic uint32_t mode;
	_Atomic uint32_t shorts;  /* short calls in a row while probing */
	_Atomic uint32_t penalty; /* how often a running call of it has been taken over lately */
	uint32_t fixed;           /* not 0: mode never changes (Fast, Blocking) */
	_Atomic uint64_t since; /* time stamp counter when it last became running */
};

void gw_auto_init(void);
void gw_auto_note(struct gw_auto *a, uint64_t cycles);
void gw_auto_taken(struct gw_auto *a, uint64_t cycles);

/* What the runtime has for a struct sigaction: the kernel's. */
struct gw_go_sigaction {
	uintptr_t handler;
	uint64_t flags;
	uintptr_t restorer;
	uint64_t mask;
};
typedef int32_t gw_sigaction_fn(intptr_t sig, const struct gw_go_sigaction *set,
				struct gw_go_sigaction *old);

/* Puts handler in front of the runtime's for every signal that the runtime handles, now or later.
   Returns how many signals it was installed for; none when SIGURG is not among them.
   gw_signal_old[sig] is the handler behind it; `ignored` is that while the program ignores SIGURG.
   next is how the runtime has set handlers so far: by a C function, or by itself if NULL.

   There may be another Go runtime in the process (two libraries in Go, say). own is the handler of
   ours, 0 for the one of SIGURG; before is what was there when our runtime set its
   own, for every signal, or NULL (handlers of C's do not count). Each runtime drops the SIGURGs of
   the other's threads, and would lose its own: so from ours on, SIGURG goes to all of them. One too
   many is harmless. */
extern void *gw_signal_old[65];
int gw_signal_install(void *handler, void *ignored, gw_sigaction_fn *next, uintptr_t own,
		      const uintptr_t *before);

/* Undoes it. */
void gw_signal_remove(void);

/* Whether it is our handler that the kernel calls. On any thread, also in signal handlers. */
bool gw_signal_is_first(int sig);

/* From then on the runtime sets its handlers by this one (_cgo_sigaction). On any thread, also in
   signal handlers. */
gw_sigaction_fn gw_signal_action;

#endif
