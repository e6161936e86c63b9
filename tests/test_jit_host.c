/* Registered code: the reader of the runtime's tables, and which runtimes are taken as the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jit_program.h"

static int make_host(void **state)
{
	(void)state;
	make_program();
	return 0;
}

static void reader_finds_what_was_written_by_hand(void **state)
{
	(void)state;
	struct gw_jit_found f;
	uintptr_t start = (uintptr_t)text;
	assert_true(gw_jit_find(&layout, module, start + 0x10, &f));
	assert_int_equal(f.entry, start + 0x10);
	assert_string_equal(f.name, "main.f");
	assert_string_equal(f.file, "/a.go");
	assert_int_equal(f.line, 10);
	assert_int_equal(f.sp, 0);
	assert_int_equal(f.map, -1);
	assert_int_equal(f.preempt, GW_JIT_UNSAFE);
	assert_int_equal(f.args, 8);
	assert_int_equal(f.arg_map->nbit, 1);
	assert_int_equal(f.local_map->nbit, 3);
	assert_true(gw_jit_find(&layout, module, start + 0x11 + 0x1f, &f));
	assert_int_equal(f.line, 11);
	assert_int_equal(f.sp, 40);
	assert_true(gw_jit_find(&layout, module, start + 0x50, &f));
	assert_int_equal(f.line, 6);
	assert_int_equal(f.map, 1);
	assert_true(gw_jit_find(&layout, module, start + 0x110 + 0xbf, &f));
	assert_int_equal(f.entry, start + 0x110);
	assert_string_equal(f.name, "main.g");
	assert_int_equal(f.line, 6);
	/* Behind its tables, before the first function, behind the text. */
	assert_false(gw_jit_find(&layout, module, start + 0x110 + 0xc0, &f));
	assert_false(gw_jit_find(&layout, module, start + 0xf, &f));
	assert_false(gw_jit_find(&layout, module, start - 1, &f));
	assert_false(gw_jit_find(&layout, module, start + 0x200, &f));
}

static void reader_survives_tables_that_end_early(void **state)
{
	(void)state;
	struct gw_jit_found f;
	uintptr_t pc = (uintptr_t)text + 0x50;
	static const size_t slices[] = {8, 32, 56, 80, 104, 128};
	for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
		for (size_t n = 0; n < 2; n++) {
			make_program();
			put(slices[i] + 8, n);
			assert_false(gw_jit_find(&layout, module, pc, &f));
		}
	}
}

/* Every field that is somewhere else than the layout says. */
static void host_with_a_wrong_layout_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t member;
		uint32_t wrong;
		const char *says;
	} cases[] = {
		{offsetof(struct gw_jit_layout, module.pc_header), 16, "moduledata.pcHeader"},
		{offsetof(struct gw_jit_layout, module.pc_header), 344, "magic number"},
		{offsetof(struct gw_jit_layout, module.funcnametab), 32, "funcnametab"},
		{offsetof(struct gw_jit_layout, module.cutab), 8, "not found"},
		{offsetof(struct gw_jit_layout, module.filetab), 8, "is found for"},
		{offsetof(struct gw_jit_layout, module.pctab), 104, "moduledata.pctab"},
		{offsetof(struct gw_jit_layout, module.pclntable), 80, "moduledata.pclntable"},
		{offsetof(struct gw_jit_layout, module.ftab), 104, "moduledata.ftab"},
		{offsetof(struct gw_jit_layout, module.findfunctab), 136, "moduledata.findfunctab"},
		{offsetof(struct gw_jit_layout, module.minpc), 168, "minpc or maxpc"},
		{offsetof(struct gw_jit_layout, module.maxpc), 176, "not in the first module"},
		{offsetof(struct gw_jit_layout, module.text), 184, "minpc or maxpc"},
		{offsetof(struct gw_jit_layout, module.etext), 160, "minpc or maxpc"},
		{offsetof(struct gw_jit_layout, module.gofunc), 336, "moduledata.gofunc"},
		{offsetof(struct gw_jit_layout, module.bad), 136, "moduledata.bad"},
		{offsetof(struct gw_jit_layout, header.nfunc), 16, "pcHeader.nfunc"},
		{offsetof(struct gw_jit_layout, header.text_start), 16, "pcHeader.textStart"},
		{offsetof(struct gw_jit_layout, header.funcname_offset), 56, "funcnameOffset"},
		{offsetof(struct gw_jit_layout, header.pctab_offset), 64, "pctabOffset"},
		{offsetof(struct gw_jit_layout, header.pcln_offset), 56, "pclnOffset"},
		{offsetof(struct gw_jit_layout, func.name), 12, "is found for main.f"},
		{offsetof(struct gw_jit_layout, func.pcsp), 12, "moduledata.gofunc"},
		{offsetof(struct gw_jit_layout, func.pcfile), 12, "is found for /a.go:6"},
		{offsetof(struct gw_jit_layout, func.pcln), 20, "is found for /a.go:6"},
		{offsetof(struct gw_jit_layout, func.npcdata), 12, "moduledata.gofunc"},
		{offsetof(struct gw_jit_layout, func.cu), 28, "not found"},
		{offsetof(struct gw_jit_layout, func.nfuncdata), 42, "moduledata.gofunc"},
	};
	struct gw_jit_known known = known_here();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct gw_jit_host host = host_here();
		*(uint32_t *)((uint8_t *)&host.layout + cases[i].member) = cases[i].wrong;
		if (gw_jit_host_set(&host, &known) != GW_EINVAL)
			fail_msg("case %zu (%s) is accepted", i, cases[i].says);
		if (strstr(gw_last_error(), cases[i].says) == NULL)
			fail_msg("case %zu says %s, not %s", i, gw_last_error(), cases[i].says);
	}
	struct gw_jit_host host = host_here();
	known.entry--;
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
	known = known_here();
	known.line++;
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
	known = known_here();
	known.file = "/b.go";
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
}

static void arena_without_a_runtime_is_refused(void **state)
{
	(void)state;
	gw_jit_arena *arena = NULL;
	assert_int_equal(gw_jit_arena_new(&arena, "a", 4096, 1), GW_ENOGO);
	assert_string_equal(gw_last_error(), "arena a: there is no Go runtime that code can be "
					     "registered with");
	assert_null(arena);
}

static void host_is_taken_once(void **state)
{
	(void)state;
	struct gw_jit_host host = host_here();
	struct gw_jit_known known = known_here();
	assert_int_equal(gw_jit_host_set(&host, &known), GW_OK);
	assert_int_equal(gw_jit_host_set(&host, &known), GW_EINVAL);
	assert_string_equal(gw_last_error(), "the runtime is known already");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reader_finds_what_was_written_by_hand, make_host),
		cmocka_unit_test_setup(reader_survives_tables_that_end_early, make_host),
		cmocka_unit_test_setup(host_with_a_wrong_layout_is_refused, make_host),
		cmocka_unit_test(arena_without_a_runtime_is_refused),
		cmocka_unit_test(host_is_taken_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
