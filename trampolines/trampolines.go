package trampolines

import "unsafe"

// The functions of the assembly files. Contracts are there.

func incall()
func ccall()
func ccallFast()
func ccallStack()
func ccallStackFast()
func ccallTold()
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
func plainCall()
func bindFramed()
func bindBlocking()
func bindGeneral()
func bindPinned(p0, p1, p2, p3, p4, p5, f unsafe.Pointer, i0, i1, i2, i3, i4, i5 uintptr, f0, f1, f2, f3, f4, f5, f6, f7 float64)

func bindCode()
func bindPlainPointers()
func bindPointers3()
func bindPointers9()
func bindStrings3()
func bindStrings9()
func bindOther()
func codeCall()
func codeCallAny()
func codeTold()

func bindPlan()
func bindPlanned(p0, p1, p2, p3, p4, p5, p6, p7, p8, f unsafe.Pointer, regs GoRegs, refused uintptr)
func bindRefused()
func bindHidden()
func hiddenPinned(h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15 unsafe.Pointer)

//go:noescape
func planCall(f *BoundFunc, plan uintptr, regs *GoRegs, stack unsafe.Pointer) (status uintptr)
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
