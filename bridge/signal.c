/* Our signal handler in front of the runtime's. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>

#include "call.h"

void *gw_signal_old[65];

/* SIGURG asks for preemption; SIGPROF samples; the others end in a report of the goroutine that was
 * in C. */
static const int signals[] = {SIGURG,  SIGPROF, SIGSEGV, SIGBUS,  SIGFPE,   SIGILL,
			      SIGTRAP, SIGABRT, SIGSYS,  SIGQUIT, SIGSTKFLT};

/* Before any running call; the runtime has installed its own handlers by then, and never does so
   again for these. A signal that it does not handle (default or ignored) is left alone. */
int gw_signal_install(void *handler)
{
	int installed = 0;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction sa;
		int sig = signals[i];
		if (sigaction(sig, NULL, &sa) != 0)
			continue;
		if (!(sa.sa_flags & SA_SIGINFO) || sa.sa_handler == SIG_DFL ||
		    sa.sa_handler == SIG_IGN)
			continue;
		memcpy(&gw_signal_old[sig], &sa.sa_sigaction, sizeof gw_signal_old[sig]);
		memcpy(&sa.sa_sigaction, &handler, sizeof handler);
		sigfillset(&sa.sa_mask);
		sa.sa_flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART;
		if (sigaction(sig, &sa, NULL) == 0)
			installed++;
	}
	return installed;
}
