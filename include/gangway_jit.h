/* Machine code made at run time as Go functions: an arena holds code and the tables by which the Go
   runtime knows it. Frames of such code stand on goroutine stacks like the compiler's own: the
   runtime unwinds them, names them with file and line, scans and adjusts the Go pointers that they
   hold, and stops them when it wants to, if they allow it.

   For C code in a Go program that imports github.com/gangwayffi/gangway/jit, which is the same
   interface for Go, with func values, and tells what the code has to keep to. Rules as in
   gangway.h: a gw_status, results through out-parameters that are written only on GW_OK, words in
   gw_last_error(). Functions may be called from any thread at any time. In the child of a fork(2)
   there is no Go runtime, and the code is its parent's: GW_ENOGO.

   Example: a leaf function without a frame, which computes a + b.

       static const unsigned char add[] = {0x48, 0x01, 0xd8, 0xc3};  // add %rbx, %rax; ret
       static const gw_jit_range ranges[] = {{.end = sizeof add, .line = 1, .preempt = 1}};
       gw_jit_function f = {.name = "jit.add", .file = "add.txt", .code = add, .code_size = sizeof
   add, .ranges = ranges, .range_count = 1, .map_count = 1}; gw_jit_arena *arena; void *entry; if
   (gw_jit_arena_new(&arena, "example", 4096, 16) != GW_OK || gw_jit_add(arena, &f, &entry) !=
   GW_OK) fprintf(stderr, "%s\n", gw_last_error()); */
#ifndef GANGWAY_JIT_H
#define GANGWAY_JIT_H

#include "gangway.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of one function, and of an arena. */
#define GW_JIT_MAX_NAME 1024           /* bytes of a name, without its NUL */
#define GW_JIT_MAX_FILE 4096           /* bytes of a file name, without its NUL */
#define GW_JIT_MAX_FRAME (16 << 20)    /* bytes of an SP delta */
#define GW_JIT_MAX_WORDS 65536         /* words of a pointer bitmap */
#define GW_JIT_MAX_MAPS 65536          /* stack maps */
#define GW_JIT_MAX_CODE (1 << 30)      /* bytes of code in an arena */
#define GW_JIT_MAX_FUNCTIONS (1 << 20) /* functions in an arena */

/* What holds from the end of the range before, or the function's entry, to end. */
typedef struct gw_jit_range {
	uint32_t end; /* offset in the code of the byte behind the range */

	/* Bytes that the function has pushed since its entry when an instruction of this range
	   begins: a multiple of 8, 0 at the entry. It must be right at every instruction. Where it
	   is not 0, the word that was pushed first is the caller's BP. */
	int32_t sp;

	int32_t line; /* in the function's file, from 0 */

	/* The stack map in force, from 0: for a call, that of the range which holds the last byte
	   of the call instruction. It must be true whenever Go code runs below the frame. */
	int32_t map;

	/* 1: the runtime may stop the code between any two instructions of the range, by a call of
	   its own that it pushes at the interrupted SP. It keeps all registers but the upper halves
	   of the vector registers (YMM, ZMM), and the flags. 0: only where the code calls Go. A
	   loop without calls that cannot be stopped makes collections wait. Nothing below SP
	   survives either way: there is no red zone. */
	uint32_t preempt;
} gw_jit_range;

/* A function to add. Everything is copied; unused members are 0. */
typedef struct gw_jit_function {
	/* What tracebacks and profiles show, like "package.name": 1 to GW_JIT_MAX_NAME bytes with a
	   dot in it. Not beginning with runtime., reflect., internal/runtime/ or runtime/internal/,
	   which the runtime treats as its own. */
	const char *name;

	const char *file; /* NULL: none, and lines are not shown */

	/* Position-independent, by Go's convention for functions (ABIInternal). */
	const void *code;
	size_t code_size;

	/* Sorted by end; the last one ends with the code. */
	const gw_jit_range *ranges;
	size_t range_count;

	/* Stack maps: which words of the frame hold Go pointers. All have the same size: arg_words
	   words from the return address upwards, which are the caller's room for stack arguments
	   and for spilled registers; and the local_words words that end below the saved BP. Words
	   of the frame below those are scalars. A map is a row of bits for either, one bit a word,
	   that of the lowest address first (bit 0 of byte 0), each row in whole bytes whose spare
	   bits are 0: map i begins at arg_maps + i * ((arg_words + 7) / 8), local_maps likewise. A
	   pointer is one to Go's heap, to a live frame of the same goroutine, to memory that Go
	   does not manage, or 0: nothing else may be in a mapped word, from the time that the map
	   is in force. */
	size_t map_count; /* at least 1 */
	size_t arg_words;
	size_t local_words;
	const uint8_t *arg_maps;   /* may be NULL when arg_words is 0 */
	const uint8_t *local_maps; /* may be NULL when local_words is 0 */
} gw_jit_function;

/* Code memory and tables of a fixed size. It is never freed: the runtime may look at an address
   that was in it at any time. */
typedef struct gw_jit_arena gw_jit_arena;

/* An arena for at most that many bytes of code (rounded up to whole pages) and functions, made
   known to the Go runtime. The runtime looks through all arenas one by one for each address: have
   few. The code is written through one mapping and runs in another; none is both writable and
   executable. Memory is taken as functions fill it. Not while a plugin is being opened. GW_EINVAL:
   out is NULL, name (of which the arena keeps a copy, for its errors) is no good name, or a number
   is 0 or over its limit; or something else that is not complete has been added to the runtime's
   list. GW_ENOGO: no Go runtime, or it is one that Gangway does not know, or package jit is not
   part of the program. GW_ENOMEM, GW_ESYS. */
GW_API gw_status gw_jit_arena_new(gw_jit_arena **out, const char *name, size_t code,
				  size_t functions);

/* Add a function and store its entry address. The runtime sees it whole or not at all; once this
   returns the code may run. GW_EINVAL: something about it is not right; the text names the function
   and the range, map or member, and the reason. GW_ENOMEM: the arena is full, as the text says in
   numbers; what is in it stays. GW_ECLOSED: after gw_jit_arena_close. */
GW_API gw_status gw_jit_add(gw_jit_arena *arena, const gw_jit_function *function, void **entry);

/* Overwrite the code of the function at entry with traps. Its address is never used again, and
   keeps its name, for stack traces that still hold it. The caller makes sure that nobody runs in it
   or will. GW_EINVAL: entry is none of arena's, or retired already. */
GW_API gw_status gw_jit_retire(gw_jit_arena *arena, void *entry);

/* Take no more functions; and when all of them are retired, now or later, give the code's memory
   back. Its addresses stay taken. The arena may still be used for gw_jit_retire and
   gw_jit_arena_used. GW_EINVAL: arena is NULL. GW_ECLOSED: closed already. */
GW_API gw_status gw_jit_arena_close(gw_jit_arena *arena);

/* How much of the arena's room is used. Pointers may be NULL; of no arena, 0 is used. */
GW_API void gw_jit_arena_used(gw_jit_arena *arena, size_t *code, size_t *functions);

#ifdef __cplusplus
}
#endif

#endif
