/* void gw_crosscall1(void (*fn)(void), void (*setg)(void *), void *g);

   From C into Go code that knows no callee-saved registers: setg(g), then fn().
   In:        RDI fn, RSI setg, RDX g
   Out:       nothing
   Clobbers:  what C lets a function clobber
   Preserves: RBX RBP R12-R15; fn and setg, both Go assembly, preserve none of them
   Stack:     the thread's own C stack; RSP = 8 mod 16 at entry, 0 mod 16 at both calls
   Unwind:    CFI as a normal frame; Go's unwinder stops at fn (runtime.mstart is a top frame)
   Called by: gw_rt_setg_and_call, on a thread that the runtime asked for

     56(RSP)  return address
     48(RSP)  RBX
     40(RSP)  RBP
     32(RSP)  R12
     24(RSP)  R13
     16(RSP)  R14
      8(RSP)  R15
      0(RSP)  alignment */
#include "cet_sysv.h"

	.text
	.globl	gw_crosscall1
	.hidden	gw_crosscall1
	.type	gw_crosscall1, @function
	.p2align 4
gw_crosscall1:
	.cfi_startproc
	_CET_ENDBR
	.irp	reg, rbx, rbp, r12, r13, r14, r15
	pushq	%\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
	.endr
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	movq	%rdi, %rbx
	movq	%rdx, %rdi
	call	*%rsi
	call	*%rbx
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	.irp	reg, r15, r14, r13, r12, rbp, rbx
	popq	%\reg
	.cfi_adjust_cfa_offset -8
	.cfi_restore \reg
	.endr
	ret
	.cfi_endproc
	.size	gw_crosscall1, .-gw_crosscall1
	.section .note.GNU-stack,"",@progbits
