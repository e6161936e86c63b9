/* Registered code: arenas, each a module in the Go runtime's list.

   The runtime looks at its modules at any time, from any thread, in signal handlers, and takes no
   lock. So a module never changes under its eyes, with one exception. Its tables are made for as
   many functions as there may be: those of the functions that are not there yet are end marks,
   which say that the text ends there. A function is added behind the others: first its code, then
   everything that its runtime._func refers to, then the buckets by which a PC in it is found, all
   of it where nobody looks as yet; and then the 8 bytes of its functab element are stored at once.
   Processors of this kind make stores visible in their order, and loads are in theirs.

   Nothing is freed or used a second time. Since Go 1.22 every thread of the runtime caches what
   tables say, by a table's offset and the PC; and a PC may be in a traceback or a profile for as
   long as the program runs. */
#define _GNU_SOURCE
#include "jit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

enum {
	PAGE = 4096,
	ALIGN = 32, /* of functions; a bucket's 8-bit indexes then count at most 128 */
	TRAP = 0xcc /* int3 */
};

static struct gw_jit_host host;
static bool host_known; /* set last */
static pthread_mutex_t host_lock = PTHREAD_MUTEX_INITIALIZER;

/* Set in the child of a fork. The code of arenas is in memory that a child shares with its parent,
   so that what it added or retired would be the parent's code; locks may be held by threads that
   the child has not; and there is no Go runtime in it that would look. So nothing works there. */
static bool forked;

static void after_fork_in_child(void)
{
	forked = true;
}

void gw_jit_init(void)
{
	(void)pthread_atfork(NULL, NULL, after_fork_in_child);
}

static gw_status refuse_in_child(void)
{
	return gw_fail(GW_ENOGO, "registered code: there is no Go runtime in the child of a fork");
}

/* All arenas, which are for good: their owners may be where leak checkers do not look, in Go's
 * heap. */
static gw_jit_arena *arenas;

gw_status gw_jit_host_set(const struct gw_jit_host *given, const struct gw_jit_known *known)
{
	if (forked)
		return refuse_in_child();
	gw_status status = gw_jit_find_check(&given->layout, given->first, known);
	if (status != GW_OK)
		return status;
	pthread_mutex_lock(&host_lock);
	if (host_known)
		status = gw_fail(GW_EINVAL, "the runtime is known already");
	else
		host = *given;
	__atomic_store_n(&host_known, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&host_lock);
	return status;
}

/* ---- The list of modules ---- */

static void **next_of(void *module)
{
	return gw_jit_at(module, host.layout.module.next);
}

/* Append a module. Others may append theirs at the same time, by the protocol that registrars of
   code follow: who replaces the end of the list by its own module owns the link of the old end. The
   link comes last, when the module is whole; it is what the runtime goes by. (The runtime itself
   appends the module of a plugin without asking: hence not while one is being opened.) */
static gw_status link_module(void *module)
{
	void *end = __atomic_load_n(host.last, __ATOMIC_ACQUIRE);
	while (!__atomic_compare_exchange_n(host.last, &end, module, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
	__atomic_store_n(next_of(end), module, __ATOMIC_RELEASE);
	/* Whoever came before may still owe its own link, and may have lost its processor just
	   there; give up if it does not come within seconds. */
	static const struct timespec millisecond = {0, 1000000};
	for (int i = 0; i < 3000; i++) {
		for (void *m = host.first; m != NULL;
		     m = __atomic_load_n(next_of(m), __ATOMIC_ACQUIRE))
			if (m == module)
				return GW_OK;
		if (i < 1000)
			gw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		else
			gw_syscall(SYS_nanosleep, (long)&millisecond, 0, 0, 0, 0, 0);
	}
	return gw_fail(GW_EINVAL, "the runtime's list of modules does not lead to the new one: "
				  "something else adds to it in a way of its own");
}

/* ---- Functions ---- */

static gw_status full(const gw_jit_arena *arena, const gw_jit_function *f, const char *what,
		      size_t used, size_t size)
{
	return gw_fail(GW_ENOMEM, "function %s: arena %s is full: %zu of %zu %s are used", f->name,
		       arena->name, used, size, what);
}

/* The unit (an element of cutab, which is the offset of a file name) of f's file. */
static bool put_file(const gw_jit_arena *arena, struct gw_jit_pool *pools, const char *file,
		     uint32_t *unit)
{
	if (arena->file != NULL && strcmp(file, arena->file) == 0) {
		*unit = arena->unit;
		return true;
	}
	uint32_t name, at;
	if (!gw_jit_pool_put(&pools[GW_JIT_FILES], file, strlen(file) + 1, 1, &name) ||
	    !gw_jit_pool_put(&pools[GW_JIT_UNITS], &name, 4, 4, &at))
		return false;
	*unit = at / 4;
	return true;
}

/* Make f's runtime._func and what it refers to in pools, a copy of the arena's. false: one of them
   is full. */
static bool put_func(const gw_jit_arena *arena, struct gw_jit_pool *pools, const gw_jit_function *f,
		     uint32_t start, uint32_t size, uint32_t *func, uint32_t *unit)
{
	const struct gw_jit_layout *l = &host.layout;
	struct gw_jit_pool *values = &pools[GW_JIT_VALUES];
	uint32_t at[GW_JIT_PCDATA + GW_JIT_FUNCDATA];
	uint32_t *pcdata = at, *funcdata = at + GW_JIT_PCDATA;
	uint32_t name, sp, file = 0, line = 0;
	if (!gw_jit_pool_put(&pools[GW_JIT_NAMES], f->name, strlen(f->name) + 1, 1, &name) ||
	    !gw_jit_pool_pcvalue(values, f, size, GW_JIT_SP, &sp) ||
	    !gw_jit_pool_pcvalue(values, f, size, GW_JIT_PREEMPT, &pcdata[GW_JIT_PCDATA_UNSAFE]) ||
	    !gw_jit_pool_pcvalue(values, f, size, GW_JIT_MAP, &pcdata[GW_JIT_PCDATA_MAP]) ||
	    !gw_jit_pool_stackmap(&pools[GW_JIT_MAPS], f->map_count, f->arg_words, f->arg_maps,
				  &funcdata[GW_JIT_FUNCDATA_ARGS]) ||
	    !gw_jit_pool_stackmap(&pools[GW_JIT_MAPS], f->map_count, f->local_words, f->local_maps,
				  &funcdata[GW_JIT_FUNCDATA_LOCALS]))
		return false;
	if (f->file != NULL && (!put_file(arena, pools, f->file, unit) ||
				!gw_jit_pool_pcvalue(values, f, size, GW_JIT_FILE, &file) ||
				!gw_jit_pool_pcvalue(values, f, size, GW_JIT_LINE, &line)))
		return false;
	size_t size_of_func = l->func.size + sizeof at;
	if (!gw_jit_pool_put(&pools[GW_JIT_FUNCS], NULL, size_of_func, 8, func))
		return false;
	uint8_t *head = pools[GW_JIT_FUNCS].base + *func;
	gw_jit_set32(head, 0, start);
	gw_jit_set32(head, l->func.name, name);
	gw_jit_set32(head, l->func.args, (uint32_t)(8 * f->arg_words));
	gw_jit_set32(head, l->func.pcsp, sp);
	gw_jit_set32(head, l->func.pcfile, file);
	gw_jit_set32(head, l->func.pcln, line);
	gw_jit_set32(head, l->func.npcdata, GW_JIT_PCDATA);
	gw_jit_set32(head, l->func.cu, *unit);
	if (l->func.start_line != GW_JIT_ABSENT)
		gw_jit_set32(head, l->func.start_line, (uint32_t)f->ranges[0].line);
	head[l->func.nfuncdata] = GW_JIT_FUNCDATA;
	memcpy(head + l->func.size, at, sizeof at);
	return true;
}

/* Copy the code, and make everything after it in pages that were not used yet a trap. */
static void put_code(gw_jit_arena *arena, const gw_jit_function *f, size_t start, size_t end)
{
	if (end > arena->text_trapped) {
		size_t to = (end + PAGE - 1) & -(size_t)PAGE;
		memset(arena->writable + arena->text_trapped, TRAP, to - arena->text_trapped);
		arena->text_trapped = to;
	}
	memcpy(arena->writable + start, f->code, f->code_size);
}

/* A bucket tells for each of its chunks the function that its first byte is in, or a function
   before that one. Chunks that function i is the first to reach begin in it, or in the gap that
   counts as its predecessor's. */
static void put_buckets(gw_jit_arena *arena, size_t i, size_t start, size_t end)
{
	for (; arena->next_chunk * GW_JIT_CHUNK < end; arena->next_chunk++) {
		size_t chunk = arena->next_chunk;
		struct gw_jit_bucket *bucket = &arena->buckets[chunk / 16];
		uint32_t index = (uint32_t)(chunk * GW_JIT_CHUNK < start ? i - 1 : i);
		if (chunk % 16 == 0)
			bucket->index = index;
		bucket->sub[chunk % 16] = (uint8_t)(index - bucket->index);
	}
}

/* Called with the lock held. Function 0 is the reserved one. */
static gw_status add(gw_jit_arena *arena, const gw_jit_function *f, size_t i, uint8_t **entry)
{
	size_t start = (arena->text_used + ALIGN - 1) & -(size_t)ALIGN;
	/* At least one byte behind the code is still the function's: the return address of a call
	   at its very end. */
	size_t end = (start + f->code_size + ALIGN) & -(size_t)ALIGN;
	if (i > arena->max_functions)
		return full(arena, f, "functions", arena->functions, arena->max_functions);
	if (start > arena->text_size || f->code_size >= arena->text_size - start)
		return full(arena, f, "bytes of code", arena->text_used, arena->text_size);
	struct gw_jit_pool pools[GW_JIT_POOLS];
	memcpy(pools, arena->pools, sizeof pools);
	uint32_t func, unit = 0;
	if (!put_func(arena, pools, f, (uint32_t)start, (uint32_t)(end - start), &func, &unit)) {
		size_t k = 0;
		while (!pools[k].full)
			k++;
		return gw_fail(GW_ENOMEM,
			       "function %s: arena %s is full: %zu of %zu bytes for %s are used",
			       f->name, arena->name, arena->pools[k].used, pools[k].size,
			       pools[k].what);
	}
	memcpy(arena->pools, pools, sizeof pools);
	if (f->file != NULL) {
		uint32_t name = ((uint32_t *)pools[GW_JIT_UNITS].base)[unit];
		arena->file = (const char *)pools[GW_JIT_FILES].base + name;
		arena->unit = unit;
	}
	put_code(arena, f, start, end);
	put_buckets(arena, i, start, end);
	struct gw_jit_functab element = {(uint32_t)start, func};
	uint64_t word;
	memcpy(&word, &element, sizeof word);
	__atomic_store_n((uint64_t *)&arena->functab[i], word, __ATOMIC_RELEASE);
	arena->text_used = end;
	*entry = arena->text + start;
	return GW_OK;
}

/* The runtime wants its first function where the text begins, and offset 0 in some tables to mean
   none. So a function of traps takes both. */
static gw_status add_reserved(gw_jit_arena *arena)
{
	static const uint8_t code[1] = {TRAP};
	static const gw_jit_range ranges[1] = {{.end = sizeof code}};
	char name[GW_JIT_MAX_NAME + sizeof ".reserved"];
	gw_jit_function f = {.name = name,
			     .code = code,
			     .code_size = sizeof code,
			     .ranges = ranges,
			     .range_count = 1,
			     .map_count = 1};
	memcpy(name, arena->name, strlen(arena->name));
	memcpy(name + strlen(arena->name), ".reserved", sizeof ".reserved");
	uint32_t at;
	gw_jit_pool_put(&arena->pools[GW_JIT_NAMES], "", 1, 1, &at);
	gw_jit_pool_put(&arena->pools[GW_JIT_VALUES], "", 1, 1, &at);
	for (size_t i = 0; i < arena->max_functions + 2; i++)
		arena->functab[i].entry = (uint32_t)arena->text_size;
	uint8_t *entry;
	return add(arena, &f, 0, &entry);
}

static gw_status check_arena(gw_jit_arena **out, const char *name, size_t code, size_t functions)
{
	gw_status status = gw_jit_check_name("arena", name);
	if (status != GW_OK)
		return status;
	if (out == NULL)
		return gw_fail(GW_EINVAL, "arena %s: a pointer is NULL", name);
	if (code == 0 || code > GW_JIT_MAX_CODE)
		return gw_fail(GW_EINVAL, "arena %s: %zu bytes of code, not 1 to %d", name, code,
			       GW_JIT_MAX_CODE);
	if (functions == 0 || functions > GW_JIT_MAX_FUNCTIONS)
		return gw_fail(GW_EINVAL, "arena %s: %zu functions, not 1 to %d", name, functions,
			       GW_JIT_MAX_FUNCTIONS);
	if (!__atomic_load_n(&host_known, __ATOMIC_ACQUIRE))
		return gw_fail(GW_ENOGO,
			       "arena %s: there is no Go runtime that code can be "
			       "registered with",
			       name);
	return GW_OK;
}

gw_status gw_jit_arena_new(gw_jit_arena **out, const char *name, size_t code, size_t functions)
{
	if (forked)
		return refuse_in_child();
	gw_status status = check_arena(out, name, code, functions);
	if (status != GW_OK)
		return status;
	gw_jit_arena *arena = calloc(1, sizeof *arena);
	char *copy = strdup(name);
	if (arena == NULL || copy == NULL) {
		status = gw_fail(GW_ENOMEM, "no memory for an arena");
		goto no_memory;
	}
	pthread_mutex_init(&arena->lock, NULL);
	arena->name = copy;
	/* The reserved function has the first bytes, in addition to those asked for. */
	arena->text_size = (code + ALIGN + PAGE - 1) & -(size_t)PAGE;
	arena->max_functions = functions;
	status = gw_jit_memory_new(&host, arena);
	if (status != GW_OK)
		goto no_memory;
	status = add_reserved(arena);
	if (status == GW_OK)
		status = link_module(arena->module);
	if (status != GW_OK)
		goto no_memory; /* the module is left as it is: somebody may look at it */
	pthread_mutex_lock(&host_lock);
	arena->next = arenas;
	arenas = arena;
	pthread_mutex_unlock(&host_lock);
	*out = arena;
	return GW_OK;
no_memory:
	free(copy);
	free(arena);
	return status;
}

gw_status gw_jit_add(gw_jit_arena *arena, const gw_jit_function *f, void **entry)
{
	if (arena == NULL || f == NULL || entry == NULL)
		return gw_fail(GW_EINVAL, "gw_jit_add: a pointer is NULL");
	if (forked)
		return refuse_in_child();
	gw_status status = gw_jit_check(f);
	if (status != GW_OK)
		return status;
	uint8_t *at = NULL;
	pthread_mutex_lock(&arena->lock);
	if (arena->closed)
		status = gw_fail(GW_ECLOSED, "function %s: arena %s is closed", f->name,
				 arena->name);
	else
		status = add(arena, f, arena->functions + 1, &at);
	if (status == GW_OK) {
		arena->functions++;
		arena->live++;
	}
	pthread_mutex_unlock(&arena->lock);
	if (status == GW_OK)
		*entry = at;
	return status;
}

/* ---- The end ---- */

/* The function whose entry is at that offset, or 0. */
static size_t index_of(const gw_jit_arena *arena, size_t offset)
{
	size_t low = 1, high = arena->functions + 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (arena->functab[middle].entry < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low <= arena->functions && arena->functab[low].entry == offset ? low : 0;
}

gw_status gw_jit_retire(gw_jit_arena *arena, void *entry)
{
	if (arena == NULL)
		return gw_fail(GW_EINVAL, "gw_jit_retire: a pointer is NULL");
	if (forked)
		return refuse_in_child();
	gw_status status = GW_OK;
	pthread_mutex_lock(&arena->lock);
	size_t offset = (uintptr_t)entry - (uintptr_t)arena->text;
	size_t i = offset < arena->text_used ? index_of(arena, offset) : 0;
	if (i == 0) {
		status = gw_fail(GW_EINVAL, "arena %s: %p is no entry of it", arena->name, entry);
	} else if (arena->retired[i]) {
		status = gw_fail(GW_EINVAL, "arena %s: the function at %p is retired already",
				 arena->name, entry);
	} else {
		size_t end = i < arena->functions ? arena->functab[i + 1].entry : arena->text_used;
		memset(arena->writable + offset, TRAP, end - offset);
		arena->retired[i] = 1;
		if (--arena->live == 0 && arena->closed)
			gw_jit_memory_drop_text(arena);
	}
	pthread_mutex_unlock(&arena->lock);
	return status;
}

gw_status gw_jit_arena_close(gw_jit_arena *arena)
{
	if (arena == NULL)
		return gw_fail(GW_EINVAL, "gw_jit_arena_close: a pointer is NULL");
	if (forked)
		return refuse_in_child();
	gw_status status = GW_OK;
	pthread_mutex_lock(&arena->lock);
	if (arena->closed) {
		status = gw_fail(GW_ECLOSED, "arena %s is closed already", arena->name);
	} else {
		arena->closed = true;
		if (arena->live == 0)
			gw_jit_memory_drop_text(arena);
	}
	pthread_mutex_unlock(&arena->lock);
	return status;
}

void gw_jit_arena_used(gw_jit_arena *arena, size_t *code, size_t *functions)
{
	size_t text_used = 0, added = 0;
	if (arena != NULL) {
		if (!forked)
			pthread_mutex_lock(&arena->lock);
		text_used = arena->text_used;
		added = arena->functions;
		if (!forked)
			pthread_mutex_unlock(&arena->lock);
	}
	if (code != NULL)
		*code = text_used;
	if (functions != NULL)
		*functions = added;
}
