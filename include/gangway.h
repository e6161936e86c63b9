/* Gangway's C interface: what C code can use in a process that carries Gangway, be it a Go program
   that links the object or a C program that links libgangway.

   Every function may be called from any thread at any time, except where it says otherwise. None of
   them aborts. Functions that can fail return a gw_status and give results through out-parameters,
   which are written only on GW_OK. What went wrong in words is in gw_last_error(). NULL for what
   has to be there is GW_EINVAL; the functions without a status say what they make of it.

   Example:

       static const char *const names[] = {"libz.so.1", "libz.so"};
       gw_library *z;
       void *crc32;
       if (gw_library_open(&z, names, 2) != GW_OK || gw_library_symbol(z, "crc32", &crc32) != GW_OK)
	       fprintf(stderr, "%s\n", gw_last_error());

   Callbacks: a Go function reaches C as a plain function pointer, of the C type that mirrors the Go
   function type, and may be called from any thread while its owner on the Go side keeps it open.
   User data is whatever pointer-sized value the C function takes along (on the Go side a
   gangway.Handle); Gangway does not look at it.

   After fork(2) the child may go on, whatever other threads of the parent were doing; there is no
   Go runtime in it. (As with malloc, not a child of a fork by a signal handler that interrupted one
   of these functions.)

   libgangway.so stays in the process once it is loaded: dlclose(3) does not unload it, since
   closures and the ends of threads lead into it. A library of yours that holds libgangway.a should
   do the same (-Wl,-z,nodelete, which pkg-config --static says): if it is unloaded, its closures
   are gone, and a thread-specific data key of the process stays behind at each load. */
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
   Lives as long as it. NULL has none: NULL. */
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

/* ---- Types and signatures ---- */

/* Kinds of C types on x86-64 System V. */
typedef enum gw_kind {
	GW_VOID, /* as a result only */
	GW_BOOL,
	GW_I8,
	GW_U8,
	GW_I16,
	GW_U16,
	GW_I32,
	GW_U32,
	GW_I64,
	GW_U64,
	GW_F32,
	GW_F64,
	GW_F80,  /* long double */
	GW_C64,  /* float _Complex */
	GW_C128, /* double _Complex */
	GW_C160, /* long double _Complex */
	GW_I128,
	GW_U128,
	GW_PTR,
	GW_STRUCT,
	GW_ARRAY, /* as a member of structs only */
	GW_PAD,   /* bytes of padding, as a member of structs only */
	GW_UNION,
	GW_MEMORY /* a value that travels in memory, whatever is in it */
} gw_kind;

/* A C type. Types do not change. All but those of scalar kinds are counted: a constructor gives its
   caller one reference, and whatever is made of a type holds its own. */
typedef struct gw_type gw_type;

/* The type of a scalar kind: static, never freed, though gw_type_retain and gw_type_release may be
   called. NULL for the kinds from GW_STRUCT on and what is no kind. */
GW_API const gw_type *gw_type_scalar(gw_kind kind);

/* A struct of n fields, laid out as C does; n == 0 is GNU C's empty struct of size 0. A field is
   anything but GW_VOID. What cannot be described: vectors, _Float16, __float128, _Decimal types,
   _BitInt, and bit-fields, in place of which the integers serve that they lie in. GW_EINVAL: a
   pointer is NULL, a void field, or more than 1 MiB, 32 levels or 4096 types in it. GW_ENOMEM. */
GW_API gw_status gw_type_struct(gw_type **out, const gw_type *const *fields, size_t n);

/* A struct whose fields are aligned to pack at most, and so is the struct: pack is 1 for
   __attribute__((packed)), or 1, 2, 4, 8 or 16 for #pragma pack(pack). A field of gw_type_aligned
   keeps its alignment, as one declared with _Alignas does under the attribute. A field that is less
   aligned than its type makes the whole travel in memory. As gw_type_struct otherwise. */
GW_API gw_status gw_type_packed(gw_type **out, const gw_type *const *fields, size_t n, size_t pack);

/* A union of n members, all of which begin at 0; n == 0 is GNU C's empty union. It travels as the
   psABI says: each eightbyte in an integer register when any member has an integer there. As
   gw_type_struct otherwise. */
GW_API gw_status gw_type_union(gw_type **out, const gw_type *const *members, size_t n);

/* Any type that travels in memory: size bytes, a multiple of align, a power of two up to 4096. For
   what is larger than 16 bytes and is no vector, or has an unaligned field. GW_EINVAL: size is 0 or
   more than 1 MiB, or one of these is not so. GW_ENOMEM. */
GW_API gw_status gw_type_memory(gw_type **out, size_t size, size_t align);

/* An array of n elements, as a member of a struct or union. n == 0: a flexible array (elem x[]), as
   the last field of a struct that has others; it adds its alignment and no bytes. (GNU C's elem
   x[0] is the same unless it begins within an eightbyte that another field has begun: gcc then
   counts elem among the fields there.) As with gcc, an array of packed structs travels as its first
   element does, however the others are aligned. GW_EINVAL: as for gw_type_struct; or elem's size is
   not a multiple of its alignment, or n is more than 1048576. GW_ENOMEM. */
GW_API gw_status gw_type_array(gw_type **out, const gw_type *elem, size_t n);

/* n bytes of padding, from 1 to 1 MiB, aligned to 1: as what the compiler leaves between members,
   or an empty class of C++, they count for the layout and are not passed in registers. (Not as
   unnamed bit-fields, which gcc passes and clang does not.) GW_EINVAL, GW_ENOMEM.

   A struct of nothing but padding travels by the words of the psABI, as clang++ has it: up to 16
   bytes nowhere, and from 17 on in memory, as every struct does. g++ is the same up to 16 bytes. It
   passes nothing of a larger class that is empty to it (over-aligned, or with arrays of empty
   classes): for a function that g++ compiled leave such a parameter out, and make such a result
   void. */
GW_API gw_status gw_type_pad(gw_type **out, size_t n);

/* type as a member declared with _Alignas(align): of the same size. align is a power of two, at
   least the type's own alignment and at most 4096. It serves in a struct only: C's compilers ignore
   the alignment of a parameter itself. GW_EINVAL, GW_ENOMEM. */
GW_API gw_status gw_type_aligned(gw_type **out, const gw_type *type, size_t align);

/* Take one more reference, and give one back. NULL is nothing. */
GW_API void gw_type_retain(const gw_type *type);
GW_API void gw_type_release(const gw_type *type);

/* A type in text, as gw_signature_parse reads it, arrays, paddings and alignments included. *out is
   the caller's reference. GW_EINVAL, GW_ENOMEM: as gw_signature_parse. */
GW_API gw_status gw_type_parse(const gw_type **out, const char *text);

/* Write type's text to buffer, as gw_signature_print does; "" for NULL. */
GW_API size_t gw_type_print(const gw_type *type, char *buffer, size_t size);

/* Bytes, as sizeof and _Alignof of C; 0 and 1 for GW_VOID. Of NULL: GW_VOID, 0 and 0. */
GW_API gw_kind gw_type_kind(const gw_type *type);
GW_API size_t gw_type_size(const gw_type *type);
GW_API size_t gw_type_align(const gw_type *type);

/* Fields of a struct, members of a union, elements of an array; 0 for others and for NULL. */
GW_API size_t gw_type_count(const gw_type *type);

/* Where field, member or element i begins; 0 beyond the last, for others and for
   NULL. */
GW_API size_t gw_type_offset(const gw_type *type, size_t i);

/* The type of field, member or element i, without a reference of its own; NULL beyond the last,
   for others and for NULL. */
GW_API const gw_type *gw_type_member(const gw_type *type, size_t i);

/* A C function's type: where its arguments and its result travel is decided here, so that a call
   cannot fail. It does not change, and any number of threads may use it at once. */
typedef struct gw_signature gw_signature;

/* The signature in text: the result, and the parameters in parentheses.

       i32(ptr, f64, {i8, [4]f32, {u16}, pad3}, ..., f64)

   void bool i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 f80 c64 c128 c160 i128 u128 ptr are scalars;
   {a, b} is a struct, {} an empty one; packed{a, b} a packed one, and packedN{a, b} one of #pragma
   pack(N); union{a, b} a union; memN@M what travels in memory, of N bytes, aligned to M. [n]t is an
   array, [0]t a flexible one and padN padding, in a struct; t@N member t aligned to N. The
   arguments that follow "..." are those of one way to call a variadic function: of promoted types,
   so not bool, i8, u8, i16, u16 or f32. Blanks may stand between words.
   GW_EINVAL: the error text tells which parameter, the character (from 1) and the words there. A
   signature has at most 256 parameters, 4096 types in all and 1 MiB of arguments in memory.
   GW_ENOMEM. Calls are made by code that is written here. Where the system grants no memory for
   code, they go through libffi; GW_ESYS: that cannot make them, since an argument is aligned to more
   than 16 on the stack. */
GW_API gw_status gw_signature_parse(gw_signature **out, const char *text);

/* The signature of n parameters; those from fixed on are variadic arguments (fixed == n: none). It
   holds references to the types. GW_EINVAL, GW_ENOMEM, GW_ESYS: as gw_signature_parse. */
GW_API gw_status gw_signature_new(gw_signature **out, const gw_type *result,
				  const gw_type *const *params, size_t n, size_t fixed);

/* Not while a closure of it exists or a call uses it. NULL is nothing. */
GW_API void gw_signature_free(gw_signature *signature);

/* Write signature's text, of at most size bytes with its NUL, to buffer, as snprintf does. Returns
   the length of the whole text, without NUL; gw_signature_parse of it gives an equal signature.
   buffer may be NULL: the length alone. The text of NULL is empty. */
GW_API size_t gw_signature_print(const gw_signature *signature, char *buffer, size_t size);

/* The number of parameters, and how many of them are no variadic arguments; the type of the result;
   and of parameter i, NULL beyond the last. Types come without references of their own. Of NULL: 0,
   0, NULL and NULL. */
GW_API size_t gw_signature_count(const gw_signature *signature);
GW_API size_t gw_signature_fixed(const gw_signature *signature);
GW_API const gw_type *gw_signature_result(const gw_signature *signature);
GW_API const gw_type *gw_signature_param(const gw_signature *signature, size_t i);

/* ---- Calls and closures ---- */

/* Call fn, a function of that signature. args[i] points to the value of parameter i, of which only
   the bytes of its type are read, before fn is entered; it need not be aligned. result is aligned
   for its type; the result is stored there, exactly the bytes of its type (the padding of a long
   double is cleared). NULL: the result is dropped. args may be NULL when there are no parameters.
   Cannot fail; errno is as fn left it. signature and fn are not NULL: as a call in C, it does not
   look. It takes stack for the arguments that travel in memory,
   and for a result in memory that is dropped. C++ exceptions of fn pass through, as through a
   function written in C that is compiled with -fexceptions; so does longjmp(3).

       gw_signature *s;
       double x = 2, y = 10, r;
       void *args[] = {&x, &y};
       if (gw_signature_parse(&s, "f64(f64, f64)") == GW_OK)
	       gw_call(s, (void (*)(void))pow, &r, args); */
GW_API void gw_call(const gw_signature *signature, void (*fn)(void), void *result,
		    void *const *args);

/* gw_call with a static chain, which the function finds in R10 (psABI 3.2.3): a pointer that
   callers of nested functions of GNU C, and of some other languages, pass besides the arguments. It
   is what gcc's __builtin_call_with_static_chain does. gw_call leaves R10 0. */
GW_API void gw_call_chained(const gw_signature *signature, void (*fn)(void), void *chain,
			    void *result, void *const *args);

/* A function made at run time: C calls its code, which calls a handler. */
typedef struct gw_closure gw_closure;

/* What a closure does: args[i] points to the value of parameter i, aligned for its type, valid and
   writable during the call (of a struct without bytes it is an address and no more); the result is
   to be stored at result, exactly the bytes of its type, aligned for it, 0 where it is not stored
   (memory of the caller's for a result in memory: as it was). user is gw_closure_new's. Runs on the
   thread and the stack of the caller; C++ exceptions pass through. */
typedef void gw_handler(void *result, void *const *args, void *user);

/* A closure for handler. signature and user belong to the caller and outlive it. GW_EINVAL: a
   pointer is NULL, or signature is variadic: a callee cannot tell its arguments. GW_ENOMEM,
   GW_ESYS: the system grants no executable memory, and there is no freed closure whose address
   could serve. */
GW_API gw_status gw_closure_new(gw_closure **out, const gw_signature *signature,
				gw_handler *handler, void *user);

/* The function to give to C, to be cast to its type; good until gw_closure_free. NULL for NULL. */
GW_API void *gw_closure_code(const gw_closure *closure);

/* A closure whose code is known before what it does: for a handler that needs the address, or code
   that is to point at it. A call before gw_closure_set ends the process by SIGILL. GW_EINVAL: out
   is NULL. GW_ENOMEM, GW_ESYS: as gw_closure_new. */
GW_API gw_status gw_closure_reserve(gw_closure **out);

/* Give a closure, be it new or not, its signature, handler and user, as gw_closure_new does. Not
   while a call of it is under way, unless it had no handler. GW_EINVAL: as gw_closure_new; closure
   stays as it was.

       gw_closure *c;
       if (gw_closure_reserve(&c) == GW_OK) {
	       state->callback = gw_closure_code(c);
	       gw_closure_set(c, signature, handler, state);
       } */
GW_API gw_status gw_closure_set(gw_closure *closure, const gw_signature *signature,
				gw_handler *handler, void *user);

/* A handler that gets the static chain as well: R10 as the caller left it, see gw_call_chained. */
typedef void gw_chained_handler(void *result, void *const *args, void *user, void *chain);

/* gw_closure_set with such a handler. */
GW_API gw_status gw_closure_set_chained(gw_closure *closure, const gw_signature *signature,
					gw_chained_handler *handler, void *user);

/* NULL is nothing. No call may be under way or come later: one that comes later is undefined, and
   ends the process by SIGILL as long as the address is not in use again, which takes 1024 other
   frees at least; fewer when the system grants no more executable memory, where the address that
   has been free for longest serves. */
GW_API void gw_closure_free(gw_closure *closure);

/* ---- Memory for code ---- */

/* Pages for machine code that the program writes: writable first, executable once sealed, never
   both. */
typedef struct gw_code gw_code;

/* size bytes, 0 at first, at a page's start. GW_EINVAL: out is NULL or size is 0. GW_ENOMEM,
   GW_ESYS. */
GW_API gw_status gw_code_new(gw_code **out, size_t size);

/* The memory: where to write, and where the code will run. NULL for NULL. */
GW_API void *gw_code_data(const gw_code *code);

/* Make it executable and never writable again. GW_EINVAL: code is NULL or sealed already.
   GW_ENOMEM, GW_ESYS: nothing changed. One thread at a time for the same code. */
GW_API gw_status gw_code_seal(gw_code *code);

/* Unmap it: nothing may run in it now or later. NULL is nothing. */
GW_API void gw_code_free(gw_code *code);

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
