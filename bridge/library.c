/* Shared libraries, through the dynamic linker of the process. */
#define _GNU_SOURCE
#include "bridge.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct gw_library {
	void *handle; /* from dlopen */
	char name[];  /* as given to it */
};

/* The errors of several names, one after the other. Running out of memory shortens the text, no
   more. */
struct errors {
	char *text; /* malloc'd; NULL while empty */
	size_t length;
};

static void add_error(struct errors *errors, const char *name, const char *words)
{
	/* The dynamic linker mostly begins with the name, but not when a dependency is missing. */
	bool named = strncmp(words, name, strlen(name)) == 0;
	const char *parts[] = {errors->text == NULL ? "" : "; ", named ? "" : name,
			       named ? "" : ": ", words};
	const size_t count = sizeof parts / sizeof parts[0];

	size_t length = errors->length;
	for (size_t i = 0; i < count; i++)
		length += strlen(parts[i]);
	char *text = realloc(errors->text, length + 1);
	if (text == NULL)
		return;
	char *end = text + errors->length;
	for (size_t i = 0; i < count; i++)
		end = stpcpy(end, parts[i]);
	errors->text = text;
	errors->length = length;
}

/* dlerror's words, of this thread; there are always some after a failure. */
static const char *linker_words(void)
{
	const char *words = dlerror();
	return words == NULL ? "the dynamic linker gives no reason" : words;
}

static gw_library *new_library(const char *name)
{
	size_t size = strlen(name) + 1;
	gw_library *library = malloc(sizeof *library + size);
	if (library == NULL)
		return NULL;
	library->handle = NULL;
	memcpy(library->name, name, size);
	return library;
}

/* dlopen(path), known as name. *failed: it does not load. */
static gw_status load(gw_library **out, const char *path, const char *name, bool *failed)
{
	gw_library *library = new_library(name);
	if (library == NULL)
		return gw_fail(GW_ENOMEM, "%s: no memory", name);
	library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	*failed = library->handle == NULL;
	if (*failed)
		free(library);
	else
		*out = library;
	return GW_OK;
}

gw_status gw_library_open(gw_library **out, const char *const *names, size_t n)
{
	if (out == NULL || names == NULL || n == 0)
		return gw_fail(GW_EINVAL, "gw_library_open: no names");
	for (size_t i = 0; i < n; i++)
		if (names[i] == NULL)
			return gw_fail(GW_EINVAL, "gw_library_open: name %zu is NULL", i);

	struct errors errors = {NULL, 0};
	gw_status status = GW_OK;
	bool failed = true;
	for (size_t i = 0; i < n && failed && status == GW_OK; i++) {
		status = load(out, names[i], names[i], &failed);
		if (status == GW_OK && failed)
			add_error(&errors, names[i], linker_words());
	}
	if (status == GW_OK && failed)
		status = gw_fail(GW_ENOLIB, "%s", errors.text == NULL ? names[n - 1] : errors.text);
	free(errors.text);
	return status;
}

gw_status gw_library_process(gw_library **out)
{
	if (out == NULL)
		return gw_fail(GW_EINVAL, "gw_library_process: out is NULL");
	bool failed = false;
	gw_status status = load(out, NULL, "the process", &failed);
	if (status == GW_OK && failed)
		status = gw_fail(GW_ENOLIB, "the process: %s", linker_words());
	return status;
}

gw_status gw_library_symbol(gw_library *library, const char *name, void **out)
{
	if (library == NULL || name == NULL || out == NULL)
		return gw_fail(GW_EINVAL, "gw_library_symbol: an argument is NULL");
	void *address = dlsym(library->handle, name);
	if (address == NULL) {
		const char *words = dlerror();
		if (words == NULL)
			return gw_fail(GW_ENOSYM, "%s: %s is defined as NULL", library->name, name);
		return gw_fail(GW_ENOSYM, "%s: %s: %s", library->name, name, words);
	}
	*out = address;
	return GW_OK;
}

gw_status gw_library_close(gw_library *library)
{
	if (library == NULL)
		return GW_OK;
	gw_status status = GW_OK;
	if (dlclose(library->handle) != 0)
		status = gw_fail(GW_ESYS, "%s: %s", library->name, linker_words());
	free(library);
	return status;
}

const char *gw_library_name(const gw_library *library)
{
	return library == NULL ? NULL : library->name;
}
