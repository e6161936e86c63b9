/* Registered code: the memory of an arena, and the runtime's module in it.

       one mapping for the tables                        code, in a memfd
       +--------------------------+                      text      +------------+ read, execute
       | runtime.moduledata       |-- text, minpc ... ---------->  | reserved   |
       | runtime.pcHeader         |                                | function   |
       | functab, buckets, states |                                | ...        |
       | pools: names, files, ... |                                | traps      |
       +--------------------------+                      writable  +------------+ read, write: the
   same */
#define _GNU_SOURCE
#include "jit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static gw_status no_pages(const char *what)
{
	return gw_fail(errno == ENOMEM ? GW_ENOMEM : GW_ESYS, "no memory for %s: %s", what,
		       strerror(errno));
}

static gw_status map_text(gw_jit_arena *arena)
{
	void *text, *writable;
	const char *failed = gw_code_map_twice(&text, &writable, arena->text_size);
	if (failed != NULL)
		return no_pages(failed);
	arena->text = text;
	arena->writable = writable;
	return GW_OK;
}

/* Sizes of everything in the mapping for the tables, in the order of struct gw_jit_arena; the pools
   last. Room for long names, many ranges and large maps is by the whole arena, not for each
   function. */
struct sizes {
	size_t module, header, functab, buckets, retired, pools[GW_JIT_POOLS];
};

static struct sizes sizes_for(const struct gw_jit_host *host, size_t code, size_t functions)
{
	struct sizes s = {
		.module = host->layout.module.size,
		.header = host->layout.header.size,
		.functab = (functions + 2) * sizeof(struct gw_jit_functab),
		.buckets = code / GW_JIT_BUCKET * sizeof(struct gw_jit_bucket),
		.retired = functions + 1,
		.pools =
			{
				[GW_JIT_NAMES] = 2048 + functions * 128,
				[GW_JIT_FILES] = 8192 + functions * 128,
				[GW_JIT_UNITS] = (functions + 1) * 4,
				[GW_JIT_VALUES] = 4096 + functions * 128 + 2 * code,
				[GW_JIT_FUNCS] = (functions + 2) *
						 ((host->layout.func.size +
						   4 * (GW_JIT_PCDATA + GW_JIT_FUNCDATA) + 7) &
						  -8u),
				[GW_JIT_MAPS] = 65536 + functions * 128 + code,
			},
	};
	return s;
}

/* The next n bytes of a mapping, aligned. */
static void *carve(uint8_t **at, size_t n)
{
	void *p = *at;
	*at += (n + 15) & -(size_t)16;
	return p;
}

static gw_status map_tables(const struct gw_jit_host *host, gw_jit_arena *arena)
{
	static const char *const what[GW_JIT_POOLS] = {
		[GW_JIT_NAMES] = "names",     [GW_JIT_FILES] = "names of files",
		[GW_JIT_UNITS] = "files",     [GW_JIT_VALUES] = "tables of ranges",
		[GW_JIT_FUNCS] = "functions", [GW_JIT_MAPS] = "stack maps",
	};
	struct sizes s = sizes_for(host, arena->text_size, arena->max_functions);
	size_t total =
		16 * (5 + GW_JIT_POOLS) + s.module + s.header + s.functab + s.buckets + s.retired;
	for (int i = 0; i < GW_JIT_POOLS; i++)
		total += s.pools[i];
	uint8_t *at = mmap(NULL, total, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return no_pages("the tables of code: mmap");
	arena->module = carve(&at, s.module);
	gw_jit_set(arena->module, host->layout.module.pc_header, (uintptr_t)carve(&at, s.header));
	arena->functab = carve(&at, s.functab);
	arena->buckets = carve(&at, s.buckets);
	arena->retired = carve(&at, s.retired);
	for (int i = 0; i < GW_JIT_POOLS; i++)
		arena->pools[i] = (struct gw_jit_pool){
			.base = carve(&at, s.pools[i]), .size = s.pools[i], .what = what[i]};
	return GW_OK;
}

static void set_slice(void *module, uint32_t offset, const void *data, size_t n)
{
	struct gw_jit_slice s = {(void *)(uintptr_t)data, n, n};
	memcpy(gw_jit_at(module, offset), &s, sizeof s);
}

/* What the runtime needs of a module that has code alone. */
static void fill_module(const struct gw_jit_host *host, gw_jit_arena *arena)
{
	const struct gw_jit_layout *l = &host->layout;
	void *m = arena->module;
	void *header = (void *)gw_jit_get(m, l->module.pc_header);
	uintptr_t text = (uintptr_t)arena->text;
	/* Magic number, instruction and pointer size: as the program's own. */
	memcpy(header, (void *)gw_jit_get(host->first, l->module.pc_header), 8);
	gw_jit_set(header, l->header.nfunc, arena->max_functions + 1);
	if (l->header.text_start != GW_JIT_ABSENT)
		gw_jit_set(header, l->header.text_start, text);
	set_slice(m, l->module.funcnametab, arena->pools[GW_JIT_NAMES].base,
		  arena->pools[GW_JIT_NAMES].size);
	set_slice(m, l->module.cutab, arena->pools[GW_JIT_UNITS].base,
		  arena->pools[GW_JIT_UNITS].size / 4);
	set_slice(m, l->module.filetab, arena->pools[GW_JIT_FILES].base,
		  arena->pools[GW_JIT_FILES].size);
	set_slice(m, l->module.pctab, arena->pools[GW_JIT_VALUES].base,
		  arena->pools[GW_JIT_VALUES].size);
	set_slice(m, l->module.pclntable, arena->pools[GW_JIT_FUNCS].base,
		  arena->pools[GW_JIT_FUNCS].size);
	set_slice(m, l->module.ftab, arena->functab, arena->max_functions + 2);
	gw_jit_set(m, l->module.findfunctab, (uintptr_t)arena->buckets);
	gw_jit_set(m, l->module.text, text);
	gw_jit_set(m, l->module.minpc, text);
	gw_jit_set(m, l->module.etext, text + arena->text_size);
	gw_jit_set(m, l->module.maxpc, text + arena->text_size);
	gw_jit_set(m, l->module.gofunc, (uintptr_t)arena->pools[GW_JIT_MAPS].base);
	/* When a plugin is opened the runtime goes through all modules as if they were plugins, but
	   for those that are marked so. */
	*(uint8_t *)gw_jit_at(m, l->module.bad) = 1;
}

gw_status gw_jit_memory_new(const struct gw_jit_host *host, gw_jit_arena *arena)
{
	gw_status status = map_text(arena);
	if (status != GW_OK)
		return status;
	status = map_tables(host, arena);
	if (status == GW_OK) {
		fill_module(host, arena);
	} else {
		munmap(arena->writable, arena->text_size);
		munmap(arena->text, arena->text_size);
	}
	return status;
}

void gw_jit_memory_drop_text(gw_jit_arena *arena)
{
	munmap(arena->writable, arena->text_size);
	arena->writable = NULL;
	mmap(arena->text, arena->text_size, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}
