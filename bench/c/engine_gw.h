/* Gangway's C API for engine.c. */
#include <gangway.h>
#include <string.h>

#define IMPL "gangway-c"

struct prepared {
	gw_signature *signature;
};

typedef int narrow;
typedef gw_handler handler;
typedef gw_closure closure_type;
#define HANDLER(name)                                                                              \
	static void name(void *result, void *const *args, void *user __attribute__((unused)))

static void must(gw_status status)
{
	if (status == GW_OK)
		return;
	fprintf(stderr, "%s: %s\n", IMPL, gw_last_error());
	exit(1);
}

static const char *type_of(char letter)
{
	static char made[32];
	switch (letter) {
	case 'i':
		return "i32";
	case 'l':
		return "i64";
	case 'd':
		return "f64";
	case 'p':
		return "ptr";
	case 'u':
		return "u64";
	case '.':
		return "...";
	case 'I':
		return "{i64, f64, i32, i32}";
	case 'O':
		return "{i64, f64}";
	case 'w':
		snprintf(made, sizeof made, "{[%d]i64}", words);
		return made;
	}
	return "void";
}

static void prepare(struct prepared *p, const char *result, const char *args)
{
	char text[512];
	strcpy(text, type_of(*result));
	for (const char *separator = "("; *args != 0; args++, separator = ", ")
		strcat(strcat(text, separator), type_of(*args));
	must(gw_signature_parse(&p->signature,
				strcat(text, strchr(text, '(') == NULL ? "()" : ")")));
}

static inline void call(struct prepared *p, void (*fn)(void), void *result, void **args)
{
	gw_call(p->signature, fn, result, args);
}

static void *closure(struct prepared *p, handler *run, closure_type **c)
{
	must(gw_closure_new(c, p->signature, run, NULL));
	return gw_closure_code(*c);
}

static void closure_free(closure_type *c)
{
	gw_closure_free(c);
}
