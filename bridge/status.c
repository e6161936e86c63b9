/* Statuses and the text of a thread's last error. */
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *gw_version(void)
{
	return GW_VERSION;
}

const char *gw_status_string(gw_status status)
{
	switch (status) {
	case GW_OK:
		return "success";
	case GW_EINVAL:
		return "invalid argument";
	case GW_ENOMEM:
		return "out of memory";
	case GW_ENOLIB:
		return "library cannot be loaded";
	case GW_ENOSYM:
		return "symbol not found";
	case GW_ECLOSED:
		return "closed";
	case GW_ENOGO:
		return "no Go runtime in this process";
	case GW_ESYS:
		return "refused by the operating system";
	}
	return "unknown status";
}

/* The value of error_key is the thread's text, malloc'd and long enough for no_memory; NULL while
   nothing has failed. Its destructor is libc's free and no function of ours: a library that holds
   this archive may be unloaded before the thread ends. (libgangway.so itself is never unloaded.) */
static const char no_memory[] = "no memory to keep the text of the error";

/* Set for good when the text of a thread's first error was lost: from then on, to a thread without
   a text, there may have been one. */
static bool text_lost;

static pthread_key_t error_key;
static bool error_key_created;
static pthread_once_t error_key_once = PTHREAD_ONCE_INIT;

static void create_error_key(void)
{
	error_key_created = pthread_key_create(&error_key, free) == 0;
}

const char *gw_last_error(void)
{
	pthread_once(&error_key_once, create_error_key);
	if (!error_key_created)
		return no_memory;
	const char *text = pthread_getspecific(error_key);
	if (text == NULL)
		return __atomic_load_n(&text_lost, __ATOMIC_RELAXED) ? no_memory : "";
	return text;
}

/* The text, formatted, malloc'd; NULL without memory. */
static char *format_text(const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return NULL;
	size_t size = (size_t)length + 1;
	char *text = malloc(size < sizeof no_memory ? sizeof no_memory : size);
	if (text != NULL)
		vsnprintf(text, size, format, args);
	return text;
}

/* The old text goes last: it may be among the arguments. */
gw_status gw_fail(gw_status status, const char *format, ...)
{
	int saved = errno;
	pthread_once(&error_key_once, create_error_key);
	if (error_key_created) {
		va_list args;
		va_start(args, format);
		char *text = format_text(format, args);
		va_end(args);
		char *old = pthread_getspecific(error_key);
		if (text != NULL && pthread_setspecific(error_key, text) == 0) {
			free(old);
		} else {
			free(text);
			if (old != NULL)
				memcpy(old, no_memory, sizeof no_memory);
			else
				__atomic_store_n(&text_lost, true, __ATOMIC_RELAXED);
		}
	}
	errno = saved;
	return status;
}
