/* Memory for generated code, for good: many pieces to a page.

   Code is added to a page that other threads run code in, so the page must stay executable, and it
   is never writable at the same address: the same pages are mapped twice, from a memfd. The view
   to write to lies elsewhere, and is gone once the chunk is full. Nothing is ever changed: new code
   goes to bytes where no code has been. The other ways would be a page for each piece, as where
   the system refuses memfds, which costs memory and TLB entries; or to replace the page by a copy
   with more code in it (mremap(2)), which loses the page when the kernel has no memory halfway.

   Shared pages are shared with the children of a fork, too, so a child writes to pages of its own
   from then on. What it has it keeps: that does not change.

   Programs make and free the same signatures again and again. So code with the same bytes is kept
   once, and what is kept stays; its users cannot tell. More than MAX_KEPT bytes are not from a
   program's functions but from endless different signatures: those get pages of their own, which
   go with them. */
#include "emit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	CHUNK = 64 << 10,
	ALIGN = 32,
	MAX_PIECE = CHUNK / 4,
	MAX_KEPT = 16 << 20,
	FIRST_TABLE = 256
};

/* Code that is kept. code: NULL where there is none. */
struct piece {
	const uint8_t *code;
	uint32_t n, hash;
};

static struct {
	pthread_mutex_t lock;     /* guards all of it; calls of the code do not take it */
	uint8_t *text, *writable; /* the chunk that is being filled; NULL: none */
	uint32_t used;
	uint32_t kept;        /* bytes of all chunks that are used */
	struct piece *pieces; /* a hash table with free places; capacity is a power of two */
	uint32_t capacity, count;
} arena = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint32_t hash_of(const uint8_t *code, uint32_t n)
{
	uint64_t hash = n, word;
	for (; n >= 8; n -= 8, code += 8) {
		memcpy(&word, code, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, code, n);
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return (uint32_t)(hash >> 32);
}

/* The place in the table of that code, or the free one where it would be. The table is not full. */
static struct piece *find(struct piece *pieces, uint32_t capacity, const uint8_t *code, uint32_t n,
			  uint32_t hash)
{
	for (uint32_t i = hash;; i++) {
		struct piece *p = &pieces[i & (capacity - 1)];
		if (p->code == NULL ||
		    (p->hash == hash && p->n == n && memcmp(p->code, code, n) == 0))
			return p;
	}
}

/* Room for one more piece in the table, half of which stays free. */
static bool grow_table(void)
{
	uint32_t capacity = arena.capacity == 0 ? FIRST_TABLE : 2 * arena.capacity;
	if (2 * (arena.count + 1) <= arena.capacity)
		return true;
	struct piece *pieces = calloc(capacity, sizeof *pieces);
	if (pieces == NULL)
		return false;
	for (uint32_t i = 0; i < arena.capacity; i++) {
		const struct piece *p = &arena.pieces[i];
		if (p->code != NULL)
			*find(pieces, capacity, p->code, p->n, p->hash) = *p;
	}
	free(arena.pieces);
	arena.pieces = pieces;
	arena.capacity = capacity;
	return true;
}

/* The writable view goes; the code stays. */
static void leave_chunk(void)
{
	if (arena.writable != NULL)
		munmap(arena.writable, CHUNK);
	arena.text = arena.writable = NULL;
}

static bool make_room(uint32_t n)
{
	if (arena.text != NULL && n <= CHUNK - arena.used)
		return true;
	void *text, *writable;
	if (arena.kept >= MAX_KEPT || gw_code_map_twice(&text, &writable, CHUNK) != NULL)
		return false;
	leave_chunk();
	arena.text = text;
	arena.writable = writable;
	arena.used = 0;
	return true;
}

/* In shared pages; NULL where there are none. With the lock held. */
static void *share(const uint8_t *code, uint32_t n)
{
	uint32_t hash = hash_of(code, n);
	if (!grow_table())
		return NULL;
	struct piece *p = find(arena.pieces, arena.capacity, code, n, hash);
	if (p->code != NULL)
		return (void *)(uintptr_t)p->code;
	if (!make_room(n))
		return NULL;
	memcpy(arena.writable + arena.used, code, n);
	*p = (struct piece){arena.text + arena.used, n, hash};
	n = (n + ALIGN - 1) & -(uint32_t)ALIGN;
	arena.used += n;
	arena.kept += n;
	arena.count++;
	return (void *)(uintptr_t)p->code;
}

void *gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own)
{
	void *kept = NULL;
	gw_code *memory;
	if (n <= MAX_PIECE) {
		pthread_mutex_lock(&arena.lock);
		kept = share(code, n);
		pthread_mutex_unlock(&arena.lock);
	}
	if (kept != NULL || gw_code_new(&memory, n) != GW_OK)
		return kept;
	memcpy(gw_code_data(memory), code, n);
	if (gw_code_seal(memory) != GW_OK) {
		gw_code_free(memory);
		return NULL;
	}
	if (own == NULL)
		return gw_code_leave(memory);
	*own = memory;
	return gw_code_data(memory);
}

static void before_fork(void)
{
	pthread_mutex_lock(&arena.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&arena.lock);
}

static void in_child(void)
{
	leave_chunk();
	pthread_mutex_unlock(&arena.lock);
}

void gw_arena_init(void)
{
	/* Without memory for it, parent and child would write to one page: no sharing then. */
	if (pthread_atfork(before_fork, after_fork, in_child) != 0)
		arena.kept = MAX_KEPT;
}
