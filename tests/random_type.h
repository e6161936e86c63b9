/* Random types, of all that gangway.h can describe. Include after cmocka.h. */
#ifndef GW_TESTS_RANDOM_TYPE_H
#define GW_TESTS_RANDOM_TYPE_H

#include <stdlib.h>

#include "../include/gangway.h"

static const gw_type *random_type(int level)
{
	gw_type *out;
	long choice = random() % 10;
	if (choice < 4 || level > 2)
		return gw_type_scalar((gw_kind)(GW_BOOL + random() % (GW_PTR - GW_BOOL + 1)));
	if (choice == 9 && level > 0) {
		assert_int_equal(gw_type_pad(&out, (size_t)random() % 12 + 1), GW_OK);
		return out;
	}
	const gw_type *fields[4];
	size_t n = (size_t)random() % 4 + (level > 0);
	for (size_t i = 0; i < n; i++)
		fields[i] = random_type(level + 1);
	gw_status status;
	if (choice == 8 && level > 0 && gw_type_size(fields[0]) % gw_type_align(fields[0]) == 0)
		status = gw_type_array(&out, fields[0], (size_t)random() % 4 + 1);
	else if (choice == 7 && level > 0)
		status = gw_type_aligned(&out, fields[0], gw_type_align(fields[0]) << random() % 3);
	else if (choice == 6)
		status = gw_type_union(&out, fields, n);
	else if (choice == 5)
		status = gw_type_packed(&out, fields, n, (size_t)1 << random() % 4);
	else
		status = gw_type_struct(&out, fields, n);
	if (status != GW_OK)
		fail_msg("%s", gw_last_error());
	for (size_t i = 0; i < n; i++)
		gw_type_release(fields[i]);
	return out;
}

#endif
