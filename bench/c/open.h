/* libbench.so as a table of pointers, for C programs that open it at run time. */
#ifndef GW_BENCH_OPEN_H
#define GW_BENCH_OPEN_H

#include <dlfcn.h>
#include <stddef.h>

#include "bench.h"

struct bench_lib {
	int64_t (*call0)(void);
	int64_t (*steady)(void);
	int (*call2)(int, int);
	double (*call3)(double, double, double);
	int (*call6)(int, int, int, int, int, int);
	double (*call14)(int, int, int, int, int, int, int, int, int, int, double, double, double,
			 double);
	struct bench_out (*structs)(struct bench_in);
	size_t (*strlen)(const char *);
	int64_t (*callback1)(bench_callback *, int64_t);
	int64_t (*callbacks)(bench_callback *, int64_t);
	int64_t (*callbacks3)(bench_callback3 *, int64_t);
	int64_t (*callbacks_struct)(bench_callback_struct *, const struct bench_in *, int64_t);
	bench_compare *compare_ints;
	void (*wait)(int64_t);
	void (*wait_mixed)(int64_t);
	int64_t (*foreign)(bench_callback *, int64_t, int64_t *);
};

/* Fills *lib. Returns NULL, or dlerror's words: valid until this thread's next dl call. */
static inline const char *bench_open(struct bench_lib *lib, const char *path)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{"bench_call0", &lib->call0},
		{"bench_steady", &lib->steady},
		{"bench_call2", &lib->call2},
		{"bench_call3", &lib->call3},
		{"bench_call6", &lib->call6},
		{"bench_call14", &lib->call14},
		{"bench_structs", &lib->structs},
		{"bench_strlen", &lib->strlen},
		{"bench_callback1", &lib->callback1},
		{"bench_callbacks", &lib->callbacks},
		{"bench_callbacks3", &lib->callbacks3},
		{"bench_callbacks_struct", &lib->callbacks_struct},
		{"bench_compare_ints", &lib->compare_ints},
		{"bench_wait", &lib->wait},
		{"bench_wait_mixed", &lib->wait_mixed},
		{"bench_foreign", &lib->foreign},
	};
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return dlerror();
	for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
		void *address = dlsym(handle, symbols[i].name);
		if (address == NULL)
			return dlerror();
		*(void **)symbols[i].slot = address;
	}
	return NULL;
}

#endif
