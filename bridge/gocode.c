/* Makes machine code of a plan for calls: what gw_go_call does by interpreting it, without memory
   in between where registers will do. Called from the trampolines (trampolines/code_amd64.s) on the
   system stack with Go's registers as they came.

   In:        AX BX CX DI SI R8 R9 R10 R11, X0-X14 as Go's convention has them; R12 g, R13
   g.stack.hi - SP as at the entry of the bound function (ccall's contract); R15 the C function.
   Out:       the same registers, with the results; results on Go's stack stored. With strings R11
   is 1 when they are too long and nothing was called, else 0. Clobbers:  everything else but R12,
   R13, R14 and RSP. (RBP: the trampoline has it in R14.) Stack:     16-byte aligned before the call
   instruction.

       RSP + size
	     strings       copies, STRINGS bytes
	     slots         address and length of each string
	     hidden        a result in memory
	     results       RAX RDX XMM0 XMM1, errno, ST0 ST1
	     image         DI SI DX CX R8 R9, XMM0-XMM7: what is put together in memory first
       RSP   stack         arguments in memory

   There is no code for what is rare or large; the interpreter serves it then. */
#include <string.h>

#include "emit.h"
#include "goexec.h"

static const uint8_t go_ints[GW_GO_INTS] = {AX, BX, CX, DI, SI, R8, R9, R10, R11};

enum {
	STRINGS = 512,    /* bytes for copies of strings */
	MAX_FRAME = 3072, /* of a frame: well within a page, so that a stack's end is met and not
			     stepped over */
	G_STACK_HI = 8    /* offset in g */
};

_Static_assert(offsetof(struct gw_rt_g, stackhi) == G_STACK_HI, "g");

/* Where jumps end that are to go to the same place. */
enum { MAX_STRINGS = 8 };
struct jumps {
	uint32_t at[MAX_STRINGS], n;
};

/* What goes into a register of C's. */
struct source {
	enum { NOTHING, REGISTER, IMAGE } kind;
	uint8_t reg; /* of Go's, for REGISTER */
};

/* BP = the address of the stack arguments, which lie above the return PC at the entry's SP. */
static void find_go_stack(struct emitter *e)
{
	static const uint8_t sub_r13_rbp[] = {0x4c, 0x29, 0xed};
	gw_emit_load(e, BP, R12, G_STACK_HI, 8, false);
	gw_emit_bytes(e, sub_r13_rbp, sizeof sub_r13_rbp);
	gw_emit_lea(e, BP, BP, 8);
}

/* Where the segments of a plan for calls are in memory. */
static bool in_memory(const struct emitter *e, uint8_t segment, uint32_t offset, unsigned *base,
		      uint32_t *at)
{
	*base = SP;
	switch (segment) {
	case GW_SEGMENT_GO_STACK:
		*base = BP;
		*at = offset;
		return true;
	case GW_SEGMENT_C_STACK:
		*at = offset;
		return true;
	case GW_SEGMENT_RESULT:
		*at = e->hidden + offset;
		return true;
	case GW_SEGMENT_C_REGS:
		if (offset >= IV_INTS && offset < IV_STACK_BYTES) {
			*at = e->image + offset - IV_INTS;
			return true;
		}
		if (offset >= IV_RAX) {
			*at = e->results + offset - IV_RAX;
			return true;
		}
		return false;
	default:
		return false;
	}
}

static bool is_float_register(uint32_t offset)
{
	return offset >= offsetof(struct gw_go_regs, floats);
}

static unsigned float_register(uint32_t offset)
{
	return (unsigned)((offset - offsetof(struct gw_go_regs, floats)) / 8);
}

/* One move from Go's side to memory; m is not GW_MOVE_WORDS of more than one. */
static void move_in(struct emitter *e, const struct gw_move *m)
{
	unsigned from, to;
	uint32_t src = m->src, dst, size = m->op == GW_MOVE_WORDS ? 8 * m->size : m->size;
	bool sign = false, extended = m->op != GW_MOVE_WORDS && m->op != GW_MOVE_BYTES;
	gw_move_size(m->op, &size, &sign);
	if (!in_memory(e, m->to, m->dst, &to, &dst)) {
		e->failed = true;
		return;
	}
	if (m->from == GW_SEGMENT_GO_REGS && is_float_register(src)) {
		gw_emit_move_float(e, false, float_register(src), to, dst, size);
	} else if (m->from == GW_SEGMENT_GO_REGS && extended) {
		gw_emit_extend(e, DX, go_ints[src / 8], size, sign);
		gw_emit_store(e, DX, to, dst, 8);
	} else if (m->from == GW_SEGMENT_GO_REGS) {
		gw_emit_store(e, go_ints[src / 8], to, dst, size);
	} else if (!in_memory(e, m->from, src, &from, &src)) {
		e->failed = true;
	} else if (extended) {
		gw_emit_load(e, DX, from, src, size, sign);
		gw_emit_store(e, DX, to, dst, 8);
	} else {
		gw_emit_copy(e, from, src, to, dst, size);
	}
}

/* One move from C's side, in memory by now, to Go's. */
static void move_out(struct emitter *e, const struct gw_move *m)
{
	unsigned from, to;
	uint32_t src, dst = m->dst, size = m->op == GW_MOVE_WORDS ? 8 * m->size : m->size;
	bool sign = false;
	gw_move_size(m->op, &size, &sign);
	if (!in_memory(e, m->from, m->src, &from, &src)) {
		e->failed = true;
		return;
	}
	if (m->to == GW_SEGMENT_GO_REGS && is_float_register(dst))
		gw_emit_move_float(e, true, float_register(dst), from, src, size);
	else if (m->to == GW_SEGMENT_GO_REGS)
		gw_emit_load(e, go_ints[dst / 8], from, src, size, sign);
	else if (!in_memory(e, m->to, dst, &to, &dst) ||
		 (m->op != GW_MOVE_WORDS && m->op != GW_MOVE_BYTES))
		e->failed = true;
	else
		gw_emit_copy(e, from, src, to, dst, size);
}

static void move_any(struct emitter *e, bool vector, unsigned to, unsigned from)
{
	if (to == from)
		return;
	if (vector)
		gw_emit_move_vector(e, to, from);
	else
		gw_emit_move(e, to, from);
}

/* n registers from registers, all at once: one is written when nobody needs it any more. BP, or
 * X15, breaks cycles. */
static void shuffle(struct emitter *e, bool vector, struct source *sources, unsigned n)
{
	for (;;) {
		struct source *waiting = NULL;
		bool progress = false;
		for (unsigned i = 0; i < n; i++) {
			if (sources[i].kind != REGISTER)
				continue;
			unsigned to = vector ? i : c_ints[i];
			bool needed = false;
			for (unsigned k = 0; k < n; k++)
				needed |= k != i && sources[k].kind == REGISTER &&
					  sources[k].reg == to;
			if (needed) {
				waiting = &sources[i];
				continue;
			}
			move_any(e, vector, to, sources[i].reg);
			sources[i].kind = NOTHING;
			progress = true;
		}
		if (waiting == NULL)
			return;
		if (!progress) {
			unsigned spare = vector ? 15 : BP;
			move_any(e, vector, spare, waiting->reg);
			waiting->reg = (uint8_t)spare;
		}
	}
}

/* A copy of the string in slot at to, which ends at end. Returns where the next one goes, or NULL:
 * too long. */
static char *copy_string(uint64_t slot[2], char *to, const char *end)
{
	uint64_t length = slot[1];
	if (length >= (uint64_t)(end - to))
		return NULL;
	const char *from = (const char *)(uintptr_t)slot[0];
	for (uint64_t i = 0; i + 8 <= length; i += 8)
		memcpy(to + i, from + i, 8);
	for (uint64_t i = length & ~7ull; i < length; i++)
		to[i] = from[i];
	to[length] = '\0';
	slot[0] = (uint64_t)(uintptr_t)to;
	return to + length + 1;
}

static void lay_out(struct emitter *e, const gw_go_plan *plan)
{
	const gw_signature *s = plan->signature;
	uint32_t at = s->stack_bytes;
	e->image = at;
	at += IV_STACK_BYTES - IV_INTS;
	e->results = at;
	at += IV_SIZE - IV_RAX;
	at = (at + 15) & ~15u;
	e->hidden = at;
	at += s->hidden ? (s->result.type->size + 15) & ~15u : 0;
	e->slots = at;
	at += 16 * plan->shape.strings;
	e->strings = at;
	at += plan->shape.strings != 0 ? STRINGS : 0;
	e->size = ((at + 15) & ~15u) + 8; /* the return address makes it a multiple of 16 */
}

/* Whether there can be code for plan. */
static bool suitable(const gw_go_plan *plan)
{
	const gw_signature *s = plan->signature;
	return s->fixed == s->count && s->stack_align == 16 && s->result.type->align <= 16 &&
	       s->stack_bytes <= 1024 && s->result.type->size <= 1024 &&
	       plan->shape.hidden_pointers == 0 && plan->shape.string_result == 0 &&
	       plan->shape.strings <= MAX_STRINGS &&
	       (plan->shape.strings == 0 ||
		(plan->shape.floats_in == 0 && plan->shape.ints_out < GW_GO_INTS));
}

/* Calls copy_string for each slot, and puts the copies' addresses in their places. */
static void copy_strings(struct emitter *e, const gw_go_plan *plan, struct jumps *too_long)
{
	static const uint8_t test_rax[] = {0x48, 0x85, 0xc0, 0x0f, 0x84, 0, 0, 0, 0}; /* and jz */
	for (uint32_t i = 0; i < plan->shape.strings; i++) {
		if (i == 0)
			gw_emit_lea(e, SI, SP, e->strings);
		else
			gw_emit_move(e, SI, AX);
		gw_emit_lea(e, DI, SP, e->slots + 16 * i);
		gw_emit_lea(e, DX, SP, e->strings + STRINGS);
		gw_emit_call(e, (uintptr_t)copy_string);
		gw_emit_bytes(e, test_rax, sizeof test_rax);
		too_long->at[too_long->n++] = e->n;
	}
	uint32_t slot = 0;
	for (uint32_t i = 0; i < plan->nin; i++) {
		unsigned to;
		uint32_t dst;
		if (plan->in[i].op != GW_MOVE_STRING)
			continue;
		if (!in_memory(e, plan->in[i].to, plan->in[i].dst, &to, &dst)) {
			e->failed = true;
			return;
		}
		gw_emit_copy(e, SP, e->slots + 16 * slot++, to, dst, 8);
	}
}

static void arguments(struct emitter *e, const gw_go_plan *plan, struct jumps *too_long)
{
	struct source ints[6] = {{NOTHING, 0}}, sses[8] = {{NOTHING, 0}};
	bool strings = plan->shape.strings != 0;
	uint32_t slot = 0;
	if (plan->shape.stack_args != 0)
		find_go_stack(e);
	/* Memory first, and what is put together in the image: Go's registers are as they came
	 * until then. */
	for (uint32_t i = 0; i < plan->nin; i++) {
		const struct gw_move *m = &plan->in[i];
		uint32_t words = m->op == GW_MOVE_WORDS ? m->size : 1;
		for (uint32_t k = 0; k < words; k++) {
			struct gw_move word = *m;
			if (m->op == GW_MOVE_WORDS) {
				word.size = 1;
				word.src += 8 * k;
				word.dst += 8 * k;
			}
			bool to_int = word.to == GW_SEGMENT_C_REGS && word.dst >= IV_INTS &&
				      word.dst < IV_SSE;
			bool to_sse = word.to == GW_SEGMENT_C_REGS && word.dst >= IV_SSE &&
				      word.dst < IV_STACK_BYTES;
			struct source *target = to_int   ? &ints[(word.dst - IV_INTS) / 8]
						: to_sse ? &sses[(word.dst - IV_SSE) / 8]
							 : NULL;
			bool direct = !strings && m->op == GW_MOVE_WORDS &&
				      word.from == GW_SEGMENT_GO_REGS && target != NULL &&
				      is_float_register(word.src) == to_sse;
			if (direct) {
				*target = (struct source){REGISTER,
							  to_sse ? (uint8_t)float_register(word.src)
								 : go_ints[word.src / 8]};
				continue;
			}
			if (target != NULL)
				target->kind = IMAGE;
			if (m->op == GW_MOVE_STRING) {
				struct gw_move half = word;
				half.op = GW_MOVE_WORDS;
				half.size = 1;
				if (half.from != GW_SEGMENT_GO_REGS) {
					e->failed = true;
					return;
				}
				gw_emit_store(e, go_ints[half.src / 8], SP, e->slots + 16 * slot,
					      8);
				gw_emit_store(e, go_ints[half.src / 8 + 1], SP,
					      e->slots + 16 * slot + 8, 8);
				slot++;
				continue;
			}
			move_in(e, &word);
		}
	}
	if (strings)
		copy_strings(e, plan, too_long);
	else {
		shuffle(e, true, sses, 8);
		shuffle(e, false, ints, 6);
	}
	for (unsigned i = 0; i < 8; i++)
		if (sses[i].kind == IMAGE)
			gw_emit_move_float(e, true, i, SP, e->image + IV_SSE - IV_INTS + 8 * i, 8);
	for (unsigned i = 0; i < 6; i++)
		if (ints[i].kind == IMAGE)
			gw_emit_load(e, c_ints[i], SP, e->image + 8 * i, 8, false);
}

/* Whether a move reads the word at offset of struct gw_invoke. */
static bool reads(const gw_go_plan *plan, uint32_t offset)
{
	for (uint32_t i = 0; i < plan->nout; i++) {
		const struct gw_move *m = &plan->out[i];
		uint32_t size = m->op == GW_MOVE_WORDS ? 8 * m->size : 8;
		if (m->from == GW_SEGMENT_C_REGS && offset < m->src + size && m->src < offset + 8)
			return true;
	}
	return false;
}

/* One scalar that is in the same register on both sides. */
static bool stays(const gw_go_plan *plan)
{
	const struct gw_move *m = plan->out;
	if (plan->nout != 1 || m->from != GW_SEGMENT_C_REGS || m->to != GW_SEGMENT_GO_REGS ||
	    (m->op == GW_MOVE_WORDS && m->size != 1))
		return false;
	return (m->src == IV_RAX && m->dst == 0) ||
	       (m->src == IV_XMM0 && m->dst == offsetof(struct gw_go_regs, floats));
}

static void results(struct emitter *e, const gw_go_plan *plan)
{
	const struct gw_place *result = &plan->signature->result;
	bool to_stack = false;
	if (plan->nout == 0 || stays(plan))
		return;
	if (reads(plan, IV_RAX))
		gw_emit_store(e, AX, SP, e->results, 8);
	if (reads(plan, IV_RDX))
		gw_emit_store(e, DX, SP, e->results + IV_RDX - IV_RAX, 8);
	if (reads(plan, IV_XMM0))
		gw_emit_move_float(e, false, 0, SP, e->results + IV_XMM0 - IV_RAX, 8);
	if (reads(plan, IV_XMM1))
		gw_emit_move_float(e, false, 1, SP, e->results + IV_XMM1 - IV_RAX, 8);
	if (reads(plan, IV_ERR))
		gw_emit_store(e, R10, SP, e->results + IV_ERR - IV_RAX, 8);
	for (unsigned i = 0; i < result->pieces && result->piece[i].where == GW_IN_X87; i++) {
		uint32_t at = e->results + IV_ST - IV_RAX + 16 * i;
		/* The upper six bytes of the place are padding; Go compares them nevertheless. */
		static const uint8_t zero_edx[] = {0x31, 0xd2};
		gw_emit_bytes(e, zero_edx, sizeof zero_edx);
		gw_emit_store(e, DX, SP, at + 8, 8);
		gw_emit_byte(e, 0xdb); /* fstpt at(%rsp) */
		gw_emit_operand(e, 7, SP, at);
	}
	for (uint32_t i = 0; i < plan->nout; i++)
		to_stack |= plan->out[i].to == GW_SEGMENT_GO_STACK;
	if (to_stack)
		find_go_stack(e);
	for (uint32_t i = 0; i < plan->nout; i++) {
		struct gw_move m = plan->out[i];
		uint32_t words = m.op == GW_MOVE_WORDS ? m.size : 1;
		for (uint32_t k = 0; k < words; k++) {
			if (m.op == GW_MOVE_WORDS)
				m.size = 1;
			move_out(e, &m);
			m.src += 8;
			m.dst += 8;
		}
	}
}

static void emit(struct emitter *e, const gw_go_plan *plan)
{
	static const uint8_t call_r15[] = {0x41, 0xff, 0xd7};
	static const uint8_t zero_r11[] = {0x45, 0x31, 0xdb};
	static const uint8_t one_r11[] = {0x41, 0xbb, 1, 0, 0, 0};
	struct jumps too_long = {.n = 0};
	lay_out(e, plan);
	if (e->size > MAX_FRAME) {
		e->failed = true;
		return;
	}
	gw_emit_adjust(e, true, e->size);
	arguments(e, plan, &too_long);
	if (plan->signature->hidden)
		gw_emit_lea(e, DI, SP, e->hidden);
	gw_emit_count_vectors(e, plan->signature->sses);
	if (plan->err) {
		gw_emit_move(e, R10, R15);
		gw_emit_call(e, (uintptr_t)gw_errno_call);
	} else {
		gw_emit_bytes(e, call_r15, sizeof call_r15);
	}
	results(e, plan);
	if (too_long.n != 0)
		gw_emit_bytes(e, zero_r11, sizeof zero_r11);
	gw_emit_adjust(e, false, e->size);
	gw_emit_byte(e, 0xc3);
	for (uint32_t i = 0; i < too_long.n && !e->failed; i++) {
		uint32_t distance = e->n - too_long.at[i];
		memcpy(e->code + too_long.at[i] - 4, &distance, 4);
	}
	if (too_long.n != 0) {
		gw_emit_bytes(e, one_r11, sizeof one_r11);
		gw_emit_adjust(e, false, e->size);
		gw_emit_byte(e, 0xc3);
	}
}

void *gw_go_code(const gw_go_plan *plan)
{
	struct emitter e;
	if (!suitable(plan))
		return NULL;
	gw_emit_begin(&e);
	emit(&e, plan);
	return gw_emit_end(&e, NULL);
}
