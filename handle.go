package gangway

import (
	"sync"
	"sync/atomic"
)

// A Handle stands for a Go value where C keeps it as user data: an integer that fits a void *. It keeps the value alive
// until Delete.
//
// Handles begin above 4,096, as the runtime demands of what is in a pointer of Go's: it takes 1 to 4,095 for a sign of
// corrupt memory and ends the program when it finds them in an unsafe.Pointer, say in a struct of C's declared in Go. A
// handle, or another integer that C has in a void *, is best declared as uintptr (or Handle) all the same.
type Handle uintptr

var (
	handles    sync.Map
	lastHandle uintptr = 4096
)

// NewHandle returns a handle for v, above 4,096.
func NewHandle(v any) Handle {
	h := Handle(atomic.AddUintptr(&lastHandle, 1))
	handles.Store(h, v)
	return h
}

// Value returns the value of h. It panics when h is not a valid handle.
func (h Handle) Value() any {
	v, ok := handles.Load(h)
	if !ok {
		panic("gangway: Value of an invalid Handle")
	}
	return v
}

// Delete ends h. It panics when h is not a valid handle.
func (h Handle) Delete() {
	if _, ok := handles.LoadAndDelete(h); !ok {
		panic("gangway: Delete of an invalid Handle")
	}
}
