// Package jit runs machine code that a program makes while it runs, on the three roads that there are between such code
// and Go:
//
//	a  A [Code] bound with [Code.Bind] is a C function. It runs on the system stack and calls Go through the pointer of a
//	   gangway.Callback. It may do whatever C may do, and holds no Go pointers.
//	b  A [Code] run with [Code.Run] runs on the goroutine stack behind a gate: to call Go it returns to the gate and says
//	   what it wants. It has a few words in place of a stack of its own.
//	c  A [Function] added to an [Arena] is registered with the Go runtime and is a Go function like any other: its frames
//	   stand on the goroutine stack, it calls Go functions and is called by them, and holds Go pointers.
//
// Roads a and b work wherever Gangway works. Road c rests on tables of the runtime whose layout is known for each Go
// release that Gangway has seen; [Available] says whether it is open, and NewArena says so too.
//
// # Registered functions
//
//	b := jit.NewBuilder()
//	b.Line(1)
//	b.Preempt(true)
//	b.Emit(0x48, 0x01, 0xd8) // add rax, rbx
//	b.Emit(0xc3)             // ret
//	arena, err := jit.NewArena("sums", 1<<20, 1000)
//	entry, err := arena.Add(b.Function("sums.add", "add.txt"))
//	var add func(a, b int) int
//	err = entry.Func(&add)
//	add(2, 3) // 5
//
// The runtime treats such functions as the compiler's own. It unwinds their frames by their SP deltas, names them with
// file and line in stack traces, crashes, profiles and execution traces, lets panics and runtime.Goexit pass through
// them, scans the words that their stack maps name, and adjusts them when it moves the stack. A fault in them is a Go
// panic.
//
// What it believes, the code has to keep to. Gangway checks that the tables make sense, not that they are true:
//
//   - Go's register convention (ABIInternal): integers and pointers in RAX RBX RCX RDI RSI R8 R9 R10 R11, floats in X0
//     to X14, parameters and results alike; R14 is g and X15 is zero, at every call and return. Go functions keep no
//     other register than SP and BP. They are called by CALL [RDX] with a func value in RDX, and may spill their
//     register arguments to the bottom of the caller's frame, 8 bytes for each at most, starting at SP behind the stack
//     arguments.
//   - A function begins with a stack check, unless it and whatever it calls need no more than 128 bytes: see
//     [Builder.StackCheck].
//   - The SP delta of a range is true at each of its instructions. Where it is not 0, the word pushed first is the
//     caller's BP, and BP points to it as soon as Go code is called.
//   - Nothing below SP survives: there is no red zone.
//   - Words that a map in force calls pointers are set before the map is, and hold Go pointers, or addresses of memory
//     that is not Go's, or 0. Words and registers that hold Go pointers across a call of Go have to be in a map. A
//     pointer into the goroutine's own stack is allowed in such a word alone, and only to live frames.
//   - Storing Go pointers to memory outside the stack takes the collector's write barrier, which machine code does not
//     have: let a Go function store them.
//   - In a range with Preempt set the runtime may stop the code between any two instructions. It keeps all registers
//     but the upper halves of the vector registers: code that uses YMM or ZMM registers leaves Preempt unset. A loop
//     that calls nothing should have it set, or collections wait for the loop.
//
// Arguments that Go passed in registers and that the code keeps in words of its own are the code's business; the words
// of the caller's spill area above the return address are the function's too, as ArgWords and the Args bits of its maps
// say.
//
// # The end of a function
//
// [Entry.Retire] ends it. Calls through func values made by [Entry.Func] are counted, in such a way that a panic or
// Goexit counts as the end of a call; when none is under way the code is overwritten. Func values made by
// [Entry.Direct] cost what a call of a Go function costs and are not counted: such code stays. Either kind panics with
// a *[RetiredError] afterwards. Addresses and tables are never used again, because the runtime keeps them in caches and
// stack traces.
//
// # Roads, sanitizers, plugins
//
// On the safe road (gangway.CurrentRoad) Gangway relies on nothing private of the runtime, so that road c is closed,
// but for builds with -race or -asan, where it works. What machine code reads and writes is not seen by these tools:
// the race detector finds no race in it.
//
// A plugin (package plugin) may use this package, in a program that does and in one that does not. It may be opened
// while arenas exist, but no arena may be made while a plugin is being opened: the runtime then adds to the list of
// modules without asking. Other packages that register code with the runtime are compatible when they replace the end
// of that list atomically; an arena that another package has cut off is noticed by NewArena and Add.
package jit
