/* Which system call does the code before a SYSCALL instruction make?

   The kernel tells a signal handler everything but that: RAX holds the result by then. C libraries
   and compilers write

       mov $nr, %eax; ...; syscall                   a wrapper of its own for each call
       mov N(%rsp), %rax; ...; syscall               glibc 2.41, one of the two common places
       mov %rsi, %rax; ...; syscall                  glibc 2.41, the other: __syscall_cancel_arch
       mov %rdi, %rax; ...; syscall                  syscall(3)

   The last two are functions whose caller loads that argument in one of the first two ways. So code
   is read backwards from where the value is used to the instruction that set it. What lies between
   may only be instructions of a few kinds whose length and effect are certain; anything else, or
   two readings of the same bytes, and the answer is that nobody knows. A wrong number would be
   another system call with these arguments.

   So the code around is read forwards, too: the instruction that was found has to begin where one
   begins that way, wherever the reading starts; and no jump may lead to what lies behind it, since
   the value then depends on the way that was taken. */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "../include/gangway.h"
#include "wait.h"

enum { RAX = 0, RSP = 4, RSI = 6, RDI = 7, NOTHING = -1 };
enum { REACH = 48, LONGEST = 11 }; /* bytes looked at before a use; of one instruction */
enum { PAGE = 4096, PAGES = 2 };   /* read forwards, before a use and behind it */

/* One instruction. */
struct step {
	int length;
	int target; /* the register that it writes, or NOTHING */
	bool moves_sp;
	enum { OTHER, CONSTANT, STACK } source;
	int64_t value; /* a constant; the distance from RSP */
};

/* The operand of a ModRM byte at p: its length, and for memory at a distance from RSP that. */
static int operand(const unsigned char *p, bool *stack, int32_t *distance)
{
	int mod = p[0] >> 6, rm = p[0] & 7, length = 1;
	*stack = false;
	*distance = 0;
	if (mod == 3)
		return length;
	if (rm == 4) {
		*stack = p[1] == 0x24; /* base RSP, no index */
		if (mod == 0 && (p[1] & 7) == 5)
			return length + 5;
		length++;
	} else if (mod == 0 && rm == 5) {
		return length + 4;
	}
	if (mod == 1) {
		*distance = (int8_t)p[length];
		length += 1;
	} else if (mod == 2) {
		memcpy(distance, p + length, 4);
		length += 4;
	}
	return length;
}

/* Reads the instruction at p, of which LONGEST bytes may be looked at. False if it is none of those
   that may stand between. */
static bool read_step(const unsigned char *p, struct step *s)
{
	const unsigned char *begin = p;
	int rex = (*p & 0xf0) == 0x40 ? *p++ : 0;
	int op = *p++, reg = ((*p >> 3) & 7) | (rex & 4) << 1, rm = (*p & 7) | (rex & 1) << 3;
	bool direct = *p >> 6 == 3, stack;
	int32_t distance, constant;
	*s = (struct step){.target = NOTHING, .source = OTHER};
	switch (op) {
	case 0x8b: /* mov r/m, r */
	case 0x8d: /* lea */
	case 0x63: /* movslq */
	case 0x33: /* xor r/m, r */
		p += operand(p, &stack, &distance);
		s->target = reg;
		if (op == 0x8b && stack && rex & 8) {
			s->source = STACK;
			s->value = distance;
		}
		break;
	case 0x89: /* mov r, r/m */
	case 0x31: /* xor r, r/m */
		if (direct)
			s->target = rm;
		p += operand(p, &stack, &distance);
		break;
	case 0x85: /* test */
		p += operand(p, &stack, &distance);
		break;
	case 0xc7: /* mov $constant, r/m */
		if (reg & 7)
			return false;
		if (direct)
			s->target = rm;
		p += operand(p, &stack, &distance);
		memcpy(&constant, p, 4);
		p += 4;
		s->source = CONSTANT;
		s->value = constant;
		break;
	case 0x6a: /* push $constant */
	case 0x68:
		s->moves_sp = true;
		p += op == 0x6a ? 1 : 4;
		break;
	case 0x83: /* sub $constant, %rsp */
		if (rex != 0x48 || *p != 0xec)
			return false;
		s->moves_sp = true;
		p += 2;
		break;
	default:
		if (op >= 0xb8 && op <= 0xbf && !(rex & 8)) { /* mov $constant, r */
			s->target = (op & 7) | (rex & 1) << 3;
			memcpy(&constant, p, 4);
			p += 4;
			s->source = CONSTANT;
			s->value = constant;
		} else if (op >= 0x50 && op <= 0x57) { /* push r */
			s->moves_sp = true;
		} else {
			return false;
		}
	}
	s->length = (int)(p - begin);
	return s->target != RSP;
}

/* Whether 32 bytes can be read, the size of the kernel's struct sigaction: the kernel tries, and
   then finds that there is no such signal. */
static bool readable(const unsigned char *p)
{
	return gw_syscall(SYS_rt_sigaction, 65, (long)p, 0, 8, 0, 0) == -22 /* EINVAL */;
}

/* Whether the steps from p on lead to end exactly, whether they keep reg, and whether they move the
   stack pointer. */
static bool leads(const unsigned char *p, const unsigned char *end, int reg, bool *kept,
		  bool *moved_sp)
{
	struct step s;
	*kept = true;
	*moved_sp = false;
	while (p < end) {
		if (!read_step(p, &s))
			return false;
		p += s.length;
		*kept &= s.target != reg;
		*moved_sp |= s.moves_sp;
	}
	return p == end;
}

/* Whether two readings of the same bytes are one: with a prefix and without. */
static bool same(const struct step *a, const unsigned char *at_a, const struct step *b,
		 const unsigned char *at_b)
{
	return at_a + a->length == at_b + b->length && a->target == b->target &&
	       a->source == b->source && a->value == b->value;
}

/* The bytes of an opcode that have a ModRM byte behind them: bit c & 7 of element c >> 3. */
static const unsigned char one_byte_modrm[32] = {
	0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0, 0,    0,    0, 0x08, 0x0a, 0,   0, 0xfb,
	0xff, 0,    0,    0,    0,    0,    0,    0xc3, 0, 0x0f, 0xff, 0, 0,    0xc0, 0xc0};
static const unsigned char two_bytes_none[32] = {/* those behind 0f that have none */
						 0xe0, 0x4b, 0, 0, 0,    0,    0xff, 0,
						 0,    0,    0, 0, 0,    0,    0x80, 0,
						 0xff, 0xff, 0, 0, 0x07, 0x07, 0,    0,
						 0,    0xff, 0, 0, 0,    0,    0,    0};

static bool among(const unsigned char *set, int c)
{
	return set[c >> 3] >> (c & 7) & 1;
}

/* The length of any instruction in 64-bit mode, at most 15, or 1 for what is none. 32 bytes at p
   can be read. */
static int length_of(const unsigned char *p)
{
	const unsigned char *begin = p;
	bool modrm, small = false, wide = false, address = false, escaped = false, stack;
	int immediate = 0, map = 0, op;
	int32_t distance;
	for (; p - begin < 13; p++) { /* prefixes */
		if (*p == 0x66)
			small = true;
		else if (*p == 0x67)
			address = true;
		else if ((*p & 0xe7) != 0x26 && (*p & 0xfe) != 0x64 && *p != 0xf0 && *p != 0xf2 &&
			 *p != 0xf3)
			break;
	}
	if ((*p & 0xf0) == 0x40)
		wide = *p++ & 8;
	op = *p++;
	if (op == 0xc5) {
		map = 1, escaped = true, p += 1;
	} else if (op == 0xc4) {
		map = *p & 31, escaped = true, p += 2;
	} else if (op == 0x62) {
		map = *p & 7, escaped = true, p += 3;
	} else if (op == 0x0f) {
		map = 1;
		if (*p == 0x38)
			map = 2, p++;
		else if (*p == 0x3a)
			map = 3, p++;
	}
	if (map != 0 || escaped)
		op = *p++;
	if (map == 0) {
		modrm = among(one_byte_modrm, op);
		if ((op & 0xc7) == 0x04 || op == 0x6a || op == 0x6b || op >> 4 == 7 || op == 0x80 ||
		    op == 0x83 || op == 0xa8 || op >> 3 == 0x16 || (op & 0xfe) == 0xc0 ||
		    op == 0xc6 || op == 0xcd || op >> 3 == 0x1c || op == 0xeb)
			immediate = 1;
		else if ((op & 0xc7) == 0x05 || op == 0x68 || op == 0x69 || op == 0x81 ||
			 op == 0xa9 || op == 0xc7)
			immediate = small ? 2 : 4;
		else if (op == 0xe8 || op == 0xe9)
			immediate = 4;
		else if (op >> 3 == 0x17)
			immediate = wide ? 8 : small ? 2 : 4;
		else if (op >> 2 == 0x28)
			immediate = address ? 4 : 8;
		else if (op == 0xc2 || op == 0xc8)
			immediate = op == 0xc2 ? 2 : 3;
		if ((op & 0xfe) == 0xf6 && (*p & 0x38) < 0x10)
			immediate = op == 0xf6 ? 1 : small ? 2 : 4;
	} else {
		modrm = escaped ? op != 0x77 || map != 1 : map > 1 || !among(two_bytes_none, op);
		if (map == 3 ||
		    (map == 1 && ((op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac ||
				  op == 0xba || op == 0xc2 || (op >= 0xc4 && op <= 0xc6))))
			immediate = 1;
		if (map == 1 && op >> 4 == 8 && !escaped)
			immediate = 4;
	}
	if (modrm)
		p += operand(p, &stack, &distance);
	p += immediate;
	return p - begin <= 15 ? (int)(p - begin) : 1;
}

/* Reads forwards, from `at` to `stop`. False if a jump leads to one of the steps before use, of
   which bit i says that it begins i bytes before, or if no instruction begins at first or with a
   prefix of it. */
static bool agrees(const unsigned char *at, const unsigned char *stop, const unsigned char *first,
		   const unsigned char *use, uint64_t steps)
{
	bool passes = at > first;
	while (at < stop) {
		unsigned char code[64] = {0};
		memcpy(code, at, stop - at < 32 ? (size_t)(stop - at) : 32);
		const unsigned char *p = code;
		int32_t distance = 0;
		passes |= at == first || (at == first - 1 && (*at & 0xf0) == 0x40);
		at += length_of(code);
		while (*p == 0x2e || *p == 0x3e || *p == 0x66 || *p == 0xf2 || (*p & 0xf0) == 0x40)
			p++;
		if ((*p & 0xf0) == 0x70 || *p == 0xeb || (*p & 0xfc) == 0xe0)
			distance = (int8_t)p[1];
		else if (*p == 0xe9 || (*p == 0x0f && (p[1] & 0xf0) == 0x80))
			memcpy(&distance, p + (*p == 0xe9 ? 1 : 2), 4);
		else
			continue;
		ptrdiff_t before = use - (at + distance);
		if (before >= 0 && before <= REACH && steps >> before & 1)
			return false;
	}
	return passes;
}

/* Whether the instruction at p is one, and the only way to `use` leads through it. What jumps there
   through a table, or from afar, where compilers put what they expect to run seldom, is not seen.
 */
static bool only_way(const unsigned char *p, const unsigned char *use)
{
	enum { STARTS = 16, NEAR = 192 };
	const unsigned char *low = (const unsigned char *)((uintptr_t)use & -(uintptr_t)PAGE);
	const unsigned char *high = low + PAGE, *step = p;
	uint64_t steps = 1;
	struct step s;
	for (; step < use && read_step(step, &s); step += s.length)
		if (step != p)
			steps |= (uint64_t)1 << (use - step);
	for (int i = 0; i < PAGES && readable(low - PAGE); i++)
		low -= PAGE;
	for (int i = 0; i < PAGES && readable(high); i++)
		high += PAGE;
	for (int i = 0; i < STARTS && use - low >= NEAR + i; i++)
		if (!agrees(use - NEAR - i, use, p, use, steps))
			return false;
	return agrees(low, use, p, use, steps) && agrees(use, high, p, use, steps);
}

/* The value of reg at `use`, where the stack pointer is sp. code is the first byte that can be
   read. */
static bool value_at(const unsigned char *use, const unsigned char *code, int reg,
		     const uintptr_t *sp, int64_t *value)
{
	unsigned char window[REACH + LONGEST + 32] = {0};
	int have = use - code < REACH ? (int)(use - code) : REACH;
	memcpy(window, use - have, (size_t)have); /* nothing at or behind use is read */
	const unsigned char *end = window + have;
	for (const unsigned char *p = end - 1; p >= window; p--) {
		struct step s, other;
		bool kept, moved, k, m;
		if (!read_step(p, &s) || s.target != reg || s.source == OTHER ||
		    p + s.length > end || !leads(p + s.length, end, reg, &kept, &moved) || !kept)
			continue;
		if (s.source == STACK && moved)
			return false;
		/* Another reading, by which this is the inside of an instruction? */
		for (const unsigned char *q = p - 1; q >= window && q > p - LONGEST; q--)
			if (read_step(q, &other) && q + other.length > p &&
			    q + other.length <= end && !same(&s, p, &other, q) &&
			    leads(q + other.length, end, reg, &k, &m))
				return false;
		if (!only_way(use - (end - p), use))
			return false;
		*value = s.source == STACK ? (int64_t)sp[s.value / 8] : s.value;
		return s.source != STACK || (s.value % 8 == 0 && s.value >= 0);
	}
	return false;
}

/* The first byte from p - REACH on that can be read; p itself can. */
static const unsigned char *code_before(const unsigned char *p)
{
	const unsigned char *begin = p - REACH;
	const unsigned char *page = (const unsigned char *)((uintptr_t)p & ~(uintptr_t)4095);
	return begin >= page || readable(page - 32) ? begin : page;
}

static const unsigned char *pointer_at(const unsigned char *p)
{
	const unsigned char *to = NULL;
	if (readable(p))
		memcpy(&to, p, sizeof to);
	return to;
}

/* The function that a call, which ends at `back`, went to; its first byte is *call. */
static const unsigned char *called(const unsigned char *back, const unsigned char **call)
{
	int32_t distance;
	const unsigned char *to;
	memcpy(&distance, back - 4, 4);
	if (back[-5] == 0xe8) { /* call to */
		*call = back - 5;
		to = back + distance;
	} else if (back[-6] == 0xff && back[-5] == 0x15) { /* call *to(%rip) */
		*call = back - 6;
		return pointer_at(back + distance);
	} else {
		return NULL;
	}
	/* An entry of a procedure linkage table goes on: endbr64, bnd, jmp *to(%rip). */
	const unsigned char *p = to;
	if (!readable(p))
		return NULL;
	if (memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0)
		p += 4;
	if (*p == 0xf2)
		p++;
	if (p[0] != 0xff || p[1] != 0x25)
		return to;
	memcpy(&distance, p + 2, 4);
	return pointer_at(p + 6 + distance);
}

/* A function that gets the number as an argument: how its code before the SYSCALL instruction
   looks, how far before that it may begin, and in which register the number comes. */
static const struct common {
	unsigned char code[35];
	int length, reach, reg;
} commons[] = {
	/* syscall(3): mov %rdi, %rax; mov %rsi, %rdi; mov %rdx, %rsi; mov %rcx, %rdx; mov %r8,
	   %r10; mov %r9, %r8; mov 8(%rsp), %r9 */
	{"\x48\x89\xf8\x48\x89\xf7\x48\x89\xd6\x48\x89\xca\x4d\x89\xc2\x4d\x89\xc8\x4c\x8b\x4c\x24"
	 "\x08",
	 23, 27, RDI},
	/* __syscall_cancel_arch: mov %rsi, %rax; mov %rdx, %rdi; mov %rcx, %rsi; mov %r8, %rdx;
	   mov %r9, %r10; mov 8(%rsp), %r8; mov 16(%rsp), %r9; mov %r11, 8(%rsp) */
	{"\x48\x89\xf0\x48\x89\xd7\x48\x89\xce\x4c\x89\xc2\x4d\x89\xca\x4c\x8b\x44\x24\x08\x4c\x8b"
	 "\x4c\x24\x10\x4c\x89\x5c\x24\x08",
	 30, 64, RSI},
};

long gw_decode_syscall(const unsigned char *pc, const uintptr_t *sp)
{
	static const unsigned char instruction[2] = {0x0f, 0x05};
	const unsigned char *use = pc - sizeof instruction, *code, *call;
	const uintptr_t line = ~(uintptr_t)31;
	int64_t value;
	/* Code may be there to run and not to be read. */
	if (!readable((const unsigned char *)((uintptr_t)use & line)) ||
	    !readable((const unsigned char *)((uintptr_t)(pc - 1) & line)) ||
	    memcmp(use, instruction, sizeof instruction) != 0)
		return -1;
	code = code_before(use);
	for (size_t i = 0; i < sizeof commons / sizeof *commons; i++) {
		const struct common *c = &commons[i];
		if (use - code < c->length ||
		    memcmp(use - c->length, c->code, (size_t)c->length) != 0)
			continue;
		const unsigned char *back = (const unsigned char *)sp[0];
		if ((uintptr_t)back < PAGE || !readable(back - 32))
			return -1;
		const unsigned char *entry = called(back, &call);
		if (entry == NULL || entry > use - c->length || entry < use - c->reach ||
		    !value_at(call, code_before(call), c->reg, sp + 1, &value))
			return -1;
		return value >= 0 && value < 4096 ? (long)value : -1;
	}
	if (!value_at(use, code, RAX, sp, &value))
		return -1;
	return value >= 0 && value < 4096 ? (long)value : -1;
}
