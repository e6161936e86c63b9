/* Clib: a C library with threads of its own that call back. An example of what such a library looks
   when its callbacks are Go functions; nothing in it but clib_run's host parameter knows of Go. */
#ifndef CLIB_H
#define CLIB_H

#include "gangway.h"

#include <stdint.h>

/* What the library calls. user is the pointer that the caller of clib_run gave: only the callback
   knows what it means. Called from several threads at once, none of which is the caller's. */
typedef double (*clib_function)(void *user, int64_t a, double b);

/* Start some threads, each of which calls fn(user, first + i, i / 2.0) for i from 0 to calls - 1;
   first is 0 for the first thread, calls for the second, and so on. Wait for all of them, and store
   the sum of the results in *sum.

   host: the functions by which the threads introduce themselves to the Go program before their
   first call of fn (gangway.h); NULL when fn is not a Go function.

   GW_EINVAL: threads is not positive. GW_ENOMEM. GW_ESYS: a thread could not be started. Otherwise
   what host->thread_attach said. *sum is written only on GW_OK; threads that did start have ended
   in any case. */
gw_status clib_run(const gw_host *host, int threads, int64_t calls, clib_function fn, void *user,
		   double *sum);

#endif
