package gangway

import (
	"errors"
	"fmt"
	"reflect"
)

// ErrClosed is the error of using a Library or Callback after Close.
var ErrClosed = errors.New("gangway: already closed")

// OpenError says why none of the names given to Open could be loaded.
type OpenError struct {
	Names []string
	Text  string // each name with dlerror's words
}

func (e *OpenError) Error() string {
	return "gangway: open: " + e.Text
}

// SymbolError says why a symbol was not found.
type SymbolError struct {
	Library string
	Name    string
	Text    string // library and symbol with dlerror's words
}

func (e *SymbolError) Error() string {
	return "gangway: " + e.Text
}

// TypeError says which part of a func type has no C equivalent.
type TypeError struct {
	Func   string       // the C function, or the Go function of a callback
	Part   string       // "parameter 2", "result 1", or "" for the type as a whole
	Type   reflect.Type // the offending type; nil for a nil interface
	Reason string
}

func (e *TypeError) Error() string {
	part := e.Part
	if part != "" {
		part += " of type "
	}
	typ := "nil"
	if e.Type != nil {
		typ = e.Type.String()
	}
	return fmt.Sprintf("gangway: %s: %s%s: %s", e.Func, part, typ, e.Reason)
}

// ClosedCallError is the value of the panic when a function of a closed library is called, or when C calls a closed
// callback.
type ClosedCallError struct {
	Name string // the C function with its library, or the Go function of the callback with its file and line
}

func (e *ClosedCallError) Error() string { return "gangway: call of " + e.Name + " after Close" }

// PointerError is the value of the panic when GANGWAY_CHECK=pointers finds a Go pointer that C must not have, or in a pointer
// an integer that Go must not have there.
type PointerError struct {
	Func string // the C function, or the Go function of a callback
	Part string // "argument" or "result"
	N    int    // which one, from 1 on
	Type reflect.Type
	Err  error // the runtime's words, or what is wrong with the integer
}

func (e *PointerError) Error() string {
	if _, ok := e.Err.(noPointer); ok {
		return fmt.Sprintf("gangway: %s: %s %d, of type %v: %v", e.Func, e.Part, e.N, e.Type, e.Err)
	}
	return fmt.Sprintf("gangway: %s: %s %d, of type %v: C must not get a Go pointer that is not pinned there (%v)", e.Func, e.Part, e.N, e.Type, e.Err)
}

func (e *PointerError) Unwrap() error { return e.Err }
