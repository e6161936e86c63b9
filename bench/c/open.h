/* libbench.so as a table of pointers, for C programs that open it at run time. */
#ifndef GW_BENCH_OPEN_H
#define GW_BENCH_OPEN_H

#include <dlfcn.h>
#include <stddef.h>

#include "bench.h"

/* clang-format off */
#define BENCH_ARGS_OF(n) DO(args##n)
#define BENCH_BYTES_OF(n) DO(bytes##n)
/* clang-format on */

/* DO(name) for each bench_name but bench_errno: errno is a macro. */
#define BENCH_FUNCTIONS                                                                            \
	DO(call0)                                                                                  \
	DO(steady) DO(call2) DO(call3) DO(call6) DO(call14) DO(structs) DO(strlen) DO(option)      \
		DO(callbacks_many) DO(threads) DO(callback1) DO(callbacks0) DO(callbacks)          \
			DO(callbacks3) DO(callbacks_struct) DO(compare_ints) DO(wait)              \
				DO(wait_mixed) DO(foreign) BENCH_COUNTS(BENCH_ARGS_OF)             \
					BENCH_SIZES(BENCH_BYTES_OF)

struct bench_lib {
#define DO(name) __typeof__(bench_##name) *name;
	BENCH_FUNCTIONS
#undef DO
	__typeof__(bench_errno) *error;
};

/* Fills *lib. Returns NULL, or dlerror's words: valid until this thread's next dl call. */
static inline const char *bench_open(struct bench_lib *lib, const char *path)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
#define DO(name) {"bench_" #name, &lib->name},
		BENCH_FUNCTIONS
#undef DO
		{"bench_errno", &lib->error},
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
