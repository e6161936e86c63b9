/* Preloaded: a C library that has handlers before the Go runtime begins, for all signals,
   or with GW_FLAGLESS in the environment for SIGUSR2 alone, without SA_ONSTACK. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int32_t counts[65];

/* How often the handler has run for sig. */
int32_t gw_early_count(int32_t sig)
{
	return counts[sig];
}

static void handler(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "C's own handler\n";
	(void)context;
	counts[sig]++;
	/* What the kernel sends for a fault comes again when the handler returns. */
	if (sig != SIGABRT && (info->si_code <= 0 || sig == SIGTRAP || sig == SIGPIPE))
		return;
	if (write(STDOUT_FILENO, text, sizeof text - 1) < 0)
		_exit(6);
	_exit(5);
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction sa;
	memset(&sa, 0, sizeof sa);
	sa.sa_sigaction = handler;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	if (getenv("GW_FLAGLESS") != NULL) {
		sa.sa_flags &= ~SA_ONSTACK;
		sigaction(SIGUSR2, &sa, NULL);
		return;
	}
	for (int sig = 1; sig <= 64; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &sa, NULL);
}
