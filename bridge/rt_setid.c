/* The calls of package syscall that change user and group ids. Linux keeps ids per thread; glibc's
   functions change them on all threads of the process, those included that C started and Go does
   not know. (With iscgo set, syscall.AllThreadsSyscall refuses to work for that reason.) */
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

/* What package syscall expects back: 0, or errno. */
static void answer(struct gw_rt_argset *x, int result)
{
	x->retval = result == -1 ? (uintptr_t)errno : (uintptr_t)result;
}

void gw_rt_setegid(struct gw_rt_argset *x)
{
	answer(x, setegid((gid_t)x->args[0]));
}

void gw_rt_seteuid(struct gw_rt_argset *x)
{
	answer(x, seteuid((uid_t)x->args[0]));
}

void gw_rt_setgid(struct gw_rt_argset *x)
{
	answer(x, setgid((gid_t)x->args[0]));
}

void gw_rt_setgroups(struct gw_rt_argset *x)
{
	answer(x, setgroups((size_t)x->args[0], (const gid_t *)x->args[1]));
}

void gw_rt_setregid(struct gw_rt_argset *x)
{
	answer(x, setregid((gid_t)x->args[0], (gid_t)x->args[1]));
}

void gw_rt_setresgid(struct gw_rt_argset *x)
{
	answer(x, setresgid((gid_t)x->args[0], (gid_t)x->args[1], (gid_t)x->args[2]));
}

void gw_rt_setresuid(struct gw_rt_argset *x)
{
	answer(x, setresuid((uid_t)x->args[0], (uid_t)x->args[1], (uid_t)x->args[2]));
}

void gw_rt_setreuid(struct gw_rt_argset *x)
{
	answer(x, setreuid((uid_t)x->args[0], (uid_t)x->args[1]));
}

void gw_rt_setuid(struct gw_rt_argset *x)
{
	answer(x, setuid((uid_t)x->args[0]));
}
