#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// func incall()
//
// Never called. Three of its addresses are what g.sched.pc holds while a call of ours is the innermost one of a
// goroutine: incall+1 for a running call, incall+2 for one that has told the scheduler (Blocking), incall+3 for one that
// has told the scheduler until Auto thinks better of it. They serve as the marks by which callback and signal code
// recognise our calls, and as a position from which the runtime may unwind: frameless, SP never written, the return PC at
// 0(SP). (ccall itself writes SP, and the unwinder refuses such a function in the middle of a stack.)
// They are read from a variable, see MARK: a plugin has an incall of its own, which is never a mark.
TEXT ·incall(SB),NOSPLIT|NOFRAME,$0-0
	BYTE	$0x90
	BYTE	$0x90
	BYTE	$0x90
	RET

// The marks, for MARK.
DATA ·marks+0(SB)/8, $·incall+1(SB)
DATA ·marks+8(SB)/8, $·incall+2(SB)
DATA ·marks+16(SB)/8, $·incall+3(SB)
GLOBL ·marks(SB), RODATA|NOPTR, $24

// CCALL_BODY, CCALL_SLOW: what ccall and ccallFast share, see ccall.
#define CCALL_BODY \
	MOVQ	TLS, R12; \
	MOVQ	0(R12)(TLS*1), R12; \
	MARK(1, R13); \
	MOVQ	const_g_m(R12), R15; \
	CMPQ	const_g_syscallsp(R12), $0; \
	JNE	blocking; \
	RUNNING; \
marked: \
	MOVQ	BX, AUTO_STATE(SP); \
	CCALL_ENTER; \
	COUNT_VECTORS; \
	CALL	R11; \
	CCALL_LEAVE
#define CCALL_SLOW \
left: \
	JMP	·callbackLeft(SB); \
told: \
	JMP	·ccallTold(SB); \
blocking: \
	TELL_M(R15, R13); \
	MARK(2, R13); \
	TESTQ	BX, BX; \
	JZ	marked; \
	MARK(3, R13); \
	STAMP; \
	JMP	marked; \
	CALL	·budget(SB)			// never reached: states what a call needs below it

// func ccall()
//
// Calls a C function on the system stack of this thread.
//
// In:        R11 the function; DI SI DX CX R8 R9 and X0-X7 its register arguments; R10 passed through (static chain; the
//            callee of gw_errno_call); BX the Auto state of the function, or 0. (C gets AL from COUNT_VECTORS.)
// Out:       AX DX X0 X1 as C left them; R10 errno when R11 was gw_errno_call.
// Clobbers:  every register but SP and BP.
// Stack:     entered on the goroutine stack, 0(SP) = return PC into the stub, BP the stub's frame pointer. C runs on g0's
//            stack from g0.sched.sp down, 16-byte aligned. C keeps R12 = g, R13 = g.stack.hi - SP and R14 =
//            g.stack.hi - BP across the call; never SP and BP themselves, since a callback may move the stack.
// Unwind:    from g.sched while C runs: mark, SP as at entry, BP. The stub's Go prototype is the stack map.
// Called by: stubs (gangway_amd64.h) and the entries of bound functions.
//
// A running call, unless the caller has called entersyscall before (g.syscallsp != 0): then it is a Blocking call.
//
// Signals. With g in TLS, before and after, this function as PC means nothing to the runtime's handler: it neither preempts
// assembly nor unwinds past a function that writes SP. With g0 in TLS and SP on g0's stack, signalEntry
// (signal_amd64.s) may turn the call into a system call, at any instruction: g.sched is whole by then, and g.syscallsp
// is looked at on return when g is in TLS again. m.ncgo and m.incgo, which tell the runtime of a cgo call, are for calls
// that the scheduler knows of.
// Collections. g is running: nobody scans its stack without first asking, by a signal, and that is the take-over.
TEXT ·ccall(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	·road(SB), $const_RoadFast
	JNE	other
	CCALL_BODY
	RET
	CCALL_SLOW
other:
	XORL	R12, R12
	XORL	R13, R13
	JMP	·ccallOther(SB)

// func ccallFast()
//
// ccall without the question which road is open: for bound functions, which have other code on the safe road, and whose
// frames leave no room for ccallOther.
TEXT ·ccallFast(SB),NOSPLIT|NOFRAME,$0-0
	CCALL_BODY
	RET
	CCALL_SLOW

// func ccallStack()
//
// ccall for functions with arguments in memory.
//
// In:        as ccall; R12 the size of the stack arguments in bytes, a multiple of 8; R13 their address, in the frame
//            of the caller (a stub keeps them at 0(SP)).
// Else:      as ccall. The copy below g0.sched.sp is made while g is still in TLS: nothing uses g0's stack then, a
//            signal runs on its own stack, and assembly is not preempted.
TEXT ·ccallStack(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	·road(SB), $const_RoadFast
	JNE	other
	JMP	·ccallStackFast(SB)
other:
	JMP	·ccallOther(SB)

// func ccallStackFast()
//
// ccallStack without the question which road is open; R12 and R13 may be 0.
TEXT ·ccallStackFast(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	R12, R15
	MOVQ	R13, R14
	MOVQ	TLS, R12
	MOVQ	0(R12)(TLS*1), R12
	MOVQ	const_g_m(R12), R13
	MOVQ	const_m_g0(R13), R13
	MOVQ	const_g_sched_sp(R13), R13
	SUBQ	R15, R13
	ANDQ	$~15, R13
	TESTQ	R15, R15
	JZ	copied
copy:
	SUBQ	$8, R15
	MOVQ	(R14)(R15*1), X15
	MOVQ	X15, (R13)(R15*1)
	JNZ	copy
copied:
	MARK(1, R14)
	MOVQ	const_g_m(R12), R15
	CMPQ	const_g_syscallsp(R12), $0
	JNE	blocking
	RUNNING
marked:
	MOVQ	BX, AUTO_STATE(SP)
	MOVQ	R14, const_g_sched_pc(R12)
	MOVQ	SP, const_g_sched_sp(R12)
	MOVQ	BP, const_g_sched_bp(R12)
	MOVQ	const_m_g0(R15), R15
	MOVQ	SP, CALLER_SP(R15)
	MOVQ	TLS, R14
	MOVQ	R15, 0(R14)(TLS*1)
	MOVQ	R13, R14
	MOVQ	const_g_stack_hi(R12), R13
	SUBQ	SP, R13
	MOVQ	R14, SP
	MOVQ	const_g_stack_hi(R12), R14
	SUBQ	BP, R14
	COUNT_VECTORS
	CALL	R11
	CCALL_LEAVE
	RET
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·ccallTold(SB)
blocking:
	TELL_M(R15, R14)
	MARK(2, R14)
	TESTQ	BX, BX
	JZ	marked
	MARK(3, R14)
	STAMP
	JMP	marked
	CALL	·budget(SB)			// never reached

// func ccallTold()
//
// The end of a call that the scheduler was told of: by its caller (Blocking) or by a take-over.
//
// In:        as ccall's Out; R12 g.
// Out:       as ccall's; R14 = g, X15 = 0, as Go code expects (bindPlain returns to it).
// Stack:     goroutine stack, entered by JMP with SP as at ccall's entry. exitsyscall demands that its caller's SP is
//            not above g.syscallsp, so it is called from a frame below.
// Unwind:    a plain frame; the return PC belongs to the stub.
// After exitsyscall this may be another thread; in yield others may run, and the stack may move.
//
//   88         return PC into the stub          <- SP at entry
//   80         saved BP
//   72         AUTO_SINCE of the call; then: taken over?
//   64         AUTO_STATE of the call
//   24...56    AX DX X0 X1 R10
//    0...16    arguments of autoSegment
TEXT ·ccallTold(SB),NOSPLIT,$80-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 24(SP)
	MOVQ	DX, 32(SP)
	MOVSD	X0, 40(SP)
	MOVSD	X1, 48(SP)
	MOVQ	R10, 56(SP)
	LEAVE_TOLD(80)
	MOVQ	24(SP), AX
	MOVQ	32(SP), DX
	MOVSD	40(SP), X0
	MOVSD	48(SP), X1
	MOVQ	56(SP), R10
	RESTORE_GO_REGS
	RET

// func yield()
//
// A stack check and nothing else: lets others run when the scheduler has asked this goroutine to make way. (The
// assembler leaves the check out of smaller leaf functions.)
TEXT ·yield(SB),0,$128-0
	NO_LOCAL_POINTERS
	RET
