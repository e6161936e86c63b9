/* What C libraries may ask of the Go program that they run in. */
#include "bridge.h"

gw_status (*gw_host_attach_hook)(void);
gw_status (*gw_host_detach_hook)(void);

/* A hook is stored by Go's start-up; a thread of a library loaded earlier may look at the same
   time. */
static gw_status (*hook(gw_status (**variable)(void)))(void)
{
	return __atomic_load_n(variable, __ATOMIC_ACQUIRE);
}

gw_status gw_thread_attach(void)
{
	gw_status (*attach)(void) = hook(&gw_host_attach_hook);
	if (attach == NULL)
		return gw_fail(GW_ENOGO,
			       "gw_thread_attach: there is no Go runtime that Gangway serves");
	return attach();
}

gw_status gw_thread_detach(void)
{
	if (hook(&gw_host_attach_hook) == NULL)
		return gw_fail(GW_ENOGO,
			       "gw_thread_detach: there is no Go runtime that Gangway serves");
	gw_status (*detach)(void) = hook(&gw_host_detach_hook);
	if (detach != NULL)
		return detach();
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
