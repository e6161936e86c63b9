package trampolines

import "unsafe"

// The functions of the assembly files. Contracts are there.

func incall()
func ccall()
func ccallStack()
func ccallStackFast()
func callEnd()
func yield()
func ccallOther()
func enterBlocking()
func enterAuto()
func ccallErrno()

func callbackEntry()
func callbackSlow()
func callbackSafe()
func callbackReflected()
func callbackGo()
func callbackTold()
func callbackLeave()
func callbackLeaveBlocking()
func callbackForeign()
func callbackKept()
func callbackKeptLeave()
func callbackLeft()
func callbackReport()
func thenReturn()
func callbackUnwind()
func callbackReturned()
func inGo()

func signalEntry()
func signalBetween()
func signalIgnored()
func signalChain()
func signalNext()
func setMask()
func toldCall()
func takeover()
func takeoverEnter()
func takeoverNow()
func runningCall()
func budget()

func bindPlain()
func bindCall()
func bindFew()
func bindMany()
func bindTold()
func bindEnter()
func bindEnd()
func bindWork()
func bindRefused()

//go:noescape
func boundEnter(f *BoundFunc, code uintptr, regs *GoRegs, stack unsafe.Pointer)

func callGo(fn unsafe.Pointer, regs *GoRegs)
func callGoStack512(fn, stack unsafe.Pointer, args, frame uintptr, regs *GoRegs)
func callGoStack4K(fn, stack unsafe.Pointer, args, frame uintptr, regs *GoRegs)
func callGoStack64K(fn, stack unsafe.Pointer, args, frame uintptr, regs *GoRegs)
func callGoStack3M(fn, stack unsafe.Pointer, args, frame uintptr, regs *GoRegs)

// Call calls a C function with up to six integer arguments as a running call and returns its RAX: for functions of
// Gangway's own core, which are short.
//
// A pointer that is converted to uintptr in the list of arguments stays valid for the call: what it points to lives in
// the heap, by the directive, since a stack may move at the entry of Call.
//
//go:uintptrescapes
func Call(fn, a0, a1, a2, a3, a4, a5 uintptr) uintptr

// CallBlocking is Call as a Blocking call.
//
//go:uintptrescapes
func CallBlocking(fn, a0, a1, a2, a3, a4, a5 uintptr) uintptr

// RawSyscall makes a Linux system call on the goroutine stack, without telling the scheduler: for calls that do not
// block. It returns what the kernel returned: -4095 to -1 is an error number, negated.
func RawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) uintptr

func getg() uintptr
