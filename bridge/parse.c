/* Signatures from text. The grammar, with blanks anywhere between words:

       signature = type "(" [ list ] ")"
       list      = type { "," type } [ "," "..." { "," type } ] | "..." { "," type }
       type      = plain [ "@" number ]
       plain     = name | "pad" number | "[" number "]" plain | "{" [ type { "," type } ] "}"

   An "@" after an array is the array's: its elements are laid out the same. "..." with nothing
   after it says nothing, as every call is made fit for a variadic function. Text may be hostile:
   the recursion is GW_MAX_DEPTH deep at most, and GW_MAX_NODES types are read at most. */
#include "signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const char *text;
	const char *at; /* the next word, once blanks are skipped */
	bool go;
	enum { RESULT, PARAMETER, END } part; /* of the signature, for messages */
	size_t param;                         /* from 1 */
	size_t nodes;
	/* Types that are read and not yet part of another; the parser holds a reference to each. */
	size_t depth;
	const gw_type *stack[GW_MAX_NODES];
};

static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')
		p->at++;
}

/* What is wrong at that place, in words. */
static gw_status fail_at(const struct parser *p, const char *at, const char *what)
{
	char near[25], where[40] = "";
	size_t n = 0;
	for (; n < sizeof near - 1 && at[n] != '\0'; n++)
		near[n] = at[n] >= ' ' && at[n] <= '~' ? at[n] : '?';
	near[n] = '\0';
	if (p->part == RESULT)
		snprintf(where, sizeof where, "result: ");
	else if (p->part == PARAMETER)
		snprintf(where, sizeof where, "parameter %zu: ", p->param);
	if (n == 0)
		return gw_fail(GW_EINVAL, "signature: %sat the end: %s", where, what);
	return gw_fail(GW_EINVAL, "signature: %scharacter %zu, at \"%s%s\": %s", where,
		       (size_t)(at - p->text) + 1, near, at[n] == '\0' ? "" : "...", what);
}

/* What a constructor said of the type at that place. */
static gw_status fail_as(const struct parser *p, const char *at, gw_status status)
{
	return status == GW_EINVAL ? fail_at(p, at, gw_last_error()) : status;
}

/* Whether the next word is that character; it is read then. */
static bool accept(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static gw_status expect(struct parser *p, char c, const char *what)
{
	return accept(p, c) ? GW_OK : fail_at(p, p->at, what);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static gw_status number(struct parser *p, size_t *out)
{
	const char *from = p->at;
	size_t value = 0;
	if (!is_digit(*p->at))
		return fail_at(p, from, "a number is missing");
	for (; is_digit(*p->at); p->at++) {
		value = value * 10 + (size_t)(*p->at - '0');
		if (value > GW_MAX_SIZE)
			return fail_at(p, from, "the number is too large");
	}
	*out = value;
	return GW_OK;
}

static gw_status push(struct parser *p, const char *from, const gw_type *type)
{
	if (p->depth == GW_MAX_NODES) {
		gw_type_release(type);
		return fail_at(p, from, "too many types");
	}
	p->stack[p->depth++] = type;
	return GW_OK;
}

/* The topmost n types are part of another now. */
static void pop(struct parser *p, size_t n)
{
	while (n-- > 0)
		gw_type_release(p->stack[--p->depth]);
}

static gw_status read_name(struct parser *p)
{
	const char *from = p->at;
	size_t length = 0;
	while ((from[length] >= 'a' && from[length] <= 'z') || is_digit(from[length]))
		length++;
	if (length > 3 && memcmp(from, "pad", 3) == 0 && is_digit(from[3])) {
		size_t bytes;
		gw_type *pad;
		p->at += 3;
		gw_status status = number(p, &bytes);
		if (status == GW_OK)
			status = fail_as(p, from, gw_type_pad(&pad, bytes));
		return status == GW_OK ? push(p, from, pad) : status;
	}
	const gw_type *type = gw_type_named(from, length);
	if (type == NULL)
		return fail_at(p, from, "a type is missing");
	if (type->kind > GW_PAD && !p->go)
		return fail_at(p, from, "only Go has such a type");
	p->at += length;
	return push(p, from, type);
}

static gw_status read_type(struct parser *p, unsigned level);
static gw_status read_plain(struct parser *p, unsigned level);

static gw_status read_array(struct parser *p, unsigned level)
{
	const char *from = p->at - 1;
	size_t n;
	gw_type *array;
	skip_blanks(p);
	gw_status status = number(p, &n);
	if (status == GW_OK)
		status = expect(p, ']', "\"]\" is missing");
	if (status == GW_OK)
		status = read_plain(p, level + 1);
	if (status == GW_OK)
		status = fail_as(p, from, gw_type_array(&array, p->stack[p->depth - 1], n));
	if (status != GW_OK)
		return status;
	pop(p, 1);
	return push(p, from, array);
}

static gw_status read_struct(struct parser *p, unsigned level)
{
	const char *from = p->at - 1;
	size_t n = 0;
	gw_type *type;
	while (!accept(p, '}')) {
		gw_status status = n == 0 ? GW_OK : expect(p, ',', "\",\" or \"}\" is missing");
		if (status == GW_OK)
			status = read_type(p, level + 1);
		if (status != GW_OK)
			return status;
		n++;
	}
	gw_status status = fail_as(p, from, gw_type_struct(&type, p->stack + p->depth - n, n));
	if (status != GW_OK)
		return status;
	pop(p, n);
	return push(p, from, type);
}

static gw_status read_plain(struct parser *p, unsigned level)
{
	skip_blanks(p);
	if (++p->nodes > GW_MAX_NODES)
		return fail_at(p, p->at, "too many types");
	if (*p->at != '{' && *p->at != '[')
		return read_name(p);
	if (level >= GW_MAX_DEPTH)
		return fail_at(p, p->at, "too many levels of types");
	return *p->at++ == '{' ? read_struct(p, level) : read_array(p, level);
}

static gw_status read_type(struct parser *p, unsigned level)
{
	skip_blanks(p);
	const char *from = p->at;
	size_t align;
	gw_type *aligned;
	gw_status status = read_plain(p, level);
	if (status != GW_OK || !accept(p, '@'))
		return status;
	skip_blanks(p);
	status = number(p, &align);
	if (status == GW_OK)
		status = fail_as(p, from, gw_type_aligned(&aligned, p->stack[p->depth - 1], align));
	if (status != GW_OK)
		return status;
	pop(p, 1);
	return push(p, from, aligned);
}

/* A type of the signature itself. */
static gw_status read_value(struct parser *p, enum gw_role role)
{
	skip_blanks(p);
	const char *from = p->at;
	gw_status status = read_type(p, 0);
	if (status != GW_OK)
		return status;
	const char *refusal = gw_signature_refusal(p->stack[p->depth - 1], role, p->go);
	return refusal == NULL ? GW_OK : fail_at(p, from, refusal);
}

static bool accept_dots(struct parser *p)
{
	skip_blanks(p);
	if (strncmp(p->at, "...", 3) != 0)
		return false;
	p->at += 3;
	return true;
}

static gw_status read_signature(struct parser *p, size_t *fixed)
{
	bool variadic = false;
	gw_status status = read_value(p, GW_AS_RESULT);
	if (status == GW_OK)
		status = expect(p, '(', "\"(\" is missing");
	if (status != GW_OK)
		return status;
	for (bool first = true; !accept(p, ')'); first = false) {
		p->part = PARAMETER;
		p->param = p->depth;
		if (!first)
			status = expect(p, ',', "\",\" or \")\" is missing");
		if (status != GW_OK)
			return status;
		if (!variadic && accept_dots(p)) {
			variadic = true;
			*fixed = p->depth - 1;
			continue;
		}
		if (p->param > GW_MAX_PARAMS)
			return fail_at(p, p->at, "too many parameters");
		status = read_value(p, variadic ? GW_AS_VARIADIC : GW_AS_PARAM);
		if (status != GW_OK)
			return status;
	}
	if (!variadic)
		*fixed = p->depth - 1;
	skip_blanks(p);
	p->part = END;
	return *p->at == '\0' ? GW_OK : fail_at(p, p->at, "nothing may follow");
}

static gw_status parse(gw_signature **out, const char *text, bool go)
{
	if (out == NULL || text == NULL)
		return gw_fail(GW_EINVAL, "signature: a pointer is NULL");
	struct parser *p = malloc(sizeof *p);
	if (p == NULL)
		return gw_fail(GW_ENOMEM, "no memory to read a signature");
	p->text = p->at = text;
	p->go = go;
	p->part = RESULT;
	p->nodes = p->depth = 0;
	size_t fixed = 0;
	gw_status status = read_signature(p, &fixed);
	if (status == GW_OK)
		status = gw_signature_make(out, p->stack[0], p->stack + 1, p->depth - 1, fixed, go);
	pop(p, p->depth);
	free(p);
	return status;
}

gw_status gw_signature_parse(gw_signature **out, const char *text)
{
	return parse(out, text, false);
}

gw_status gw_signature_parse_go(gw_signature **out, const char *text)
{
	return parse(out, text, true);
}
