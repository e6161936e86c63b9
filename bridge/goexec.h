/* The moves of a plan (goplan.c writes them, gocode.c and gocallback.c make code of them). */
#ifndef GW_BRIDGE_GOEXEC_H
#define GW_BRIDGE_GOEXEC_H

#include "goplan.h"

/* Memory that moves go between. */
enum {
	GW_SEGMENT_GO_REGS,
	GW_SEGMENT_GO_STACK,
	GW_SEGMENT_C_REGS, /* see below */
	GW_SEGMENT_C_STACK,
	GW_SEGMENT_RESULT, /* a result in memory */
	GW_SEGMENTS
};

/* Where moves have C's registers in GW_SEGMENT_C_REGS: of a call (IV_), and of a callback (CL_).
   Memory of that layout there is only as far as code wants it. */
enum {
	IV_INTS = 0,          /* DI SI DX CX R8 R9 */
	IV_SSE = 48,          /* XMM0-XMM7 */
	IV_STACK_BYTES = 112, /* end of the arguments */
	IV_RAX = 112,         /* results */
	IV_RDX = 120,
	IV_XMM0 = 128,
	IV_XMM1 = 136,
	IV_ERR = 144, /* errno */
	IV_ST = 152,  /* ST0 and ST1, 16 bytes each */
	IV_SIZE = 184,

	CL_INTS = 0,
	CL_SSE = 48,
	CL_AL = 112, /* end of the arguments */
	CL_RAX = 112,
	CL_RDX = 120,
	CL_XMM0 = 128,
	CL_XMM1 = 136,
	CL_X87 = 144, /* end of the results that are no long doubles */
	CL_ST = 144,
	CL_SIZE = 176
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
