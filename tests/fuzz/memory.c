/* Memory: machine code that goes with its plan, and the parser and the compiler of plans with every
   allocation failing once. The program is linked with --wrap of the functions below. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../bridge/emit.h"

enum { MOST = 64 /* allocations of a text */, CODES = MOST + 4 };

/* Code is for good. A million texts would fill the address space: here each piece has pages of its
   own, as where the system grants no others, and the text ends with them. */
static gw_code *codes[CODES];
static unsigned ncodes;

void *__wrap_gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own);
void *__wrap_gw_arena_keep(const uint8_t *code, uint32_t n, gw_code **own)
{
	gw_code *memory;
	CHECK(ncodes < CODES, "more code than plans");
	if (gw_code_new(&memory, n) != GW_OK)
		return NULL;
	memcpy(gw_code_data(memory), code, n);
	CHECK(gw_code_seal(memory) == GW_OK, "not sealed");
	if (own != NULL)
		*own = memory;
	else
		codes[ncodes++] = memory;
	return gw_code_data(memory);
}

void fuzz_free_codes(void)
{
	while (ncodes > 0)
		gw_code_free(codes[--ncodes]);
}

/* How many allocations succeed before one fails; negative: all do. */
static int left = -1;

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static bool same_moves(const struct gw_move *a, uint32_t na, const struct gw_move *b, uint32_t nb)
{
	if (na != nb)
		return false;
	for (uint32_t i = 0; i < na; i++)
		if (a[i].op != b[i].op || a[i].from != b[i].from || a[i].to != b[i].to ||
		    a[i].size != b[i].size || a[i].src != b[i].src || a[i].dst != b[i].dst)
			return false;
	return true;
}

/* Whether a failure was met. whole: the plan without any, or NULL. A plan without its
   code is one, too; it has all of its moves. */
static bool one_failure(const char *text, const gw_go_plan *whole, int n, bool callback)
{
	gw_go_plan *plan = NULL;
	left = n;
	gw_status status = gw_go_plan_new(&plan, text, false, callback);
	bool met = left < 0;
	left = -1;
	CHECK(status == (whole != NULL ? GW_OK : GW_EINVAL) || (met && status == GW_ENOMEM),
	      "without memory: status %d", (int)status);
	CHECK((status == GW_OK) == (plan != NULL), "without memory: a plan and status %d",
	      (int)status);
	if (plan != NULL)
		CHECK(same_moves(plan->in, plan->nin, whole->in, whole->nin) &&
			      same_moves(plan->out, plan->nout, whole->out, whole->nout),
		      "without memory: another plan");
	gw_go_plan_free(plan);
	return met;
}

void fuzz_without_memory(const char *text)
{
	for (int callback = 0; callback < 2; callback++) {
		gw_go_plan *whole = NULL;
		gw_go_plan_new(&whole, text, false, callback != 0);
		for (int n = 0; n < MOST && one_failure(text, whole, n, callback != 0); n++)
			;
		gw_go_plan_free(whole);
		fuzz_free_codes();
	}
}
