/* Waits that a take-over interrupts and that go on (wait.c), and the reading of code that this
   needs (decode.c). */
#ifndef GW_BRIDGE_WAIT_H
#define GW_BRIDGE_WAIT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* What to do with a system call that SIGURG has ended. Mirrored in signal_amd64.s. */
enum {
	GW_WAIT_ENDS = 0,     /* nothing: C sees EINTR */
	GW_WAIT_RESTARTS = 1, /* the context makes the call again */
	GW_WAIT_RESUMES = 2   /* leave the handler by gw_wait_resume */
};

/* In a handler of SIGURG, with all signals blocked: context is that of C code whose system call has
   just returned EINTR (RIP behind the SYSCALL instruction, RAX -EINTR). info and context are the
   kernel's. direct: nobody needs the handler's return but the kernel. asked: the runtime is known
   to have sent the signal; if not, it did when our handler is the one that the kernel calls, since
   SIGURG ends nothing for anybody else then. */
int gw_wait_restart(const siginfo_t *info, ucontext_t *context, bool direct, bool asked);

/* Leaves the handler of a signal for the system call that it has ended, to go on with that by
   restart_syscall(2) (wait_sysv.S). Does not return. */
_Noreturn void gw_wait_resume(ucontext_t *context);

/* The number of the system call whose SYSCALL instruction ends at pc, or -1 if the code before it
   does not tell. sp is the stack pointer there; the other registers may have changed since. */
long gw_decode_syscall(const unsigned char *pc, const uintptr_t *sp);

#endif
