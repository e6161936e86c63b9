/* A library to preload: the calls of malloc, mmap and the like that one thread makes fail when they
   are told to, and malloc's and pthread_create's of all threads. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls that this thread may make until one fails, or fails for good when it is negative; 0: none
 * fails. */
static __thread int64_t left __attribute__((tls_model("initial-exec")));
static __thread bool failed __attribute__((tls_model("initial-exec")));

/* From the environment, for calls by any thread from the process's start on:
   GANGWAY_FAULT_MALLOC=N, the nth; for pthread_create, GANGWAY_FAULT_THREADS=N, the first N. */
static int64_t malloc_left, threads_left;

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("GANGWAY_FAULT_MALLOC");
	if (n != NULL)
		__atomic_store_n(&malloc_left, atoll(n), __ATOMIC_RELAXED);
	n = getenv("GANGWAY_FAULT_THREADS");
	if (n != NULL)
		__atomic_store_n(&threads_left, atoll(n), __ATOMIC_RELAXED);
}

static bool fails(void)
{
	if (left < 0)
		failed = true;
	else if (left == 0 || --left != 0)
		return false;
	failed = true;
	return true;
}

static bool malloc_fails(void)
{
	if (__atomic_load_n(&malloc_left, __ATOMIC_RELAXED) > 0 &&
	    __atomic_sub_fetch(&malloc_left, 1, __ATOMIC_RELAXED) == 0)
		return true;
	return fails();
}

/* The nth call from now on fails, on this thread; -1: every one; 0: none. Returns whether one has
   failed since the last gf_arm. */
int32_t gf_arm(int64_t n)
{
	bool had = failed;
	left = n;
	failed = false;
	return had;
}

/* Bytes that malloc has handed out. */
int64_t gf_memory(void)
{
	struct mallinfo2 m = mallinfo2();
	return (int64_t)(m.uordblks + m.hblkhd);
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *malloc(size_t size)
{
	return malloc_fails() ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return malloc_fails() ? no_memory() : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return malloc_fails() ? no_memory() : __libc_realloc(p, size);
}

/* With cgo on those of the Go runtime come here too, and it ends without what it asks for: memory
   at an address, or large pieces. Gangway asks for a few pages anywhere. */
static bool of_runtime(const void *at, size_t size, int fd)
{
	return fd < 0 && (at != NULL || size >= 65536);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (!of_runtime(at, size, fd) && fails()) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

int mprotect(void *at, size_t size, int protection)
{
	if (fails()) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_mprotect, at, size, protection);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		__atomic_load_n(&real, __ATOMIC_ACQUIRE);
	if (create == NULL) {
		void *found = dlsym(RTLD_NEXT, "pthread_create");
		if (found == NULL)
			abort();
		memcpy(&create, &found, sizeof create);
		__atomic_store_n(&real, create, __ATOMIC_RELEASE);
	}
	if (__atomic_load_n(&threads_left, __ATOMIC_RELAXED) > 0 &&
	    __atomic_fetch_sub(&threads_left, 1, __ATOMIC_RELAXED) > 0)
		return EAGAIN;
	return fails() ? EAGAIN : create(thread, attr, fn, arg);
}
