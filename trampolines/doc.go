// Package trampolines is the machine-level half of Gangway: the assembly that carries calls between Go and C, the
// runtime's hooks, the list of libc imports, and the object with Gangway's C core. Package gangway is the API; use this
// one only from assembly stubs (gangway_amd64.h) or to link the object.
//
// # The parts
//
//   - The C core (bridge/) knows both conventions. Of a signature it makes a plan, once: a list of moves between Go's
//     registers and stack, where cmd/compile's ABIInternal puts a value, and C's, where the psABI does (goplan.c). Of a
//     plan it makes machine code (gocode.c for calls, gocallback.c for callbacks). This code moves all values.
//   - The kernels (this package's assembly) change stacks, tell the scheduler or not, and keep pointers where the
//     collector sees them. They know nothing of types: ccall for stubs, bindCall and its kind for bound functions,
//     callbackEntry for callbacks, and signalEntry, which takes calls over.
//   - Go code (bind.go, plan.go, list.go, callback.go) chooses the kernel for a function when it is bound. In a call it
//     works only for func parameters, long strings, string results and ...any.
//   - Reflection (package gangway) serves on the safe road, and where there is no machine code.
//
// # The way of one call
//
// A bound func value is a pointer to a BoundFunc, whose first word is its code. Go calls that code with Go's register
// convention (bind_amd64.s):
//
//	bindPlain   integers and floats that C has in the same order: a fixed shuffle, and the C function
//	bindCall    anything without pointers: the machine code of the signature, which calls the C function
//	bindFew     keeps up to three pointers in its frame, and calls bindCall
//	bindMany    keeps up to eight, and looks whether the strings are short enough
//	bindWork    for what Go code works; boundEnter makes the call
//	bindTold    where bindPlain and bindCall go when the scheduler is to be told of the call: saves the argument
//	            registers, tells it, and has the machine code load them again
//
// The machine code runs on the system stack with Go's argument registers as they came, and leaves Go's result
// registers. Its pieces for saving and loading registers and for keeping pointers are code of the same signature. A
// signature that changes registers alone needs no frame, and jumps to the C function, which returns to the kernel.
//
// # The round trip
//
// Go calls C. A stub calls ccall (ccall_amd64.s) with C's argument registers loaded; a bound function does what ccall
// does in its own code. The goroutine's position goes to g.sched, g0 into TLS, SP to g0's stack (TO_G0), and C is
// called. The goroutine stays in state running and keeps its P: a running call. Nothing else is told.
//
// The runtime wants that P, or that goroutine. It sends SIGURG to the thread, as to any running goroutine. Our handler
// stands before the runtime's (signal_amd64.s). It sees that the thread is in a running call and turns the call into
// a system call after the fact: on the goroutine stack, at the position that ccall left, it calls entersyscall. From
// then on the call is what a cgo call always is. SIGPROF and the signals of a crash do the same, so that profiles and
// crash reports name the Go caller. When C returns, FROM_C finds g.syscallsp set, and callEnd
// leaves through exitsyscall. If the SIGURG
// has ended a system call in which C was waiting, that goes on (bridge/wait.c).
//
// A Blocking call starts with entersyscall. Auto (bridge/auto.c) chooses between the two for each C function. When the
// scheduler wants the goroutine to make way (g.stackguard0, where the stack checks of Go functions look), its next call
// is one that the scheduler is told of, and yields at its end.
//
// C calls Go. A thunk, a code address of its own for each callback, goes to callbackEntry (callback_amd64.s): at once
// when the Go function has up to three integers, else by way of machine code for the signature. When the innermost call
// of the thread's goroutine is one of ours, callbackEntry goes back to the goroutine stack, to exactly the position
// that ccall left, and jumps to callbackGo. That locks the thread and calls the Go function as if the stub had called
// it. callbackTold does the same for a call that is a system call, which it leaves first. The way back (callbackLeave)
// reverses each step. Everything else goes through runtime.cgocallback, as cgo's callbacks do, except for a C thread
// that has been in Go before and that the runtime has kept: that one enters its goroutine by itself (foreign_amd64.s).
//
// A panic or Goexit that leaves a callback abandons the C frames below it. callbackUnwind then lets the system stack
// begin above them again.
//
// C that jumps (longjmp) past a callback abandons Go frames, which cannot be: the goroutine is still in the call that
// the callback made last. That shows in its g.sched.sp when the call returns into which C has jumped (FROM_C), and
// in g0's when C calls Go from there (callbackSlow); on the safe road the C core looks (bridge/callback.c). A report
// ends the program. Then (then.go) has a C function called when a callback has been left, and that may jump.
//
// # Callbacks of any signature
//
// The thunk of a callback enters code of its own (bridge/gocallback.c): it makes the Go registers and stack of the
// arguments in memory, a struct gw_go_invocation, calls callbackEntry with that, and returns the result to C. In Go a
// function of few types loads the registers from there and calls the Go function (callbackRunInts and its kind).
//
// # Pointers
//
// Pointers among the arguments stay visible to the collector while C runs: bindFew, bindMany and bindWork have them
// among their locals, with a map that says so; integers are never taken for pointers. Those on Go's stack are copied
// there, too: nobody shows them to the collector, since that would be up to the callee's prototype.
//
// # Registered code
//
// Machine code that a program makes (package jit, bridge/jit.c) is a module in the runtime's list and needs no
// trampoline to call Go or to be called. Its counted func values do (jit_amd64.s): the calls are between two steps of
// Go code, one of them deferred, and their registers travel through memory, pointers where the collector sees them.
//
// # The marks
//
// g.sched.pc tells which call is innermost. ccall leaves incall+1 there for a running call, incall+2 for a Blocking one
// and incall+3 for one that is Blocking because Auto says so; cgo and the runtime leave addresses of their own.
//
// # Plugins
//
// A plugin brings its own copy of each function of this package and of the C core, and shares the variables of the
// first who has the package: the program, or the plugin that was opened first. So what must be one in a process is
// reached by variables: the marks (MARK), the C core and whatever is known by its address (core.go). Under -dynlink the
// assembler reads a global by way of R15: R15 must hold nothing then, and LOCK must not stand before such an
// instruction, which becomes two. LEAQ is free of that.
//
// # Roads
//
// All this rests on a few private fields of the runtime's g and m. Their offsets are generated for each range of Go
// releases (layout_go*.go, made by build-aux/layout), compared with every toolchain by a test, and checked against the
// runtime's behaviour when a program starts (start_layout.go); start.go decides. When the check fails, on an unknown Go
// release, or on request, calls go through runtime.cgocall and callbacks through runtime.cgocallback alone: the safe
// road. When the runtime sends no SIGURG (GODEBUG=asyncpreemptoff=1), all calls are Blocking.
package trampolines
