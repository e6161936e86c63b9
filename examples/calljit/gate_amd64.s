#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"

// func gate(code uintptr, j *job, x, n, steps int64) int64
//
// Runs machine code on the goroutine stack. The protocol, from the code's side:
//
// In:        AX x when entered first, then the result of the last request; gateN+8(SP) n and gateSteps+8(SP) steps, its
//            own to change: they keep their values across requests. Every other register is undefined.
// Out:       DX where to go on, or 0 when finished. Finished: AX the result. A request: CX the number of the Go function,
//            AX and BX its arguments. RET leads back here.
// Preserves: SP and BP. R14, X15 and everything else are the gate's business: it was called by Go's stack convention.
// Stack:     none but the two words: 0(SP) is the return address into the gate, always, and the code pushes nothing.
//            It must not keep an address of the stack across a request: Go may move it.
// Pointers:  the code holds none to Go's heap. j stays in the gate's argument area, where the prototype above is its map,
//            also when it points into the stack that moves. What the frame holds are scalars: NO_LOCAL_POINTERS.
//
// Unwind:    while Go runs, a plain frame; the code's own address is a scalar in it. While the code runs nobody unwinds,
//            because of what a signal does when it finds the goroutine at a PC of no Go function (Go 1.19 to 1.27):
//            - SIGURG. isAsyncSafePoint (runtime/preempt.go): findfunc(pc) is invalid, "not Go code", hence no
//              preemption. The same goes for the gate itself, as for all assembly. The request stays pending and is
//              honoured by the stack check of the next Go function. So whoever waits for this goroutine, a collection
//              above all, waits until the code returns to the gate: it must do so within microseconds, and a long loop
//              must make a request now and then.
//            - SIGPROF. sigprof (runtime/proc.go): the traceback from an unknown PC yields no frames and is silent
//              (gentraceback without a callback up to Go 1.20, unwindSilentErrors since), and the sample is counted
//              as runtime._ExternalCode.
//            - SIGSEGV, SIGBUS, SIGFPE. shouldPushSigpanic: the PC is unknown, but 0(SP) is the return address into the
//              gate, so that it is taken for a bad call of the gate's, and sigpanic stands in the code's place: an
//              ordinary Go panic, which can be recovered above the gate. (The frame of the gate is dead then.) This is
//              why the code must not push anything.
// Signal handlers run on the signal stack, so nothing is written below SP.
//
//    56  where the code goes on
//    48  steps                 gateSteps
//    40  n                     gateN
//    32  result                \
//    24  i                      |
//    16  x                      | dispatch's arguments
//     8  which                  |
//     0  j                     /        <- SP
TEXT ·gate(SB),0,$64-48
	NO_LOCAL_POINTERS
	MOVQ	n+24(FP), AX
	MOVQ	AX, const_gateN(SP)
	MOVQ	steps+32(FP), AX
	MOVQ	AX, const_gateSteps(SP)
	MOVQ	x+16(FP), AX
	MOVQ	code+0(FP), DX
enter:
	CALL	DX
	TESTQ	DX, DX
	JZ	finished
	MOVQ	DX, 56(SP)
	MOVQ	j+8(FP), DX			// anew each time: the stack may have moved
	MOVQ	DX, 0(SP)
	MOVQ	CX, 8(SP)
	MOVQ	AX, 16(SP)
	MOVQ	BX, 24(SP)
	CALL	·dispatch(SB)
	MOVQ	32(SP), AX
	MOVQ	56(SP), DX
	JMP	enter
finished:
	MOVQ	AX, ret+40(FP)
	RET
