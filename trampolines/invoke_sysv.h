/* Offsets in struct gw_invoke, struct gw_closure_regs and struct gw_thunk_slot (bridge/signature.h asserts them). */
#ifndef GW_TRAMPOLINES_INVOKE_SYSV_H
#define GW_TRAMPOLINES_INVOKE_SYSV_H

#define IV_FN		0
#define IV_CHAIN	8
#define IV_AL		16
#define IV_INTS		24
#define IV_SSE		72
#define IV_STACK_BYTES	136
#define IV_STACK_ALIGN	144
#define IV_STACK	152
#define IV_X87		160
#define IV_RAX		168
#define IV_RDX		176
#define IV_XMM0		184
#define IV_XMM1		192
#define IV_ERR		200
#define IV_ST		208
#define IV_SIZE		240

#define CL_INTS		0
#define CL_SSE		48
#define CL_AL		112
#define CL_STACK	120
#define CL_RAX		128
#define CL_RDX		136
#define CL_XMM0		144
#define CL_XMM1		152
#define CL_X87		160
#define CL_CHAIN	168
#define CL_ST		176
#define CL_SIZE		208

#define SLOT_RECORD	8
#define RECORD_RUN	0

#endif
