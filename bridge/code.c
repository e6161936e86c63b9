/* Memory for machine code that is made at run time: writable, then executable, never both. */
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct gw_code {
	void *data;
	size_t size; /* whole pages */
	bool sealed;
};

enum { PAGE = 4096 };

/* GW_ENOMEM or GW_ESYS, as errno says. */
static gw_status refused(const char *what)
{
	return gw_fail(errno == ENOMEM ? GW_ENOMEM : GW_ESYS, "%s: %s", what, strerror(errno));
}

gw_status gw_code_new(gw_code **out, size_t size)
{
	if (out == NULL || size == 0)
		return gw_fail(GW_EINVAL, "code: no bytes, or a pointer is NULL");
	if (size > PTRDIFF_MAX - PAGE)
		return gw_fail(GW_ENOMEM, "code: no address space for %zu bytes", size);
	struct gw_code *code = malloc(sizeof *code);
	if (code == NULL)
		return gw_fail(GW_ENOMEM, "no memory for code");
	code->size = (size + PAGE - 1) & -(size_t)PAGE;
	code->sealed = false;
	code->data =
		mmap(NULL, code->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code->data == MAP_FAILED) {
		gw_status status = refused("no pages for code: mmap");
		free(code);
		return status;
	}
	*out = code;
	return GW_OK;
}

void *gw_code_data(const gw_code *code)
{
	return code == NULL ? NULL : code->data;
}

gw_status gw_code_seal(gw_code *code)
{
	if (code == NULL)
		return gw_fail(GW_EINVAL, "code: a pointer is NULL");
	if (code->sealed)
		return gw_fail(GW_EINVAL, "code: sealed already");
	if (mprotect(code->data, code->size, PROT_READ | PROT_EXEC) != 0)
		return refused("code cannot be made executable: mprotect");
	code->sealed = true;
	return GW_OK;
}

void gw_code_free(gw_code *code)
{
	if (code == NULL)
		return;
	munmap(code->data, code->size);
	free(code);
}

void *gw_code_leave(gw_code *code)
{
	void *data = code->data;
	free(code);
	return data;
}

/* memfd_create(2) by number: glibc has had it since 2.27 only. */
const char *gw_code_map_twice(void **text, void **writable, size_t size)
{
	long fd =
		gw_syscall(SYS_memfd_create, (long)"gangway-jit", 1 /* MFD_CLOEXEC */, 0, 0, 0, 0);
	const char *failed = NULL;
	if (fd < 0) {
		errno = (int)-fd;
		return "code: memfd_create";
	}
	*text = MAP_FAILED;
	if (ftruncate((int)fd, (off_t)size) != 0) {
		failed = "code: ftruncate";
	} else {
		*text = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, (int)fd, 0);
		if (*text == MAP_FAILED)
			failed = "code to run in: mmap";
	}
	if (failed == NULL) {
		*writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
		if (*writable == MAP_FAILED)
			failed = "code to be written to: mmap";
	}
	int err = errno;
	close((int)fd);
	if (failed != NULL && *text != MAP_FAILED)
		munmap(*text, size);
	errno = err;
	return failed;
}
