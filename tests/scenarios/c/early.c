/* Preloaded: a C library that has handlers before the Go runtime begins. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void say(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "C's own handler\n";
	(void)sig;
	(void)info;
	(void)context;
	if (write(STDOUT_FILENO, text, sizeof text - 1) < 0)
		_exit(6);
	_exit(5);
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction sa;
	memset(&sa, 0, sizeof sa);
	sa.sa_sigaction = say;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGABRT, &sa, NULL);
}
