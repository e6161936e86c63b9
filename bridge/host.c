/* What C libraries may ask of the Go program that they run in. */
#include "bridge.h"

gw_status (*gw_host_attach_hook)(void);
bool (*gw_host_in_go_hook)(void);

/* Hooks are stored by Go's start-up; a thread of a library loaded earlier may look at the same
   time. */

gw_status gw_thread_attach(void)
{
	gw_status (*attach)(void) = __atomic_load_n(&gw_host_attach_hook, __ATOMIC_ACQUIRE);
	if (attach == NULL)
		return gw_fail(GW_ENOGO,
			       "gw_thread_attach: there is no Go runtime that Gangway serves");
	return attach();
}

gw_status gw_thread_detach(void)
{
	if (__atomic_load_n(&gw_host_attach_hook, __ATOMIC_ACQUIRE) == NULL)
		return gw_fail(GW_ENOGO,
			       "gw_thread_detach: there is no Go runtime that Gangway serves");
	bool (*in_go)(void) = __atomic_load_n(&gw_host_in_go_hook, __ATOMIC_ACQUIRE);
	if (in_go != NULL && in_go())
		return gw_fail(GW_EINVAL,
			       "gw_thread_detach: called from C code that Go called on this "
			       "thread, whose frames still need it");
	if (!gw_rt_serving())
		return gw_fail(GW_EINVAL, "gw_thread_detach: with cgo on the Go runtime keeps a "
					  "thread until the thread ends");
	if (gw_rt_drop_thread() || gw_rt_pthread_key_created == 0)
		return GW_OK;
	return gw_fail(GW_EINVAL, "gw_thread_detach: the thread is not attached, or Go created it");
}

static const gw_host table = {
	.size = sizeof table,
	.version = GW_HOST_VERSION,
	.thread_attach = gw_thread_attach,
	.thread_detach = gw_thread_detach,
	.last_error = gw_last_error,
	.status_string = gw_status_string,
	.syscall = gw_syscall,
};

const gw_host *gw_host_table(void)
{
	return &table;
}
