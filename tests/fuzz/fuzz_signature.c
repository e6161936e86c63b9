/* Every text: the parser and its printer, the places of the values, the moves of the plans; and
   calls, where the signature is small enough (execute.c). Everything is decided by the text, so
   that a finding is a file. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_counts fuzz_counts;

void fuzz_fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "fuzz_signature: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

static char *print(const gw_signature *s)
{
	size_t length = gw_signature_print(s, NULL, 0);
	char *text = malloc(length + 1);
	CHECK(gw_signature_print(s, text, length + 1) == length, "print: two lengths");
	CHECK(strlen(text) == length, "print: a text of another length than %zu", length);
	return text;
}

static bool same_type(const struct gw_type *a, const struct gw_type *b)
{
	if (a->kind != b->kind || a->size != b->size || a->align != b->align ||
	    a->count != b->count || a->pack != b->pack || a->memory != b->memory ||
	    a->nclasses != b->nclasses || memcmp(a->classes, b->classes, sizeof a->classes) != 0)
		return false;
	if ((a->go != NULL) != (b->go != NULL) || (a->go != NULL && !same_type(a->go, b->go)))
		return false;
	if (a->kind == GW_ARRAY)
		return same_type(a->elem, b->elem);
	for (uint32_t i = 0; gw_type_has_fields(a) && i < a->count; i++)
		if (a->fields[i].offset != b->fields[i].offset ||
		    !same_type(a->fields[i].type, b->fields[i].type))
			return false;
	return true;
}

static bool same_place(const struct gw_place *a, const struct gw_place *b)
{
	if (!same_type(a->type, b->type) || a->pieces != b->pieces)
		return false;
	for (unsigned i = 0; i < a->pieces; i++) {
		const struct gw_piece *p = &a->piece[i], *q = &b->piece[i];
		if (p->where != q->where || p->index != q->index || p->size != q->size ||
		    p->offset != q->offset || p->stack != q->stack)
			return false;
	}
	return true;
}

static bool same(const gw_signature *a, const gw_signature *b)
{
	if (a->count != b->count || a->fixed != b->fixed || a->dots != b->dots ||
	    a->hidden != b->hidden || a->ints != b->ints || a->sses != b->sses ||
	    a->stack_bytes != b->stack_bytes || a->stack_align != b->stack_align ||
	    !same_place(&a->result, &b->result))
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!same_place(&a->params[i], &b->params[i]))
			return false;
	return true;
}

/* What is printed is the same signature again. */
static void check_print(const gw_signature *s, gw_status (*parse)(gw_signature **, const char *))
{
	gw_signature *again = NULL;
	char *text = print(s), *second;
	CHECK(parse(&again, text) == GW_OK, "print: \"%s\" is refused: %s", text, gw_last_error());
	second = print(again);
	CHECK(strcmp(text, second) == 0, "print: \"%s\" becomes \"%s\"", text, second);
	CHECK(same(s, again), "print: \"%s\" is another signature", text);
	for (size_t size = 0; size < 4; size++) { /* cut short: as snprintf */
		char few[5] = "####";
		CHECK(gw_signature_print(s, few, size) == strlen(text), "print: length when cut");
		CHECK(few[size] == '#', "print: more than %zu bytes", size);
		CHECK(size == 0 || few[size - 1] == '\0', "print: no NUL when cut");
	}
	gw_signature_free(again);
	free(second);
	free(text);
}

/* One value's pieces: within it, apart from each other, and in registers that are free. */
static void check_pieces(const struct gw_place *place, unsigned ints, unsigned sses,
			 unsigned *int_set, unsigned *sse_set)
{
	uint32_t end = 0;
	CHECK(place->pieces <= 2, "places: %u pieces", place->pieces);
	for (unsigned i = 0; i < place->pieces; i++) {
		const struct gw_piece *p = &place->piece[i];
		CHECK(p->size > 0 && p->offset >= end && p->offset + p->size <= place->type->size,
		      "places: bytes %u+%u of a type of %u", p->offset, p->size, place->type->size);
		end = p->offset + p->size;
		unsigned *set = p->where == GW_IN_INT ? int_set : sse_set;
		switch (p->where) {
		case GW_IN_INT:
		case GW_IN_SSE:
			CHECK(p->size <= 8 && p->offset % 8 == 0, "places: no eightbyte");
			CHECK(p->index < (p->where == GW_IN_INT ? ints : sses),
			      "places: register number %u", p->index);
			CHECK((*set >> p->index & 1) == 0, "places: register %u twice", p->index);
			*set |= 1u << p->index;
			break;
		case GW_IN_X87:
			CHECK(p->size == 16 && p->index == i, "places: x87");
			break;
		default:
			CHECK(p->where == GW_IN_MEMORY && place->pieces == 1 && p->offset == 0 &&
				      p->size == place->type->size,
			      "places: a piece in memory is all of a value");
		}
	}
}

static void check_places(const gw_signature *s)
{
	unsigned ints = s->hidden, sses = 0, result_ints = 0, result_sses = 0;
	uint32_t end = 0;
	CHECK(s->count <= GW_MAX_PARAMS && s->fixed <= s->count, "places: counts");
	CHECK(s->stack_bytes % 8 == 0 && s->stack_bytes <= GW_MAX_SIZE, "places: stack_bytes %u",
	      s->stack_bytes);
	CHECK(s->stack_align >= 16 && (s->stack_align & (s->stack_align - 1)) == 0 &&
		      s->stack_align <= GW_MAX_ALIGN,
	      "places: stack_align %u", s->stack_align);
	check_pieces(&s->result, 2, 2, &result_ints, &result_sses);
	CHECK(s->hidden == (s->result.pieces == 1 && s->result.piece[0].where == GW_IN_MEMORY),
	      "places: hidden");
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_place *place = &s->params[i];
		const struct gw_piece *p = &place->piece[0];
		check_pieces(place, 6, 8, &ints, &sses);
		if (place->pieces == 0)
			continue;
		CHECK(p->where != GW_IN_X87, "places: an argument on the x87 stack");
		if (p->where != GW_IN_MEMORY)
			continue;
		uint32_t align = place->type->align < 8 ? 8 : place->type->align;
		CHECK(p->stack % align == 0 && align <= s->stack_align,
		      "places: stack offset %u for an alignment of %u", p->stack, align);
		CHECK(p->stack >= end, "places: stack offset %u below %u", p->stack, end);
		end = (p->stack + p->size + 7) / 8 * 8;
	}
	CHECK(end == s->stack_bytes, "places: stack_bytes %u and not %u", s->stack_bytes, end);
	CHECK(ints == (1u << s->ints) - 1 && sses == (1u << s->sses) - 1,
	      "places: %u and %u registers", s->ints, s->sses);
}

/* ---- Moves ---- */

/* The bytes of a segment that a move may touch, and those that some move has written. */
struct range {
	uint32_t from, to;
};
struct segment {
	struct range allowed[3];
	uint32_t size;
	unsigned char *written;
};

static void allow(struct segment *segment, uint32_t from, uint32_t to)
{
	for (unsigned i = 0; i < 3; i++)
		if (segment->allowed[i].to == 0) {
			segment->allowed[i] = (struct range){from, to};
			if (segment->size < to)
				segment->size = to;
			return;
		}
}

static void touch(struct segment *segment, uint32_t from, uint32_t size, bool write,
		  const char *what, uint32_t number)
{
	bool inside = false;
	for (unsigned i = 0; i < 3; i++)
		inside |= from >= segment->allowed[i].from &&
			  (uint64_t)from + size <= segment->allowed[i].to;
	CHECK(inside, "%s: move %u %s bytes %u+%u", what, number, write ? "writes" : "reads", from,
	      size);
	for (uint32_t i = 0; write && i < size; i++)
		CHECK(segment->written[from + i]++ == 0, "%s: move %u writes byte %u again", what,
		      number, from + i);
}

static void check_moves(const struct gw_move *moves, uint32_t n,
			struct segment segment[GW_SEGMENTS], const char *what)
{
	for (unsigned i = 0; i < GW_SEGMENTS; i++)
		segment[i].written = calloc(1, segment[i].size + 1);
	for (uint32_t i = 0; i < n; i++) {
		const struct gw_move *m = &moves[i];
		uint32_t from = m->size, to = m->size;
		CHECK(m->from < GW_SEGMENTS && m->to < GW_SEGMENTS, "%s: move %u: segment", what,
		      i);
		CHECK(m->size > 0, "%s: move %u of nothing", what, i);
		switch (m->op) {
		case GW_MOVE_WORDS:
			from = to = 8 * m->size;
			break;
		case GW_MOVE_BYTES:
			break;
		case GW_MOVE_STRING:
			from = 16;
			to = 8;
			break;
		default:
			CHECK(m->op >= GW_MOVE_Z1 && m->op <= GW_MOVE_S4, "%s: op %u", what, m->op);
			from = m->op == GW_MOVE_Z1 || m->op == GW_MOVE_S1   ? 1
			       : m->op == GW_MOVE_Z2 || m->op == GW_MOVE_S2 ? 2
									    : 4;
			to = 8;
		}
		touch(&segment[m->from], m->src, from, false, what, i);
		touch(&segment[m->to], m->dst, to, true, what, i);
	}
	for (unsigned i = 0; i < GW_SEGMENTS; i++)
		free(segment[i].written);
}

/* Go's registers that a side takes. */
static void allow_go(struct segment *segment, uint32_t ints, uint32_t floats)
{
	uint32_t base = offsetof(struct gw_go_regs, floats);
	if (ints == GW_GO_INTS) {
		allow(segment, 0, base + 8 * floats);
		return;
	}
	allow(segment, 0, 8 * ints);
	allow(segment, base, base + 8 * floats);
}

static bool go_has(const gw_signature *s)
{
	bool has = fuzz_go_has(s->result.type);
	for (uint32_t i = 0; i < s->count; i++)
		has &= fuzz_go_has(s->params[i].type);
	return has;
}

static void check_shape(const gw_go_plan *plan)
{
	const struct gw_go_shape *shape = &plan->shape;
	const gw_signature *s = plan->signature;
	struct fuzz_go_side in = {0}, out;
	struct fuzz_go_place place;
	uint32_t pointers = 0, hidden = 0, strings = 0, functions = 0;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gw_type *type = s->params[i].type;
		fuzz_go_assign(&in, type, &place);
		for (unsigned k = 0; k < place.n; k++)
			pointers |= (uint32_t)place.leaf[k].pointer << place.leaf[k].reg;
		hidden |= !place.in_regs &&
			  (fuzz_holds(type, GW_PTR) || fuzz_holds(type, GW_GO_STR) ||
			   fuzz_holds(type, GW_GO_SLICE) || fuzz_holds(type, GW_GO_FUNC));
		strings += type->kind == GW_GO_STR;
		functions += type->kind == GW_GO_FUNC;
	}
	CHECK(shape->ints_in == in.ints && shape->floats_in == in.floats, "shape: registers in");
	CHECK(shape->stack_args == (in.stack + 7) / 8 * 8, "shape: stack_args %u, not %u",
	      shape->stack_args, in.stack);
	CHECK(shape->pointers == pointers && (shape->hidden_pointers != 0) == (hidden != 0),
	      "shape: pointers");
	CHECK(shape->strings == strings && shape->functions == functions, "shape: conversions");
	out = (struct fuzz_go_side){.stack = shape->stack_args};
	if (s->result.type->kind != GW_VOID)
		fuzz_go_assign(&out, s->result.type, &place);
	if (plan->err)
		fuzz_go_assign(&out, gw_type_static(GW_U64), &place);
	CHECK(shape->ints_out == out.ints && shape->floats_out == out.floats,
	      "shape: registers out");
	CHECK(shape->stack_frame == (out.stack + 7) / 8 * 8, "shape: stack_frame %u, not %u",
	      shape->stack_frame, out.stack);
	CHECK(shape->string_result == (s->result.type->kind == GW_GO_STR), "shape: string_result");
	CHECK(shape->long_result == (out.ints > 1 || out.floats > 1), "shape: long_result");
}

static void check_plan(const gw_go_plan *plan, bool callback)
{
	const gw_signature *s = plan->signature;
	const struct gw_go_shape *shape = &plan->shape;
	struct segment in[GW_SEGMENTS] = {0}, out[GW_SEGMENTS] = {0};
	check_shape(plan);
	allow_go(&in[GW_SEGMENT_GO_REGS], shape->ints_in, shape->floats_in);
	allow_go(&out[GW_SEGMENT_GO_REGS], shape->ints_out, shape->floats_out);
	allow(&in[GW_SEGMENT_GO_STACK], 0, shape->stack_args);
	allow(&out[GW_SEGMENT_GO_STACK], shape->stack_args, shape->stack_frame);
	allow(&in[GW_SEGMENT_C_STACK], 0, s->stack_bytes);
	if (s->hidden)
		allow(&out[GW_SEGMENT_RESULT], 0, s->result.type->size);
	if (callback) {
		allow(&in[GW_SEGMENT_C_REGS], CL_INTS, CL_INTS + 8u * s->ints);
		allow(&in[GW_SEGMENT_C_REGS], CL_SSE, CL_SSE + 8u * s->sses);
		if (s->ints == 6) /* then one move may go from R9 to XMM0 */
			allow(&in[GW_SEGMENT_C_REGS], CL_INTS, CL_SSE + 8u * s->sses);
		allow(&out[GW_SEGMENT_C_REGS], CL_RAX, CL_X87);
		allow(&out[GW_SEGMENT_C_REGS], CL_ST, CL_SIZE);
	} else {
		allow(&in[GW_SEGMENT_C_REGS], IV_INTS, IV_INTS + 8u * s->ints);
		allow(&in[GW_SEGMENT_C_REGS], IV_SSE, IV_SSE + 8u * s->sses);
		if (s->ints == 6)
			allow(&in[GW_SEGMENT_C_REGS], IV_INTS, IV_SSE + 8u * s->sses);
		allow(&out[GW_SEGMENT_C_REGS], IV_RAX, IV_SIZE);
	}
	check_moves(plan->in, plan->nin, in, callback ? "callback, in" : "call, in");
	check_moves(plan->out, plan->nout, out, callback ? "callback, out" : "call, out");
}

/* NULL where Go has no such types, or no errno. */
static gw_go_plan *new_plan(const char *text, const gw_signature *s, bool err, bool callback)
{
	gw_go_plan *plan = NULL;
	gw_status status = gw_go_plan_new(&plan, text, err, callback);
	if (!go_has(s) || (err && callback)) {
		CHECK(status == GW_EINVAL && plan == NULL, "a plan that Go cannot want");
		return NULL;
	}
	CHECK(status == GW_OK, "plan: %s", gw_last_error());
	CHECK((plan->shape.code != NULL) == (callback || plan->shape.slots <= GW_GO_WORK_POINTERS),
	      "plan: code");
	CHECK(same(plan->signature, s), "plan: another signature");
	fuzz_counts.coded += plan->shape.code != NULL;
	check_plan(plan, callback);
	return plan;
}

/* All plans of a text. */
static void check_plans(const char *text, const gw_signature *s, uint64_t seed)
{
	gw_go_plan *calls[2], *callback = new_plan(text, s, false, true);
	new_plan(text, s, true, true);
	for (int err = 0; err < 2; err++)
		calls[err] = new_plan(text, s, err != 0, false);
	if (fuzz_executable(s)) {
		fuzz_counts.executed++;
		fuzz_execute(s, calls, callback, seed);
	}
	for (int err = 0; err < 2; err++)
		gw_go_plan_free(calls[err]);
	gw_go_plan_free(callback);
	fuzz_free_codes();
}

static void check_refused(gw_status status, const char *text)
{
	gw_go_plan *plan = NULL;
	CHECK(status == GW_EINVAL, "status %d", (int)status);
	CHECK(strncmp(gw_last_error(), "signature: ", 11) == 0, "refused without a reason: %s",
	      gw_last_error());
	CHECK(gw_go_plan_new(&plan, text, false, false) == status && plan == NULL,
	      "a plan of a text that is refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gw_signature *s = NULL, *go = NULL;
	uint64_t seed = 14695981039346656037u; /* FNV-1a of the text */
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		seed = (seed ^ data[i]) * 1099511628211u;
	fuzz_counts.texts++;
	gw_status status = gw_signature_parse(&s, text), for_go = gw_signature_parse_go(&go, text);
	if (status == GW_OK) {
		check_print(s, gw_signature_parse);
		CHECK(for_go == GW_OK && same(s, go), "Go has another signature");
	} else {
		CHECK(status == GW_EINVAL && s == NULL, "status %d", (int)status);
	}
	if (for_go == GW_OK) {
		fuzz_counts.parsed++;
		check_print(go, gw_signature_parse_go);
		check_places(go);
		check_plans(text, go, seed);
	} else {
		check_refused(for_go, text);
	}
	if (seed % 16 == 0 && size < 400)
		fuzz_without_memory(text);
	gw_signature_free(s);
	gw_signature_free(go);
	free(text);
	return 0;
}
