/* A C program that loads a library in Go (tests/programs/archive): C has handlers first, and
 * threads that call Go. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int32_t (*Work)(int32_t n);
static int32_t (*Taken)(void);
static int32_t (*Notified)(void);
static int32_t (*Faults)(void);

static volatile sig_atomic_t ios;
static sigjmp_buf back;

static void on_io(int sig)
{
	(void)sig;
	ios++;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	siglongjmp(back, 1);
}

static void expect(const char *what, int32_t got, int32_t want)
{
	if (got != want) {
		printf("%s: %d, not %d\n", what, got, want);
		exit(1);
	}
}

static void *run(void *arg)
{
	for (int i = 0; i < 5; i++)
		expect("Work on a thread", Work(10 + i), 10 + i);
	return arg;
}

static void find(void *library, const char *name, void *to)
{
	void *symbol = dlsym(library, name);
	if (symbol == NULL) {
		printf("%s\n", dlerror());
		exit(1);
	}
	memcpy(to, &symbol, sizeof symbol);
}

int main(int argc, char **argv)
{
	struct sigaction sa;
	if (argc != 2)
		return 1;
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_io;
	sa.sa_flags = SA_ONSTACK;
	sigaction(SIGIO, &sa, NULL);
	sa.sa_sigaction = on_fault;
	sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaction(SIGSEGV, &sa, NULL);

	void *library = dlopen(argv[1], RTLD_NOW);
	if (library == NULL) {
		printf("%s\n", dlerror());
		return 1;
	}
	find(library, "Work", &Work);
	find(library, "Taken", &Taken);
	find(library, "Notified", &Notified);
	find(library, "Faults", &Faults);
	expect("Work", Work(10), 10);
	expect("Taken", Taken(), 1);
	raise(SIGIO);
	expect("C's SIGIO", ios, 1);
	expect("Notified", Notified(), 1);
	raise(SIGIO);
	usleep(1000);
	expect("Faults", Faults(), 1);
	if (sigsetjmp(back, 1) == 0) {
		*(volatile int *)8 = 1;
		expect("a fault in C", 0, 1);
	}
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	expect("Taken", Taken(), 1);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	expect("Faults", Faults(), 1);
	puts("OK");
	return 0;
}
