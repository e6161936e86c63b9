/* Functions with structs by value, strings and callbacks in between: what they got must survive whatever the callback
   does to the goroutine's stack, and their results must find it where it is by then. */
#include <stdint.h>
#include <string.h>

typedef struct {
	int64_t a;
	double b;
	int32_t c, d;
} gt_s24;
typedef struct {
	int64_t x;
	double y;
} gt_s16;
typedef struct {
	int64_t v[8];
} gt_s64;

/* Calls fn(s.a) first; all else is read afterwards. */
gt_s16 gt_struct_mix(int64_t (*fn)(int64_t), gt_s24 s, gt_s64 big, int32_t i, float f,
		     const char *text)
{
	int64_t r = fn(s.a);
	return (gt_s16){r + s.c + s.d + i + big.v[7] + (int64_t)strlen(text), s.b + (double)f};
}

gt_s64 gt_struct_big(int64_t (*fn)(int64_t), gt_s24 s, int8_t n)
{
	gt_s64 r;
	int64_t back = fn(s.a);
	for (int i = 0; i < 8; i++)
		r.v[i] = back + i * n;
	return r;
}

/* The sum of what n calls of fn return, each of which gets other values. */
gt_s16 gt_struct_back(gt_s16 (*fn)(gt_s24, gt_s64, int8_t, float, void *), int32_t n)
{
	gt_s16 sum = {0, 0};
	for (int32_t k = 0; k < n; k++) {
		gt_s24 s = {k, k * 0.5, -k, k + 1};
		gt_s64 big;
		for (int i = 0; i < 8; i++)
			big.v[i] = k + i;
		gt_s16 r = fn(s, big, (int8_t)k, (float)k, &sum);
		sum.x += r.x;
		sum.y += r.y;
	}
	return sum;
}

/* A result in memory from a callback. */
int64_t gt_struct_back_big(gt_s64 (*fn)(int64_t), int64_t x)
{
	gt_s64 r = fn(x);
	int64_t sum = 0;
	for (int i = 0; i < 8; i++)
		sum += r.v[i];
	return sum;
}
