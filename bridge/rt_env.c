/* os.Setenv and its kin reach C's environment. The runtime calls these with its own lock on the
   environment held. */
#define _GNU_SOURCE
#include "bridge.h"

#include <stdlib.h>

/* runtime._cgo_setenv; arg: name, value. The runtime looks at no result: its own copy is the one Go
   reads. */
void gw_rt_setenv(char **arg)
{
	(void)setenv(arg[0], arg[1], 1);
}

/* runtime._cgo_unsetenv; arg: name. */
void gw_rt_unsetenv(char **arg)
{
	(void)unsetenv(arg[0]);
}

/* runtime._cgo_clearenv, of newer Go; up to 1.24 it unsets name by name. */
void gw_rt_clearenv(void *unused)
{
	(void)unused;
	(void)clearenv();
}
