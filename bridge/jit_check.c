/* Registered code: whether a function may be added. The runtime trusts its tables and ends the
   program over many a mistake in them, or worse, does not notice: so nothing is added that it could
   stumble over. What only the code itself could tell (whether the SP deltas are true) is up to the
   caller. */
#define _GNU_SOURCE
#include "jit.h"

#include <string.h>

static gw_status wrong(const gw_jit_function *f, const char *what)
{
	return gw_fail(GW_EINVAL, "function %s: %s", f->name, what);
}

gw_status gw_jit_check_name(const char *what, const char *name)
{
	/* The runtime never preempts these (isAsyncSafePoint), and hides their frames. */
	static const char *const reserved[] = {"runtime.", "reflect.", "internal/runtime/",
					       "runtime/internal/"};
	if (name == NULL || *name == '\0')
		return gw_fail(GW_EINVAL, "%s without a name", what);
	size_t length = strnlen(name, GW_JIT_MAX_NAME + 1);
	if (length > GW_JIT_MAX_NAME)
		return gw_fail(GW_EINVAL, "%s: its name is longer than %d bytes", what,
			       GW_JIT_MAX_NAME);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return gw_fail(GW_EINVAL, "%s: byte %zu of its name is a control character",
				       what, i);
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		if (strncmp(name, reserved[i], strlen(reserved[i])) == 0)
			return gw_fail(GW_EINVAL,
				       "%s %s: names that begin with %s are the runtime's own",
				       what, name, reserved[i]);
	return GW_OK;
}

/* Whether the spare bits of a row are 0. */
static bool row_ends(const uint8_t *row, size_t words)
{
	return words % 8 == 0 || row[words / 8] >> words % 8 == 0;
}

/* The lowest word of the row that is a pointer, or words. */
static size_t lowest(const uint8_t *row, size_t words)
{
	size_t i = 0;
	while (i < words && (row[i / 8] >> i % 8 & 1) == 0)
		i++;
	return i;
}

static gw_status check_rows(const gw_jit_function *f, const char *what, const uint8_t *rows,
			    size_t words)
{
	if (words > GW_JIT_MAX_WORDS)
		return gw_fail(GW_EINVAL, "function %s: %s maps of %zu words, more than %d",
			       f->name, what, words, GW_JIT_MAX_WORDS);
	if (words == 0)
		return GW_OK;
	if (rows == NULL)
		return gw_fail(GW_EINVAL, "function %s: %zu %s words, but no %s maps", f->name,
			       words, what, what);
	for (size_t i = 0; i < f->map_count; i++)
		if (!row_ends(rows + i * ((words + 7) / 8), words))
			return gw_fail(GW_EINVAL,
				       "function %s: map %zu has %s bits beyond its %zu words",
				       f->name, i, what, words);
	return GW_OK;
}

static gw_status check_maps(const gw_jit_function *f)
{
	/* Without a map the runtime would never preempt the function (isAsyncSafePoint). */
	if (f->map_count == 0)
		return wrong(f, "no stack map; one is needed even when it is empty");
	if (f->map_count > GW_JIT_MAX_MAPS)
		return gw_fail(GW_EINVAL, "function %s: %zu stack maps, more than %d", f->name,
			       f->map_count, GW_JIT_MAX_MAPS);
	gw_status status = check_rows(f, "argument", f->arg_maps, f->arg_words);
	return status != GW_OK ? status : check_rows(f, "local", f->local_maps, f->local_words);
}

/* The maps cover local_words words below the saved BP whatever the SP delta is, so that a map can
   have pointers in words that a range has not pushed yet: the runtime would scan what is below SP.
   It looks at no map while there is nothing but the return address and BP. */
static bool below_sp(const gw_jit_function *f, const gw_jit_range *r, size_t *word)
{
	if (r->sp <= 8 || f->local_words == 0)
		return false;
	size_t pushed = (size_t)(r->sp - 8) / 8;
	if (pushed >= f->local_words)
		return false;
	*word = lowest(f->local_maps + (size_t)r->map * ((f->local_words + 7) / 8), f->local_words);
	return *word < f->local_words - pushed;
}

static gw_status check_range(const gw_jit_function *f, size_t i)
{
	const gw_jit_range *r = &f->ranges[i];
	uint32_t start = i == 0 ? 0 : r[-1].end;
	size_t word = 0;
#define REFUSE(...) return gw_fail(GW_EINVAL, "function %s: range %zu, %#x to %#x: " __VA_ARGS__)
#define RANGE f->name, i, start, r->end
	if (r->end <= start)
		REFUSE("it ends before it begins, or is empty", RANGE);
	if (r->end > f->code_size)
		REFUSE("it ends behind the code, at %#zx", RANGE, f->code_size);
	if (r->sp < 0 || r->sp % 8 != 0)
		REFUSE("the SP delta %d is not a multiple of 8, or negative", RANGE, r->sp);
	if (r->sp > GW_JIT_MAX_FRAME)
		REFUSE("the SP delta %d is over %d", RANGE, r->sp, GW_JIT_MAX_FRAME);
	if (i == 0 && r->sp != 0)
		REFUSE("the SP delta is %d at the entry, where nothing is pushed", RANGE, r->sp);
	if (r->line < 0 || r->line == INT32_MAX)
		REFUSE("no line is number %d", RANGE, r->line);
	if (r->map < 0 || (size_t)r->map >= f->map_count)
		REFUSE("stack map %d of %zu", RANGE, r->map, f->map_count);
	if (r->preempt > 1)
		REFUSE("preempt is %u, neither 0 nor 1", RANGE, r->preempt);
	if (below_sp(f, r, &word))
		REFUSE("stack map %d has a pointer in local word %zu of %zu, which is below SP",
		       RANGE, r->map, word, f->local_words);
#undef RANGE
#undef REFUSE
	return GW_OK;
}

gw_status gw_jit_check(const gw_jit_function *f)
{
	gw_status status = gw_jit_check_name("function", f->name);
	if (status != GW_OK)
		return status;
	/* showframe (runtime/traceback.go) */
	if (strchr(f->name, '.') == NULL)
		return wrong(f, "tracebacks hide names without a dot");
	if (f->file != NULL && *f->file == '\0')
		return wrong(f, "its file has no name; NULL is for no file");
	if (f->file != NULL && strnlen(f->file, GW_JIT_MAX_FILE + 1) > GW_JIT_MAX_FILE)
		return gw_fail(GW_EINVAL,
			       "function %s: the name of its file is longer than %d bytes", f->name,
			       GW_JIT_MAX_FILE);
	if (f->code == NULL || f->code_size == 0)
		return wrong(f, "no code");
	if (f->code_size > GW_JIT_MAX_CODE)
		return gw_fail(GW_EINVAL, "function %s: %zu bytes of code, more than %d", f->name,
			       f->code_size, GW_JIT_MAX_CODE);
	if (f->ranges == NULL || f->range_count == 0)
		return wrong(f, "no ranges");
	status = check_maps(f);
	for (size_t i = 0; status == GW_OK && i < f->range_count; i++)
		status = check_range(f, i);
	if (status == GW_OK && f->ranges[f->range_count - 1].end != f->code_size)
		return gw_fail(
			GW_EINVAL,
			"function %s: range %zu, the last one, ends at %#x, the code at %#zx",
			f->name, f->range_count - 1, f->ranges[f->range_count - 1].end,
			f->code_size);
	return status;
}
