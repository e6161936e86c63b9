package gangway

import (
	"sync"
	"sync/atomic"
)

// A Handle stands for a Go value where C keeps it as user data: an integer that fits a void *. It keeps the value alive
// until Delete.
type Handle uintptr

var (
	handles    sync.Map
	lastHandle uintptr
)

// NewHandle returns a handle for v, never 0.
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
