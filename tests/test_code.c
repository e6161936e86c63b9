/* Memory for code: it runs once sealed, is never writable and executable at once, and fails clean.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "../bridge/signature.h"
#include "child.h"

/* Fail the next one with this errno; 0: none. */
static int malloc_errno, mmap_errno, mprotect_errno;
static int mappings;

static bool fails(int *with)
{
	if (*with == 0)
		return false;
	errno = *with;
	*with = 0;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_mprotect(void *at, size_t size, int prot);
int __wrap_mprotect(void *at, size_t size, int prot);

void *__wrap_malloc(size_t size)
{
	return fails(&malloc_errno) ? NULL : __real_malloc(size);
}

void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	if (fails(&mmap_errno))
		return MAP_FAILED;
	mappings++;
	return __real_mmap(at, size, prot, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
	mappings--;
	return __real_munmap(at, size);
}

int __wrap_mprotect(void *at, size_t size, int prot)
{
	return fails(&mprotect_errno) ? -1 : __real_mprotect(at, size, prot);
}

/* What /proc/self/maps says of that address, such as "rw-p"; no mapping may be both writable and
   executable. */
static void protection(const void *at, char out[5])
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	strcpy(out, "none");
	while (fgets(line, sizeof line, f) != NULL) {
		uintptr_t from, to;
		char prot[5];
		assert_int_equal(sscanf(line, "%lx-%lx %4s", &from, &to, prot), 3);
		if (prot[1] == 'w' && prot[2] == 'x')
			fail_msg("%s", line);
		if (from <= (uintptr_t)at && (uintptr_t)at < to)
			strcpy(out, prot);
	}
	fclose(f);
}

/* lea 1(%rdi,%rsi), %rax; ret */
static const unsigned char add[] = {0x48, 0x8d, 0x44, 0x37, 0x01, 0xc3};

static void code_written_and_sealed_runs(void **state)
{
	(void)state;
	gw_code *code;
	gw_signature *s;
	char prot[5];
	assert_int_equal(gw_signature_parse(&s, "i64(i64, i64)"), GW_OK);
	mappings = 0; /* without those of the signature's code, which stay */
	assert_int_equal(gw_code_new(&code, 10000), GW_OK);
	unsigned char *data = gw_code_data(code);
	assert_int_equal((uintptr_t)data % 4096, 0);
	protection(data, prot);
	assert_string_equal(prot, "rw-p");
	for (int i = 0; i < 10000; i++)
		assert_int_equal(data[i], 0);
	memcpy(data, add, sizeof add);
	memcpy(data + 9990, add, sizeof add);
	assert_int_equal(gw_code_seal(code), GW_OK);
	protection(data, prot);
	assert_string_equal(prot, "r-xp");
	protection(data + 9999, prot);
	assert_string_equal(prot, "r-xp");
	assert_ptr_equal(gw_code_data(code), data);
	for (int i = 0; i < 2; i++) {
		int64_t a = 20, b = 21, sum = 0;
		void *args[] = {&a, &b};
		gw_call(s, (void (*)(void))(uintptr_t)(data + i * 9990), &sum, args);
		assert_int_equal(sum, 42);
	}
	assert_int_equal(gw_code_seal(code), GW_EINVAL);
	assert_string_equal(gw_last_error(), "code: sealed already");
	gw_signature_free(s);
	gw_code_free(code);
	protection(data, prot);
	assert_string_equal(prot, "none");
	assert_int_equal(mappings, 0);
}

static gw_code *written;

static void run_unsealed(void)
{
	signal(SIGSEGV, SIG_DFL);
	((void (*)(void))(uintptr_t)gw_code_data(written))();
}

static void write_sealed(void)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile unsigned char *)gw_code_data(written) = 0;
}

static void code_unsealed_does_not_run_and_sealed_is_not_written(void **state)
{
	(void)state;
	char said[256];
	assert_int_equal(gw_code_new(&written, sizeof add), GW_OK);
	memcpy(gw_code_data(written), add, sizeof add);
	int status = in_child(run_unsealed, said, sizeof said);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_int_equal(gw_code_seal(written), GW_OK);
	status = in_child(write_sealed, said, sizeof said);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	gw_code_free(written);
}

static void code_bad_arguments_and_failures_leave_nothing(void **state)
{
	(void)state;
	gw_code *code = NULL;
	assert_int_equal(gw_code_new(NULL, 1), GW_EINVAL);
	assert_int_equal(gw_code_new(&code, 0), GW_EINVAL);
	assert_int_equal(gw_code_new(&code, (size_t)-1), GW_ENOMEM);
	assert_int_equal(gw_code_new(&code, PTRDIFF_MAX - 4096), GW_ENOMEM);
	assert_int_equal(gw_code_seal(NULL), GW_EINVAL);
	gw_code_free(NULL);
	mappings = 0;
	malloc_errno = ENOMEM;
	assert_int_equal(gw_code_new(&code, 1), GW_ENOMEM);
	mmap_errno = ENOMEM;
	assert_int_equal(gw_code_new(&code, 1), GW_ENOMEM);
	mmap_errno = EPERM;
	assert_int_equal(gw_code_new(&code, 1), GW_ESYS);
	assert_string_equal(gw_last_error(), "no pages for code: mmap: Operation not permitted");
	assert_int_equal(mappings, 0);
	assert_null(code);
	assert_int_equal(gw_code_new(&code, 1), GW_OK);
	mprotect_errno = EACCES;
	assert_int_equal(gw_code_seal(code), GW_ESYS);
	assert_string_equal(gw_last_error(),
			    "code cannot be made executable: mprotect: Permission denied");
	mprotect_errno = ENOMEM;
	assert_int_equal(gw_code_seal(code), GW_ENOMEM);
	memcpy(gw_code_data(code), add, sizeof add);
	assert_int_equal(gw_code_seal(code), GW_OK);
	gw_code_free(code);
	assert_int_equal(mappings, 0);
}

static void run_nothing(void *result, void *const *args, void *user)
{
	(void)result;
	(void)args;
	(void)user;
}

static void code_of_closures_is_not_writable(void **state)
{
	(void)state;
	gw_signature *s;
	gw_closure *c;
	char prot[5];
	assert_int_equal(gw_signature_parse(&s, "void()"), GW_OK);
	assert_int_equal(gw_closure_new(&c, s, run_nothing, NULL), GW_OK);
	protection(gw_closure_code(c), prot);
	assert_string_equal(prot, "r-xp");
	protection(gw_closure_entry_of(s), prot);
	assert_string_equal(prot, "r-xs");
	protection((void *)(uintptr_t)s->call, prot);
	assert_string_equal(prot, "r-xs");
	gw_closure_free(c);
	gw_signature_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_written_and_sealed_runs),
		cmocka_unit_test(code_unsealed_does_not_run_and_sealed_is_not_written),
		cmocka_unit_test(code_bad_arguments_and_failures_leave_nothing),
		cmocka_unit_test(code_of_closures_is_not_writable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
