/* Compiles plans: both sides of a call are computed here, Go's by the rules of its ABIInternal
   (cmd/compile/abi-internal.md in Go's source), C's by signature.c.

   A value is a tree whose leaves are scalars. In Go registers every leaf has one of its own; on
   Go's stack a value lies as in memory. To C it travels in pieces (struct gw_place): eightbytes in
   registers, or all of it in memory. Each leaf, or piece, is one move; moves of neighbouring words
   become one. */
#include <stdlib.h>
#include <string.h>

#include "goexec.h"

/* A scalar of a value, and its Go register. */
struct leaf {
	uint32_t offset, size;        /* in the value */
	bool floating, pointer, wide; /* wide: no C type is narrower than the register slot */
	uint8_t kind;
	uint8_t reg;
};

/* Both kinds of registers hold 9 and 15 leaves at most. */
struct leaves {
	struct leaf at[GW_GO_INTS + GW_GO_FLOATS];
	uint32_t n;
};

/* One direction of Go's side. */
struct go_side {
	uint32_t ints, floats; /* registers taken */
	uint32_t stack;        /* bytes taken */
};

struct builder {
	struct gw_move *moves;
	uint32_t n, capacity;
	bool failed;
};

static uint32_t align_up(uint32_t n, uint32_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static const struct gw_type *as_go_has_it(const struct gw_type *type)
{
	return type->go != NULL ? type->go : type;
}

/* Go aligns nothing to more than 8, and a struct as its fields are aligned in Go. */
static uint32_t go_align(const struct gw_type *type)
{
	uint32_t align = 1;
	type = as_go_has_it(type);
	if (type->kind == GW_ARRAY && type->base == NULL)
		return go_align(type->elem);
	if (type->kind != GW_STRUCT || type->base != NULL)
		return type->align > 8 ? 8 : type->align;
	for (uint32_t i = 0; i < type->count; i++) {
		uint32_t of_field = go_align(type->fields[i].type);
		align = align < of_field ? of_field : align;
	}
	return align;
}

static uint32_t go_size(const struct gw_type *type)
{
	switch (type->kind) {
	case GW_GO_STR:
		return 16;
	case GW_GO_SLICE:
		return 24;
	default:
		return type->size;
	}
}

static bool add_leaf(struct go_side *go, struct leaves *l, uint8_t kind, uint32_t offset,
		     uint32_t size, bool floating, bool pointer)
{
	uint32_t *taken = floating ? &go->floats : &go->ints;
	if (*taken == (floating ? GW_GO_FLOATS : GW_GO_INTS))
		return false;
	l->at[l->n++] = (struct leaf){.offset = offset,
				      .size = size,
				      .floating = floating,
				      .pointer = pointer,
				      .kind = kind,
				      .reg = (uint8_t)(*taken)++};
	return true;
}

/* Gives the leaves of type registers; false when they run out, or an array stands in the way. */
static bool assign_leaves(struct go_side *go, struct leaves *l, const struct gw_type *type,
			  uint32_t offset)
{
	type = as_go_has_it(type);
	switch (type->kind) {
	case GW_VOID:
		return true;
	case GW_F32:
	case GW_F64:
		return add_leaf(go, l, type->kind, offset, type->size, true, false);
	case GW_C64:
	case GW_C128:
		return add_leaf(go, l, type->kind, offset, type->size / 2, true, false) &&
		       add_leaf(go, l, type->kind, offset + type->size / 2, type->size / 2, true,
				false);
	case GW_I128:
	case GW_U128:
	case GW_F80:
		return add_leaf(go, l, type->kind, offset, 8, false, false) &&
		       add_leaf(go, l, type->kind, offset + 8, 8, false, false);
	case GW_PTR:
	case GW_GO_FUNC:
		return add_leaf(go, l, type->kind, offset, 8, false, true);
	case GW_GO_STR:
		return add_leaf(go, l, type->kind, offset, 8, false, true) &&
		       add_leaf(go, l, GW_VOID, offset + 8, 8, false, false);
	case GW_GO_SLICE:
		return add_leaf(go, l, type->kind, offset, 8, false, true) &&
		       add_leaf(go, l, GW_VOID, offset + 8, 8, false, false) &&
		       add_leaf(go, l, GW_VOID, offset + 16, 8, false, false);
	case GW_STRUCT:
		for (uint32_t i = 0; i < type->count; i++)
			if (!assign_leaves(go, l, type->fields[i].type,
					   offset + type->fields[i].offset))
				return false;
		return true;
	case GW_ARRAY:
		return type->count == 0 ||
		       (type->count == 1 && assign_leaves(go, l, type->elem, offset));
	case GW_PAD: /* a blank field _ [n]byte */
		return type->count == 0 ||
		       (type->count == 1 && add_leaf(go, l, GW_VOID, offset, 1, false, false));
	default:
		return add_leaf(go, l, type->kind, offset, type->size, false, false);
	}
}

/* Where a Go parameter or result is: true with its leaves in registers, or false at *stack. */
static bool assign(struct go_side *go, struct leaves *l, const struct gw_type *type,
		   uint32_t *stack)
{
	struct go_side before = *go;
	l->n = 0;
	if (go_size(type) != 0 && assign_leaves(go, l, type, 0))
		return true;
	*go = before;
	l->n = 0;
	*stack = align_up(go->stack, go_align(type));
	go->stack = *stack + go_size(type);
	return false;
}

static void add_move(struct builder *b, struct gw_move m)
{
	if (m.op == GW_MOVE_BYTES && m.size % 8 == 0) {
		m.op = GW_MOVE_WORDS;
		m.size /= 8;
	}
	if (b->n > 0 && m.op == GW_MOVE_WORDS) {
		struct gw_move *last = &b->moves[b->n - 1];
		if (!m.block && !last->block && last->op == GW_MOVE_WORDS && last->from == m.from &&
		    last->to == m.to && last->src + 8 * last->size == m.src &&
		    last->dst + 8 * last->size == m.dst) {
			last->size += m.size;
			return;
		}
	}
	if (b->n == b->capacity) {
		uint32_t capacity = b->capacity == 0 ? 16 : 2 * b->capacity;
		struct gw_move *moves = realloc(b->moves, capacity * sizeof *moves);
		if (moves == NULL) {
			b->failed = true;
			return;
		}
		b->moves = moves;
		b->capacity = capacity;
	}
	b->moves[b->n++] = m;
}

/* Where C's registers are in GW_SEGMENT_C_REGS, of a call or a callback. */
struct c_side {
	uint32_t ints, sse;
	bool result;
};
static const struct c_side call_args = {IV_INTS, IV_SSE, false};
static const struct c_side call_results = {IV_RAX, IV_XMM0, true};
static const struct c_side callback_args = {CL_INTS, CL_SSE, false};
static const struct c_side callback_results = {CL_RAX, CL_XMM0, true};

/* Where C has the byte at offset of a value; false when it does not travel. */
static bool locate(const struct c_side *c, uint32_t st, const struct gw_place *place,
		   uint32_t offset, uint8_t *segment, uint32_t *at)
{
	for (unsigned i = 0; i < place->pieces; i++) {
		const struct gw_piece *p = &place->piece[i];
		if (offset < p->offset || offset >= p->offset + p->size)
			continue;
		uint32_t within = offset - p->offset;
		*segment = GW_SEGMENT_C_REGS;
		switch (p->where) {
		case GW_IN_INT:
			*at = c->ints + 8u * p->index + within;
			return true;
		case GW_IN_SSE:
			*at = c->sse + 8u * p->index + within;
			return true;
		case GW_IN_X87:
			*at = st + 16u * p->index + within;
			return true;
		default:
			*segment = c->result ? GW_SEGMENT_RESULT : GW_SEGMENT_C_STACK;
			*at = c->result ? within : p->stack + within;
			return true;
		}
	}
	return false;
}

/* The op that extends an integer of this kind to 8 bytes; GW_MOVE_BYTES for others. */
static uint8_t extension(uint8_t kind)
{
	switch (kind) {
	case GW_BOOL:
	case GW_U8:
		return GW_MOVE_Z1;
	case GW_I8:
		return GW_MOVE_S1;
	case GW_U16:
		return GW_MOVE_Z2;
	case GW_I16:
		return GW_MOVE_S2;
	case GW_U32:
		return GW_MOVE_Z4;
	case GW_I32:
		return GW_MOVE_S4;
	default:
		return GW_MOVE_BYTES;
	}
}

/* A whole parameter or result that is one scalar travels in a slot of 8 bytes on both sides, except
 * on Go's stack. */
static bool fills_slot(const struct gw_type *type, const struct gw_place *place)
{
	bool scalar = type->kind < GW_STRUCT || type->kind > GW_MEMORY;
	return scalar && type->kind != GW_C64 && place->pieces == 1 && type->size <= 8;
}

struct direction {
	struct builder *to;
	const struct c_side *c;
	uint32_t st;
	bool into_c;
};

static void move(const struct direction *d, uint8_t op, uint32_t size, uint8_t go, uint32_t go_at,
		 uint8_t c, uint32_t c_at)
{
	if (d->into_c)
		add_move(d->to, (struct gw_move){op, go, c, size > 8, size, go_at, c_at});
	else
		add_move(d->to, (struct gw_move){op, c, go, size > 8, size, c_at, go_at});
}

static void move_leaf(const struct direction *d, const struct gw_place *place, const struct leaf *l)
{
	uint8_t segment;
	uint32_t at;
	uint32_t go_at =
		(uint32_t)(l->floating ? offsetof(struct gw_go_regs, floats) : 0) + 8u * l->reg;
	if (!locate(d->c, d->st, place, l->offset, &segment, &at))
		return;
	if (place->type->kind == GW_GO_STR && d->into_c) {
		move(d, GW_MOVE_STRING, 8, GW_SEGMENT_GO_REGS, go_at, segment, at);
		return;
	}
	uint8_t op = GW_MOVE_BYTES;
	uint32_t size = l->size;
	if (fills_slot(place->type, place)) {
		/* C relies on 32 extended bits, Go on none; whatever else is in the upper half is
		 * nobody's. */
		op = extension(l->kind);
		if (l->floating || op == GW_MOVE_Z4 || op == GW_MOVE_S4) {
			op = GW_MOVE_BYTES;
			size = segment == GW_SEGMENT_RESULT ? size : 8;
		}
	} else if (!d->into_c && extension(l->kind) != GW_MOVE_BYTES) {
		op = extension(l->kind);
	}
	move(d, op, size, GW_SEGMENT_GO_REGS, go_at, segment, at);
}

static void move_stack(const struct direction *d, const struct gw_place *place, uint32_t stack)
{
	uint8_t segment;
	uint32_t at;
	for (unsigned i = 0; i < place->pieces; i++) {
		const struct gw_piece *p = &place->piece[i];
		if (!locate(d->c, d->st, place, p->offset, &segment, &at))
			continue;
		if (place->type->kind == GW_GO_STR && d->into_c) {
			move(d, GW_MOVE_STRING, 8, GW_SEGMENT_GO_STACK, stack, segment, at);
			continue;
		}
		uint8_t op = GW_MOVE_BYTES;
		if (d->into_c && fills_slot(place->type, place))
			op = extension(place->type->kind);
		move(d, op, p->size, GW_SEGMENT_GO_STACK, stack + p->offset, segment, at);
	}
}

/* Returns where the value is, as gw_go_plan_place does. */
static uint32_t move_value(const struct direction *d, struct go_side *go, struct leaves *l,
			   const struct gw_place *place)
{
	uint32_t stack = 0, reg = go->ints;
	if (!assign(go, l, place->type, &stack)) {
		move_stack(d, place, stack);
		return GW_GO_ON_STACK + stack;
	}
	for (uint32_t i = 0; i < l->n; i++)
		move_leaf(d, place, &l->at[i]);
	return reg;
}

/* Notes the pointers of a value on Go's stack at offset. Those beyond what plan->hidden holds are
   counted, but for arrays, where that is enough. */
static void find_pointers(gw_go_plan *plan, const struct gw_type *type, uint32_t offset)
{
	uint32_t *n = &plan->shape.hidden_pointers;
	type = as_go_has_it(type);
	switch (type->kind) {
	case GW_PTR:
	case GW_GO_FUNC:
	case GW_GO_STR:
	case GW_GO_SLICE:
		if (*n < GW_GO_WORK_POINTERS)
			plan->hidden[*n] = offset;
		++*n;
		return;
	case GW_ARRAY:
		for (uint32_t i = 0; i < type->count && *n <= GW_GO_WORK_POINTERS; i++)
			find_pointers(plan, type->elem, offset + i * type->elem->size);
		return;
	case GW_STRUCT:
		for (uint32_t i = 0; i < type->count; i++)
			find_pointers(plan, type->fields[i].type, offset + type->fields[i].offset);
		return;
	default:
		return;
	}
}

static void compile(gw_go_plan *plan, struct builder *in, struct builder *out, bool callback)
{
	const gw_signature *s = plan->signature;
	struct gw_go_shape *shape = &plan->shape;
	struct go_side go = {0};
	struct leaves l = {.n = 0};
	struct direction d = {in, callback ? &callback_args : &call_args, callback ? CL_ST : IV_ST,
			      !callback};

	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_place *place = &s->params[i];
		plan->places[i] = move_value(&d, &go, &l, place);
		for (uint32_t k = 0; k < l.n; k++)
			if (l.at[k].pointer)
				shape->pointers |= 1u << l.at[k].reg;
		if (plan->places[i] & GW_GO_ON_STACK)
			find_pointers(plan, place->type, plan->places[i] & ~GW_GO_ON_STACK);
		shape->strings += place->type->kind == GW_GO_STR;
		shape->functions += place->type->kind == GW_GO_FUNC;
	}
	uint32_t pointers = shape->hidden_pointers;
	for (uint32_t i = 0; i < GW_GO_INTS; i++)
		pointers += shape->pointers >> i & 1;
	bool few = shape->pointers < 1u << GW_GO_FEW_POINTERS && shape->hidden_pointers == 0 &&
		   shape->strings == 0;
	shape->slots = pointers == 0                     ? 0
		       : few                             ? GW_GO_FEW_POINTERS
		       : pointers <= GW_GO_MANY_POINTERS ? GW_GO_MANY_POINTERS
		       : pointers <= GW_GO_WORK_POINTERS ? GW_GO_WORK_POINTERS
							 : UINT32_MAX;
	shape->ints_in = go.ints;
	shape->floats_in = go.floats;
	shape->stack_args = align_up(go.stack, 8);

	go = (struct go_side){.stack = shape->stack_args};
	d = (struct direction){out, callback ? &callback_results : &call_results,
			       callback ? CL_ST : IV_ST, callback};
	if (s->result.type->kind != GW_VOID)
		move_value(&d, &go, &l, &s->result);
	shape->string_result = s->result.type->kind == GW_GO_STR;
	if (plan->err) {
		struct gw_type word = {.kind = GW_U64, .size = 8, .align = 8};
		uint32_t stack = 0;
		if (assign(&go, &l, &word, &stack))
			move(&d, GW_MOVE_BYTES, 8, GW_SEGMENT_GO_REGS, 8u * l.at[0].reg,
			     GW_SEGMENT_C_REGS, IV_ERR);
		else
			move(&d, GW_MOVE_BYTES, 8, GW_SEGMENT_GO_STACK, stack, GW_SEGMENT_C_REGS,
			     IV_ERR);
	}
	shape->ints_out = go.ints;
	shape->floats_out = go.floats;
	shape->stack_frame = align_up(go.stack, 8);
	shape->long_result = go.ints > 1 || go.floats > 1;
}

/* What Go has no type for, so that the text must say what it has instead. */
static bool is_foreign(const struct gw_type *type)
{
	type = as_go_has_it(type);
	if (type->kind == GW_ARRAY)
		return type->count == 0 || is_foreign(type->elem);
	if (type->kind == GW_STRUCT)
		for (uint32_t i = 0; i < type->count; i++)
			if (is_foreign(type->fields[i].type))
				return true;
	return type->kind == GW_C160 || type->kind == GW_UNION || type->kind == GW_MEMORY ||
	       type->pack != 0;
}

static bool has_foreign(const gw_signature *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		if (is_foreign(s->params[i].type))
			return true;
	return is_foreign(s->result.type);
}

gw_status gw_go_plan_new(gw_go_plan **out, const char *text, bool err, bool callback)
{
	gw_go_plan *plan = calloc(1, sizeof *plan);
	struct builder moves_in = {0}, moves_out = {0};
	gw_status status = GW_ENOMEM;
	if (plan == NULL)
		return gw_fail(GW_ENOMEM, "no memory for a signature");
	status = gw_signature_parse_plan(&plan->signature, text);
	if (status != GW_OK) {
		free(plan);
		return status;
	}
	/* Neither is anything that Go has. */
	if (has_foreign(plan->signature) || (err && callback)) {
		gw_go_plan_free(plan);
		return gw_fail(GW_EINVAL,
			       "Go has no type like long double _Complex, a union, a packed struct "
			       "or a flexible array, and no errno in callbacks");
	}
	plan->err = err;
	plan->places = calloc(plan->signature->count + 1, sizeof *plan->places);
	if (plan->places == NULL) {
		gw_go_plan_free(plan);
		return gw_fail(GW_ENOMEM, "no memory for a signature");
	}
	compile(plan, &moves_in, &moves_out, callback);
	plan->in = moves_in.moves;
	plan->nin = moves_in.n;
	plan->out = moves_out.moves;
	plan->nout = moves_out.n;
	if (moves_in.failed || moves_out.failed) {
		gw_go_plan_free(plan);
		return gw_fail(GW_ENOMEM, "no memory for a signature");
	}
	plan->shape.code = callback ? gw_go_callback_code(plan) : gw_go_code(plan);
	if (callback && plan->shape.code == NULL) {
		gw_go_plan_free(plan);
		return gw_fail(GW_ENOMEM, "no memory that the code of a callback may run in");
	}
	*out = plan;
	return GW_OK;
}

uint32_t gw_go_plan_place(const gw_go_plan *plan, uint32_t i)
{
	return plan->places[i];
}

void gw_go_plan_free(gw_go_plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->places);
	free(plan->in);
	free(plan->out);
	gw_signature_free(plan->signature);
	free(plan);
}
