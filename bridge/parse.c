/* Signatures from text. The grammar, with blanks anywhere between words:

       signature = type "(" [ list ] ")"
       list      = type { "," type } [ "," "..." { "," type } ] | "..." { "," type }
       type      = plain [ "@" number ]
       plain     = name | "pad" number | "mem" number "@" number | "[" number "]" plain
		 | [ "union" | "packed" [ number ] ] "{" [ type { "," type } ] "}"
		 | "<" type "=" plain ">"

   An "@" after an array is the array's: its elements are laid out the same. "..." with nothing
   after it changes no call, as every call is made fit for a variadic function. "<" is for the Go
   side alone. Text may be hostile: the recursion is GW_MAX_DEPTH deep at most, and GW_MAX_NODES
   types are read at most. */
#include "signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const char *text;
	const char *at; /* the next word, once blanks are skipped */
	bool go;
	enum { RESULT, PARAMETER, END, ALONE } part; /* of the signature, for messages */
	size_t param;                                /* from 1 */
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
	const char *of = p->part == ALONE ? "type" : "signature";
	size_t n = 0;
	for (; n < sizeof near - 1 && at[n] != '\0'; n++)
		near[n] = at[n] >= ' ' && at[n] <= '~' ? at[n] : '?';
	near[n] = '\0';
	if (p->part == RESULT)
		snprintf(where, sizeof where, "result: ");
	else if (p->part == PARAMETER)
		snprintf(where, sizeof where, "parameter %zu: ", p->param);
	if (n == 0)
		return gw_fail(GW_EINVAL, "%s: %sat the end: %s", of, where, what);
	return gw_fail(GW_EINVAL, "%s: %scharacter %zu, at \"%s%s\": %s", of, where,
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

static gw_status read_type(struct parser *p, unsigned level);
static gw_status read_plain(struct parser *p, unsigned level);

/* Types that some people will look for, and that travel in ways of their own. */
static const char *undescribed(const char *name, size_t length)
{
	static const char *const names[][2] = {
		{"f16", "_Float16 cannot be described"},
		{"bf16", "__bf16 cannot be described"},
		{"f128", "__float128 cannot be described"},
		{"d32", "_Decimal32 cannot be described"},
		{"d64", "_Decimal64 cannot be described"},
		{"d128", "_Decimal128 cannot be described"},
		{"m64", "vectors cannot be described"},
		{"m128", "vectors cannot be described"},
		{"m256", "vectors cannot be described"},
		{"m512", "vectors cannot be described"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i][0]) == length && memcmp(names[i][0], name, length) == 0)
			return names[i][1];
	return NULL;
}

static gw_status read_name(struct parser *p, size_t length)
{
	const char *from = p->at, *refusal = undescribed(from, length);
	const gw_type *type = gw_type_named(from, length);
	if (refusal != NULL)
		return fail_at(p, from, refusal);
	if (type == NULL)
		return fail_at(p, from, "a type is missing");
	if (type->kind > GW_MEMORY && !p->go)
		return fail_at(p, from, "only Go has such a type");
	p->at += length;
	return push(p, from, type);
}

static gw_status read_pad(struct parser *p)
{
	const char *from = p->at;
	size_t bytes;
	gw_type *pad;
	p->at += strlen("pad");
	gw_status status = number(p, &bytes);
	if (status == GW_OK)
		status = fail_as(p, from, gw_type_pad(&pad, bytes));
	return status == GW_OK ? push(p, from, pad) : status;
}

static gw_status read_memory(struct parser *p)
{
	const char *from = p->at;
	size_t bytes, align;
	gw_type *type;
	p->at += strlen("mem");
	gw_status status = number(p, &bytes);
	if (status == GW_OK)
		status = expect(p, '@', "\"@\" and the alignment are missing");
	skip_blanks(p);
	if (status == GW_OK)
		status = number(p, &align);
	if (status == GW_OK)
		status = fail_as(p, from, gw_type_memory(&type, bytes, align));
	return status == GW_OK ? push(p, from, type) : status;
}

static gw_status read_array(struct parser *p, unsigned level)
{
	const char *from = p->at++;
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

/* What follows the "{", of *n fields; they are the topmost types then. */
static gw_status read_fields(struct parser *p, unsigned level, size_t *n)
{
	for (*n = 0; !accept(p, '}'); ++*n) {
		gw_status status = *n == 0 ? GW_OK : expect(p, ',', "\",\" or \"}\" is missing");
		if (status == GW_OK)
			status = read_type(p, level + 1);
		if (status == GW_OK && accept(p, ':'))
			status = fail_at(p, p->at - 1,
					 "a bit-field cannot be described; the integer that it "
					 "lies in can");
		if (status != GW_OK)
			return status;
	}
	return GW_OK;
}

/* A struct or union that begins with a word of that length. */
static gw_status read_struct(struct parser *p, unsigned level, size_t length)
{
	const char *from = p->at;
	bool is_union = length == strlen("union") && memcmp(from, "union", length) == 0;
	size_t n, pack = 1;
	gw_type *type;
	gw_status status = GW_OK;
	p->at += is_union ? length : length == 0 ? 0 : strlen("packed");
	if (!is_union && length > strlen("packed"))
		status = number(p, &pack);
	if (status == GW_OK)
		status = expect(p, '{', "\"{\" is missing");
	if (status == GW_OK)
		status = read_fields(p, level, &n);
	if (status != GW_OK)
		return status;
	const gw_type *const *fields = p->stack + p->depth - n;
	status = is_union      ? gw_type_union(&type, fields, n)
		 : length != 0 ? gw_type_packed(&type, fields, n, pack)
			       : gw_type_struct(&type, fields, n);
	if (status != GW_OK)
		return fail_as(p, from, status);
	pop(p, n);
	return push(p, from, type);
}

static gw_status read_as_go(struct parser *p, unsigned level)
{
	const char *from = p->at++;
	gw_type *type;
	gw_status status = read_type(p, level + 1);
	if (status == GW_OK)
		status = expect(p, '=', "\"=\" is missing");
	if (status == GW_OK)
		status = read_plain(p, level + 1);
	if (status == GW_OK)
		status = expect(p, '>', "\">\" is missing");
	if (status == GW_OK)
		status = fail_as(
			p, from,
			gw_type_as_go(&type, p->stack[p->depth - 2], p->stack[p->depth - 1]));
	if (status != GW_OK)
		return status;
	pop(p, 2);
	return push(p, from, type);
}

/* Whether the word at that place, of that length, is name, perhaps with a number. */
static bool is_word(const char *at, size_t length, const char *name, bool numbered)
{
	size_t n = strlen(name);
	return length >= n && memcmp(at, name, n) == 0 &&
	       (length == n || (numbered && is_digit(at[n])));
}

static gw_status read_plain(struct parser *p, unsigned level)
{
	skip_blanks(p);
	if (++p->nodes > GW_MAX_NODES)
		return fail_at(p, p->at, "too many types");
	const char *at = p->at;
	size_t length = 0;
	while ((at[length] >= 'a' && at[length] <= 'z') || is_digit(at[length]))
		length++;
	bool has_fields = *at == '{' || is_word(at, length, "union", false) ||
			  is_word(at, length, "packed", true);
	bool as_go = *at == '<' && p->go;
	if (!has_fields && !as_go && *at != '[') {
		if (length > 3 && is_word(at, length, "pad", true))
			return read_pad(p);
		if (length > 3 && is_word(at, length, "mem", true))
			return read_memory(p);
		return read_name(p, length);
	}
	if (level >= GW_MAX_DEPTH)
		return fail_at(p, at, "too many levels of types");
	return has_fields ? read_struct(p, level, length)
	       : as_go    ? read_as_go(p, level)
			  : read_array(p, level);
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

static gw_status read_signature(struct parser *p, size_t *fixed, bool *dots)
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
	*dots = variadic;
	skip_blanks(p);
	p->part = END;
	return *p->at == '\0' ? GW_OK : fail_at(p, p->at, "nothing may follow");
}

static void begin(struct parser *p, const char *text, bool go, int part)
{
	p->text = p->at = text;
	p->go = go;
	p->part = part;
	p->nodes = p->depth = 0;
}

static gw_status parse(gw_signature **out, const char *text, bool go)
{
	if (out == NULL || text == NULL)
		return gw_fail(GW_EINVAL, "signature: a pointer is NULL");
	struct parser *p = malloc(sizeof *p);
	if (p == NULL)
		return gw_fail(GW_ENOMEM, "no memory to read a signature");
	begin(p, text, go, RESULT);
	size_t fixed = 0;
	bool dots = false;
	gw_status status = read_signature(p, &fixed, &dots);
	if (status == GW_OK)
		status = gw_signature_make(out, p->stack[0], p->stack + 1, p->depth - 1, fixed, go);
	if (status == GW_OK)
		(*out)->dots = dots;
	pop(p, p->depth);
	free(p);
	return status;
}

static gw_status parse_whole(gw_signature **out, const char *text, bool go)
{
	gw_signature *s;
	gw_status status = gw_signature_prepare(parse(out == NULL ? NULL : &s, text, go), &s);
	if (status == GW_OK)
		*out = s;
	return status;
}

gw_status gw_signature_parse(gw_signature **out, const char *text)
{
	return parse_whole(out, text, false);
}

gw_status gw_signature_parse_go(gw_signature **out, const char *text)
{
	return parse_whole(out, text, true);
}

gw_status gw_signature_parse_plan(gw_signature **out, const char *text)
{
	return parse(out, text, true);
}

static gw_status parse_type(const gw_type **out, const char *text, bool go, bool parameter)
{
	if (out == NULL || text == NULL)
		return gw_fail(GW_EINVAL, "type: a pointer is NULL");
	struct parser *p = malloc(sizeof *p);
	if (p == NULL)
		return gw_fail(GW_ENOMEM, "no memory to read a type");
	begin(p, text, go, ALONE);
	gw_status status = parameter ? read_value(p, GW_AS_PARAM) : read_type(p, 0);
	skip_blanks(p);
	if (status == GW_OK && *p->at != '\0')
		status = fail_at(p, p->at, "nothing may follow");
	if (status == GW_OK)
		*out = p->stack[--p->depth]; /* with the parser's reference */
	pop(p, p->depth);
	free(p);
	return status;
}

gw_status gw_type_parse(const gw_type **out, const char *text)
{
	return parse_type(out, text, false, false);
}

gw_status gw_type_layout_go(const char *text, uint32_t layout[2])
{
	const gw_type *type;
	gw_status status = parse_type(&type, text, true, true);
	if (status != GW_OK)
		return status;
	layout[0] = type->size;
	layout[1] = type->align;
	gw_type_release(type);
	return GW_OK;
}
