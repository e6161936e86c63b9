/* Thunks: distinct code addresses, one for each Go callback that C holds.

   All code of a thunk is "endbr64; lea slot(%rip), %r11; jmp *(%r11)": it goes where its slot says,
   with the slot's address in R11, a register that no calling convention uses for arguments. C calls
   it by a pointer: the endbr64, of no cost that can be measured, is for processes that indirect
   branch tracking watches. The slots lie one page above the code, each at the same distance from
   its thunk, so that all thunks are the same bytes:

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

/* The displacement counts from the end of the lea, 11 bytes into the thunk. */
static const unsigned char code_template[THUNK] = {
	0xf3,
	0x0f,
	0x1e,
	0xfa, /* endbr64 */
	0x4c,
	0x8d,
	0x1d,
	(PAGE - 11) & 0xff,
	(PAGE - 11) >> 8,
	0,
	0, /* lea PAGE-11(%rip), %r11 */
	0x41,
	0xff,
	0x23, /* jmp *(%r11) */
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
	size_t early; /* for how many more thunks no new page is asked for */
	size_t pages;
	size_t live;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct gw_thunk_slot *slot_of(void *code)
{
	return (struct gw_thunk_slot *)((unsigned char *)code + PAGE);
}

/* Why there is no page: for the error's text, which is written with the lock free. */
struct refusal {
	const char *what;
	int err; /* errno; 0: memory */
};

static gw_status refused(struct refusal *why, const char *what, int err)
{
	*why = (struct refusal){what, err};
	return err == 0 || err == ENOMEM ? GW_ENOMEM : GW_ESYS;
}

static gw_status grow_queue(struct refusal *why)
{
	size_t needed = (pool.pages + 1) * PER_PAGE;
	if (needed <= pool.capacity)
		return GW_OK;
	size_t capacity = pool.capacity == 0 ? needed : 2 * pool.capacity;
	void **queue = malloc(capacity * sizeof *queue);
	if (queue == NULL)
		return refused(why, "no memory for more callbacks", 0);
	for (size_t i = 0; i < pool.length; i++)
		queue[i] = pool.queue[(pool.head + i) % pool.capacity];
	free(pool.queue);
	pool.queue = queue;
	pool.capacity = capacity;
	pool.head = 0;
	return GW_OK;
}

static gw_status map_page(unsigned char **out, struct refusal *why)
{
	unsigned char *page =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return refused(why, "no pages for callbacks: mmap", errno);
	for (size_t i = 0; i < PER_PAGE; i++)
		memcpy(page + i * THUNK, code_template, THUNK);
	if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) != 0) {
		int err = errno;
		munmap(page, 2 * PAGE);
		return refused(why, "a page for callbacks cannot be made executable: mprotect",
			       err);
	}
	*out = page;
	return GW_OK;
}

static gw_status add_page(struct refusal *why)
{
	gw_status status = grow_queue(why);
	if (status == GW_OK)
		status = map_page(&pool.fresh, why);
	if (status == GW_OK) {
		pool.fresh_left = PER_PAGE;
		pool.pages++;
	}
	return status;
}

/* Called with the lock held. The oldest freed thunk serves once enough others were freed after it,
   and at any time when there is no page to be had. That may change, and asking costs microseconds:
   it is asked for again after as many thunks as a page has. */
static gw_status take(void **code, struct refusal *why)
{
	gw_status status = GW_OK;
	if (pool.fresh_left == 0 && pool.length <= REUSE_DISTANCE &&
	    (pool.length == 0 || pool.early == 0)) {
		status = add_page(why);
		pool.early = status == GW_OK ? 0 : PER_PAGE;
	}
	if (pool.fresh_left != 0) {
		*code = pool.fresh;
		pool.fresh += THUNK;
		pool.fresh_left--;
		return GW_OK;
	}
	if (pool.length == 0)
		return status;
	if (pool.length <= REUSE_DISTANCE)
		pool.early--;
	*code = pool.queue[pool.head];
	pool.head = (pool.head + 1) % pool.capacity;
	pool.length--;
	return GW_OK;
}

gw_status gw_thunk_alloc(const void *entry, void *record, void **code)
{
	void *thunk = NULL;
	struct refusal why = {NULL, 0};
	pthread_mutex_lock(&pool.lock);
	gw_status status = take(&thunk, &why);
	if (status == GW_OK)
		pool.live++;
	pthread_mutex_unlock(&pool.lock);
	if (status != GW_OK)
		return gw_fail(status, "%s%s%s", why.what, why.err == 0 ? "" : ": ",
			       why.err == 0 ? "" : strerror(why.err));
	gw_thunk_set(thunk, entry, record);
	*code = thunk;
	return GW_OK;
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

/* Nothing of others' is called with the lock held but malloc, which glibc locks for a fork after
   all handlers: whoever has the lock comes to free it. */
static void before_fork(void)
{
	pthread_mutex_lock(&pool.lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&pool.lock);
}

void gw_thunk_init(void)
{
	/* Without memory for it, a child that forks at a bad time may hang. */
	(void)pthread_atfork(before_fork, after_fork, after_fork);
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
