/* Registered code: the runtime's tables as bytes. */
#include "jit.h"

#include <string.h>

bool gw_jit_pool_put(struct gw_jit_pool *pool, const void *bytes, size_t n, size_t align,
		     uint32_t *at)
{
	size_t start = (pool->used + align - 1) & -align;
	if (start > pool->size || n > pool->size - start) {
		pool->full = true;
		return false;
	}
	if (bytes != NULL)
		memcpy(pool->base + start, bytes, n);
	else
		memset(pool->base + start, 0, n);
	pool->used = start + n;
	*at = (uint32_t)start;
	return true;
}

static int32_t value_of(const gw_jit_range *r, enum gw_jit_column column)
{
	switch (column) {
	case GW_JIT_SP:
		return r->sp;
	case GW_JIT_LINE:
		return r->line;
	case GW_JIT_MAP:
		return r->map;
	case GW_JIT_PREEMPT:
		return r->preempt ? GW_JIT_SAFE : GW_JIT_UNSAFE;
	case GW_JIT_FILE:
		break;
	}
	return 0; /* the first and only file of its cutab */
}

/* A little-endian base 128 number; at most 5 bytes. */
static size_t put_varint(uint8_t *out, uint32_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

/* The format (cmd/internal/obj/pcln.go): pairs of a value's difference to the one before, zigzag,
   and the number of bytes for which it holds; the first value differs from -1, and a difference of
   0, save the first, ends the table. Hence equal neighbours are merged. */
bool gw_jit_pool_pcvalue(struct gw_jit_pool *pool, const gw_jit_function *f, uint32_t end,
			 enum gw_jit_column column, uint32_t *at)
{
	uint32_t pc = 0;
	int32_t last = -1;
	size_t used = pool->used;
	for (size_t i = 0; i < f->range_count; i++) {
		int32_t value = value_of(&f->ranges[i], column);
		while (i + 1 < f->range_count && value_of(&f->ranges[i + 1], column) == value)
			i++;
		uint32_t to = i + 1 < f->range_count ? f->ranges[i].end : end;
		uint32_t difference = (uint32_t)value - (uint32_t)last;
		uint8_t pair[10];
		size_t n = put_varint(pair, difference << 1 ^ -(difference >> 31));
		n += put_varint(pair + n, to - pc);
		if (n >= pool->size - used) { /* and the end */
			pool->full = true;
			return false;
		}
		memcpy(pool->base + used, pair, n);
		used += n;
		pc = to;
		last = value;
	}
	pool->base[used++] = 0;
	*at = (uint32_t)pool->used;
	pool->used = used;
	return true;
}

bool gw_jit_pool_stackmap(struct gw_jit_pool *pool, size_t n, size_t words, const uint8_t *rows,
			  uint32_t *at)
{
	struct gw_jit_stackmap head = {.n = (int32_t)n, .nbit = (int32_t)words};
	uint32_t ignored;
	return gw_jit_pool_put(pool, &head, sizeof head, 4, at) &&
	       gw_jit_pool_put(pool, rows, n * ((words + 7) / 8), 1, &ignored);
}
