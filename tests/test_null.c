/* NULL, for each pointer that a function of the public interface takes; tests/exports.sh sees to it
   that no function is missing here. gw_call and gw_call_chained take NULL for result, arguments and
   chain alone: signature and function have to be there, as in any call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../include/gangway.h"
#include "../include/gangway_jit.h"

/* Refused, with words. */
static void refused(gw_status status, const char *part)
{
	assert_int_equal(status, GW_EINVAL);
	if (strstr(gw_last_error(), part) == NULL)
		fail_msg("\"%s\" has no \"%s\"", gw_last_error(), part);
}

static void null_library(void **state)
{
	(void)state;
	static const char *const names[] = {"libm.so.6", NULL};
	gw_library *l = NULL;
	void *address = NULL;
	refused(gw_library_open(NULL, names, 1), "no names");
	refused(gw_library_open(&l, NULL, 1), "no names");
	refused(gw_library_open(&l, names, 2), "name 1 is NULL");
	assert_null(l);
	refused(gw_library_process(NULL), "out is NULL");
	assert_int_equal(gw_library_process(&l), GW_OK);
	refused(gw_library_symbol(NULL, "strlen", &address), "is NULL");
	refused(gw_library_symbol(l, NULL, &address), "is NULL");
	refused(gw_library_symbol(l, "strlen", NULL), "is NULL");
	assert_null(address);
	assert_string_equal(gw_library_name(l), "the process");
	assert_null(gw_library_name(NULL));
	assert_int_equal(gw_library_close(l), GW_OK);
	assert_int_equal(gw_library_close(NULL), GW_OK);
}

static void null_type(void **state)
{
	(void)state;
	const gw_type *i32 = gw_type_scalar(GW_I32), *none[] = {i32, NULL};
	gw_type *t = NULL;
	refused(gw_type_struct(NULL, none, 1), "a pointer is NULL");
	refused(gw_type_struct(&t, NULL, 1), "a pointer is NULL");
	refused(gw_type_struct(&t, none, 2), "field 2: no type");
	refused(gw_type_packed(NULL, none, 1, 1), "a pointer is NULL");
	refused(gw_type_packed(&t, NULL, 1, 1), "a pointer is NULL");
	refused(gw_type_packed(&t, none, 2, 1), "field 2: no type");
	refused(gw_type_union(NULL, none, 1), "a pointer is NULL");
	refused(gw_type_union(&t, NULL, 1), "a pointer is NULL");
	refused(gw_type_union(&t, none, 2), "member 2: no type");
	refused(gw_type_memory(NULL, 8, 8), "a pointer is NULL");
	refused(gw_type_array(NULL, i32, 1), "a pointer is NULL");
	refused(gw_type_array(&t, NULL, 1), "no type");
	refused(gw_type_pad(NULL, 1), "a pointer is NULL");
	refused(gw_type_aligned(NULL, i32, 8), "a pointer is NULL");
	refused(gw_type_aligned(&t, NULL, 8), "no type");
	assert_null(t);
	assert_int_equal(gw_type_kind(NULL), GW_VOID);
	assert_int_equal(gw_type_size(NULL), 0);
	assert_int_equal(gw_type_align(NULL), 0);
	assert_int_equal(gw_type_count(NULL), 0);
	assert_int_equal(gw_type_offset(NULL, 0), 0);
	assert_null(gw_type_member(NULL, 0));
	gw_type_retain(NULL);
	gw_type_release(NULL);
	assert_int_equal(gw_type_struct(&t, NULL, 0), GW_OK);
	gw_type_release(t);
	assert_int_equal(gw_type_union(&t, NULL, 0), GW_OK);
	gw_type_release(t);
	const gw_type *parsed = NULL;
	char text[8] = "same";
	refused(gw_type_parse(NULL, "i32"), "a pointer is NULL");
	refused(gw_type_parse(&parsed, NULL), "a pointer is NULL");
	assert_null(parsed);
	assert_int_equal(gw_type_print(NULL, text, 0), 0);
	assert_string_equal(text, "same");
	assert_int_equal(gw_type_print(NULL, text, sizeof text), 0);
	assert_string_equal(text, "");
	assert_int_equal(gw_type_print(i32, NULL, 3), strlen("i32"));
}

static void null_signature(void **state)
{
	(void)state;
	const gw_type *i32 = gw_type_scalar(GW_I32), *none[] = {i32, NULL};
	gw_signature *s = NULL;
	char text[16] = "untouched";
	refused(gw_signature_parse(NULL, "void()"), "a pointer is NULL");
	refused(gw_signature_parse(&s, NULL), "a pointer is NULL");
	refused(gw_signature_new(NULL, i32, none, 1, 1), "a pointer is NULL");
	refused(gw_signature_new(&s, NULL, none, 1, 1), "result: no type");
	refused(gw_signature_new(&s, i32, NULL, 1, 1), "a pointer is NULL");
	refused(gw_signature_new(&s, i32, none, 2, 2), "parameter 2: no type");
	assert_null(s);
	assert_int_equal(gw_signature_count(NULL), 0);
	assert_int_equal(gw_signature_fixed(NULL), 0);
	assert_null(gw_signature_result(NULL));
	assert_null(gw_signature_param(NULL, 0));
	assert_int_equal(gw_signature_print(NULL, NULL, 0), 0);
	assert_int_equal(gw_signature_print(NULL, text, 0), 0);
	assert_string_equal(text, "untouched");
	assert_int_equal(gw_signature_print(NULL, text, sizeof text), 0);
	assert_string_equal(text, "");
	gw_signature_free(NULL);
	assert_int_equal(gw_signature_new(&s, i32, NULL, 0, 0), GW_OK);
	assert_int_equal(gw_signature_print(s, NULL, 0), strlen("i32()"));
	assert_int_equal(gw_signature_print(s, NULL, 3), strlen("i32()"));
	gw_signature_free(s);
}

static void handle(void *result, void *const *args, void *user)
{
	(void)args;
	(void)user;
	*(int32_t *)result = 7;
}

static void handle_chained(void *result, void *const *args, void *user, void *chain)
{
	(void)chain;
	handle(result, args, user);
}

static void null_call_and_closure(void **state)
{
	(void)state;
	gw_signature *s;
	gw_closure *c = NULL;
	int32_t r = 0;
	assert_int_equal(gw_signature_parse(&s, "i32()"), GW_OK);
	refused(gw_closure_new(NULL, s, handle, NULL), "a pointer is NULL");
	refused(gw_closure_new(&c, NULL, handle, NULL), "a pointer is NULL");
	refused(gw_closure_new(&c, s, NULL, NULL), "a pointer is NULL");
	refused(gw_closure_reserve(NULL), "a pointer is NULL");
	assert_null(c);
	assert_int_equal(gw_closure_reserve(&c), GW_OK);
	refused(gw_closure_set(NULL, s, handle, NULL), "a pointer is NULL");
	refused(gw_closure_set(c, NULL, handle, NULL), "a pointer is NULL");
	refused(gw_closure_set(c, s, NULL, NULL), "a pointer is NULL");
	refused(gw_closure_set_chained(NULL, s, handle_chained, NULL), "a pointer is NULL");
	refused(gw_closure_set_chained(c, NULL, handle_chained, NULL), "a pointer is NULL");
	refused(gw_closure_set_chained(c, s, NULL, NULL), "a pointer is NULL");
	assert_null(gw_closure_code(NULL));
	/* No result, no arguments, no chain. */
	assert_int_equal(gw_closure_set(c, s, handle, NULL), GW_OK);
	void (*fn)(void) = (void (*)(void))(uintptr_t)gw_closure_code(c);
	gw_call(s, fn, NULL, NULL);
	gw_call(s, fn, &r, NULL);
	assert_int_equal(r, 7);
	gw_call_chained(s, fn, NULL, NULL, NULL);
	gw_closure_free(c);
	gw_closure_free(NULL);
	gw_signature_free(s);
}

static void null_code(void **state)
{
	(void)state;
	refused(gw_code_new(NULL, 1), "a pointer is NULL");
	assert_null(gw_code_data(NULL));
	refused(gw_code_seal(NULL), "a pointer is NULL");
	gw_code_free(NULL);
}

static void null_jit(void **state)
{
	(void)state;
	gw_jit_function f = {.name = "a.b"};
	gw_jit_arena *arena = NULL;
	void *entry = NULL;
	size_t code = 1, functions = 1;
	refused(gw_jit_arena_new(NULL, "a", 1, 1), "a pointer is NULL");
	refused(gw_jit_arena_new(&arena, NULL, 1, 1), "without a name");
	assert_null(arena);
	refused(gw_jit_add(NULL, &f, &entry), "a pointer is NULL");
	refused(gw_jit_retire(NULL, &f), "a pointer is NULL");
	refused(gw_jit_arena_close(NULL), "a pointer is NULL");
	gw_jit_arena_used(NULL, &code, &functions);
	assert_true(code == 0 && functions == 0);
	gw_jit_arena_used(NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_library),   cmocka_unit_test(null_type),
		cmocka_unit_test(null_signature), cmocka_unit_test(null_call_and_closure),
		cmocka_unit_test(null_code),      cmocka_unit_test(null_jit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
