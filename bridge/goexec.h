/* The moves of a plan (goplan.c writes them, goexec.c carries them out). */
#ifndef GW_BRIDGE_GOEXEC_H
#define GW_BRIDGE_GOEXEC_H

#include "goplan.h"

/* Memory that moves go between. */
enum {
	GW_SEGMENT_GO_REGS,
	GW_SEGMENT_GO_STACK,
	GW_SEGMENT_C_REGS, /* struct gw_invoke, or struct gw_closure_regs in a callback */
	GW_SEGMENT_C_STACK,
	GW_SEGMENT_RESULT, /* a result in memory */
	GW_SEGMENTS
};

enum {
	GW_MOVE_WORDS, /* size words of 8 bytes */
	GW_MOVE_BYTES,
	GW_MOVE_Z1, /* integers of 1, 2 and 4 bytes extended to 8: with zeros, with the sign */
	GW_MOVE_Z2,
	GW_MOVE_Z4,
	GW_MOVE_S1,
	GW_MOVE_S2,
	GW_MOVE_S4,
	GW_MOVE_STRING /* a Go string (address, length) to the address of a terminated copy */
};

/* The bytes that a move reads and the sign that it extends; of words and bytes, *size as it is. */
static inline void gw_move_size(uint8_t op, uint32_t *size, bool *sign)
{
	*sign = op == GW_MOVE_S1 || op == GW_MOVE_S2 || op == GW_MOVE_S4;
	if (op == GW_MOVE_Z1 || op == GW_MOVE_S1)
		*size = 1;
	else if (op == GW_MOVE_Z2 || op == GW_MOVE_S2)
		*size = 2;
	else if (op == GW_MOVE_Z4 || op == GW_MOVE_S4)
		*size = 4;
}

#endif
