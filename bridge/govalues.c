/* The values of a call from Go: code that moves the arguments from Go's registers and stack to C's,
   and the results back. See gocode.c. */
#include <errno.h>
#include <string.h>

#include "gocode.h"

enum {
	G_STACK_HI = 8, /* offset in g */
	X15 = 15
};

_Static_assert(offsetof(struct gw_rt_g, stackhi) == G_STACK_HI, "g");

/* What goes into a register of C's. */
struct source {
	enum { NOTHING, REGISTER, IMAGE } kind;
	uint8_t reg;  /* of Go's, for REGISTER */
	uint8_t size; /* for REGISTER: of an integer that is extended, or 0 */
	bool sign;
};

static void sub_from_bp(struct emitter *e, uint32_t at)
{
	static const uint8_t sub[] = {0x48, 0x2b};
	gw_emit_bytes(e, sub, sizeof sub);
	gw_emit_operand(e, BP, SP, at);
}

/* RBP = the address of Go's stack arguments: on entry, and anew after C, since a callback may have
 * moved the stack. */
void gw_go_find_stack(const struct call *c)
{
	static const uint8_t add_r13_bp[] = {0x4c, 0x01, 0xed},
			     neg_bp_add_hi[] = {0x48, 0xf7, 0xdd, 0x49,
						0x03, 0x6c, 0x24, G_STACK_HI};
	gw_emit_bytes(c->e, add_r13_bp, sizeof add_r13_bp);
	gw_emit_store(c->e, BP, SP, c->words, 8);
	gw_emit_bytes(c->e, neg_bp_add_hi, sizeof neg_bp_add_hi);
}

static void find_go_stack_again(const struct call *c)
{
	gw_emit_load(c->e, BP, R12, G_STACK_HI, 8, false);
	sub_from_bp(c->e, c->words);
}

/* Where the segments of a plan for calls are in memory. */
static bool in_memory(const struct call *c, uint8_t segment, uint32_t offset, unsigned *base,
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
		*at = c->hidden + offset;
		return true;
	case GW_SEGMENT_C_REGS:
		*at = offset < IV_RAX ? c->image + offset - IV_INTS : c->results + offset - IV_RAX;
		return true;
	default:
		return false;
	}
}

/* Copies size bytes through DX; of a block 16 at a time, through X15. (A load that spans two stores
   waits until both are in the cache, so what was written in words is read in words.) Much of it by
   RSI, RDI and RCX if they are free. */
static void copy(const struct call *c, unsigned from, uint32_t src, unsigned to, uint32_t dst,
		 uint32_t size, bool block, bool free_registers)
{
	struct emitter *e = c->e;
	uint32_t words = size > GW_GO_UNROLLED && free_registers ? size / 8 : 0;
	if (words != 0) {
		gw_emit_copy_words(e, from, src, to, dst, words);
		src += 8 * words;
		dst += 8 * words;
		size -= 8 * words;
	}
	for (; block && size >= 16; src += 16, dst += 16, size -= 16) {
		gw_emit_move_float(e, true, X15, from, src, 16);
		gw_emit_move_float(e, false, X15, to, dst, 16);
	}
	gw_emit_copy(e, from, src, to, dst, size);
}

/* The bytes that a move reads, and how it extends them. */
static bool move_bytes(const struct gw_move *m, uint32_t *size, bool *sign)
{
	*size = m->op == GW_MOVE_WORDS ? 8 * m->size : m->size;
	*sign = false;
	gw_move_size(m->op, size, sign);
	return m->op != GW_MOVE_WORDS && m->op != GW_MOVE_BYTES;
}

/* One move from Go's side to memory; from a register it is not more than a word. */
static void move_in(const struct call *c, const struct gw_move *m)
{
	struct emitter *e = c->e;
	unsigned from, to;
	uint32_t src = m->src, dst, size;
	bool sign, extended = move_bytes(m, &size, &sign);
	if (!in_memory(c, m->to, m->dst, &to, &dst)) {
		e->failed = true;
	} else if (m->from == GW_SEGMENT_GO_REGS && is_float_register(src)) {
		gw_emit_move_float(e, false, float_register(src), to, dst, size);
	} else if (m->from == GW_SEGMENT_GO_REGS && extended) {
		gw_emit_extend(e, DX, go_ints[src / 8], size, sign);
		gw_emit_store(e, DX, to, dst, 8);
	} else if (m->from == GW_SEGMENT_GO_REGS) {
		gw_emit_store(e, go_ints[src / 8], to, dst, size);
	} else if (!in_memory(c, m->from, src, &from, &src)) {
		e->failed = true;
	} else if (extended) {
		gw_emit_load(e, DX, from, src, size, sign);
		gw_emit_store(e, DX, to, dst, 8);
	} else {
		copy(c, from, src, to, dst, size, m->block, c->in_order);
	}
}

/* One move from C's side, in memory by now, to Go's. */
static void move_out(const struct call *c, const struct gw_move *m)
{
	struct emitter *e = c->e;
	unsigned from, to;
	uint32_t src, dst = m->dst, size;
	bool sign, extended = move_bytes(m, &size, &sign);
	if (!in_memory(c, m->from, m->src, &from, &src))
		e->failed = true;
	else if (m->to == GW_SEGMENT_GO_REGS && is_float_register(dst))
		gw_emit_move_float(e, true, float_register(dst), from, src, size);
	else if (m->to == GW_SEGMENT_GO_REGS)
		gw_emit_load(e, go_ints[dst / 8], from, src, size, sign);
	else if (!in_memory(c, m->to, dst, &to, &dst) || extended)
		e->failed = true;
	else
		copy(c, from, src, to, dst, size, m->block, true);
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
			struct source *s = &sources[i];
			if (s->kind != REGISTER)
				continue;
			unsigned to = vector ? i : c_ints[i];
			bool needed = false;
			for (unsigned k = 0; k < n; k++)
				needed |= k != i && sources[k].kind == REGISTER &&
					  sources[k].reg == to;
			if (needed) {
				waiting = s;
				continue;
			}
			if (s->size != 0)
				gw_emit_extend(e, to, s->reg, s->size, s->sign);
			else
				move_any(e, vector, to, s->reg);
			s->kind = NOTHING;
			progress = true;
		}
		if (waiting == NULL)
			return;
		if (!progress) {
			unsigned spare = vector ? X15 : BP;
			move_any(e, vector, spare, waiting->reg);
			waiting->reg = (uint8_t)spare;
		}
	}
}

/* A copy of the string in slot at to, unless C can have it as it is. Returns where the next one
 * goes. */
static char *copy_string(uint64_t slot[2], char *to)
{
	const char *from = (const char *)(uintptr_t)slot[0];
	uint64_t n = slot[1];
	if (n == GW_GO_TERMINATED)
		return to;
	slot[0] = (uint64_t)(uintptr_t)to;
	to[n] = '\0';
	if (n >= 16) {
		for (uint64_t i = 0; i + 16 < n; i += 16)
			memcpy(to + i, from + i, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else {
		for (uint64_t i = 0; i < n; i++)
			to[i] = from[i];
	}
	return to + n + 1;
}

/* Stores both words of a string, a parameter, in a slot. */
static void string_in(const struct call *c, const struct gw_move *m, uint32_t slot)
{
	uint32_t to = c->slots + 16 * slot;
	if (m->from == GW_SEGMENT_GO_REGS) {
		gw_emit_store(c->e, go_ints[m->src / 8], SP, to, 8);
		gw_emit_store(c->e, go_ints[m->src / 8 + 1], SP, to + 8, 8);
	} else {
		copy(c, BP, m->src, SP, to, 16, false, false);
	}
}

/* Calls copy_string for each slot, and puts the copies' addresses in their places. */
static void copy_strings(const struct call *c)
{
	struct emitter *e = c->e;
	uint32_t slot = 0;
	for (uint32_t i = 0; i < c->plan->shape.strings; i++) {
		if (i == 0)
			gw_emit_lea(e, SI, SP, c->strings);
		else
			gw_emit_move(e, SI, AX);
		gw_emit_lea(e, DI, SP, c->slots + 16 * i);
		gw_emit_call(e, (uintptr_t)copy_string);
	}
	for (uint32_t i = 0; i < c->plan->nin; i++) {
		const struct gw_move *m = &c->plan->in[i];
		unsigned to;
		uint32_t dst;
		if (m->op != GW_MOVE_STRING)
			continue;
		if (!in_memory(c, m->to, m->dst, &to, &dst))
			e->failed = true;
		else
			gw_emit_copy(e, SP, c->slots + 16 * slot++, to, dst, 8);
	}
}

/* The register of C's that a move fills, all of it or a part; NULL: none. */
static struct source *target(const struct gw_move *m, struct source *ints, struct source *sses)
{
	if (m->to != GW_SEGMENT_C_REGS || m->dst >= IV_STACK_BYTES)
		return NULL;
	return m->dst < IV_SSE ? &ints[(m->dst - IV_INTS) / 8] : &sses[(m->dst - IV_SSE) / 8];
}

bool gw_go_direct(const struct gw_move *m)
{
	return m->from == GW_SEGMENT_GO_REGS && m->to == GW_SEGMENT_C_REGS &&
	       m->op != GW_MOVE_BYTES && m->op != GW_MOVE_STRING &&
	       is_float_register(m->src) == (m->dst >= IV_SSE);
}

/* The moves of one segment of Go's. */
static void moves_in(const struct call *c, uint8_t segment, struct source *ints,
		     struct source *sses)
{
	uint32_t slot = 0;
	for (uint32_t i = 0; i < c->plan->nin; i++) {
		struct gw_move m = c->plan->in[i];
		bool string = m.op == GW_MOVE_STRING, words = m.op == GW_MOVE_WORDS;
		uint32_t n = words ? m.size : 1;
		slot += string;
		if (m.from != segment)
			continue;
		if (string)
			string_in(c, &m, slot - 1);
		/* A word of a register at a time; what is in memory goes as a whole. */
		bool whole = !string && segment == GW_SEGMENT_GO_STACK;
		if (whole)
			move_in(c, &m);
		else if (words)
			m.size = 1;
		for (uint32_t k = 0; k < n; k++, m.src += 8, m.dst += 8) {
			struct source *to = target(&m, ints, sses);
			if (to != NULL && !c->in_order && gw_go_direct(&m)) {
				uint32_t size;
				bool sign, extended = move_bytes(&m, &size, &sign);
				bool vector = is_float_register(m.src);
				*to = (struct source){REGISTER,
						      vector ? (uint8_t)float_register(m.src)
							     : go_ints[m.src / 8],
						      extended ? (uint8_t)size : 0, sign};
				continue;
			}
			if (to != NULL)
				to->kind = IMAGE;
			if (!string && !whole)
				move_in(c, &m);
		}
	}
}

void gw_go_arguments(const struct call *c)
{
	struct source ints[6] = {{.kind = NOTHING}}, sses[8] = {{.kind = NOTHING}};
	/* Memory first, and what is put together in the image: Go's registers are as they came
	 * until then. */
	moves_in(c, GW_SEGMENT_GO_REGS, ints, sses);
	moves_in(c, GW_SEGMENT_GO_STACK, ints, sses);
	copy_strings(c);
	shuffle(c->e, true, sses, 8);
	shuffle(c->e, false, ints, 6);
	for (unsigned i = 0; i < 8; i++)
		if (sses[i].kind == IMAGE)
			gw_emit_move_float(c->e, true, i, SP, c->image + IV_SSE - IV_INTS + 8 * i,
					   8);
	for (unsigned i = 0; i < 6; i++)
		if (ints[i].kind == IMAGE)
			gw_emit_load(c->e, c_ints[i], SP, c->image + 8 * i, 8, false);
}

/* Whether a move reads the word at offset of GW_SEGMENT_C_REGS. */
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

bool gw_go_stays(const struct gw_move *m, bool *second)
{
	uint32_t words = m->op == GW_MOVE_WORDS ? m->size : 1;
	if (m->from != GW_SEGMENT_C_REGS || m->to != GW_SEGMENT_GO_REGS || m->src % 8 != 0)
		return false;
	uint32_t x0 = offsetof(struct gw_go_regs, floats);
	bool ints = m->src + 8 * words <= IV_XMM0 && m->dst + IV_RAX == m->src,
	     floats = m->src >= IV_XMM0 && m->src < IV_ERR && m->dst + IV_XMM0 == m->src + x0;
	*second |= ints && m->src + 8 * words > IV_RDX;
	return ints || floats;
}

/* Where errno goes: one move of plan->out reads it. */
static bool is_errno(const struct gw_move *m)
{
	return m->from == GW_SEGMENT_C_REGS && m->src == IV_ERR;
}

/* The distance of errno from the thread pointer: the same in each thread, as libc is loaded with
 * the program. */
static void errno_address(struct emitter *e, unsigned reg)
{
	uintptr_t thread, at = (uintptr_t)&errno;
	__asm__("movq %%fs:0, %0" : "=r"(thread));
	at -= thread;
	gw_emit_byte(e, 0x48 | reg >> 3);
	gw_emit_byte(e, 0xb8 | (reg & 7)); /* mov $at, reg */
	gw_emit_bytes(e, &at, 8);
}

void gw_go_clear_errno(struct emitter *e)
{
	static const uint8_t movl[] = {0x64, 0x41, 0xc7, 0x03,
				       0,    0,    0,    0}; /* movl $0, %fs:(%r11) */
	errno_address(e, R11);
	gw_emit_bytes(e, movl, sizeof movl);
}

/* By DX, which has no result of Go's. */
static void load_errno(struct emitter *e, unsigned reg)
{
	errno_address(e, DX);
	gw_emit_byte(e, 0x64); /* movl %fs:(%rdx), reg */
	gw_emit_byte(e, 0x40 | (reg >> 3) << 2);
	gw_emit_byte(e, 0x8b);
	gw_emit_byte(e, DX | (reg & 7) << 3);
}

static void store_results(const struct call *c)
{
	const struct gw_place *result = &c->plan->signature->result;
	struct emitter *e = c->e;
	if (reads(c->plan, IV_RAX))
		gw_emit_store(e, AX, SP, c->results, 8);
	if (reads(c->plan, IV_RDX))
		gw_emit_store(e, DX, SP, c->results + IV_RDX - IV_RAX, 8);
	if (reads(c->plan, IV_XMM0))
		gw_emit_move_float(e, false, 0, SP, c->results + IV_XMM0 - IV_RAX, 8);
	if (reads(c->plan, IV_XMM1))
		gw_emit_move_float(e, false, 1, SP, c->results + IV_XMM1 - IV_RAX, 8);
	for (unsigned i = 0; i < result->pieces && result->piece[i].where == GW_IN_X87; i++) {
		uint32_t at = c->results + IV_ST - IV_RAX + 16 * i;
		/* The upper six bytes of the place are padding; Go compares them nevertheless. */
		static const uint8_t zero_edx[] = {0x31, 0xd2};
		gw_emit_bytes(e, zero_edx, sizeof zero_edx);
		gw_emit_store(e, DX, SP, at + 8, 8);
		gw_emit_byte(e, 0xdb); /* fstpt at(%rsp) */
		gw_emit_operand(e, 7, SP, at);
	}
}

void gw_go_results(const struct call *c)
{
	const gw_go_plan *plan = c->plan;
	struct emitter *e = c->e;
	bool in_registers = true, second = false, to_stack = false;
	for (uint32_t i = 0; i < plan->nout; i++) {
		const struct gw_move *m = &plan->out[i];
		to_stack |= m->to == GW_SEGMENT_GO_STACK;
		in_registers &= is_errno(m) || gw_go_stays(m, &second);
	}
	if (!in_registers)
		store_results(c);
	else if (second)
		gw_emit_move(e, BX, DX);
	if (to_stack)
		find_go_stack_again(c);
	for (uint32_t i = 0; i < plan->nout; i++) {
		struct gw_move m = plan->out[i];
		bool registers = m.op == GW_MOVE_WORDS && m.to == GW_SEGMENT_GO_REGS;
		uint32_t n = registers ? m.size : 1;
		if (is_errno(&m) && m.to == GW_SEGMENT_GO_REGS) {
			load_errno(e, go_ints[m.dst / 8]);
		} else if (is_errno(&m)) {
			load_errno(e, DX);
			gw_emit_store(e, DX, BP, m.dst, 8);
		} else if (!in_registers) {
			m.size = registers ? 1 : m.size;
			for (uint32_t k = 0; k < n; k++, m.src += 8, m.dst += 8)
				move_out(c, &m);
		}
	}
}
