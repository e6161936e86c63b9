/* What the two halves of gocode.c share: the frame of a call, and the values of it (govalues.c). */
#ifndef GW_BRIDGE_GOCODE_H
#define GW_BRIDGE_GOCODE_H

#include "emit.h"
#include "goexec.h"

static const uint8_t go_ints[GW_GO_INTS] = {AX, BX, CX, DI, SI, R8, R9, R10, R11};

enum { GW_GO_UNROLLED = 256 }; /* bytes that are copied without a loop */

/* Code of one call that is being made, and its frame, see gocode.c. */
struct call {
	struct emitter *e;
	const gw_go_plan *plan;
	uint32_t image, results, words, hidden, slots, strings, size, align;
	bool in_order; /* Go's registers are in memory before anything else is done */
};

/* In struct gw_go_regs. */
static inline bool is_float_register(uint32_t offset)
{
	return offset >= offsetof(struct gw_go_regs, floats);
}

static inline unsigned float_register(uint32_t offset)
{
	return (unsigned)((offset - offsetof(struct gw_go_regs, floats)) / 8);
}

/* Whether a move of a parameter goes from a register of Go's to the one of C's, with nothing in
   between. */
bool gw_go_direct(const struct gw_move *m);
/* Whether a move of the result is between registers that are the same on both sides, or from RDX to
   BX, Go's second: that sets *second. */
bool gw_go_stays(const struct gw_move *m, bool *second);

/* The code that moves the arguments to where C has them, and the results to where Go has them; and
   before both, when Go's stack is used, the code that finds it. */
void gw_go_find_stack(const struct call *c);
void gw_go_arguments(const struct call *c);
void gw_go_clear_errno(struct emitter *e);
void gw_go_results(const struct call *c);

#endif
