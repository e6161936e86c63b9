/* The assembly of the fuzzer: a C function of any signature that notes its call, and a caller of
   the machine code of plans. */
#ifndef GW_TESTS_FUZZ_RECORD_H
#define GW_TESTS_FUZZ_RECORD_H

#include "fuzz.h"

/* What fuzz_recorder got. */
struct fuzz_recorded {
	uint64_t ints[6], sse[8], al;
	uint64_t sp; /* of the stack arguments */
};
extern struct fuzz_recorded fuzz_recorded __attribute__((visibility("hidden")));

/* What it returns. */
struct fuzz_returned {
	uint64_t rax, rdx, xmm0, xmm1, x87;
	uint8_t st[2][16];
};
extern struct fuzz_returned fuzz_returned __attribute__((visibility("hidden")));

/* Any C function: notes its registers, calls fuzz_record (execute.c) and returns what fuzz_returned
   says. All that a C function may clobber is clobbered. */
void fuzz_recorder(void);
void fuzz_record(void) __attribute__((visibility("hidden")));

/* For fuzz_enter: the registers of the contract in bridge/gocode.c, which are those afterwards when
   it returns, as are moved, by how much RSP was another one, and zero, ZF. */
struct fuzz_machine {
	const void *code;
	uint64_t r12, r13, r14, r15, rbp;
	struct gw_go_regs regs;
	uint64_t rsp, moved;
	uint8_t zero;
};
extern struct fuzz_machine fuzz_machine __attribute__((visibility("hidden")));
void fuzz_enter(void);

#endif
