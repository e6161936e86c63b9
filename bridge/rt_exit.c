/* The end of a process that C's exit ends: the destructors of libraries.

   ld.so hands its finalizer, which runs them, to the program's entry point, in RDX as the psABI
   says (3.4.1), and the entry point of a C program registers it with atexit. That of a Go program
   linked without C's linker drops it, and nothing exports it. But it is _dl_fini in every glibc,
   and ld.so's own entry code ends with

       lea  _dl_fini(%rip), %rdx
       mov  %r13, %rsp
       jmp  *%r12               the program's entry point

   in every glibc for x86-64 from 2006 to 2.42 (RTLD_START, sysdeps/x86_64/dl-machine.h): the very
   instructions that this program began with. Where they are not found, exit runs what was
   registered with atexit and flushes streams, but no destructors. */
#define _GNU_SOURCE
#include "bridge.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

extern int __cxa_atexit(void (*fn)(void *), void *arg, void *dso);

/* Whether p is in code of the object whose ELF header is mapped at base. */
static bool in_code(const uint8_t *base, const uint8_t *p)
{
	const ElfW(Ehdr) *header = (const void *)base;
	const ElfW(Phdr) *segment = (const void *)(base + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && segment->p_flags & PF_X &&
		    (uintptr_t)(p - base) - segment->p_vaddr < segment->p_filesz)
			return true;
	return false;
}

/* The finalizer of the loader at base, or NULL. */
void (*gw_rt_finalizer(const void *base))(void *)
{
	enum { FAR = 192, LEA = 7 };
	static const uint8_t start[] = {0x48, 0x89, 0xe7, 0xe8}; /* mov %rsp, %rdi; call */
	static const uint8_t lea[] = {0x48, 0x8d, 0x15};
	static const uint8_t end[] = {0x4c, 0x89, 0xec, 0x41, 0xff, 0xe4};
	const uint8_t *at = (const uint8_t *)base + ((const ElfW(Ehdr) *)base)->e_entry;
	if (!in_code(base, at) || !in_code(base, at + FAR) || memcmp(at, start, sizeof start) != 0)
		return NULL;
	for (int i = sizeof start; i < FAR - LEA - (int)sizeof end; i++) {
		if (memcmp(at + i, lea, sizeof lea) != 0 ||
		    memcmp(at + i + LEA, end, sizeof end) != 0)
			continue;
		int32_t distance;
		memcpy(&distance, at + i + sizeof lea, sizeof distance);
		uintptr_t fini = (uintptr_t)(at + i + LEA) + (uintptr_t)(intptr_t)distance;
		void (*fn)(void *) = NULL;
		if (in_code(base, (const uint8_t *)fini))
			memcpy(&fn, &fini, sizeof fn);
		return fn;
	}
	return NULL;
}

/* Where the loader is, or NULL: by what it shows to debuggers. */
const void *gw_rt_loader(void)
{
	const struct r_debug *shown = dlsym(RTLD_DEFAULT, "_r_debug");
	const void *base = shown != NULL ? (const void *)shown->r_ldbase : NULL;
	return base != NULL && memcmp(base, ELFMAG, SELFMAG) == 0 ? base : NULL;
}

/* As __libc_start_main does it, and as early: what is registered later runs before. */
void gw_rt_register_finalizer(void)
{
	const void *loader = gw_rt_loader();
	void (*fini)(void *) = loader != NULL ? gw_rt_finalizer(loader) : NULL;
	if (fini != NULL)
		__cxa_atexit(fini, NULL, NULL);
}
