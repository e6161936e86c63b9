/* A library that the soak program loads and unloads all the time: it takes memory when it is loaded
   and gives it back when it is unloaded. */
#include <stdint.h>
#include <stdlib.h>

typedef struct {
	int64_t n;
	double d;
} gp_pair;

static int64_t *table;

__attribute__((constructor)) static void loaded(void)
{
	table = malloc(1000 * sizeof *table);
	for (int i = 0; table != NULL && i < 1000; i++)
		table[i] = 3 * i;
}

__attribute__((destructor)) static void unloaded(void)
{
	free(table);
}

int64_t gp_table(int32_t i)
{
	return table == NULL ? -1 : table[i];
}

gp_pair gp_swap(gp_pair p, float f)
{
	return (gp_pair){(int64_t)p.d, (double)p.n + (double)f};
}

int64_t gp_call(int64_t (*fn)(int64_t), int64_t x)
{
	return fn(x) + table[1];
}
