/* Makes machine code of a plan for calls: all that moves the values of a call between Go's
   registers and stack and C's. The trampolines enter it (trampolines/bind_amd64.s).

   The code is four pieces, entered at and before the address of the plan's code:

       code        call      calls C: on the system stack, with Go's registers as they came
       code -  8   load      loads Go's registers from struct gw_go_regs, and goes on to call
       code - 16   save      stores Go's registers in struct gw_go_regs
       code - 24   pin       stores the pointers among the parameters where the collector sees them

   call and load are entered by a CALL on the system stack, 16-byte aligned before it.
   In:        Go's registers (AX BX CX DI SI R8 R9 R10 R11, X0-X14), for load RBX = their address
	      instead; R12 g; R15 the C function; R13 + RBP g.stack.hi - the address of Go's
	      stack arguments.
   Out:       Go's registers with the results; results on Go's stack stored. R15 0 when there is
	      more than RAX and XMM0 in registers.
   Preserves: R12 R13 R14, as C does. RSP.
   Stack:     a call whose registers alone change has no frame, and jumps to the C function:

       RSP + size
	     strings       copies, STRINGS bytes
	     slots         address and length of each string
	     hidden        a result in memory
	     words         that sum; RSP as it came, when the frame is aligned to more than 16
	     results       RAX RDX XMM0 XMM1, ST0 ST1
	     image         DI SI DX CX R8 R9, XMM0-XMM7: what is put together in memory first
       RSP   stack         arguments in memory

   save and pin are entered by a CALL on the goroutine's stack, with Go's registers as they came;
   R13 is where they store. They preserve all but R15 and the flags. pin has the address of Go's
   stack arguments in R12, and returns with ZF clear when the strings are longer than STRINGS,
   which call has no room for: Go code copies them then. Neither calls anything: to a signal they
   are code that is none of Go's, and that no unwinder ever stands in. */
#include <string.h>

#include "gocode.h"

enum {
	STRINGS = GW_GO_STRINGS_MAX, /* bytes for copies of strings */
	HEADER = 32
};

/* Go's stack has arguments, or takes results. */
static bool uses_go_stack(const gw_go_plan *plan)
{
	return plan->shape.stack_frame != 0;
}

/* Whether only the registers of the arguments change. */
static bool is_jump(const gw_go_plan *plan)
{
	const gw_signature *s = plan->signature;
	bool second = false;
	if (uses_go_stack(plan) || plan->err || s->hidden || s->stack_bytes != 0 ||
	    plan->shape.long_result)
		return false;
	for (uint32_t i = 0; i < plan->nout; i++)
		if (!gw_go_stays(&plan->out[i], &second))
			return false;
	for (uint32_t i = 0; i < plan->nin; i++)
		if (!gw_go_direct(&plan->in[i]))
			return false;
	return true;
}

/* Whether the parameters take C's registers in the order of Go's, none of them changed, no pointers
 * among them. */
static bool is_plain(const gw_go_plan *plan)
{
	uint32_t words = 0;
	if (!is_jump(plan) || plan->shape.slots != 0)
		return false;
	for (uint32_t i = 0; i < plan->nin; i++) {
		const struct gw_move *m = &plan->in[i];
		bool is_float = is_float_register(m->src);
		uint32_t go = is_float ? float_register(m->src) : m->src / 8;
		uint32_t c = (m->dst - (is_float ? IV_SSE : IV_INTS)) / 8;
		if (m->op != GW_MOVE_WORDS || go != c)
			return false;
		words += m->size;
	}
	return words == plan->shape.ints_in + plan->shape.floats_in;
}

static uint32_t align_up(uint32_t n, uint32_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static void lay_out(struct call *c)
{
	const gw_signature *s = c->plan->signature;
	const struct gw_go_shape *shape = &c->plan->shape;
	uint32_t at = s->stack_bytes, align = s->hidden ? s->result.type->align : 16;
	c->align = align > s->stack_align ? align : s->stack_align;
	c->in_order = shape->strings != 0 || shape->stack_args > GW_GO_UNROLLED;
	c->image = at;
	c->results = c->image + IV_STACK_BYTES - IV_INTS;
	c->words = c->results + IV_SIZE - IV_RAX;
	at = align_up(c->words + 16, c->align);
	c->hidden = at;
	at += s->hidden ? s->result.type->size : 0;
	c->slots = align_up(at, 16);
	c->strings = c->slots + 16 * shape->strings;
	at = c->strings + (shape->strings != 0 ? STRINGS : 0);
	c->size = align_up(at, 16) + 8; /* the return address makes it a multiple of 16 */
}

static void enter(const struct call *c)
{
	static const uint8_t and_rsp[] = {0x48, 0x81, 0xe4};
	struct emitter *e = c->e;
	uint32_t size = c->size, mask = -c->align;
	if (c->align > 16) {
		gw_emit_move(e, DX, SP);
		size += c->align;
	}
	gw_emit_frame(e, size);
	if (c->align > 16) {
		gw_emit_bytes(e, and_rsp, sizeof and_rsp);
		gw_emit_bytes(e, &mask, 4);
		gw_emit_store(e, DX, SP, c->words + 8, 8);
	}
}

static void leave(const struct call *c)
{
	if (c->align > 16)
		gw_emit_load(c->e, SP, SP, c->words + 8, 8, false);
	else
		gw_emit_adjust(c->e, false, c->size);
	gw_emit_byte(c->e, 0xc3);
}

static void emit_call(struct call *c)
{
	static const uint8_t call_r15[] = {0x41, 0xff, 0xd7}, jump_r15[] = {0x41, 0xff, 0xe7};
	static const uint8_t zero_r15[] = {0x45, 0x31, 0xff};
	const gw_go_plan *plan = c->plan;
	struct emitter *e = c->e;
	lay_out(c);
	if (is_jump(plan)) {
		c->in_order = false;
		gw_go_arguments(c);
		gw_emit_count_vectors(e, plan->signature->sses);
		gw_emit_bytes(e, jump_r15, sizeof jump_r15);
		return;
	}
	enter(c);
	if (uses_go_stack(plan))
		gw_go_find_stack(c);
	gw_go_arguments(c);
	if (plan->signature->hidden)
		gw_emit_lea(e, DI, SP, c->hidden);
	if (plan->err)
		gw_go_clear_errno(e);
	gw_emit_count_vectors(e, plan->signature->sses);
	gw_emit_bytes(e, call_r15, sizeof call_r15);
	gw_go_results(c);
	if (plan->shape.long_result)
		gw_emit_bytes(e, zero_r15, sizeof zero_r15);
	leave(c);
}

/* Between Go's registers and the struct gw_go_regs at base. */
static void emit_registers(struct emitter *e, const gw_go_plan *plan, bool is_load, unsigned base)
{
	for (uint32_t i = 0; i < plan->shape.floats_in; i++)
		gw_emit_move_float(e, is_load, i, base,
				   (uint32_t)offsetof(struct gw_go_regs, floats) + 8 * i, 8);
	for (uint32_t i = plan->shape.ints_in; i-- > 0;)
		if (is_load && go_ints[i] != base)
			gw_emit_load(e, go_ints[i], base, 8 * i, 8, false);
		else if (!is_load)
			gw_emit_store(e, go_ints[i], base, 8 * i, 8);
	if (is_load && plan->shape.ints_in > 1)
		gw_emit_load(e, BX, base, 8, 8, false);
}

static void emit_pins(struct emitter *e, const gw_go_plan *plan)
{
	static const uint8_t zero_r15[] = {0x45, 0x31, 0xff};
	uint32_t n = 0;
	for (uint32_t i = 0; i < GW_GO_INTS; i++)
		if (plan->shape.pointers & 1u << i)
			gw_emit_store(e, go_ints[i], R13, 8 * n++, 8);
	for (uint32_t i = 0; i < plan->shape.hidden_pointers; i++) {
		gw_emit_load(e, R15, R12, plan->hidden[i], 8, false);
		gw_emit_store(e, R15, R13, 8 * n++, 8);
	}
	gw_emit_bytes(e, zero_r15, sizeof zero_r15);
	while (n < plan->shape.slots)
		gw_emit_store(e, R15, R13, 8 * n++, 8);
}

/* cmp $STRINGS with a register or memory, and a jump for more. */
static void more_than_strings(struct emitter *e, bool memory, unsigned reg, uint32_t at)
{
	static const uint8_t ja[] = {0x0f, 0x87, 0, 0, 0, 0};
	uint32_t limit = STRINGS;
	gw_emit_byte(e, 0x48 | (memory || reg >= R8 ? 1 : 0)); /* memory is at R12 */
	gw_emit_byte(e, 0x81);
	if (memory)
		gw_emit_operand(e, 7, R12, at);
	else
		gw_emit_byte(e, 0xf8 | (reg & 7));
	gw_emit_bytes(e, &limit, 4);
	gw_emit_bytes(e, ja, sizeof ja);
}

/* R15 = R15 + reg + 1 */
static void add_length(struct emitter *e, unsigned reg)
{
	gw_emit_byte(e, 0x4d | (reg >= R8 ? 2u : 0u)); /* lea 1(%r15,reg), %r15 */
	gw_emit_byte(e, 0x8d);
	gw_emit_byte(e, 0x7c);
	gw_emit_byte(e, (reg & 7) << 3 | 7);
	gw_emit_byte(e, 1);
}

/* ZF: whether the strings are short enough. */
static void emit_lengths(struct emitter *e, const gw_go_plan *plan)
{
	static const uint8_t set_zf_ret[] = {0x39, 0xc0, 0xc3};         /* cmp %eax, %eax */
	static const uint8_t clear_zf_ret[] = {0x48, 0x85, 0xe4, 0xc3}; /* test %rsp, %rsp */
	static const uint8_t add_r15[] = {0x4d, 0x03}, inc_r15[] = {0x49, 0xff, 0xc7};
	uint32_t jumps[2 * GW_MAX_PARAMS], n = 0;
	for (uint32_t i = 0; i < plan->nin && plan->shape.strings != 0; i++) {
		const struct gw_move *m = &plan->in[i];
		if (m->op != GW_MOVE_STRING)
			continue;
		if (m->from == GW_SEGMENT_GO_REGS) {
			more_than_strings(e, false, go_ints[m->src / 8 + 1], 0);
			jumps[n++] = e->n;
			add_length(e, go_ints[m->src / 8 + 1]);
		} else {
			more_than_strings(e, true, R12, m->src + 8);
			jumps[n++] = e->n;
			gw_emit_bytes(e, add_r15, sizeof add_r15);
			gw_emit_operand(e, R15, R12, m->src + 8);
			gw_emit_bytes(e, inc_r15, sizeof inc_r15);
		}
	}
	if (n != 0) {
		more_than_strings(e, false, R15, 0);
		jumps[n++] = e->n;
	}
	gw_emit_bytes(e, set_zf_ret, sizeof set_zf_ret);
	for (uint32_t i = 0; i < n && !e->failed; i++) {
		uint32_t distance = e->n - jumps[i];
		memcpy(e->code + jumps[i] - 4, &distance, 4);
	}
	gw_emit_bytes(e, clear_zf_ret, sizeof clear_zf_ret);
}

/* Lets the jump at an offset of the header lead here. */
static void enter_here(struct emitter *e, uint32_t at)
{
	uint32_t distance = e->n - (at + 5);
	if (e->failed)
		return;
	e->code[at] = 0xe9;
	memcpy(e->code + at + 1, &distance, 4);
}

void *gw_go_code(gw_go_plan *plan)
{
	static const uint8_t header[HEADER] = {0};
	struct emitter e;
	struct call c = {.e = &e, .plan = plan};
	if (plan->shape.slots > GW_GO_WORK_POINTERS)
		return NULL;
	plan->shape.plain = is_plain(plan);
	gw_emit_begin(&e);
	gw_emit_bytes(&e, header, sizeof header);
	emit_call(&c);
	enter_here(&e, HEADER - 8);
	emit_registers(&e, plan, true, BX);
	uint32_t back = HEADER - (e.n + 5);
	gw_emit_byte(&e, 0xe9);
	gw_emit_bytes(&e, &back, 4);
	enter_here(&e, HEADER - 16);
	emit_registers(&e, plan, false, R13);
	gw_emit_byte(&e, 0xc3);
	enter_here(&e, HEADER - 24);
	emit_pins(&e, plan);
	emit_lengths(&e, plan);
	uint8_t *code = gw_emit_end(&e, NULL);
	return code == NULL ? NULL : code + HEADER;
}
