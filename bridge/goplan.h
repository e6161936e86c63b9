/* Plans: how the values of a call get from Go's register convention to C's and back, decided once
 * for each signature. */
#ifndef GW_BRIDGE_GOPLAN_H
#define GW_BRIDGE_GOPLAN_H

#include "signature.h"

/* The registers of Go's ABIInternal (amd64, since Go 1.17): AX BX CX DI SI R8 R9 R10 R11, X0-X14.
 */
enum { GW_GO_INTS = 9, GW_GO_FLOATS = 15 };
struct gw_go_regs {
	uint64_t ints[GW_GO_INTS];
	uint64_t floats[GW_GO_FLOATS];
};

/* Words of the frames that bound functions have for pointers (trampolines/bind_amd64.s). The
   smallest serves for pointers in the first three integer registers, and not for strings. For
   functions with more than the largest holds there is no code. */
enum { GW_GO_FEW_POINTERS = 3, GW_GO_MANY_POINTERS = 8, GW_GO_WORK_POINTERS = 25 };

/* What assembly and Go code ask of a plan (trampolines.PlanShape is its mirror): the first member
 * of a plan. */
struct gw_go_shape {
	uint32_t ints_in, floats_in;   /* Go registers that the parameters take */
	uint32_t ints_out, floats_out; /* and the results */
	uint32_t stack_args;           /* bytes of parameters on Go's stack, rounded up to 8 */
	uint32_t stack_frame;          /* and with the results there */
	uint32_t pointers;             /* bit i: integer register i holds a pointer */
	uint32_t hidden_pointers;      /* pointers among the parameters on Go's stack */
	uint32_t slots;     /* words of a frame that hold all these pointers: GW_GO_... */
	uint32_t strings;   /* string parameters */
	uint32_t functions; /* func parameters */
	uint32_t string_result;
	uint32_t long_result; /* a result not in RAX or XMM0 alone */
	uint32_t plain; /* all of call's code is a fixed shuffle of registers, which bindPlain knows
			 */
	const void *code; /* gocode.c, gocallback.c; NULL when there is none */
};

/* One move of a plan: size bytes, extended to 8 or not. */
struct gw_move {
	uint8_t op;
	uint8_t from, to; /* segments */
	bool block;       /* of a struct or the like, which its maker wrote in more than words */
	uint32_t size;    /* GW_MOVE_WORDS: words; else bytes */
	uint32_t src, dst;
};

typedef struct gw_go_plan {
	struct gw_go_shape shape;
	gw_signature *signature;
	bool err; /* errno is a result */
	uint32_t nin, nout;
	uint32_t *places; /* see gw_go_plan_place */
	/* Where pointers are among the parameters on Go's stack, the first so many of them. */
	uint32_t hidden[GW_GO_WORK_POINTERS];
	struct gw_move *in;  /* parameters: from the caller's convention to the callee's */
	struct gw_move *out; /* results: back */
} gw_go_plan;

/* A plan for calls from Go (callback false) or to Go (true) of functions with the signature that
   text describes, Go's kinds included. Layouts of structs are C's: the Go side makes sure that its
   own are the same. err: Go expects errno as a last result. GW_EINVAL, GW_ENOMEM. */
gw_status gw_go_plan_new(gw_go_plan **out, const char *text, bool err, bool callback);
void gw_go_plan_free(gw_go_plan *plan);

/* Where Go passes parameter i, which is an integer, a pointer or begins with one: the number of its
   first integer register, or GW_GO_ON_STACK with the offset among the stack arguments added. */
#define GW_GO_ON_STACK 0x80000000u
uint32_t gw_go_plan_place(const gw_go_plan *plan, uint32_t i);

/* Bytes that the code of calls has for copies of strings, with a zero byte behind each. A string
   that is terminated already has length GW_GO_TERMINATED, and is not copied. */
enum { GW_GO_STRINGS_MAX = 4096 };
#define GW_GO_TERMINATED UINT64_MAX

/* gocode.c, gocallback.c. Machine code of a plan, for calls and for callbacks, for good; NULL when
   there is no memory for it. That of callbacks is an entry for thunks. */
void *gw_go_code(gw_go_plan *plan); /* sets shape.plain, too */
void *gw_go_callback_code(const gw_go_plan *plan);
void gw_errno_call(void); /* trampolines/call_sysv.S; not a C function */

/* A call with all values in memory, for runtime.cgocall: as gw_call, with errno. */
struct gw_go_safe_call {
	const gw_signature *signature;
	void (*fn)(void);
	void *result;
	void *const *args;
	uint64_t err;
};
void gw_go_safe_call(struct gw_go_safe_call *call);

/* One callback, on C's stack for its time. */
struct gw_go_invocation {
	struct gw_go_regs regs; /* in: parameters, out: results */
	char *stack;            /* shape.stack_frame bytes */
};

/* What the record of a thunk that goes to gw_go_callback_code begins with. */
struct gw_go_callback {
	void (*enter)(struct gw_go_invocation *call); /* calls Go; R11 is the thunk's slot */
};

#endif
