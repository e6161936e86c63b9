/* Carries out plans for calls from Go to C. */
#include <alloca.h>
#include <errno.h>
#include <string.h>

#include "call.h"
#include "goexec.h"

/* A word at a time, and not in vectors as the compiler would: what is read here was written word by
   word just before, and a load that spans two such stores waits until they are in the cache. */
static uint64_t load(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	__asm__("" : "+r"(v));
	return v;
}

static void store(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}

#define EXTEND(type)                                                                               \
	do {                                                                                       \
		type narrow;                                                                       \
		memcpy(&narrow, src, sizeof narrow);                                               \
		store(dst, (uint64_t)(int64_t)narrow);                                             \
	} while (0)

/* strings: where copies of strings go, enough for all. */
static inline void run(const struct gw_move *moves, uint32_t n, char *const segment[GW_SEGMENTS],
		       char *strings)
{
	for (const struct gw_move *m = moves; n > 0; m++, n--) {
		const char *src = segment[m->from] + m->src;
		char *dst = segment[m->to] + m->dst;
		switch (m->op) {
		case GW_MOVE_WORDS:
			for (uint32_t i = 0; i < m->size; i++)
				store(dst + 8 * i, load(src + 8 * i));
			break;
		case GW_MOVE_BYTES:
			switch (m->size) {
			case 4:
				memcpy(dst, src, 4);
				break;
			case 2:
				memcpy(dst, src, 2);
				break;
			case 1:
				*dst = *src;
				break;
			default:
				memcpy(dst, src, m->size);
			}
			break;
		case GW_MOVE_Z1:
			EXTEND(uint8_t);
			break;
		case GW_MOVE_Z2:
			EXTEND(uint16_t);
			break;
		case GW_MOVE_Z4:
			EXTEND(uint32_t);
			break;
		case GW_MOVE_S1:
			EXTEND(int8_t);
			break;
		case GW_MOVE_S2:
			EXTEND(int16_t);
			break;
		case GW_MOVE_S4:
			EXTEND(int32_t);
			break;
		case GW_MOVE_STRING: {
			uint64_t p = load(src), length = load(src + 8);
			if (length == GW_GO_TERMINATED) {
				store(dst, p);
				break;
			}
			memcpy(strings, (const void *)(uintptr_t)p, length);
			strings[length] = 0;
			store(dst, (uint64_t)(uintptr_t)strings);
			strings += length + 1;
			break;
		}
		default:
			break;
		}
	}
}

/* Bytes for copies of the strings among the parameters; more than GW_GO_STRINGS_MAX: too many. */
static uint64_t string_bytes(const gw_go_plan *plan, char *const segment[GW_SEGMENTS])
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < plan->nin; i++) {
		const struct gw_move *m = &plan->in[i];
		if (m->op != GW_MOVE_STRING)
			continue;
		uint64_t length = load(segment[m->from] + m->src + 8);
		if (length == GW_GO_TERMINATED)
			continue;
		if (length >= GW_GO_STRINGS_MAX)
			return GW_GO_STRINGS_MAX + 1;
		total += length + 1;
	}
	return total;
}

uint64_t gw_go_call(const gw_go_plan *plan, const struct gw_rt_g *g, struct gw_go_regs *block,
		    char *stack, void (*fn)(void))
{
	const gw_signature *s = plan->signature;
	struct gw_invoke x;
	char *segment[GW_SEGMENTS] = {(char *)block, stack, (char *)&x, NULL, NULL};
	uint64_t strings = plan->shape.strings == 0 ? 0 : string_bytes(plan, segment);
	if (strings > GW_GO_STRINGS_MAX)
		return 1;

	uintptr_t high = g->stackhi;
	x.fn = fn;
	x.al = s->sses;
	x.stack_bytes = s->stack_bytes;
	x.stack_align = s->stack_align;
	x.x87 = 0;
	if (s->stack_bytes != 0) {
		x.stack = segment[GW_SEGMENT_C_STACK] = alloca(s->stack_bytes);
		gw_touch((unsigned char *)segment[GW_SEGMENT_C_STACK], s->stack_bytes);
	}
	if (s->hidden) {
		uint32_t align = s->result.type->align;
		uint32_t size = s->result.type->size + align;
		char *result = alloca(size);
		gw_touch((unsigned char *)result, size);
		result += -(uintptr_t)result & (align - 1);
		segment[GW_SEGMENT_RESULT] = result;
		x.ints[0] = (uint64_t)(uintptr_t)result;
	} else if (s->result.pieces != 0 && s->result.piece[0].where == GW_IN_X87) {
		x.x87 = s->result.pieces;
		memset(x.st, 0, sizeof x.st);
	}
	run(plan->in, plan->nin, segment, strings == 0 ? NULL : alloca(strings));
	if (plan->err)
		gw_invoke_errno(&x);
	else
		gw_invoke(&x);
	/* A callback may have moved the goroutine's stack. */
	intptr_t moved = (intptr_t)(g->stackhi - high);
	segment[GW_SEGMENT_GO_REGS] += moved;
	segment[GW_SEGMENT_GO_STACK] += moved;
	run(plan->out, plan->nout, segment, NULL);
	return 0;
}

/* Go's memory may be less aligned than a result that the function itself stores. */
void gw_go_safe_call(struct gw_go_safe_call *call)
{
	struct gw_callback_frame *in = gw_callback_innermost();
	const gw_signature *s = call->signature;
	uint32_t size = s->result.type->size, align = s->result.type->align;
	void *result = call->result;
	if (s->hidden && (uintptr_t)result % align != 0) {
		char *room = alloca(size + align);
		gw_touch((unsigned char *)room, size + align);
		result = room + (-(uintptr_t)room & (align - 1));
	}
	errno = 0;
	gw_call(s, call->fn, result, call->args);
	call->err = (uint64_t)errno;
	if (result != call->result)
		memcpy(call->result, result, size);
	gw_callback_check(in);
}

void gw_go_reflected_run(void *record, struct gw_closure_regs *regs)
{
	const struct gw_go_reflected *callback = record;
	gw_closure_handle(callback->signature, regs, callback->handler, record);
}
