/* The one call instruction of generated code (bridge/callcode.c, closurecode.c), and where closures without a handler
   trap. */

#include "cet_sysv.h"

	.text

/* gw_generated_call: calls for generated code, which jumps here, and jumps back to it. No C prototype.

   In:        R11 the function; the other registers and the stack as it takes them. RBP a frame of the code's own.
   Out:       what the function leaves, at the code's address in the frame.
   Clobbers:  what a C function may.
   Preserves: what a C function must.
   Stack:     the caller's, aligned as the function wants it.
   Unwind:    by RBP. A return address in generated code would have no unwind information, without which no exception
              passes and no backtrace goes on. The only one there ever is is here. So nothing has to be registered with
              the unwinder, which need not be there at all (libgcc).
   Called by: generated code.

	+ 16 +-------------------------------+  CFA
	+  8 | return address                |
	RBP  | caller's RBP                  |
	-  8 | where the code goes on        |
	     | what else it keeps            |
	RSP  +-------------------------------+  stack arguments */
	.globl	gw_generated_call
	.hidden	gw_generated_call
	.type	gw_generated_call, @function
gw_generated_call:
	.cfi_startproc
	.cfi_def_cfa %rbp, 16
	.cfi_offset %rbp, -16
	_CET_ENDBR
	call	*%r11
	jmp	*-8(%rbp)
	.cfi_endproc
	.size	gw_generated_call, .-gw_generated_call

/* gw_closure_none: where the thunk of a closure goes that is freed, or has no handler yet: SIGILL here, with the
   caller's return address on top of the stack. No C prototype: it takes the call of any C function; it does not return. */
	.globl	gw_closure_none
	.hidden	gw_closure_none
	.type	gw_closure_none, @function
gw_closure_none:
	.cfi_startproc
	_CET_ENDBR
	ud2
	.cfi_endproc
	.size	gw_closure_none, .-gw_closure_none

	.section .note.GNU-stack, "", @progbits
