package trampolines

// Core is what Go knows of the C core: functions, and hooks that it sets. It mirrors struct gw_core in bridge/core.c,
// by name and order.
//
// A plugin has functions of its own, the C core too, while variables are shared by all of the process: Core and Asm are
// those of the first copy of this package, and there is one C core.
var Core = coreAddress()

type coreTable struct {
	size uintptr

	// Calls.
	CallSetup    uintptr
	SafeCallRegs uintptr
	GoSafeCall   uintptr
	ErrnoCall    uintptr
	AutoNote     uintptr
	AutoTaken    uintptr
	Snapshot     uintptr

	// Signals.
	SignalInstall uintptr
	SignalRemove  uintptr
	SignalAction  uintptr

	// Signatures and plans.
	SignatureParseGo uintptr
	TypeLayoutGo     uintptr
	GoPlanNew        uintptr
	GoPlanPlace      uintptr

	// Callbacks.
	ClosureEntryOf     uintptr
	ThunkAlloc         uintptr
	ThunkSet           uintptr
	CallbackLeft       uintptr
	CallbackInnermost  uintptr
	CallbackReportHook uintptr

	// Libraries.
	LibraryOpen    uintptr
	LibraryProcess uintptr
	LibrarySymbol  uintptr
	LibraryClose   uintptr
	LibraryName    uintptr
	LastError      uintptr

	// What C libraries ask of the program.
	HostTable      uintptr
	HostAttachHook uintptr
	HostInGoHook   uintptr

	// Code, for package jit: a program without it has these all the same, since a plugin may bring it.
	CodeNew       uintptr
	CodeData      uintptr
	CodeSeal      uintptr
	CodeFree      uintptr
	JitHostSet    uintptr
	JitArenaNew   uintptr
	JitAdd        uintptr
	JitRetire     uintptr
	JitArenaClose uintptr
	JitArenaUsed  uintptr
}

// Asm is what else only assembly can name: addresses of its functions, of variables and of functions of the runtime's.
var Asm = asmAddresses()

type asmTable struct {
	incall            uintptr
	signalEntry       uintptr
	signalIgnored     uintptr
	handlersBefore    uintptr
	takeoverNow       uintptr
	bindPlain         uintptr
	bindCall          uintptr
	bindFew           uintptr
	bindMany          uintptr
	bindWork          uintptr
	callbackEntry     uintptr
	callbackReflected uintptr
	callbackReturned  uintptr
	callbackReport    uintptr
	thenReturn        uintptr
	inGo              uintptr
	jitCounted        uintptr
	jitRefused        uintptr
	LastModule        uintptr
	Morestack         uintptr
}

func coreAddress() *coreTable
func asmAddresses() *asmTable
