/* Loading libraries and finding symbols. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bridge/bridge.h"

/* Linked with --wrap=malloc --wrap=realloc --wrap=dlclose: they fail while these are set. */
static bool malloc_fails;
static bool realloc_fails;
static bool dlclose_fails;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
int __real_dlclose(void *handle);
int __wrap_dlclose(void *handle);

void *__wrap_malloc(size_t size)
{
	return malloc_fails ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return realloc_fails ? NULL : __real_realloc(memory, size);
}

int __wrap_dlclose(void *handle)
{
	int result = __real_dlclose(handle);
	return dlclose_fails ? -1 : result;
}

/* A library that every glibc system has, under its runtime name. */
#define LIBM "libm.so.6"
#define ABSENT "libgangway-test-absent.so"
#define ABSENT_TOO "./gangway-test/absent too.so"

static gw_library *open_libm(void)
{
	static const char *const names[] = {LIBM};
	gw_library *library = NULL;
	assert_int_equal(gw_library_open(&library, names, 1), GW_OK);
	assert_non_null(library);
	return library;
}

static void library_open_loads_and_finds_function(void **state)
{
	(void)state;
	gw_library *library = open_libm();
	void *address = NULL;
	assert_int_equal(gw_library_symbol(library, "floor", &address), GW_OK);
	double (*floor_function)(double);
	memcpy(&floor_function, &address, sizeof address);
	assert_true(floor_function(1.75) == 1.0);
	assert_string_equal(gw_library_name(library), LIBM);
	assert_int_equal(gw_library_close(library), GW_OK);
}

static void library_open_does_not_offer_symbols_to_others(void **state)
{
	(void)state;
	if (dlsym(RTLD_DEFAULT, "floor") != NULL)
		skip(); /* a sanitizer has it in the process */
	gw_library *library = open_libm();
	assert_null(dlsym(RTLD_DEFAULT, "floor"));
	assert_int_equal(gw_library_close(library), GW_OK);
}

static void library_open_takes_first_that_loads(void **state)
{
	(void)state;
	static const char *const names[] = {ABSENT, LIBM, ABSENT_TOO};
	gw_library *library = NULL;
	assert_int_equal(gw_library_open(&library, names, 3), GW_OK);
	assert_string_equal(gw_library_name(library), LIBM);
	assert_int_equal(gw_library_close(library), GW_OK);
}

static void library_open_none_loads_names_all(void **state)
{
	(void)state;
	static const char *const names[] = {ABSENT, ABSENT_TOO};
	gw_library *library = (gw_library *)&library;
	assert_int_equal(gw_library_open(&library, names, 2), GW_ENOLIB);
	assert_ptr_equal(library, &library);
	const char *first = strstr(gw_last_error(), ABSENT);
	assert_non_null(first);
	const char *second = strstr(first, ABSENT_TOO);
	assert_non_null(second);
	assert_null(strstr(first + 1, ABSENT));
	assert_non_null(strstr(second, "No such file or directory"));
}

static void library_open_not_a_library_says_why(void **state)
{
	(void)state;
	char path[] = "/tmp/gangway-test-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "not an ELF file, and longer than its header: ", 45), 45);
	for (int i = 0; i < 8; i++)
		assert_int_equal(write(fd, path, sizeof path), sizeof path);
	close(fd);
	const char *const names[] = {path};
	gw_library *library;
	gw_status status = gw_library_open(&library, names, 1);
	unlink(path);
	assert_int_equal(status, GW_ENOLIB);
	assert_non_null(strstr(gw_last_error(), path));
	assert_non_null(strstr(gw_last_error(), "invalid ELF header"));
}

static void library_open_bad_arguments_is_einval(void **state)
{
	(void)state;
	static const char *const names[] = {LIBM, NULL};
	gw_library *library;
	assert_int_equal(gw_library_open(NULL, names, 1), GW_EINVAL);
	assert_int_equal(gw_library_open(&library, NULL, 1), GW_EINVAL);
	assert_int_equal(gw_library_open(&library, names, 0), GW_EINVAL);
	assert_int_equal(gw_library_open(&library, names, 2), GW_EINVAL);
	assert_non_null(strstr(gw_last_error(), "name 1"));
}

static void library_open_without_memory_is_enomem(void **state)
{
	(void)state;
	static const char *const names[] = {LIBM};
	gw_library *library;
	malloc_fails = true;
	gw_status open_status = gw_library_open(&library, names, 1);
	gw_status process_status = gw_library_process(&library);
	malloc_fails = false;
	assert_int_equal(open_status, GW_ENOMEM);
	assert_int_equal(process_status, GW_ENOMEM);
}

static void library_open_without_memory_for_text_still_fails(void **state)
{
	(void)state;
	static const char *const names[] = {ABSENT, ABSENT_TOO};
	gw_library *library;
	realloc_fails = true;
	gw_status status = gw_library_open(&library, names, 2);
	realloc_fails = false;
	assert_int_equal(status, GW_ENOLIB);
	assert_string_equal(gw_last_error(), ABSENT_TOO);
}

static void library_process_finds_libc(void **state)
{
	(void)state;
	gw_library *library = NULL;
	void *address = NULL;
	assert_int_equal(gw_library_process(&library), GW_OK);
	assert_int_equal(gw_library_symbol(library, "getpid", &address), GW_OK);
	pid_t (*getpid_function)(void);
	memcpy(&getpid_function, &address, sizeof address);
	assert_int_equal(getpid_function(), getpid());
	assert_true(strlen(gw_library_name(library)) > 0);
	assert_int_equal(gw_library_close(library), GW_OK);
	assert_int_equal(gw_library_process(NULL), GW_EINVAL);
}

static void library_symbol_finds_data(void **state)
{
	(void)state;
	gw_library *library = NULL;
	void *address = NULL;
	assert_int_equal(gw_library_process(&library), GW_OK);
	assert_int_equal(gw_library_symbol(library, "environ", &address), GW_OK);
	assert_ptr_equal(*(char ***)address, environ);
	assert_int_equal(gw_library_close(library), GW_OK);
}

static void library_symbol_absent_is_enosym(void **state)
{
	(void)state;
	gw_library *library = open_libm();
	void *address = &address;
	assert_int_equal(gw_library_symbol(library, "gangway_no_such", &address), GW_ENOSYM);
	assert_ptr_equal(address, &address);
	assert_non_null(strstr(gw_last_error(), LIBM));
	assert_non_null(strstr(gw_last_error(), "gangway_no_such"));
	assert_int_equal(gw_library_close(library), GW_OK);
}

static void library_symbol_bad_arguments_is_einval(void **state)
{
	(void)state;
	gw_library *library = open_libm();
	void *address;
	assert_int_equal(gw_library_symbol(NULL, "floor", &address), GW_EINVAL);
	assert_int_equal(gw_library_symbol(library, NULL, &address), GW_EINVAL);
	assert_int_equal(gw_library_symbol(library, "floor", NULL), GW_EINVAL);
	assert_int_equal(gw_library_close(library), GW_OK);
}

static void library_close_null_is_ok(void **state)
{
	(void)state;
	assert_int_equal(gw_library_close(NULL), GW_OK);
}

static void library_close_refused_is_esys(void **state)
{
	(void)state;
	gw_library *library = open_libm();
	dlclose_fails = true;
	gw_status status = gw_library_close(library);
	dlclose_fails = false;
	assert_int_equal(status, GW_ESYS);
	assert_non_null(strstr(gw_last_error(), LIBM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(library_open_loads_and_finds_function),
		cmocka_unit_test(library_open_does_not_offer_symbols_to_others),
		cmocka_unit_test(library_open_takes_first_that_loads),
		cmocka_unit_test(library_open_none_loads_names_all),
		cmocka_unit_test(library_open_not_a_library_says_why),
		cmocka_unit_test(library_open_bad_arguments_is_einval),
		cmocka_unit_test(library_open_without_memory_is_enomem),
		cmocka_unit_test(library_open_without_memory_for_text_still_fails),
		cmocka_unit_test(library_process_finds_libc),
		cmocka_unit_test(library_symbol_finds_data),
		cmocka_unit_test(library_symbol_absent_is_enosym),
		cmocka_unit_test(library_symbol_bad_arguments_is_einval),
		cmocka_unit_test(library_close_null_is_ok),
		cmocka_unit_test(library_close_refused_is_esys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
