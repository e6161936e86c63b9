/* Gangway's C interface: what C code can use in a process that carries Gangway, be it a Go program
   that links the object or a C program that links libgangway.

   Every function may be called from any thread at any time, except where it says otherwise. None of
   them aborts. Functions that can fail return a gw_status and give results through out-parameters,
   which are written only on GW_OK. What went wrong in words is in gw_last_error().

   Example:

       static const char *const names[] = {"libz.so.1", "libz.so"};
       gw_library *z;
       void *crc32;
       if (gw_library_open(&z, names, 2) != GW_OK || gw_library_symbol(z, "crc32", &crc32) != GW_OK)
	       fprintf(stderr, "%s\n", gw_last_error());

   Callbacks: a Go function reaches C as a plain function pointer, of the C type that mirrors the Go
   function type, and may be called from any thread while its owner on the Go side keeps it open.
   User data is whatever pointer-sized value the C function takes along (on the Go side a
   gangway.Handle); Gangway does not look at it. */
#ifndef GANGWAY_H
#define GANGWAY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef GW_API
#ifdef __GNUC__
#define GW_API __attribute__((visibility("default")))
#else
#define GW_API
#endif
#endif

typedef enum gw_status {
	GW_OK = 0,
	GW_EINVAL,  /* an argument is not acceptable, or the call makes no sense here */
	GW_ENOMEM,  /* no memory, or no address space */
	GW_ENOLIB,  /* no library could be loaded */
	GW_ENOSYM,  /* the library has no such symbol */
	GW_ECLOSED, /* the library or callback is closed */
	GW_ENOGO,   /* there is no Go runtime in the process that Gangway serves */
	GW_ESYS     /* the operating system refused something else */
} gw_status;

/* What a status means, in a few words. Never NULL, not even for a number that is no status. Static
   storage. */
GW_API const char *gw_status_string(gw_status status);

/* The text of the last error that a Gangway function returned on the calling thread; "" if there
   was none. Never NULL. Owned by Gangway; valid until a Gangway function fails on this thread again
   or the thread ends. When memory is too short to keep the text, a fixed one says so. */
GW_API const char *gw_last_error(void);

/* The version of Gangway, "major.minor.patch": of this header, and of the code in the process.
   Static storage. */
#define GW_VERSION "0.1.0"
GW_API const char *gw_version(void);

/* A shared library that is in use. */
typedef struct gw_library gw_library;

/* Load the first of n libraries that loads. A name with a slash is a path; others are searched for
   as dlopen(3) does. All its symbols are bound at once (RTLD_NOW) and not offered to other
   libraries (RTLD_LOCAL). On GW_OK *out belongs to the caller, until gw_library_close. GW_EINVAL: n
   is 0, or a pointer is NULL. GW_ENOLIB: none loads; the error text holds the dynamic linker's
   words for every name. GW_ENOMEM. */
GW_API gw_status gw_library_open(gw_library **out, const char *const *names, size_t n);

/* What is in the process already: the program, its libraries and those that were loaded for all
   (RTLD_GLOBAL). As gw_library_open otherwise. */
GW_API gw_status gw_library_process(gw_library **out);

/* The address of a function or variable that library or one of its dependencies defines. It is good
   as long as the library is loaded. GW_EINVAL: a pointer is NULL. GW_ENOSYM: no such symbol, or its
   address is NULL. */
GW_API gw_status gw_library_symbol(gw_library *library, const char *name, void **out);

/* Give the library up. Neither library nor an address from it may be used afterwards, also when
   this fails. A NULL library is GW_OK. GW_ESYS: the dynamic linker failed to unload it. */
GW_API gw_status gw_library_close(gw_library *library);

/* The name that was given to load library, for messages; "the process" for gw_library_process.
   Lives as long as it. */
GW_API const char *gw_library_name(const gw_library *library);

/* Make Linux system call nr as the kernel takes it: up to six arguments, unused ones 0; a result
   from -4095 to -1 is an error number, negated. errno is left alone. */
GW_API long gw_syscall(long nr, long a1, long a2, long a3, long a4, long a5, long a6);

/* Make the calling thread, which C created, known to the Go runtime now. Without it the first
   callback on a thread does that, and takes longer than the later ones. A thread stays attached
   until it ends or detaches. (Go 1.20 and earlier attach and detach it anew for every callback;
   then this has no lasting effect.) GW_ENOGO: no Go runtime that Gangway serves. */
GW_API gw_status gw_thread_attach(void);

/* Give back what the Go runtime keeps for the calling thread, as its end would. A later callback
   attaches it again. Not to be called from C code that a Go callback called: Go is further up the
   stack then. GW_ENOGO: no Go runtime that Gangway serves. GW_EINVAL: the thread is not attached,
   or Go created it, or cgo is on and the runtime keeps the thread until it ends. */
GW_API gw_status gw_thread_detach(void);

/* Gangway's functions for a library that cannot link with it: a Go program hands the pointer over.
   version changes when a member changes its meaning; members are only added at the end, and size
   (bytes) tells which are there. */
typedef struct gw_host {
	uint32_t size;
	uint32_t version;
	gw_status (*thread_attach)(void);
	gw_status (*thread_detach)(void);
	const char *(*last_error)(void);
	const char *(*status_string)(gw_status status);
	long (*syscall)(long nr, long a1, long a2, long a3, long a4, long a5, long a6);
} gw_host;

#define GW_HOST_VERSION 1

/* The table of this process. Static storage; never NULL. */
GW_API const gw_host *gw_host_table(void);

#ifdef __cplusplus
}
#endif

#endif
