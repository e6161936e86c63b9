/* Functions with structs by value, strings and callbacks in between: what they got must survive
   whatever the callback does to the goroutine's stack, and their results must find it where it is
   by then. */
#include <stdarg.h>
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

/* Twelve pointers, the last of which Go passes on its stack: calls back, then adds up what they
 * point to. */
int64_t gt_pointers(void (*fn)(void), const int64_t *a, const int64_t *b, const int64_t *c,
		    const int64_t *d, const int64_t *e, const int64_t *f, const int64_t *g,
		    const int64_t *h, const int64_t *i, const int64_t *j, const int64_t *k)
{
	fn();
	return *a + *b + *c + *d + *e + *f + *g + *h + *i + *j + *k;
}

/* A string, a function and a struct of pointers behind nine integers. */
typedef struct {
	const int64_t *p;
	int64_t n[2];
	const int64_t *q;
} gt_pair;
int64_t gt_late(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g,
		int64_t h, int64_t i, const char *text, int64_t (*fn)(int64_t), gt_pair pair)
{
	int64_t sum = fn(a + b + c + d + e + f + g + h + i);
	return sum + (int64_t)strlen(text) + *pair.p + pair.n[0] + pair.n[1] + *pair.q;
}

/* Calls back, then returns the length of all strings together. */
int64_t gt_texts(void (*fn)(void), int n, ...)
{
	va_list list;
	int64_t sum = 0;
	fn();
	va_start(list, n);
	for (int i = 0; i < n; i++)
		sum += (int64_t)strlen(va_arg(list, const char *));
	va_end(list);
	return sum;
}

/* Functions that call back, then look at what their pointers lead to. */
int64_t gt_held(void (*fn)(void), const int64_t *a, const int64_t *b)
{
	fn();
	return *a + *b;
}

int64_t gt_held_narrow(void (*fn)(void), const int64_t *a, int8_t n)
{
	fn();
	return *a + n;
}

int64_t gt_held_many(void (*fn)(void), const int64_t *a, const int64_t *b, const int64_t *c,
		     const int64_t *d, const int64_t *e)
{
	fn();
	return *a + *b + *c + *d + *e;
}

int64_t gt_held_text(void (*fn)(void), const int64_t *a, const char *text, const int64_t *b)
{
	fn();
	return *a + (int64_t)strlen(text) + *b;
}

static void (*gt_holding)(void);

void gt_set_holding(void (*fn)(void))
{
	gt_holding = fn;
}

int64_t gt_held_short(const char *text, const int64_t *a)
{
	gt_holding();
	return (int64_t)strlen(text) + *a;
}
