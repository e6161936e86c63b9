/* Start-up of the call machinery, and the look at g and m that the start-up check takes. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "call.h"
#include "emit.h"
#include "jit.h"

void gw_call_setup(uintptr_t *secure)
{
	*secure = getauxval(AT_SECURE);
	gw_call_init(&errno);
	gw_auto_init();
#ifdef GW_OBJECT
	gw_arena_init();
	gw_thunk_init();
	gw_jit_init();
#endif
	gw_callback_init();
}

/* Both structures are larger than what is copied, in every release. */
void gw_snapshot(struct gw_snapshot *s)
{
	memcpy(s->g_bytes, s->g, sizeof s->g_bytes);
	memcpy(s->m_bytes, s->m, sizeof s->m_bytes);
}
