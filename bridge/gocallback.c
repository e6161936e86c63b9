/* Makes machine code of a plan for callbacks. The code is where thunks go.

   In:        R11 struct gw_thunk_slot *, whose record begins with a struct gw_go_callback;
   otherwise an ordinary C function of the signature. Preserves: what a C function must: BX, BP and
   R12-R15 are not touched. R11 until enter is called.

       RSP + size + 8
	     return address, above it the stack arguments
       RSP + size
	     Go's stack    parameters and results there
	     results       as in struct gw_closure_regs from CL_RAX on
	     image         DI SI DX CX R8 R9, XMM0-XMM7, those that are taken apart
	     hidden        where a result in memory goes
       RSP   invocation    struct gw_go_invocation */
#include "emit.h"
#include "goexec.h"

_Static_assert(offsetof(struct gw_go_callback, enter) == 0, "what call_enter calls");

struct callback_layout {
	uint32_t regs, hidden, image, results, go_stack, size;
};

enum {
	UNROLLED = 128 /* bytes */
};

/* Through DX; much of it through SI, DI and CX. */
static void copy(struct emitter *e, uint32_t src, unsigned to, uint32_t dst, uint32_t size)
{
	uint32_t words = size > UNROLLED ? size / 8 : 0;
	if (words != 0)
		gw_emit_copy_words(e, SP, src, to, dst, words);
	gw_emit_copy(e, SP, src + 8 * words, to, dst + 8 * words, size - 8 * words);
}

static bool callback_source(const struct callback_layout *f, uint8_t segment, uint32_t offset,
			    uint32_t *at)
{
	*at = segment == GW_SEGMENT_C_STACK ? f->size + 8 + offset : f->image + offset - CL_INTS;
	return segment == GW_SEGMENT_C_STACK || (segment == GW_SEGMENT_C_REGS && offset < CL_AL);
}

static uint32_t callback_go(const struct callback_layout *f, uint8_t segment, uint32_t offset)
{
	return segment == GW_SEGMENT_GO_REGS ? f->regs + offset : f->go_stack + offset;
}

/* Whether C's register at src goes to a place of Go's as it is. */
static bool whole(const struct gw_move *m)
{
	return m->op == GW_MOVE_WORDS && m->from == GW_SEGMENT_C_REGS;
}

static void callback_arguments(struct emitter *e, const struct callback_layout *f,
			       const gw_go_plan *plan)
{
	/* Registers first: DX, through which everything else goes, is one of them. */
	for (uint32_t i = 0; i < plan->nin; i++) {
		const struct gw_move *m = &plan->in[i];
		if (m->from != GW_SEGMENT_C_REGS)
			continue;
		for (uint32_t k = 0; k < (whole(m) ? m->size : 1); k++) {
			uint32_t src = (m->src + 8 * k) & ~7u;
			uint32_t dst = whole(m) ? callback_go(f, m->to, m->dst + 8 * k)
						: f->image + src - CL_INTS;
			if (src < CL_SSE)
				gw_emit_store(e, c_ints[(src - CL_INTS) / 8], SP, dst, 8);
			else
				gw_emit_move_float(e, false, (src - CL_SSE) / 8, SP, dst, 8);
		}
	}
	for (uint32_t i = 0; i < plan->nin; i++) {
		const struct gw_move *m = &plan->in[i];
		uint32_t src, dst = callback_go(f, m->to, m->dst);
		uint32_t size = m->op == GW_MOVE_WORDS ? 8 * m->size : m->size;
		bool sign = false;
		if (whole(m))
			continue;
		gw_move_size(m->op, &size, &sign);
		if (!callback_source(f, m->from, m->src, &src)) {
			e->failed = true;
		} else if (m->op == GW_MOVE_WORDS || m->op == GW_MOVE_BYTES) {
			copy(e, src, SP, dst, size);
		} else {
			gw_emit_load(e, DX, SP, src, size, sign);
			gw_emit_store(e, DX, SP, dst, 8);
		}
	}
}

/* What a register of the result is loaded with when one move fills it whole. */
struct fill {
	bool whole;
	uint32_t from, size;
	bool sign;
};

/* The piece of the result that m fills, by itself and from a slot of Go's registers; NULL when
 * there is none. */
static const struct gw_piece *filled(const gw_signature *s, const struct gw_move *m)
{
	bool extended = m->op != GW_MOVE_WORDS && m->op != GW_MOVE_BYTES;
	uint32_t size = extended || m->op == GW_MOVE_WORDS ? 8 : m->size;
	if (m->from != GW_SEGMENT_GO_REGS || m->to != GW_SEGMENT_C_REGS)
		return NULL;
	for (unsigned i = 0; i < s->result.pieces; i++) {
		const struct gw_piece *p = &s->result.piece[i];
		uint32_t at = (p->where == GW_IN_SSE ? CL_XMM0 : CL_RAX) + 8u * p->index;
		if (p->where != GW_IN_X87 && m->dst == at && p->size <= size)
			return p;
	}
	return NULL;
}

static void callback_results(struct emitter *e, const struct callback_layout *f,
			     const gw_go_plan *plan)
{
	const gw_signature *s = plan->signature;
	struct fill fills[2] = {{.whole = false}};
	if (s->hidden)
		gw_emit_load(e, R8, SP, f->hidden, 8, false);
	/* Through DX, so registers come last. */
	for (uint32_t i = 0; i < plan->nout; i++) {
		struct gw_move m = plan->out[i];
		if (m.op == GW_MOVE_WORDS && m.to == GW_SEGMENT_RESULT) {
			copy(e, callback_go(f, m.from, m.src), R8, m.dst, 8 * m.size);
			continue;
		}
		for (uint32_t k = m.op == GW_MOVE_WORDS ? m.size : 1; k > 0;
		     k--, m.src += 8, m.dst += 8) {
			uint32_t src = callback_go(f, m.from, m.src),
				 size = m.op == GW_MOVE_WORDS ? 8 : m.size;
			const struct gw_piece *p = filled(s, &m);
			unsigned base = m.to == GW_SEGMENT_RESULT ? R8 : SP;
			uint32_t dst =
				m.to == GW_SEGMENT_RESULT ? m.dst : f->results + m.dst - CL_RAX;
			bool sign = false,
			     extended = m.op != GW_MOVE_WORDS && m.op != GW_MOVE_BYTES;
			gw_move_size(m.op, &size, &sign);
			if (p != NULL) {
				fills[p - s->result.piece] =
					(struct fill){true, src, extended ? size : 8, sign};
			} else if (extended) {
				gw_emit_load(e, DX, SP, src, size, sign);
				gw_emit_store(e, DX, base, dst, 8);
			} else {
				copy(e, src, base, dst, size);
			}
		}
	}
	if (s->hidden) {
		gw_emit_move(e, AX, R8);
		return;
	}
	for (unsigned i = s->result.pieces; i > 0; i--) { /* ST1 before ST0 */
		const struct gw_piece *p = &s->result.piece[i - 1];
		const struct fill *w = &fills[i - 1];
		if (p->where == GW_IN_X87) {
			gw_emit_byte(e, 0xdb); /* fldt at(%rsp) */
			gw_emit_operand(e, 5, SP, f->results + CL_ST - CL_RAX + 16u * p->index);
		} else if (p->where == GW_IN_SSE) {
			uint32_t at = f->results + CL_XMM0 - CL_RAX + 8u * p->index;
			gw_emit_move_float(e, true, p->index, SP, w->whole ? w->from : at, 8);
		} else {
			uint32_t at = f->results + 8u * p->index;
			gw_emit_load(e, p->index == 0 ? AX : DX, SP, w->whole ? w->from : at,
				     w->whole ? w->size : 8, w->sign);
		}
	}
}

void *gw_go_callback_code(const gw_go_plan *plan)
{
	const gw_signature *s = plan->signature;
	static const uint8_t call_enter[] = {0xff, 0x10}; /* call *(%rax) */
	struct callback_layout f;
	struct emitter emitter, *e = &emitter;
	gw_emit_begin(e);
	uint32_t at = sizeof(struct gw_go_invocation);
	f.regs = offsetof(struct gw_go_invocation, regs);
	f.hidden = at;
	at += 8;
	f.image = at;
	at += CL_AL - CL_INTS;
	f.results = at;
	at += CL_SIZE - CL_RAX;
	f.go_stack = at;
	at += plan->shape.stack_frame;
	f.size = ((at + 15) & ~15u) + 8;

	gw_emit_frame(e, f.size);
	if (s->hidden)
		gw_emit_store(e, DI, SP, f.hidden, 8);
	callback_arguments(e, &f, plan);
	if (plan->shape.stack_frame != 0) {
		gw_emit_lea(e, DX, SP, f.go_stack);
		gw_emit_store(e, DX, SP, offsetof(struct gw_go_invocation, stack), 8);
	}
	gw_emit_lea(e, DI, SP, 0);
	gw_emit_load(e, AX, R11, offsetof(struct gw_thunk_slot, record), 8, false);
	gw_emit_bytes(e, call_enter, sizeof call_enter);
	callback_results(e, &f, plan);
	gw_emit_adjust(e, false, f.size);
	gw_emit_byte(e, 0xc3);
	return gw_emit_end(e, NULL);
}
