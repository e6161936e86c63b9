/* C that forks, and what its children see. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of a child, or -errno. */
static int32_t status_of(pid_t child)
{
	int status;
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1000 - WTERMSIG(status);
}

/* fork: the child works for a while, with signals as they are, and exits with `code`. */
int32_t gt_fork_exit(int32_t code)
{
	pid_t child = fork();
	if (child == 0) {
		char *volatile p = malloc(1000);
		volatile uint64_t x = 1;
		for (int i = 0; i < 200000; i++)
			x = x * 3 + 1;
		free(p);
		_exit(code);
	}
	return status_of(child);
}

/* fork and exec of /bin/sh -c `command`. */
int32_t gt_fork_exec(const char *command)
{
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return status_of(child);
}

/* vfork and exec, as posix_spawn and system do it. */
int32_t gt_system(const char *command)
{
	int status = system(command);
	return status < 0          ? -errno
	       : WIFEXITED(status) ? WEXITSTATUS(status)
				   : -1000 - WTERMSIG(status);
}
