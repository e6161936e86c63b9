/* The fuzzer of signatures and plans. fuzz_signature.c: what is checked of every text; layout.c:
   values and Go's registers for them; execute.c and record.c: calls; memory.c: allocations;
   mutate.c: texts; driver.c: main without libFuzzer. */
#ifndef GW_TESTS_FUZZ_H
#define GW_TESTS_FUZZ_H

#include "../../bridge/goexec.h"

/* libFuzzer's interface, which driver.c uses as well. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

/* A finding: says so and aborts. */
#define CHECK(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_fail(__VA_ARGS__);                                                    \
	} while (0)
void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* How often what happened, for the report: a fuzzer that reaches nothing finds nothing. */
struct fuzz_counts {
	unsigned long texts, parsed, executed, coded, called_back;
};
extern struct fuzz_counts fuzz_counts;

/* splitmix64: the same numbers on every machine. */
static inline uint64_t fuzz_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* ---- memory.c ---- */

void fuzz_free_codes(void);                 /* that of all plans made so far */
void fuzz_without_memory(const char *text); /* its plans, each allocation failing in turn */

/* ---- layout.c ---- */

/* A value in memory. mask is 0xff for its bytes and 0 for padding. For str, slice and func, bytes
   is what C sees, a pointer; go is what Go has. For others go is bytes. */
struct fuzz_value {
	const struct gw_type *type;
	unsigned char *bytes, *mask;
	unsigned char *go, *go_mask;
	uint32_t go_size;
	char *string; /* of a str: what C is to see, malloc'd */
	char *exact;  /* of a str: what Go has, without NUL, malloc'd */
	uint64_t length;
};
void fuzz_value_make(struct fuzz_value *v, const struct gw_type *type, uint64_t *seed);
void fuzz_value_free(struct fuzz_value *v);
uint32_t fuzz_go_size(const struct gw_type *type);
/* In any depth, as Go has it: whether there is such a type, and whether there are none but Go's. */
bool fuzz_holds(const struct gw_type *type, unsigned kind);
bool fuzz_go_has(const struct gw_type *type);

/* Where Go has a value: its own computation, by cmd/compile/abi-internal.md, so that a plan that is
   wrong in both directions alike is found. */
struct fuzz_leaf {
	uint32_t offset, size;
	bool floating, pointer;
	uint8_t reg;
};
struct fuzz_go_place {
	bool in_regs;
	unsigned n;
	struct fuzz_leaf leaf[GW_GO_INTS + GW_GO_FLOATS];
	uint32_t stack;
};
struct fuzz_go_side {
	unsigned ints, floats;
	uint32_t stack;
};
void fuzz_go_assign(struct fuzz_go_side *side, const struct gw_type *type,
		    struct fuzz_go_place *place);
void fuzz_go_put(const struct fuzz_go_place *place, const struct fuzz_value *v,
		 struct gw_go_regs *regs, unsigned char *stack);
void fuzz_go_check(const struct fuzz_go_place *place, const struct fuzz_value *v,
		   const struct gw_go_regs *regs, const unsigned char *stack, const char *what);

/* ---- execute.c ---- */

/* Calls functions of that signature on every road, with values made of seed. plans: for calls,
   without and with errno. callback NULL: Go has no such types, and C's roads are all there are. */
void fuzz_execute(const gw_signature *s, gw_go_plan *const plans[2], const gw_go_plan *callback,
		  uint64_t seed);
bool fuzz_executable(const gw_signature *s);

#endif
