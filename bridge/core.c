/* What Go code knows of the C core, in one table: functions that it calls or has called, and hooks
   that it sets. Go reaches it by its one symbol, and mirrors it as trampolines.Core
   (trampolines/core.go): the same names in the same order, which tests/generated.sh compares. */
#include "bridge.h"
#include "call.h"
#include "goplan.h"
#include "jit.h"
#include "signature.h"

#define CORE(DO)                                                                                   \
	DO(call_setup)                                                                             \
	DO(safe_call_regs)                                                                         \
	DO(go_safe_call)                                                                           \
	DO(errno_call)                                                                             \
	DO(auto_note)                                                                              \
	DO(auto_taken)                                                                             \
	DO(snapshot)                                                                               \
	DO(signal_install)                                                                         \
	DO(signal_remove)                                                                          \
	DO(signal_action)                                                                          \
	DO(signature_parse_go)                                                                     \
	DO(type_layout_go)                                                                         \
	DO(go_plan_new)                                                                            \
	DO(go_plan_place)                                                                          \
	DO(closure_entry_of)                                                                       \
	DO(thunk_alloc)                                                                            \
	DO(thunk_set)                                                                              \
	DO(callback_left)                                                                          \
	DO(callback_innermost)                                                                     \
	DO(callback_report_hook)                                                                   \
	DO(library_open)                                                                           \
	DO(library_process)                                                                        \
	DO(library_symbol)                                                                         \
	DO(library_close)                                                                          \
	DO(library_name)                                                                           \
	DO(last_error)                                                                             \
	DO(host_table)                                                                             \
	DO(host_attach_hook)                                                                       \
	DO(host_in_go_hook)                                                                        \
	DO(code_new)                                                                               \
	DO(code_data)                                                                              \
	DO(code_seal)                                                                              \
	DO(code_free)                                                                              \
	DO(jit_host_set)                                                                           \
	DO(jit_arena_new)                                                                          \
	DO(jit_add)                                                                                \
	DO(jit_retire)                                                                             \
	DO(jit_arena_close)                                                                        \
	DO(jit_arena_used)

#define MEMBER(name) const void *name;
#define ADDRESS(name) .name = &gw_##name,

extern const struct gw_core gw_core;
const struct gw_core {
	size_t size; /* in bytes, which Go compares when it starts: an object may be an old one */
	CORE(MEMBER)
} gw_core = {.size = sizeof gw_core, CORE(ADDRESS)};
