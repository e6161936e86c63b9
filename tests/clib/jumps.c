/* C that jumps: to where gt_try began, past what it has called since, as error handlers of C
 * libraries do. */
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

static __thread jmp_buf *target;
static __thread int64_t thrown;

/* Does not return: gt_try does, with -x. */
void gt_throw(int64_t x)
{
	thrown = x;
	longjmp(*target, 1);
}

/* As gt_throw, with the sum of five. */
void gt_throw_sum(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)
{
	gt_throw(a + 10 * b + 100 * c + 1000 * d + 10000 * e);
}

static int64_t last_noted;

/* Returns, unlike the others. */
int64_t gt_note(int64_t x)
{
	last_noted = x;
	return -1;
}

int64_t gt_noted(void)
{
	return last_noted;
}

typedef struct {
	int64_t n;
	double d;
} pair;
typedef struct {
	char bytes[2048];
} large;

/* Calls fn, of the kind, with x; -y when gt_throw(y) is called before it returns. */
int64_t gt_try(void (*fn)(void), int32_t kind, int64_t x)
{
	jmp_buf here, *volatile outer = target;
	volatile int64_t result = 0;
	large l = {{(char)x}};
	target = &here;
	if (setjmp(here) != 0)
		result = -thrown;
	else if (kind == 0)
		result = ((int64_t(*)(int64_t))fn)(x);
	else if (kind == 1)
		result = ((int64_t(*)(int64_t, int64_t, int64_t, int64_t, int64_t))fn)(x, 2, 3, 4,
										       5);
	else if (kind == 2)
		result = (int64_t)((double (*)(double))fn)((double)x);
	else if (kind == 3)
		result = ((pair(*)(pair, double))fn)((pair){x, 0.5}, 5.0).n;
	else
		result = ((int64_t(*)(large))fn)(l);
	target = outer;
	return result;
}

struct attempt {
	void (*fn)(void);
	int32_t kind, times;
	int64_t x, result;
};

static void *try_on_thread(void *arg)
{
	struct attempt *a = arg;
	for (int32_t i = 0; i < a->times; i++)
		a->result += gt_try(a->fn, a->kind, a->x);
	return NULL;
}

/* gt_try on a thread of its own, so many times; the sum. */
int64_t gt_try_thread(void (*fn)(void), int32_t kind, int64_t x, int32_t times)
{
	struct attempt a = {fn, kind, times, x, 0};
	pthread_t thread;
	if (pthread_create(&thread, NULL, try_on_thread, &a) != 0)
		return INT64_MIN;
	pthread_join(thread, NULL);
	return a.result;
}

/* gt_try so many times in one call. */
int64_t gt_try_n(void (*fn)(void), int32_t kind, int64_t x, int32_t times)
{
	struct attempt a = {fn, kind, times, x, 0};
	try_on_thread(&a);
	return a.result;
}
