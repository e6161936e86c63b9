/* A program made by hand, which plays the runtime for the tests of registered code, and a function
   to register with it. Include after cmocka.h. */
#ifndef GW_TESTS_JIT_PROGRAM_H
#define GW_TESTS_JIT_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "../bridge/jit.h"

/* ---- The program: main.f and main.g in 512 bytes of text ---- */

extern const struct gw_jit_layout layout;
extern uint8_t module[568];
extern uint8_t tables[1024]; /* a pcHeader, then what its offsets say */
extern uint8_t text[512];
extern void *last_module;

void make_program(void);
/* Changes a word of the module. */
void put(size_t offset, uintptr_t value);
struct gw_jit_host host_here(void);
struct gw_jit_known known_here(void);
/* A group's setup: the program is made, and the process's host. */
int set_host(void **state);

/* ---- Arenas, when the host is set ---- */

/* A function of four ranges with a frame of 40 bytes, from the 1st to the 30th byte, and two maps.
 */
extern const uint8_t code40[40];
extern const gw_jit_range ranges40[4];

gw_jit_function function40(const char *name);
gw_jit_arena *new_arena(size_t code, size_t functions);
/* Adds function40. */
void *add(gw_jit_arena *arena, const char *name);
void find(gw_jit_arena *arena, const void *entry, size_t at, struct gw_jit_found *found);
/* What is found at entry is function40, whole. */
void check40(gw_jit_arena *arena, const void *entry, const char *name);

#endif
