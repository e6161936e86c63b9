package trampolines

import (
	"sync/atomic"
	"unsafe"
)

// For package jit: code that is registered with the runtime. Contracts of the assembly are in jit_amd64.s.

// FirstModule is the module data of the program (runtime.firstmoduledata), or of the plugin, that this package is in:
// it was the last of the list when the program started, or the plugin was opened.
var FirstModule = LastModule()

// LastModule returns the end of the list of modules.
func LastModule() unsafe.Pointer {
	return atomic.LoadPointer((*unsafe.Pointer)(Pointer(Asm.LastModule)))
}

// NoRegistration says why code is not to be registered with this process's runtime, "" when nothing speaks against it.
// The safe road is for a runtime that is not as expected, or for those who want nothing to rely on its private parts;
// under the race detector and the sanitizers it serves the calls of C alone.
func NoRegistration() string {
	if road == RoadSafe && (sanitized == "" || roadReason != "built with "+sanitized) {
		return roadReason
	}
	return ""
}

// A JitOwner is who the func values of a registered function ask.
type JitOwner interface {
	Refuse() // panics: there are to be no more calls
	Ended()  // there are no more calls, and will be none
}

// JitFunc is the object behind a func value of registered code.
type JitFunc struct {
	code  uintptr // the function itself, or jitCounted, or jitRefused
	Entry uintptr
	// For counted calls: all ones for an integer register that holds a pointer, whether there are floats, and how
	// many calls are under way, which JitRetired is added to when there are to be no more.
	In, Out [9]uintptr
	Floats  uint32
	Calls   *int64
	Owner   JitOwner
}

// JitRetired makes a number of calls negative for good.
const JitRetired = -1 << 62

// Count makes the calls of f counted, however they end. Parameters and results are in registers alone.
func (f *JitFunc) Count() unsafe.Pointer {
	f.code = Asm.jitCounted
	return unsafe.Pointer(f)
}

// Direct makes the calls of f go to the function at once.
func (f *JitFunc) Direct() unsafe.Pointer {
	f.code = f.Entry
	return unsafe.Pointer(f)
}

// Refuse makes every call of f that begins later end in Refuse of its owner.
func (f *JitFunc) Refuse() { atomic.StoreUintptr(&f.code, Asm.jitRefused) }

// JitArgs is the argument area of jitCountedCall, in jitCounted's frame. What is a pointer is among the pointers, where
// the collector sees it, and 0 among the registers; what is not, the other way round.
type JitArgs struct {
	pointers [9]unsafe.Pointer
	f        *JitFunc
	regs     GoRegs
}

// jitRun makes a counted call. Called by jitCountedCall; args lies in its caller's frame.
func jitRun(f *JitFunc, args *JitArgs) {
	if atomic.AddInt64(f.Calls, 1) <= 0 {
		jitDone(f)
		f.Owner.Refuse()
	}
	defer jitDone(f)
	jitEnter(f, args)
}

// jitDone may be the end of the last call after the function was retired. Its frames may still be on the stack then,
// above a panic, but nothing returns to them.
func jitDone(f *JitFunc) {
	if atomic.AddInt64(f.Calls, -1) == JitRetired {
		f.Owner.Ended()
	}
}

// jitRefuse is called by jitRefused.
func jitRefuse(f *JitFunc) { f.Owner.Refuse() }

func jitCounted()
func jitCountedCall(p0, p1, p2, p3, p4, p5, p6, p7, p8, f unsafe.Pointer, regs GoRegs)
func jitRefused()

//go:noescape
func jitEnter(f *JitFunc, args *JitArgs)
