/* Signatures of texts, and random values of their types. Include after cmocka.h. */
#ifndef GW_TESTS_VALUES_H
#define GW_TESTS_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../bridge/signature.h"

static inline gw_signature *parsed_by(gw_status (*parse)(gw_signature **, const char *),
				      const char *text)
{
	gw_signature *s = NULL;
	if (parse(&s, text) != GW_OK)
		fail_msg("%s: %s", text, gw_last_error());
	return s;
}

static inline gw_signature *parsed(const char *text)
{
	return parsed_by(gw_signature_parse, text);
}

/* Go's kinds may be among the parameters. */
static inline gw_signature *parsed_go(const char *text)
{
	return parsed_by(gw_signature_parse_go, text);
}

static inline void seed_random(void)
{
	const char *given = getenv("GANGWAY_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 0) : (unsigned)time(NULL);
	print_message("seed %u (GANGWAY_SEED replays it)\n", seed);
	srandom(seed);
}

static inline unsigned char random_byte(void)
{
	return (unsigned char)(random() >> 7);
}

/* The numbers in a value: any that survive a copy (no signalling NaN). What lies between them
   stays: in a union the padding of one member is part of another. */
static inline void random_numbers(const gw_type *type, unsigned char *to)
{
	size_t size = gw_type_size(type), count = gw_type_count(type);
	float f = (float)(random() - random());
	double d = (double)(random() - random()) / 8;
	long double l = d / 3;
	switch (gw_type_kind(type)) {
	case GW_STRUCT:
	case GW_UNION:
	case GW_ARRAY:
		for (size_t i = 0; i < count; i++)
			random_numbers(gw_type_member(type, i), to + gw_type_offset(type, i));
		return;
	case GW_PAD:
	case GW_MEMORY:
		return;
	case GW_BOOL:
		to[0] = random_byte() & 1;
		return;
	case GW_C64:
		memcpy(to + 4, &f, sizeof f);
		f *= 7;
		/* fall through */
	case GW_F32:
		memcpy(to, &f, sizeof f);
		return;
	case GW_C128:
		memcpy(to + 8, &d, sizeof d);
		d *= 7;
		/* fall through */
	case GW_F64:
		memcpy(to, &d, sizeof d);
		return;
	case GW_C160:
		memcpy(to + 16, &l, 10);
		l *= 7;
		/* fall through */
	case GW_F80:
		memcpy(to, &l, 10);
		return;
	default:
		for (size_t i = 0; i < size; i++)
			to[i] = random_byte();
	}
}

/* A random value: of the bytes that carry it. The padding is random too. */
static inline void random_value(const gw_type *type, unsigned char *to)
{
	for (size_t i = 0; i < gw_type_size(type); i++)
		to[i] = random_byte();
	random_numbers(type, to);
}

/* Whether two values are equal, whatever is in the padding. */
static inline bool same_value(const gw_type *type, const unsigned char *a, const unsigned char *b)
{
	switch (gw_type_kind(type)) {
	case GW_STRUCT:
	case GW_UNION: /* the bytes that no member has are padding */
	case GW_ARRAY:
		for (size_t i = 0; i < gw_type_count(type); i++) {
			size_t at = gw_type_offset(type, i);
			if (!same_value(gw_type_member(type, i), a + at, b + at))
				return false;
		}
		return true;
	case GW_PAD:
		return true;
	case GW_F80:
		return memcmp(a, b, 10) == 0;
	case GW_C160:
		return memcmp(a, b, 10) == 0 && memcmp(a + 16, b + 16, 10) == 0;
	default:
		return memcmp(a, b, gw_type_size(type)) == 0;
	}
}

#endif
