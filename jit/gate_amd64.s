#include "textflag.h"
#include "funcdata.h"
#include "go_asm.h"

// GATE_COPY: the eight words of Words, from fromAt(from) to toAt(to). Clobbers X0.
#define GATE_COPY(fromAt, from, toAt, to) \
	MOVUPS	fromAt+0(from), X0; \
	MOVUPS	X0, toAt+0(to); \
	MOVUPS	fromAt+16(from), X0; \
	MOVUPS	X0, toAt+16(to); \
	MOVUPS	fromAt+32(from), X0; \
	MOVUPS	X0, toAt+32(to); \
	MOVUPS	fromAt+48(from), X0; \
	MOVUPS	X0, toAt+48(to)

// func gate(code uintptr, calls *[]func(a, b int64) int64, w *Words, x int64) int64
//
// Runs machine code on the goroutine stack; Code.Run has the protocol.
//
// Stack:     none for the code but the words: 0(SP) is the return address into the gate, always, and the code pushes nothing.
// Pointers:  the code holds none to Go's heap. calls and w stay in the gate's argument area, where the prototype above is
//            their map, also when they point into the stack that moves. What the frame holds are scalars, but for
//            dispatch's argument, which is in dispatch's map: NO_LOCAL_POINTERS.
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
//   112  saved BP
//    48  words                 const_gateWords
//    40  where the code goes on
//    32  result                \
//    24  b                      |
//    16  a                      | dispatch's arguments
//     8  which                  |
//     0  calls                 /        <- SP
TEXT ·gate(SB),0,$112-40
	NO_LOCAL_POINTERS
	MOVQ	w+16(FP), AX
	GATE_COPY(0, AX, const_gateWords, SP)
	MOVQ	x+24(FP), AX
	MOVQ	code+0(FP), DX
enter:
	CALL	DX
	TESTQ	DX, DX
	JZ	finished
	MOVQ	DX, 40(SP)
	MOVQ	calls+8(FP), DX			// anew each time: the stack may have moved
	MOVQ	DX, 0(SP)
	MOVQ	CX, 8(SP)
	MOVQ	AX, 16(SP)
	MOVQ	BX, 24(SP)
	CALL	·dispatch(SB)
	MOVQ	32(SP), AX
	MOVQ	40(SP), DX
	JMP	enter
finished:
	MOVQ	AX, ret+32(FP)
	MOVQ	w+16(FP), AX
	GATE_COPY(const_gateWords, SP, 0, AX)
	RET
