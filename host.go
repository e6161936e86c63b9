package gangway

import (
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// ownCallbacks is how many thunks the package itself has, the one that attaches threads among them.
var ownCallbacks int

func init() {
	attach, err := NewCallback(func() int32 { return 0 }) // GW_OK
	if err != nil {
		return // gw_thread_attach then reports that there is no Go program to attach to
	}
	ownCallbacks = 1
	trampolines.SetHost(attach.Pointer())
}

// Host returns the address of the gw_host table (gangway.h): what a C library that cannot link with Gangway's object,
// such as one loaded with Open, needs to attach its threads to the Go program ahead of their first callback.
func Host() unsafe.Pointer {
	return trampolines.Pointer(trampolines.Call(trampolines.Core.HostTable, 0, 0, 0, 0, 0, 0))
}

// RawSyscall makes a Linux system call without telling the scheduler: for calls that do not block. r is the kernel's
// result, or ^uintptr(0) with an errno. Pointers are converted to uintptr in the list of arguments, as for
// [syscall.RawSyscall].
//
//go:uintptrescapes
func RawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) (r uintptr, errno syscall.Errno) {
	r = trampolines.RawSyscall(nr, a1, a2, a3, a4, a5, a6)
	if r > ^uintptr(4095) {
		return ^uintptr(0), syscall.Errno(-r)
	}
	return r, 0
}
