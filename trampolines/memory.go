package trampolines

import (
	"runtime"
	"unsafe"
)

// What package gangway and package jit share to pass memory to the C core.

var sink struct {
	keep bool
	p    any
}

// Escape makes sure that p points to the heap, whose objects do not move, so that C may use its address.
func Escape[T any](p *T) *T {
	if sink.keep {
		sink.p = p
	}
	return p
}

// Terminated returns a NUL-terminated copy of s, in the heap.
func Terminated(s string) *byte {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return Escape(&b[0])
}

// Pointer turns an address outside Go's heap into a pointer.
func Pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// CString copies the C string at p; "" for NULL.
func CString(p uintptr) string {
	if p == 0 {
		return ""
	}
	base := Pointer(p)
	n := 0
	for *(*byte)(unsafe.Add(base, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(base), n))
}

// Checked makes a call of the C core that returns a gw_status, and fetches the text of an error on the same thread.
func Checked(call func() uintptr) (status uint32, text string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if status = uint32(call()); status != 0 {
		text = CString(Call(Core.LastError, 0, 0, 0, 0, 0, 0))
	}
	return status, text
}
