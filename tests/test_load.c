/* Loading the library and giving it up, over and over: what stays in the process, and threads that
   had an error and end when it is gone. Not linked with it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../include/gangway.h"
#include "child.h"

/* Where make leaves them; tests run in the directory of the build. */
static const char library[] = ".libs/libgangway.so.0";
static const char archived[] = "tests/clib/libcdiff.so"; /* holds libgangway.a */

static void *load(const char *name)
{
	void *l = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (l == NULL)
		fail_msg("%s", dlerror());
	return l;
}

static void *symbol(void *l, const char *name)
{
	void *address = dlsym(l, name);
	if (address == NULL)
		fail_msg("%s", dlerror());
	return address;
}

static void nothing(void *result, void *const *args, void *user)
{
	(void)result;
	(void)args;
	(void)user;
}

/* An error of libgangway, and a closure. */
static void use(void *l)
{
	gw_status (*parse)(gw_signature **, const char *) =
		(gw_status(*)(gw_signature **, const char *))symbol(l, "gw_signature_parse");
	const char *(*last_error)(void) = (const char *(*)(void))symbol(l, "gw_last_error");
	gw_status (*closure_new)(gw_closure **, const gw_signature *, gw_handler *, void *) =
		(gw_status(*)(gw_closure **, const gw_signature *, gw_handler *, void *))symbol(
			l, "gw_closure_new");
	void *(*code)(const gw_closure *) =
		(void *(*)(const gw_closure *))symbol(l, "gw_closure_code");
	void (*closure_free)(gw_closure *) = (void (*)(gw_closure *))symbol(l, "gw_closure_free");
	void (*signature_free)(gw_signature *) =
		(void (*)(gw_signature *))symbol(l, "gw_signature_free");
	gw_signature *s;
	gw_closure *c;
	assert_int_equal(parse(&s, "x"), GW_EINVAL);
	assert_non_null(strstr(last_error(), "a type is missing"));
	assert_int_equal(parse(&s, "void()"), GW_OK);
	assert_int_equal(closure_new(&c, s, nothing, NULL), GW_OK);
	((void (*)(void))(uintptr_t)code(c))();
	closure_free(c);
	signature_free(s);
}

/* An error of what libcdiff.so holds. */
static void use_archived(void *l)
{
	int32_t (*call)(const char *, void (*)(void), void *, void *const *) = (int32_t(*)(
		const char *, void (*)(void), void *, void *const *))symbol(l, "cdiff_call");
	assert_int_equal(call("x", NULL, NULL, NULL), 1);
}

/* A thread that uses a library, says so, and ends once it is told to. */
struct user {
	void *l;
	void (*use)(void *l);
	pthread_t thread;
	pthread_barrier_t used, gone;
};

static void *use_and_end(void *arg)
{
	struct user *u = arg;
	u->use(u->l);
	pthread_barrier_wait(&u->used);
	pthread_barrier_wait(&u->gone);
	return NULL;
}

static void start(struct user *u, void *l, void (*use_it)(void *l))
{
	u->l = l;
	u->use = use_it;
	pthread_barrier_init(&u->used, NULL, 2);
	pthread_barrier_init(&u->gone, NULL, 2);
	assert_int_equal(pthread_create(&u->thread, NULL, use_and_end, u), 0);
	pthread_barrier_wait(&u->used);
}

static void end(struct user *u)
{
	pthread_barrier_wait(&u->gone);
	assert_int_equal(pthread_join(u->thread, NULL), 0);
	pthread_barrier_destroy(&u->used);
	pthread_barrier_destroy(&u->gone);
}

static int free_keys(void)
{
	static pthread_key_t keys[PTHREAD_KEYS_MAX];
	int n = 0;
	while (n < PTHREAD_KEYS_MAX && pthread_key_create(&keys[n], NULL) == 0)
		n++;
	for (int i = 0; i < n; i++)
		pthread_key_delete(keys[i]);
	return n;
}

/* Lines of /proc/self/maps that are files or code: the heap and stacks come and go. */
static int mappings(void)
{
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		n += strchr(line, '/') != NULL || strstr(line, " r-xp ") != NULL;
	fclose(f);
	return n;
}

/* Of the first loads each takes a new address for its closure: those of freed closures serve again
   after 1024 others. */
static void load_2000_times_leaves_nothing(void **state)
{
	(void)state;
	enum { FIRST = 1500, LOADS = 2000, EACH = 100 };
	static struct user users[LOADS / EACH];
	int keys = 0, maps = 0;
	for (int i = -FIRST; i < LOADS; i++) {
		if (i == 0) {
			keys = free_keys();
			maps = mappings();
			assert_true(keys > 0);
		}
		void *l = load(library);
		use(l);
		if (i >= 0 && i % EACH == 0)
			start(&users[i / EACH], l, use);
		assert_int_equal(dlclose(l), 0);
	}
	for (int i = 0; i < LOADS / EACH; i++)
		end(&users[i]);
	assert_int_equal(free_keys(), keys);
	assert_int_equal(mappings(), maps);
}

/* An archive cannot keep the library that it is linked into. */
static void archive_unloaded_lets_threads_end_and_the_process_fork(void **state)
{
	(void)state;
	struct user u;
	void *l = load(archived);
	start(&u, l, use_archived);
	assert_int_equal(dlclose(l), 0);
	assert_null(dlopen(archived, RTLD_NOW | RTLD_NOLOAD));
	end(&u);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(0);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_2000_times_leaves_nothing),
		cmocka_unit_test(archive_unloaded_lets_threads_end_and_the_process_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
