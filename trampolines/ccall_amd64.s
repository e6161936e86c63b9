#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"
#include "frame_amd64.h"

// func incall()
//
// Never called. Three of its addresses are what g.sched.pc holds while a call of ours is the innermost one of a
// goroutine: incall+1 for a running call, incall+2 for one that has told the scheduler (Blocking), incall+3 for one
// that has told the scheduler until Auto thinks better of it. They serve as the marks by which callback and signal code
// recognise our calls, and as a position from which the runtime may unwind: frameless, SP never written, the return PC
// at 0(SP). (ccall itself writes SP, and the unwinder refuses such a function in the middle of a stack.) They are read
// from a variable, see MARK: a plugin has an incall of its own, which is never a mark.
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

// func ccall()
//
// Calls a C function on the system stack of this thread.
//
// In:        R11 the function; DI SI DX CX R8 R9 and X0-X7 its register arguments; R10 passed through (static chain;
//            the callee of gw_errno_call); BX the Auto state of the function, or 0. (C gets AL from COUNT_VECTORS.)
// Out:       AX DX X0 X1 as C left them; R10 errno when R11 was gw_errno_call.
// Clobbers:  every register but SP and BP.
// Stack:     entered on the goroutine stack, 0(SP) = return PC into the stub, BP the stub's frame pointer. C runs on
//            g0's stack from g0.sched.sp down, 16-byte aligned. C keeps R12 = g, R13 = g.stack.hi - SP and R14 = BP -
//            SP across the call; never SP and BP themselves, since a callback may move the stack.
// Unwind:    from g.sched while C runs: mark, SP as at entry, BP. The stub's Go prototype is the stack map.
// Called by: stubs (gangway_amd64.h).
//
// A running call, unless the caller has called entersyscall before (g.syscallsp != 0): then it is a Blocking call.
//
// Signals. With g in TLS, before and after, this function as PC means nothing to the runtime's handler: it neither
// preempts assembly nor unwinds past a function that writes SP. With g0 in TLS and SP on g0's stack, signalEntry
// (signal_amd64.s) may turn the call into a system call, at any instruction: g.sched is whole by then, and g.syscallsp
// is looked at on return when g is in TLS again. m.ncgo and m.incgo, which tell the runtime of a cgo call, are for
// calls that the scheduler knows of. Collections. g is running: nobody scans its stack without first asking, by a
// signal, and that is the take-over.
TEXT ·ccall(SB),NOSPLIT|NOFRAME,$0-0
	XORL	R12, R12
	JMP	·ccallStack(SB)

// func ccallStack()
//
// ccall for functions with arguments in memory.
//
// In:        as ccall; R12 the size of the stack arguments in bytes, a multiple of 8, or 0; R13 their address, in the
//            frame of the caller (a stub keeps them at 0(SP)).
// Else:      as ccall. The copy below g0.sched.sp is made before SP is there: nothing uses g0's stack meanwhile, a
//            signal runs on its own stack, and assembly is not preempted.
TEXT ·ccallStack(SB),NOSPLIT|NOFRAME,$0-0
	CMPL	·road(SB), $const_RoadFast
	JNE	other
	JMP	·ccallStackFast(SB)
other:
	JMP	·ccallOther(SB)

// func ccallStackFast()
//
// ccallStack without the question which road is open.
TEXT ·ccallStackFast(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ	R12, AX
	MOVQ	BX, AUTO_STATE(SP)
	MOVQ	R13, BX
	MOVQ	TLS, R12
	MOVQ	0(R12)(TLS*1), R12
	MARK_RUNNING(R13)
	MOVQ	const_g_m(R12), R15
	CMPQ	const_g_syscallsp(R12), $0
	JNE	blocking
	RUNNING
marked:
	TO_G0
	SUBQ	AX, R15
	ANDQ	$~15, R15
	TESTQ	AX, AX
	JZ	copied
copy:
	SUBQ	$8, AX
	MOVQ	(BX)(AX*1), X15
	MOVQ	X15, (R15)(AX*1)
	JNZ	copy
copied:
	MOVQ	R15, SP
	COUNT_VECTORS
	CALL	R11
	FROM_C(R15, left, told)
	RET
left:
	JMP	·callbackLeft(SB)
told:
	JMP	·callEnd(SB)
blocking:
	TELL(marked, noted)
	CALL	·budget(SB)			// never reached: states what a call needs below it

// func callEnd()
//
// The end of a call that the scheduler was told of: by its caller (Blocking) or by a take-over.
//
// In:        the results of C; R12 g; R15.
// Out:       AX DX R10 X0 X1 R15 as they came; R14 = g, X15 = 0, as Go code expects.
// Stack:     goroutine stack, entered by JMP with SP as at ccall's entry. exitsyscall demands that its caller's SP is
//            not above g.syscallsp, so it is called from a frame below.
// Unwind:    a plain frame; the return PC belongs to the caller. The results are no pointers into Go's memory.
// After exitsyscall this may be another thread; in yield others may run, and the stack may move.
//
//   96         return PC                        <- SP at entry
//   88         saved BP
//   80         AUTO_SINCE of the call; then: taken over?
//   72         AUTO_STATE of the call
//   24...64    AX DX R10 X0 X1 R15
//    0...16    arguments of autoSegment
TEXT ·callEnd(SB),NOSPLIT,$88-0
	NO_LOCAL_POINTERS
	MOVQ	AX, 24(SP)
	MOVQ	DX, 32(SP)
	MOVQ	R10, 40(SP)
	MOVSD	X0, 48(SP)
	MOVSD	X1, 56(SP)
	MOVQ	R15, 64(SP)
	LEAVE_TOLD(88, judged, exit, untimed, done)
	MOVQ	24(SP), AX
	MOVQ	32(SP), DX
	MOVQ	40(SP), R10
	MOVSD	48(SP), X0
	MOVSD	56(SP), X1
	MOVQ	64(SP), R15
	RESTORE_GO_REGS
	RET

// func yield()
//
// A stack check and nothing else: lets others run when the scheduler has asked this goroutine to make way. (The
// assembler leaves the check out of smaller leaf functions.)
TEXT ·yield(SB),0,$128-0
	NO_LOCAL_POINTERS
	RET
