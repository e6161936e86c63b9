/* Calls on every road there is for a signature:

       gw_call -> recorder
       machine code of a plan -> recorder    the values where Go has them, by layout.c
       gw_call -> thunk -> code of a plan -> a callback that has Go's registers
       gw_call -> closure -> a handler

   The recorder and the callbacks must see the values in memory that the call began with, in the
   places of the signature or where layout.c says that Go has them; and the caller must get the
   result. All that nobody defines is garbage: padding, the upper bytes of narrow values in Go's
   registers and of results in C's. */
#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../bridge/call.h"

enum {
	MAX_BYTES = 16384, /* of all values */
	GUARD = 64,
	ERRNO = 7
};

/* A goroutine's stack: the registers and the stack arguments, between guards. */
struct goroutine {
	unsigned char *bytes;
	uint32_t size;
};
enum { BLOCK = GUARD, STACK = BLOCK + sizeof(struct gw_go_regs) + GUARD };

/* The call at hand. */
static struct {
	const gw_signature *s;
	struct fuzz_value *params, result;
	struct fuzz_go_place *go_params, go_result, go_err;
	const char *road;
	unsigned calls;
	unsigned char *stack; /* the stack arguments that the recorder saw */
	/* Where the goroutine's stack moves to while C runs; NULL: it stays. */
	struct gw_rt_g g;
	struct goroutine *from, *to;
	uint64_t random;
} now;

bool fuzz_executable(const gw_signature *s)
{
	uint64_t total = s->result.type->size;
	for (uint32_t i = 0; i < s->count; i++)
		total += fuzz_go_size(s->params[i].type);
	return total <= MAX_BYTES;
}

static void fill(void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)to)[i] = (unsigned char)fuzz_random(&now.random);
}

/* ---- The C function ---- */

/* What C takes for granted of a narrow integer: 32 bits (callcode.c). 0: nothing. */
static uint32_t extended(const struct fuzz_value *v, uint32_t *mask)
{
	*mask = UINT32_MAX;
	switch (v->type->kind) {
	case GW_BOOL:
	case GW_U8:
		return v->bytes[0];
	case GW_I8:
		return (uint32_t)(int8_t)v->bytes[0];
	case GW_U16:
		return v->bytes[0] | (uint32_t)v->bytes[1] << 8;
	case GW_I16:
		return (uint32_t)(int16_t)(v->bytes[0] | v->bytes[1] << 8);
	}
	return *mask = 0;
}

static void check_argument(const struct gw_place *place, const struct fuzz_value *v,
			   uint32_t number)
{
	for (unsigned i = 0; i < place->pieces; i++) {
		const struct gw_piece *p = &place->piece[i];
		const unsigned char *is = now.stack + p->stack;
		if (p->where == GW_IN_INT)
			is = (const unsigned char *)&fuzz_recorded.ints[p->index];
		else if (p->where == GW_IN_SSE)
			is = (const unsigned char *)&fuzz_recorded.sse[p->index];
		if (place->type->kind == GW_GO_STR && v->length != GW_GO_TERMINATED) {
			const char *string;
			memcpy(&string, is, 8);
			CHECK(strcmp(string, v->string) == 0, "%s: parameter %u: another string",
			      now.road, number);
			continue;
		}
		for (uint32_t k = 0; k < p->size; k++) {
			uint32_t at = p->offset + k;
			CHECK(((is[k] ^ v->bytes[at]) & v->mask[at]) == 0,
			      "%s: parameter %u: byte %u is %02x and not %02x", now.road, number,
			      at, is[k], v->bytes[at]);
		}
		uint32_t mask, should = extended(v, &mask), word;
		memcpy(&word, is, 4);
		CHECK(((word ^ should) & mask) == 0, "%s: parameter %u: %08x and not %08x",
		      now.road, number, word, should);
	}
}

static void check_arguments(void)
{
	const gw_signature *s = now.s;
	now.calls++;
	CHECK(fuzz_recorded.sp % s->stack_align == 0, "%s: stack pointer %llx", now.road,
	      (unsigned long long)fuzz_recorded.sp);
	CHECK(fuzz_recorded.al == s->sses, "%s: al is %u and not %u", now.road,
	      (unsigned)fuzz_recorded.al, s->sses);
	for (uint32_t i = 0; i < s->count; i++)
		check_argument(&s->params[i], &now.params[i], i + 1);
}

static void give_result(void)
{
	const struct gw_place *place = &now.s->result;
	const struct fuzz_value *v = &now.result;
	uint64_t *ints[2] = {&fuzz_returned.rax, &fuzz_returned.rdx};
	uint64_t *sses[2] = {&fuzz_returned.xmm0, &fuzz_returned.xmm1};
	fill(&fuzz_returned, sizeof fuzz_returned);
	fuzz_returned.x87 = 0;
	if (now.s->hidden) {
		fuzz_returned.rax = fuzz_recorded.ints[0];
		CHECK(fuzz_returned.rax % place->type->align == 0, "%s: a result at %llx", now.road,
		      (unsigned long long)fuzz_returned.rax);
		memcpy((void *)(uintptr_t)fuzz_returned.rax, v->bytes, place->type->size);
		return;
	}
	for (unsigned i = 0; i < place->pieces; i++) {
		const struct gw_piece *p = &place->piece[i];
		if (p->where == GW_IN_X87) {
			fuzz_returned.x87 = place->pieces;
			memcpy(fuzz_returned.st[p->index], v->bytes + p->offset, 10);
		} else {
			memcpy((p->where == GW_IN_INT ? ints : sses)[p->index],
			       v->bytes + p->offset, p->size);
		}
	}
}

/* A callback that C makes grows the goroutine's stack, and the old one is gone. */
static void move_goroutine(void)
{
	if (now.to == NULL)
		return;
	memcpy(now.to->bytes, now.from->bytes, now.from->size);
	memset(now.from->bytes, 0xdb, now.from->size);
	now.g.stackhi += (uintptr_t)now.to->bytes - (uintptr_t)now.from->bytes;
}

/* Not instrumented: the words lie in a frame of assembly. */
__attribute__((no_sanitize_address)) static void copy_stack(void)
{
	const volatile uint64_t *from = (const volatile uint64_t *)(uintptr_t)fuzz_recorded.sp;
	uint64_t *to = (uint64_t *)(void *)now.stack;
	for (uint32_t i = 0; i < now.s->stack_bytes / 8; i++)
		to[i] = from[i];
}

void fuzz_record(void)
{
	copy_stack();
	check_arguments();
	give_result();
	move_goroutine();
	errno = ERRNO;
}

/* ---- The callers ---- */

static bool x87_is_empty(void)
{
	struct {
		uint16_t words[14];
	} env;
	__asm__ volatile("fnstenv %0\n\tfldenv %0" : "+m"(env));
	return env.words[4] == 0xffff;
}

static void check_c_result(const unsigned char *is)
{
	const struct fuzz_value *v = &now.result;
	for (uint32_t i = 0; i < v->type->size; i++)
		CHECK(((is[i] ^ v->bytes[i]) & v->mask[i]) == 0,
		      "%s: result: byte %u is %02x and not %02x", now.road, i, is[i], v->bytes[i]);
	CHECK(x87_is_empty(), "%s: values left on the x87 stack", now.road);
}

/* fn with gw_call; the result in memory of exactly its size. */
static void call_from_c(const char *road, void (*fn)(void))
{
	const struct gw_type *type = now.s->result.type;
	void *args[GW_MAX_PARAMS], *result;
	size_t size = type->size == 0 ? 1 : type->size;
	now.road = road;
	for (uint32_t i = 0; i < now.s->count; i++)
		args[i] = now.params[i].bytes;
	if (posix_memalign(&result, type->align < 8 ? 8 : type->align, size) != 0)
		abort();
	fill(result, size);
	now.calls = 0;
	gw_call(now.s, fn, result, args);
	CHECK(now.calls == 1, "%s: %u calls", road, now.calls);
	check_c_result(result);
	free(result);
	now.calls = 0;
	gw_call(now.s, fn, NULL, args); /* the result is dropped */
	CHECK(now.calls == 1 && x87_is_empty(), "%s: result dropped", road);
}

static struct gw_go_regs *block_of(const struct goroutine *g)
{
	return (struct gw_go_regs *)(void *)(g->bytes + BLOCK);
}

/* What a road from Go leaves: the result in Go's registers or on its stack, errno after it, and
   nothing else written around. */
static void check_go_result(const gw_go_plan *plan, const struct gw_go_regs *regs)
{
	const struct goroutine *at = now.to != NULL ? now.to : now.from;
	const unsigned char *stack = at->bytes + STACK;
	struct fuzz_value err = {.type = gw_type_static(GW_U64), .go_size = 8};
	uint64_t number = ERRNO, all = UINT64_MAX;
	err.go = (unsigned char *)&number;
	err.go_mask = (unsigned char *)&all;
	CHECK(now.calls == 1, "%s: %u calls", now.road, now.calls);
	CHECK(x87_is_empty(), "%s: values left on the x87 stack", now.road);
	if (now.s->result.type->kind != GW_VOID)
		fuzz_go_check(&now.go_result, &now.result, regs, stack, now.road);
	if (plan->err)
		fuzz_go_check(&now.go_err, &err, regs, stack, now.road);
	for (uint32_t i = 0; i < GUARD; i++)
		CHECK(at->bytes[i] == 0xa5 && at->bytes[STACK - GUARD + i] == 0xa5 &&
			      at->bytes[at->size - GUARD + i] == 0xa5,
		      "%s: writes outside of Go's stack frame", now.road);
	for (uint32_t i = 0; now.to != NULL && i < now.from->size; i++)
		CHECK(now.from->bytes[i] == 0xdb, "%s: writes to the stack that was", now.road);
}

static void fill_goroutine(struct goroutine *g)
{
	memset(g->bytes, 0xa5, g->size);
	fill(g->bytes + BLOCK, sizeof(struct gw_go_regs));
	fill(g->bytes + STACK, g->size - GUARD - STACK);
	for (uint32_t i = 0; i < now.s->count; i++)
		fuzz_go_put(&now.go_params[i], &now.params[i], block_of(g), g->bytes + STACK);
	now.g.stackhi = (uintptr_t)g->bytes + g->size + 4096;
	now.calls = 0;
}

/* Whether the code has no room for the strings; terminated ones take none, or are taken for long
 * ones.
 */
static bool too_long(bool terminated_too)
{
	uint64_t left = GW_GO_STRINGS_MAX;
	for (uint32_t i = 0; i < now.s->count; i++) {
		const struct fuzz_value *v = &now.params[i];
		if (v->type->kind != GW_GO_STR ||
		    (v->length == GW_GO_TERMINATED && !terminated_too))
			continue;
		if (v->length >= left)
			return true;
		left -= v->length + 1;
	}
	return false;
}

/* Runs the piece of the code that begins so many bytes before it. */
static void run(const gw_go_plan *plan, const char *road, uint32_t before, uint64_t r12,
		uint64_t r13)
{
	struct fuzz_machine *m = &fuzz_machine;
	now.road = road;
	m->code = (const char *)plan->shape.code - before;
	m->r12 = r12;
	m->r13 = r13;
	m->r14 = 0x1234567890abcdef;
	m->r15 = (uint64_t)(uintptr_t)fuzz_recorder;
	fuzz_enter();
	CHECK(m->r12 == r12 && m->r13 == r13 && m->r14 == 0x1234567890abcdef && m->moved == 0,
	      "%s: R12, R13, R14 or RSP is lost", road);
}

/* Calls with Go's registers as they came, or with load from memory. */
static void call_by_code(const gw_go_plan *plan, bool load)
{
	struct fuzz_machine *m = &fuzz_machine;
	struct gw_go_regs regs;
	fill_goroutine(now.from);
	if (too_long(false))
		return;
	m->regs = regs = *block_of(now.from);
	if (load) {
		fill(&m->regs, sizeof m->regs);
		m->regs.ints[1] = (uint64_t)(uintptr_t)&regs; /* BX */
	}
	m->rbp = 0x12340;
	run(plan,
	    load        ? "machine code, load"
	    : plan->err ? "machine code, errno"
			: "machine code",
	    load ? 8 : 0, (uint64_t)(uintptr_t)&now.g,
	    now.g.stackhi - ((uintptr_t)now.from->bytes + STACK) - m->rbp);
	CHECK((m->r15 == 0) == (plan->shape.long_result != 0), "%s: R15", now.road);
	check_go_result(plan, &m->regs);
}

/* Nothing of Go's changes. */
static void check_kept(const struct gw_go_regs *regs)
{
	const struct fuzz_machine *m = &fuzz_machine;
	CHECK(memcmp(&m->regs, regs, sizeof *regs) == 0, "%s: a register is lost", now.road);
	CHECK(now.calls == 0, "%s: a call", now.road);
}

static void check_save(const gw_go_plan *plan)
{
	struct fuzz_machine *m = &fuzz_machine;
	struct gw_go_regs regs, to, garbage;
	fill_goroutine(now.from);
	m->regs = regs = *block_of(now.from);
	fill(&garbage, sizeof garbage);
	to = garbage;
	run(plan, "machine code, save", 16, 0, (uint64_t)(uintptr_t)&to);
	check_kept(&regs);
	for (uint32_t i = 0; i < GW_GO_INTS; i++)
		CHECK(to.ints[i] == (i < plan->shape.ints_in ? &regs : &garbage)->ints[i],
		      "save: integer %u", i);
	for (uint32_t i = 0; i < GW_GO_FLOATS; i++)
		CHECK(to.floats[i] == (i < plan->shape.floats_in ? &regs : &garbage)->floats[i],
		      "save: float %u", i);
}

static void check_pin(const gw_go_plan *plan)
{
	struct fuzz_machine *m = &fuzz_machine;
	struct gw_go_regs regs;
	uint64_t slots[GW_GO_WORK_POINTERS + 1], pin;
	uint32_t n = 0;
	fill_goroutine(now.from);
	m->regs = regs = *block_of(now.from);
	memset(slots, 0xa5, sizeof slots);
	const unsigned char *stack = now.from->bytes + STACK;
	run(plan, "machine code, pin", 24, (uint64_t)(uintptr_t)stack, (uint64_t)(uintptr_t)slots);
	check_kept(&regs);
	CHECK(m->zero == !too_long(true), "pin: the length of strings: %u", m->zero);
	for (uint32_t i = 0; i < GW_GO_INTS; i++)
		if (plan->shape.pointers >> i & 1)
			CHECK(slots[n++] == regs.ints[i], "pin: register %u", i);
	for (uint32_t i = 0; i < plan->shape.hidden_pointers; i++) {
		CHECK(plan->hidden[i] % 8 == 0 && plan->hidden[i] + 8 <= plan->shape.stack_args,
		      "pin: offset %u", plan->hidden[i]);
		memcpy(&pin, stack + plan->hidden[i], 8);
		CHECK(slots[n++] == pin, "pin: stack argument at %u", plan->hidden[i]);
	}
	for (; n < plan->shape.slots; n++)
		CHECK(slots[n] == 0, "pin: word %u", n);
	CHECK(slots[n] == 0xa5a5a5a5a5a5a5a5, "pin: writes outside");
}

/* ---- The callees in Go, and handlers ---- */

static void invoke(struct gw_go_invocation *call)
{
	now.calls++;
	for (uint32_t i = 0; i < now.s->count; i++)
		fuzz_go_check(&now.go_params[i], &now.params[i], &call->regs,
			      (unsigned char *)call->stack, now.road);
	fill(&call->regs, sizeof call->regs);
	if (now.s->result.type->kind != GW_VOID)
		fuzz_go_put(&now.go_result, &now.result, &call->regs, (unsigned char *)call->stack);
}

static void handle(void *result, void *const *args, void *user)
{
	now.calls++;
	CHECK(user == &now, "%s: user", now.road);
	for (uint32_t i = 0; i < now.s->count; i++) {
		const struct fuzz_value *v = &now.params[i];
		const unsigned char *is = args[i];
		CHECK(v->type->size == 0 || (uintptr_t)is % v->type->align == 0,
		      "%s: parameter %u is not aligned", now.road, i + 1);
		for (uint32_t k = 0; k < v->type->size; k++)
			CHECK(((is[k] ^ v->bytes[k]) & v->mask[k]) == 0,
			      "%s: parameter %u: byte %u is %02x and not %02x", now.road, i + 1, k,
			      is[k], v->bytes[k]);
	}
	/* An empty struct with an alignment above 16 is where the others are, whatever it asks for.
	 */
	CHECK(now.result.type->size == 0 || (uintptr_t)result % now.result.type->align == 0,
	      "%s: result is not aligned", now.road);
	memcpy(result, now.result.bytes, now.result.type->size);
}

static void call_to_go(const gw_go_plan *plan)
{
	/* Of a string C has the address alone, and it is another one than Go had. */
	for (uint32_t i = 0; i < now.s->count; i++)
		if (now.params[i].type->kind == GW_GO_STR)
			memcpy(now.params[i].go, now.params[i].bytes, 8);
	/* A thunk for the life of the program: where it goes is what changes. */
	static struct gw_go_callback callback = {invoke};
	static void *thunk;
	if (thunk == NULL)
		CHECK(gw_thunk_alloc(plan->shape.code, &callback, &thunk) == GW_OK, "no thunk");
	gw_thunk_set(thunk, plan->shape.code, &callback);
	call_from_c("callback", (void (*)(void))(uintptr_t)thunk);
	fuzz_counts.called_back++;
}

static void call_closure(void)
{
	gw_closure *closure;
	CHECK(gw_closure_new(&closure, now.s, handle, &now) == GW_OK, "no closure: %s",
	      gw_last_error());
	call_from_c("closure", (void (*)(void))(uintptr_t)gw_closure_code(closure));
	gw_closure_free(closure);
}

/* ---- All of it ---- */

/* A long double that travels on the x87 stack: its padding is 0 afterwards, whatever it was, since
   Go compares it. */
static void clear_padding(struct fuzz_value *v, const struct gw_place *place)
{
	for (unsigned i = 0; i < place->pieces && place->piece[i].where == GW_IN_X87; i++) {
		memset(v->bytes + place->piece[i].offset + 10, 0, 6);
		memset(v->mask + place->piece[i].offset, 0xff, 16);
	}
}

static void new_goroutine(struct goroutine *g, uint32_t frame)
{
	g->size = (uint32_t)STACK + frame + GUARD;
	g->bytes = malloc(g->size);
}

static bool go_can_be_called(const gw_signature *s)
{
	bool can = s->result.type->kind != GW_GO_STR;
	for (uint32_t i = 0; i < s->count; i++)
		can &= s->params[i].type->kind != GW_GO_SLICE &&
		       s->params[i].type->kind != GW_GO_FUNC;
	return can;
}

/* to: where the goroutine's stack moves to; NULL: it stays. */
static void call_from_go(gw_go_plan *const plans[2], struct goroutine *to)
{
	now.to = to;
	for (int err = 0; err < 2; err++) {
		if (plans[err]->shape.code == NULL)
			continue;
		call_by_code(plans[err], false);
		call_by_code(plans[err], true);
		if (to == NULL) {
			check_save(plans[err]);
			check_pin(plans[err]);
		}
	}
	now.to = NULL;
}

void fuzz_execute(const gw_signature *s, gw_go_plan *const plans[2], const gw_go_plan *callback,
		  uint64_t seed)
{
	static bool ready;
	uintptr_t secure;
	struct fuzz_value params[GW_MAX_PARAMS];
	struct fuzz_go_place go_params[GW_MAX_PARAMS];
	struct fuzz_go_side side = {0};
	struct goroutine a, b;
	if (!ready)
		gw_call_setup(&secure);
	ready = true;
	memset(&now, 0, sizeof now);
	now.s = s;
	now.random = seed;
	now.params = params;
	now.go_params = go_params;
	now.stack = malloc(s->stack_bytes + 8);
	for (uint32_t i = 0; i < s->count; i++) {
		fuzz_value_make(&params[i], s->params[i].type, &now.random);
		if (callback != NULL)
			fuzz_go_assign(&side, s->params[i].type, &go_params[i]);
	}
	/* A string that is a result is what C returns, its address: Go makes the string of it. */
	fuzz_value_make(&now.result, s->result.type, &now.random);
	if (s->result.type->kind == GW_GO_STR)
		memcpy(now.result.go, now.result.bytes, 8);
	clear_padding(&now.result, &s->result);
	side = (struct fuzz_go_side){.stack = (side.stack + 7) / 8 * 8};
	if (s->result.type->kind != GW_VOID && callback != NULL)
		fuzz_go_assign(&side, s->result.type, &now.go_result);
	fuzz_go_assign(&side, gw_type_static(GW_U64), &now.go_err);
	new_goroutine(&a, (side.stack + 7) / 8 * 8);
	new_goroutine(&b, (side.stack + 7) / 8 * 8);
	now.from = &a;
	call_from_c("gw_call", fuzz_recorder);
	if (callback != NULL) {
		call_from_go(plans, NULL);
		call_from_go(plans, &b);
	}
	if (s->fixed == s->count)
		call_closure();
	if (callback != NULL && go_can_be_called(s))
		call_to_go(callback);
	free(a.bytes);
	free(b.bytes);
	fuzz_value_free(&now.result);
	for (uint32_t i = 0; i < s->count; i++)
		fuzz_value_free(&params[i]);
	free(now.stack);
}
