/* C that calls Go: one function for each type, and some that make more of it. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>

#define CALL(name, type)                                                                           \
	type gt_call_##name(type (*fn)(type), type x);                                             \
	type gt_call_##name(type (*fn)(type), type x)                                              \
	{                                                                                          \
		return fn(x);                                                                      \
	}

CALL(bool, bool)
CALL(i8, int8_t)
CALL(u8, uint8_t)
CALL(i16, int16_t)
CALL(u16, uint16_t)
CALL(i32, int32_t)
CALL(u32, uint32_t)
CALL(i64, int64_t)
CALL(u64, uint64_t)
CALL(long, long)
CALL(float, float)
CALL(double, double)
CALL(pointer, void *)

void gt_call(void (*fn)(void))
{
	fn();
}

/* 1 if fn says yes with a clean _Bool, 0 for no, 2 and more for a byte that is neither. */
int32_t gt_call_bool_byte(bool (*fn)(void))
{
	bool b = fn();
	unsigned char byte;
	memcpy(&byte, &b, 1);
	return byte;
}

/* The sum of fn(0) ... fn(n-1). */
int64_t gt_call_n(int64_t (*fn)(int64_t), int32_t n)
{
	int64_t sum = 0;
	for (int32_t i = 0; i < n; i++)
		sum += fn(i);
	return sum;
}

/* fn(user), as a C library with user data does it. */
int64_t gt_call_user(int64_t (*fn)(void *), void *user)
{
	return fn(user);
}

/* The same with the user data in a struct. */
struct user {
	void *data;
	int64_t n;
};
int64_t gt_call_user_pair(int64_t (*fn)(struct user), void *data, int64_t n)
{
	return fn((struct user){data, n});
}

/* Calls fn below `frames` C frames of about a kilobyte each. Returns fn's result, or -1 when one of
   the frames did not keep its contents. */
__attribute__((noinline)) int64_t gt_call_deep(int64_t (*fn)(int64_t), int64_t x, int32_t frames)
{
	volatile unsigned char local[1024];
	for (unsigned i = 0; i < sizeof local; i++)
		local[i] = (unsigned char)(frames + (int32_t)i);
	int64_t r = frames == 0 ? fn(x) : gt_call_deep(fn, x, frames - 1);
	for (unsigned i = 0; i < sizeof local; i++)
		if (local[i] != (unsigned char)(frames + (int32_t)i))
			return -1;
	return r;
}

double gt_call_mixed(double (*fn)(int32_t, double, int64_t, float, uint8_t, double, int16_t, float,
				  void *, double, bool, float, double, float))
{
	return fn(-1, 2.5, 1ll << 40, 3.5f, 200, 4.5, -300, 5.5f, (void *)0x1234, 6.5, true, 7.5f,
		  8.5, 9.5f);
}

/* errno as fn left it when it was err before, in a C function that Go then asks for errno. */
int32_t gt_call_errno(void (*fn)(void), int32_t err)
{
	fn();
	errno = err;
	return err;
}

/* Keeps fn, for later calls without it. */
static int64_t (*kept)(int64_t);

void gt_keep(int64_t (*fn)(int64_t))
{
	kept = fn;
}

int64_t gt_call_kept(int64_t x)
{
	return kept(x);
}

/* Waits awake at the gate g (timing.c), then calls fn twice. The sum of the results. */
int64_t gt_gate_call(int32_t *g, int64_t (*fn)(int64_t), int64_t x)
{
	__atomic_add_fetch(&g[0], 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&g[1], __ATOMIC_SEQ_CST))
		__builtin_ia32_pause();
	return fn(x) + fn(x);
}
