/* Registered code: what the files bridge/jit*.c and package jit share.

   The Go runtime finds everything about a PC in the module data of the program: a structure with
   the bounds of the text and slices of tables, one for each module, in a list. An arena is one more
   module in that list. Where the fields are differs between Go releases; build-aux/layout reads
   it from each toolchain, and package jit hands it over. */
#ifndef GW_JIT_H
#define GW_JIT_H

#include "../include/gangway_jit.h"
#include "bridge.h"

#include <pthread.h>

/* Offsets in bytes; GW_JIT_ABSENT where a release lacks the field. package jit mirrors this. */
struct gw_jit_layout {
	struct {
		uint32_t size, pc_header, funcnametab, cutab, filetab, pctab, pclntable, ftab;
		uint32_t findfunctab, minpc, maxpc, text, etext, gofunc, bad, next;
	} module;
	struct {
		uint32_t size, nfunc, text_start, funcname_offset, pctab_offset, pcln_offset;
	} header;
	struct {
		uint32_t size, name, args, pcsp, pcfile, pcln, npcdata, cu, start_line, nfuncdata;
	} func;
};
#define GW_JIT_ABSENT UINT32_MAX

/* The same in all releases: asserted where package jit has the generated offsets. */
struct gw_jit_functab { /* runtime.functab */
	uint32_t entry;
	uint32_t func; /* offset in pclntable */
};
struct gw_jit_bucket { /* runtime.findfuncbucket: for 4096 bytes of text */
	uint32_t index;
	uint8_t sub[16];
};
struct gw_jit_stackmap { /* runtime.stackmap */
	int32_t n;
	int32_t nbit;
	uint8_t bytes[];
};
struct gw_jit_slice { /* of Go */
	void *data;
	size_t length, capacity;
};
_Static_assert(sizeof(struct gw_jit_functab) == 8, "published by one store");
_Static_assert(sizeof(struct gw_jit_bucket) == 20, "runtime.findfuncbucket");
_Static_assert(sizeof(struct gw_jit_stackmap) == 8, "runtime.stackmap");

enum {
	/* abi.FuncTabBucketSize, and what an element of sub stands for. */
	GW_JIT_BUCKET = 4096,
	GW_JIT_CHUNK = GW_JIT_BUCKET / 16,

	/* Tables of a function (internal/abi/symtab.go). */
	GW_JIT_PCDATA_UNSAFE = 0,
	GW_JIT_PCDATA_MAP = 1,
	GW_JIT_PCDATA = 2, /* how many */
	GW_JIT_FUNCDATA_ARGS = 0,
	GW_JIT_FUNCDATA_LOCALS = 1,
	GW_JIT_FUNCDATA = 2,

	/* Values of the table GW_JIT_PCDATA_UNSAFE. */
	GW_JIT_SAFE = -1,
	GW_JIT_UNSAFE = -2,
};

/* The runtime that arenas are registered with. */
struct gw_jit_host {
	struct gw_jit_layout layout;
	void *first; /* the module of the program, or plugin, that package jit is in */
	void **last; /* &runtime.lastmoduledatap: the end of the list */
};

/* A function of the program with one parameter, a pointer, and pointers among its locals, which
   package jit knows all about from the runtime. */
struct gw_jit_known {
	uintptr_t pc; /* in a call that it makes */
	uintptr_t entry;
	const char *name;
	const char *file;
	int32_t line; /* of pc */
};

/* jit.c. Take host for the runtime of this process, once it is found that known is where the layout
   says. From then on arenas can be made. GW_EINVAL: something is not where the layout says, or host
   has been set before. */
gw_status gw_jit_host_set(const struct gw_jit_host *host, const struct gw_jit_known *known);

/* jit.c. From then on the child of a fork is told so (GW_ENOGO) and changes nothing. */
GW_AT_LOAD void gw_jit_init(void);

/* jit_check.c. Whether a function may be added: GW_OK or GW_EINVAL. */
gw_status gw_jit_check(const gw_jit_function *f);

/* Whether name may name a function. what says what the name is of. */
gw_status gw_jit_check_name(const char *what, const char *name);

/* jit_table.c. A table that only grows, in memory of a fixed size. What lies beyond used is free,
   and may be written: nobody looks at it before it counts as used. */
struct gw_jit_pool {
	uint8_t *base;
	size_t used, size;
	const char *what; /* for errors */
	bool full;        /* something did not fit */
};

/* Append n bytes at a multiple of align (zeros when bytes is NULL), and store their offset. false:
   no room, and full is set. */
bool gw_jit_pool_put(struct gw_jit_pool *pool, const void *bytes, size_t n, size_t align,
		     uint32_t *at);

/* The columns of a gw_jit_range that become tables, and the table of files, which is 0 throughout.
 */
enum gw_jit_column { GW_JIT_SP, GW_JIT_LINE, GW_JIT_MAP, GW_JIT_PREEMPT, GW_JIT_FILE };

/* Append a pc-value table: a column of f, of which the last value holds to end. */
bool gw_jit_pool_pcvalue(struct gw_jit_pool *pool, const gw_jit_function *f, uint32_t end,
			 enum gw_jit_column column, uint32_t *at);

/* Append a struct gw_jit_stackmap of n rows of bits. */
bool gw_jit_pool_stackmap(struct gw_jit_pool *pool, size_t n, size_t words, const uint8_t *rows,
			  uint32_t *at);

/* What an arena has pools for. */
enum gw_jit_pools {
	GW_JIT_NAMES,
	GW_JIT_FILES,
	GW_JIT_UNITS,  /* cutab: offsets of file names */
	GW_JIT_VALUES, /* pc-value tables */
	GW_JIT_FUNCS,
	GW_JIT_MAPS,
	GW_JIT_POOLS
};

struct gw_jit_arena {
	pthread_mutex_t lock; /* guards what changes */
	gw_jit_arena *next;   /* jit.c's list of all */
	char *name;
	void *module;
	uint8_t *text;
	uint8_t *writable;
	size_t text_size, text_used;
	size_t text_trapped; /* up to where there is code or traps */
	struct gw_jit_functab *functab;
	struct gw_jit_bucket *buckets;
	uint8_t *retired;                /* for each function */
	size_t functions, max_functions; /* without the reserved one */
	size_t live;
	size_t next_chunk; /* the first that no function is in */
	struct gw_jit_pool pools[GW_JIT_POOLS];
	const char *file; /* of the function before, and where its unit is */
	uint32_t unit;
	bool closed;
};

/* jit_memory.c. Map the memory of an arena with text_size and max_functions set, set the pointers
   to it, and fill its module. GW_ENOMEM, GW_ESYS: nothing is left. */
gw_status gw_jit_memory_new(const struct gw_jit_host *host, gw_jit_arena *arena);

/* Give the code's memory back. The addresses stay mapped, to nothing, so that nothing else gets
   them. */
void gw_jit_memory_drop_text(gw_jit_arena *arena);

/* jit_find.c. What a module's tables say about a PC, read as the runtime reads them. */
struct gw_jit_found {
	uintptr_t entry;
	const char *name;
	const char *file; /* "?" without one */
	int32_t line;
	int32_t sp;
	int32_t map;
	int32_t preempt;                         /* GW_JIT_SAFE or GW_JIT_UNSAFE */
	uint32_t args;                           /* bytes */
	const struct gw_jit_stackmap *arg_map;   /* NULL: none */
	const struct gw_jit_stackmap *local_map; /* NULL: none */
};

/* false: pc is not in the module, or a table does not make sense. */
bool gw_jit_find(const struct gw_jit_layout *layout, const void *module, uintptr_t pc,
		 struct gw_jit_found *found);

/* Whether the layout is that of the module which holds known: GW_OK or GW_EINVAL. */
gw_status gw_jit_find_check(const struct gw_jit_layout *layout, const void *module,
			    const struct gw_jit_known *known);

/* Fields of the runtime's structures. */
static inline void *gw_jit_at(const void *base, size_t offset)
{
	return (uint8_t *)(uintptr_t)base + offset;
}
static inline uint32_t gw_jit_get32(const void *base, size_t offset)
{
	return *(const uint32_t *)gw_jit_at(base, offset);
}
static inline uintptr_t gw_jit_get(const void *base, size_t offset)
{
	return *(const uintptr_t *)gw_jit_at(base, offset);
}
static inline void gw_jit_set32(void *base, size_t offset, uint32_t value)
{
	*(uint32_t *)gw_jit_at(base, offset) = value;
}
static inline void gw_jit_set(void *base, size_t offset, uintptr_t value)
{
	*(uintptr_t *)gw_jit_at(base, offset) = value;
}

#endif
