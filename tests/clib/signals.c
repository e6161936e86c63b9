/* Signal storms over the whole process, and C code with signal handlers and stacks of its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	pthread_t thread;
	int running;
	int stop;
	int64_t sent;
	int32_t signals[4];
	int32_t n;
	uint32_t pause_us;
	uint64_t seed;
} storm;

static uint32_t next(void)
{
	storm.seed = storm.seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(storm.seed >> 33);
}

/* A signal to about every other thread of the process but this one. */
static void gust(pid_t self)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *e;
	if (tasks == NULL)
		return;
	while ((e = readdir(tasks)) != NULL) {
		pid_t tid = (pid_t)atoi(e->d_name);
		if (tid <= 0 || tid == self || next() % 2 == 0)
			continue;
		int32_t sig = storm.signals[next() % (uint32_t)storm.n];
		if (syscall(SYS_tgkill, getpid(), tid, sig) == 0)
			storm.sent++;
	}
	closedir(tasks);
}

static void *run_storm(void *arg)
{
	pid_t self = (pid_t)syscall(SYS_gettid);
	(void)arg;
	while (!__atomic_load_n(&storm.stop, __ATOMIC_ACQUIRE)) {
		gust(self);
		if (storm.pause_us != 0)
			usleep(next() % storm.pause_us);
	}
	return NULL;
}

/* Sends signals of the list (at most 4) to random threads, with pauses of at most pause_us between
   rounds, until gt_storm_stop. */
int32_t gt_storm_start(const int32_t *signals, int32_t n, uint32_t pause_us, uint64_t seed)
{
	sigset_t all;
	sigset_t old;
	if (n < 1 || n > 4 || storm.running)
		return -EINVAL;
	memcpy(storm.signals, signals, (size_t)n * sizeof *signals);
	storm.n = n;
	storm.pause_us = pause_us;
	storm.seed = seed;
	storm.sent = 0;
	__atomic_store_n(&storm.stop, 0, __ATOMIC_RELEASE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = pthread_create(&storm.thread, NULL, run_storm, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	storm.running = err == 0;
	return -err;
}

/* Returns how many signals were sent. */
int64_t gt_storm_stop(void)
{
	if (!storm.running)
		return 0;
	__atomic_store_n(&storm.stop, 1, __ATOMIC_RELEASE);
	pthread_join(storm.thread, NULL);
	storm.running = 0;
	return storm.sent;
}

/* C's own handler for a signal, on a stack of its own. */
static volatile sig_atomic_t handled;
static volatile uint64_t handler_work;
static uint32_t handler_spins;

static void handler(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	for (uint32_t i = 0; i < handler_spins; i++)
		handler_work = handler_work * 3 + 1;
	handled++;
}

/* Installs a C handler for sig that does some work, with SA_ONSTACK as Go asks C code to. */
int32_t gt_handler_install(int32_t sig, uint32_t spins)
{
	struct sigaction sa = {.sa_sigaction = handler,
			       .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGURG);
	handler_spins = spins;
	return sigaction(sig, &sa, NULL) == 0 ? 0 : -errno;
}

/* The same without SA_ONSTACK, as libuv does it. */
int32_t gt_handler_flagless(int32_t sig)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigfillset(&sa.sa_mask);
	return sigaction(sig, &sa, NULL) == 0 ? 0 : -errno;
}

int64_t gt_handler_count(void)
{
	return handled;
}

/* Raises sig n times while the thread has a signal stack of C's own, and puts the old one back.
   Returns how many of them the handler saw, or -errno. */
int64_t gt_raise_on_own_stack(int32_t sig, int32_t n)
{
	stack_t ours = {.ss_size = 65536};
	stack_t old;
	ours.ss_sp = malloc(ours.ss_size);
	if (ours.ss_sp == NULL)
		return -ENOMEM;
	if (sigaltstack(&ours, &old) != 0) {
		free(ours.ss_sp);
		return -errno;
	}
	int64_t before = handled;
	for (int32_t i = 0; i < n; i++)
		syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig);
	int64_t seen = handled - before;
	int err = sigaltstack(&old, NULL) == 0 ? 0 : errno;
	free(ours.ss_sp);
	return err != 0 ? -err : seen;
}

/* Raises sig on the calling thread. */
int32_t gt_raise(int32_t sig)
{
	return syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig) == 0 ? 0 : -errno;
}

/* Sends sig to the calling thread: as raise does (how 0), as kill would if it chose this thread (1),
   or by doing what makes the kernel send it (2). */
int32_t gt_send(int32_t sig, int32_t how)
{
	if (how == 0)
		return gt_raise(sig);
	if (how == 1) {
		siginfo_t info;
		memset(&info, 0, sizeof info);
		info.si_signo = sig;
		info.si_code = SI_USER;
		info.si_pid = getpid();
		info.si_uid = getuid();
		long err = syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), sig,
				   &info);
		return err == 0 ? 0 : -errno;
	}
	int ends[2];
	volatile char *volatile p = NULL;
	switch (sig) {
	case SIGSEGV:
		*p = 1;
		break;
	case SIGBUS:
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
			 memfd_create("empty", MFD_CLOEXEC), 0);
		if (p != MAP_FAILED)
			p[0] = 1; /* beyond the end of the file */
		break;
	case SIGFPE:
		__asm__ volatile("xorl %%ecx, %%ecx\n\tdivl %%ecx" ::: "eax", "ecx", "edx", "cc");
		break;
	case SIGILL:
		__asm__ volatile("ud2");
		break;
	case SIGTRAP:
		__asm__ volatile("int3");
		break;
	case SIGABRT:
		abort();
	case SIGPIPE:
		if (pipe(ends) != 0)
			return -errno;
		close(ends[0]);
		if (write(ends[1], "x", 1) < 0 && errno == EPIPE) {
			close(ends[1]);
			return 0;
		}
		break;
	}
	return -1;
}
