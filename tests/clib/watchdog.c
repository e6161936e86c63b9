/* Ends the process when a test hangs, also when the Go runtime no longer runs anything. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[200];
static int64_t deadline; /* CLOCK_MONOTONIC seconds; 0: nothing is watched */
static int started;

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void *watch(void *arg)
{
	(void)arg;
	for (;;) {
		sleep(1);
		pthread_mutex_lock(&lock);
		int late = deadline != 0 && now() > deadline;
		if (late)
			dprintf(STDERR_FILENO, "watchdog: %s hangs\n", watched);
		pthread_mutex_unlock(&lock);
		if (late) {
			kill(getpid(), SIGQUIT); /* Go's report, if it still can */
			sleep(20);
			_exit(3);
		}
	}
	return NULL;
}

/* From now on, `what` (copied) must end within so many seconds; 0 ends the watch. */
int32_t gt_watch(const char *what, int32_t seconds)
{
	int err = 0;
	pthread_mutex_lock(&lock);
	deadline = seconds == 0 ? 0 : now() + seconds;
	if (seconds != 0)
		snprintf(watched, sizeof watched, "%s", what);
	if (!started) {
		sigset_t all;
		sigset_t old;
		pthread_t thread;
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		err = pthread_create(&thread, NULL, watch, NULL);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		started = err == 0;
	}
	pthread_mutex_unlock(&lock);
	return -err;
}
