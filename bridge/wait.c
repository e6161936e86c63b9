/* A take-over must not show. SIGURG, by which the runtime asks for a thread, ends some system calls
   that wait: they return EINTR although the handler is installed with SA_RESTART (signal(7)). With
   cgo that does not happen, since the runtime sends no signal to a thread that it knows to be in C.
   So what a take-over has interrupted goes on, if the take-over is the only reason for EINTR.

   How the kernel would go on without a handler depends on the system call:

   - It is made again with the same arguments. Here RIP goes back to the SYSCALL instruction and RAX
     gets the number; the argument registers still are as they were. select(2), pselect(2) and
     ppoll(2) have stored the time that is left where the argument points. Where a relative time-out
     starts anew (epoll_wait, semtimedop, sigtimedwait, io_getevents, io_uring_enter, and sockets
     with SO_RCVTIMEO or SO_SNDTIMEO), the wait becomes longer by the time before the interruption.
   - It goes on by restart_syscall(2), for which the kernel has kept the time when it ends: poll,
     nanosleep, clock_nanosleep and futex with a relative time-out. rt_sigreturn(2) throws that
     away, so the handler is left without it, by gw_wait_resume.

   The number is not in the context: the code before the SYSCALL instruction has to tell (decode.c).
   What is not in the table, or whose number is not to be found, ends with EINTR. So does a wait
   that lets signals through which are blocked otherwise: it is for those. The handler of one may
   have run already, and SIGURG have waited for the end of that; then nobody can tell any more, and
   the wait would go on for ever. Auto makes sure that this happens once at most: a function that
   was seen waiting stays Blocking. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../include/gangway.h"
#include "call.h"
#include "wait.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

/* Newer than the headers that this has to build with. */
enum {
	NR_IO_PGETEVENTS = 333,
	NR_IO_URING_ENTER = 426,
	NR_EPOLL_PWAIT2 = 441,
	NR_FUTEX_WAITV = 449
};

/* Sockets with time-outs return EINTR where others are restarted by the kernel. A driver that
   returns it means it. */
static bool is_socket(greg_t fd)
{
	int type;
	socklen_t length = sizeof type;
	return gw_syscall(SYS_getsockopt, (long)fd, SOL_SOCKET, SO_TYPE, (long)&type, (long)&length,
			  0) == 0;
}

/* None of them has done anything when it returns EINTR. close(2), which has, is not among them. */
static int how(long nr, const ucontext_t *context)
{
	const greg_t *regs = context->uc_mcontext.gregs;
	switch (nr) {
	case SYS_poll:
	case SYS_nanosleep:
		return GW_WAIT_RESUMES;
	case SYS_clock_nanosleep:
		return regs[REG_RSI] & TIMER_ABSTIME ? GW_WAIT_RESTARTS : GW_WAIT_RESUMES;
	case SYS_futex:
		switch (regs[REG_RSI] & FUTEX_CMD_MASK) {
		case FUTEX_WAIT:
		case FUTEX_WAIT_BITSET:
			return GW_WAIT_RESUMES;
		default:
			return GW_WAIT_ENDS;
		}
	case SYS_read:
	case SYS_readv:
	case SYS_write:
	case SYS_writev:
		return is_socket(regs[REG_RDI]) ? GW_WAIT_RESTARTS : GW_WAIT_ENDS;
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
	case SYS_accept:
	case SYS_accept4:
	case SYS_connect:
	case SYS_select:
	case SYS_pselect6:
	case SYS_ppoll:
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case NR_EPOLL_PWAIT2:
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_rt_sigtimedwait:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_flock:
	case SYS_semop:
	case SYS_semtimedop:
	case SYS_msgsnd:
	case SYS_msgrcv:
	case SYS_mq_timedsend:
	case SYS_mq_timedreceive:
	case SYS_io_getevents:
	case NR_IO_PGETEVENTS:
	case NR_IO_URING_ENTER:
	case NR_FUTEX_WAITV:
		return GW_WAIT_RESTARTS;
	default:
		return GW_WAIT_ENDS;
	}
}

static uint64_t mask_of(const ucontext_t *context)
{
	uint64_t mask;
	memcpy(&mask, &context->uc_sigmask, sizeof mask);
	return mask;
}

/* The address of the signal mask that a system call waits with, NULL if it has none. */
static const void *mask_for(long nr, const greg_t *regs)
{
	enum { EXT_ARG = 8 }; /* IORING_ENTER_EXT_ARG */
	const void *const *pair = NULL;
	switch (nr) {
	case SYS_rt_sigsuspend:
		return (const void *)regs[REG_RDI];
	case SYS_ppoll:
		return (const void *)regs[REG_R10];
	case SYS_epoll_pwait:
	case NR_EPOLL_PWAIT2:
		return (const void *)regs[REG_R8];
	case SYS_pselect6: /* there is the address, and the size */
	case NR_IO_PGETEVENTS:
		pair = (const void *const *)regs[REG_R9];
		break;
	case NR_IO_URING_ENTER:
		pair = (const void *const *)regs[REG_R8];
		if (!(regs[REG_R10] & EXT_ARG))
			return pair;
		break;
	default:
		break;
	}
	return pair == NULL ? NULL : *pair;
}

static bool lets_through(long nr, const ucontext_t *context)
{
	uint64_t mask;
	const void *p = mask_for(nr, context->uc_mcontext.gregs);
	if (p == NULL)
		return false;
	memcpy(&mask, p, sizeof mask);
	return (mask_of(context) & ~mask) != 0;
}

int gw_wait_restart(const siginfo_t *info, ucontext_t *context, bool direct, bool asked)
{
	greg_t *regs = context->uc_mcontext.gregs;
	if (info->si_code != SI_TKILL || info->si_pid != gw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0))
		return GW_WAIT_ENDS;
	if (!asked && !(direct && gw_signal_is_first(SIGURG)))
		return GW_WAIT_ENDS;
	/* Another signal that waits for this handler to end is a reason for EINTR, too. */
	uint64_t pending = ~(uint64_t)0, urg = (uint64_t)1 << (SIGURG - 1);
	gw_syscall(SYS_rt_sigpending, (long)&pending, sizeof pending, 0, 0, 0, 0);
	pending &= ~mask_of(context);
	if (pending & ~urg)
		return GW_WAIT_ENDS;
	long nr = gw_decode_syscall((const unsigned char *)regs[REG_RIP],
				    (const uintptr_t *)regs[REG_RSP]);
	if (lets_through(nr, context))
		return GW_WAIT_ENDS;
	switch (how(nr, context)) {
	case GW_WAIT_RESUMES:
		/* A second SIGURG would come first and go by rt_sigreturn; and only rt_sigreturn
		   arms a signal stack again that was disarmed for this handler. */
		if (direct && !(pending & urg) &&
		    !(context->uc_stack.ss_flags & (int)SS_AUTODISARM)) {
			regs[REG_RAX] = SYS_restart_syscall;
			regs[REG_RIP] -= 2;
			return GW_WAIT_RESUMES;
		}
		/* fall through */
	case GW_WAIT_RESTARTS:
		regs[REG_RAX] = nr;
		regs[REG_RIP] -= 2;
		return GW_WAIT_RESTARTS;
	default:
		return GW_WAIT_ENDS;
	}
}
