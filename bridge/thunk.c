/* Thunks: distinct code addresses, one for each Go callback that C holds.

   All code of a thunk is "lea slot(%rip), %r11; jmp *(%r11)": it goes where its slot says, with the
   slot's address in R11, a register that no calling convention uses for arguments. The slots lie
   one page above the code, each at the same distance from its thunk, so that all thunks are the
   same bytes:

       page + 8192   +-----------------------------+
		     | 256 slots: entry, record    |  read and write
       page + 4096   +-----------------------------+
		     | 256 thunks of 16 bytes      |  read and execute
       page          +-----------------------------+

   Retargeting a thunk writes its slot only; code is written before its page becomes executable and
   never again. Pages are not given back. */
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	PAGE = 4096,
	THUNK = 16,
	PER_PAGE = PAGE / THUNK,
	REUSE_DISTANCE = 1024 /* frees between that of an address and its reuse */
};

_Static_assert(sizeof(struct gw_thunk_slot) == THUNK, "a slot for each thunk, at a fixed distance");
_Static_assert(offsetof(struct gw_thunk_slot, entry) == 0, "the thunk jumps to the first word");

/* The displacement counts from the end of the lea, 7 bytes into the thunk. */
static const unsigned char code_template[THUNK] = {
	0x4c,
	0x8d,
	0x1d,
	(PAGE - 7) & 0xff,
	(PAGE - 7) >> 8,
	0,
	0, /* lea PAGE-7(%rip), %r11 */
	0x41,
	0xff,
	0x23, /* jmp *(%r11) */
	0xcc,
	0xcc,
	0xcc,
	0xcc,
	0xcc,
	0xcc, /* int3 */
};

/* queue is a ring that has room for every thunk there is, so that freeing one cannot fail. */
static struct {
	pthread_mutex_t lock; /* guards all of it; calls through thunks do not take it */
	unsigned char *fresh; /* next thunk that was never used */
	size_t fresh_left;
	void **queue; /* freed thunks, oldest at head */
	size_t capacity;
	size_t head;
	size_t length;
	size_t pages;
	size_t live;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct gw_thunk_slot *slot_of(void *code)
{
	return (struct gw_thunk_slot *)((unsigned char *)code + PAGE);
}

static gw_status grow_queue(void)
{
	size_t needed = (pool.pages + 1) * PER_PAGE;
	if (needed <= pool.capacity)
		return GW_OK;
	size_t capacity = pool.capacity == 0 ? needed : 2 * pool.capacity;
	void **queue = malloc(capacity * sizeof *queue);
	if (queue == NULL)
		return gw_fail(GW_ENOMEM, "no memory for more callbacks");
	for (size_t i = 0; i < pool.length; i++)
		queue[i] = pool.queue[(pool.head + i) % pool.capacity];
	free(pool.queue);
	pool.queue = queue;
	pool.capacity = capacity;
	pool.head = 0;
	return GW_OK;
}

static gw_status map_page(unsigned char **out)
{
	unsigned char *page =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return gw_fail(errno == ENOMEM ? GW_ENOMEM : GW_ESYS,
			       "no pages for callbacks: mmap: %s", strerror(errno));
	for (size_t i = 0; i < PER_PAGE; i++)
		memcpy(page + i * THUNK, code_template, THUNK);
	if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) != 0) {
		gw_status status =
			gw_fail(errno == ENOMEM ? GW_ENOMEM : GW_ESYS,
				"a page for callbacks cannot be made executable: mprotect: %s",
				strerror(errno));
		munmap(page, 2 * PAGE);
		return status;
	}
	*out = page;
	return GW_OK;
}

static gw_status add_page(void)
{
	gw_status status = grow_queue();
	if (status == GW_OK)
		status = map_page(&pool.fresh);
	if (status == GW_OK) {
		pool.fresh_left = PER_PAGE;
		pool.pages++;
	}
	return status;
}

/* Called with the lock held. The oldest freed thunk serves once enough others were freed after it.
 */
static gw_status take(void **code)
{
	if (pool.fresh_left == 0 && pool.length > REUSE_DISTANCE) {
		*code = pool.queue[pool.head];
		pool.head = (pool.head + 1) % pool.capacity;
		pool.length--;
		return GW_OK;
	}
	if (pool.fresh_left == 0) {
		gw_status status = add_page();
		if (status != GW_OK)
			return status;
	}
	*code = pool.fresh;
	pool.fresh += THUNK;
	pool.fresh_left--;
	return GW_OK;
}

gw_status gw_thunk_alloc(const void *entry, void *record, void **code)
{
	void *thunk = NULL;
	pthread_mutex_lock(&pool.lock);
	gw_status status = take(&thunk);
	if (status == GW_OK)
		pool.live++;
	pthread_mutex_unlock(&pool.lock);
	if (status == GW_OK) {
		gw_thunk_set(thunk, entry, record);
		*code = thunk;
	}
	return status;
}

void gw_thunk_set(void *code, const void *entry, void *record)
{
	struct gw_thunk_slot *slot = slot_of(code);
	__atomic_store_n(&slot->record, record, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->entry, entry, __ATOMIC_RELEASE);
}

void gw_thunk_free(void *code)
{
	pthread_mutex_lock(&pool.lock);
	pool.queue[(pool.head + pool.length) % pool.capacity] = code;
	pool.length++;
	pool.live--;
	pthread_mutex_unlock(&pool.lock);
}

size_t gw_thunk_count(void)
{
	pthread_mutex_lock(&pool.lock);
	size_t live = pool.live;
	pthread_mutex_unlock(&pool.lock);
	return live;
}

size_t gw_thunk_pages(void)
{
	pthread_mutex_lock(&pool.lock);
	size_t pages = pool.pages;
	pthread_mutex_unlock(&pool.lock);
	return pages;
}
