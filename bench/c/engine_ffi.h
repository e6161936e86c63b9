/* libffi for engine.c: ffi_call, or with PLAN the calls of plans, which libffi 3.4 does not have.
 */
#include <ffi.h>

#ifdef PLAN
#define IMPL "libffi-plan"
#else
#define IMPL "libffi"
#endif

/* Its types are kept: ffi_prep_cif does not copy them. */
struct prepared {
	ffi_cif cif;
	ffi_type *types[40], made;
	ffi_type *fields[33];
#ifdef PLAN
	ffi_call_plan *plan;
#endif
};

typedef ffi_sarg narrow;
typedef void handler(ffi_cif *cif, void *result, void **args, void *user);
typedef ffi_closure closure_type;
#define HANDLER(name)                                                                              \
	static void name(ffi_cif *cif __attribute__((unused)), void *result, void **args,          \
			 void *user __attribute__((unused)))

static void failed(const char *what)
{
	fprintf(stderr, "%s: %s fails\n", IMPL, what);
	exit(1);
}

static ffi_type *type_of(struct prepared *p, char letter)
{
	static ffi_type *in_fields[] = {&ffi_type_sint64, &ffi_type_double, &ffi_type_sint32,
					&ffi_type_sint32, NULL};
	static ffi_type *out_fields[] = {&ffi_type_sint64, &ffi_type_double, NULL};
	static ffi_type in_type = {.type = FFI_TYPE_STRUCT, .elements = in_fields};
	static ffi_type out_type = {.type = FFI_TYPE_STRUCT, .elements = out_fields};
	switch (letter) {
	case 'i':
		return &ffi_type_sint;
	case 'l':
		return &ffi_type_sint64;
	case 'd':
		return &ffi_type_double;
	case 'p':
		return &ffi_type_pointer;
	case 'u':
		return &ffi_type_ulong;
	case 'I':
		return &in_type;
	case 'O':
		return &out_type;
	case 'w':
		for (int i = 0; i < words; i++)
			p->fields[i] = &ffi_type_sint64;
		p->fields[words] = NULL;
		p->made = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = p->fields};
		return &p->made;
	}
	return &ffi_type_void;
}

static void prepare(struct prepared *p, const char *result, const char *args)
{
	unsigned count = 0, fixed = 0;
	for (; *args != 0; args++) {
		if (*args == '.')
			fixed = count;
		else
			p->types[count++] = type_of(p, *args);
	}
	ffi_type *type = type_of(p, *result);
	ffi_status status =
		fixed > 0 ? ffi_prep_cif_var(&p->cif, FFI_DEFAULT_ABI, fixed, count, type, p->types)
			  : ffi_prep_cif(&p->cif, FFI_DEFAULT_ABI, count, type, p->types);
	if (status != FFI_OK)
		failed("ffi_prep_cif");
#ifdef PLAN
	p->plan = ffi_call_plan_alloc(&p->cif);
	if (p->plan == NULL)
		failed("ffi_call_plan_alloc");
#endif
}

static inline void call(struct prepared *p, void (*fn)(void), void *result, void **args)
{
#ifdef PLAN
	ffi_call_plan_invoke(p->plan, fn, result, args);
#else
	ffi_call(&p->cif, fn, result, args);
#endif
}

static void *closure(struct prepared *p, handler *run, closure_type **c)
{
	void *code;
	*c = ffi_closure_alloc(sizeof **c, &code);
	if (*c == NULL || ffi_prep_closure_loc(*c, &p->cif, run, NULL, code) != FFI_OK)
		failed("ffi_prep_closure_loc");
	return code;
}

static void closure_free(closure_type *c)
{
	ffi_closure_free(c);
}
