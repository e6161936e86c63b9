/* Offsets of struct gw_call_regs (bridge/bridge.h, which asserts them; trampolines.callRegs on the Go side). */
#define CR_FN		0
#define CR_CHAIN	8
#define CR_AL		16
#define CR_INTS		24
#define CR_FLOATS	72
#define CR_STACK_BYTES	136
#define CR_STACK	144
#define CR_RAX		152
#define CR_RDX		160
#define CR_XMM0		168
#define CR_XMM1		176
#define CR_ERRNO	184
