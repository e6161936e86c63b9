/* Arguments and results before guard pages. Include after cmocka.h. */
#ifndef GW_TESTS_GUARDS_H
#define GW_TESTS_GUARDS_H

#include <sys/mman.h>

#include "values.h"

enum { MAX_ARGS = 20, PAGE = 4096 };

/* The last size bytes before memory that cannot be touched; i tells places apart. */
static unsigned char *before_guard(int i, size_t size)
{
	static unsigned char *area;
	enum { BEFORE = 4 * PAGE };
	if (area == NULL) {
		size_t all = (size_t)(MAX_ARGS + 1) * (BEFORE + PAGE);
		area = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(area, MAP_FAILED);
		for (int k = 0; k <= MAX_ARGS; k++)
			assert_int_equal(
				mprotect(area + k * (BEFORE + PAGE) + BEFORE, PAGE, PROT_NONE), 0);
	}
	return area + i * (BEFORE + PAGE) + BEFORE - size;
}

/* Random arguments of s, each before a guard page. */
static void random_args(const gw_signature *s, void **args)
{
	for (size_t i = 0; i < gw_signature_count(s); i++) {
		const gw_type *type = gw_signature_param(s, i);
		args[i] = before_guard((int)i, gw_type_size(type));
		random_value(type, args[i]);
	}
}

#endif
