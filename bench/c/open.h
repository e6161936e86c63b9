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
	int (*error)(int);
	int64_t (*args1)(int64_t);
	int64_t (*args2)(int64_t, int64_t);
	int64_t (*args4)(int64_t, int64_t, int64_t, int64_t);
	int64_t (*args6)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
	int64_t (*args8)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
	int64_t (*args12)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t);
	int64_t (*args16)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
	int64_t (*args24)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
	int64_t (*args32)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
	int64_t (*args40)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
			  int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);
	struct bench_bytes8 (*bytes8)(struct bench_bytes8);
	struct bench_bytes16 (*bytes16)(struct bench_bytes16);
	struct bench_bytes24 (*bytes24)(struct bench_bytes24);
	struct bench_bytes32 (*bytes32)(struct bench_bytes32);
	struct bench_bytes64 (*bytes64)(struct bench_bytes64);
	struct bench_bytes128 (*bytes128)(struct bench_bytes128);
	struct bench_bytes256 (*bytes256)(struct bench_bytes256);
	int64_t (*callbacks_many)(bench_callback **, int64_t, int64_t, int64_t);
	int64_t (*threads)(bench_callback *, int64_t);
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
		{"bench_errno", &lib->error},
		{"bench_args1", &lib->args1},
		{"bench_args2", &lib->args2},
		{"bench_args4", &lib->args4},
		{"bench_args6", &lib->args6},
		{"bench_args8", &lib->args8},
		{"bench_args12", &lib->args12},
		{"bench_args16", &lib->args16},
		{"bench_args24", &lib->args24},
		{"bench_args32", &lib->args32},
		{"bench_args40", &lib->args40},
		{"bench_bytes8", &lib->bytes8},
		{"bench_bytes16", &lib->bytes16},
		{"bench_bytes24", &lib->bytes24},
		{"bench_bytes32", &lib->bytes32},
		{"bench_bytes64", &lib->bytes64},
		{"bench_bytes128", &lib->bytes128},
		{"bench_bytes256", &lib->bytes256},
		{"bench_callbacks_many", &lib->callbacks_many},
		{"bench_threads", &lib->threads},
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
