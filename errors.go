package gangway

import (
	"errors"
	"reflect"
	"strconv"
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
	return "gangway: " + e.Func + ": " + part + typ + ": " + e.Reason
}

// ClosedCallError is the value of the panic when a function of a closed library is called, or when C calls a closed
// callback.
type ClosedCallError struct {
	Name string // the C function with its library, or the Go function of the callback with its file and line
}

func (e *ClosedCallError) Error() string { return "gangway: call of " + e.Name + " after Close" }

// PointerError is the value of the panic when GANGWAY_CHECK=pointers finds a Go pointer that C must not have, or in a
// pointer an integer that Go must not have there.
type PointerError struct {
	Func string // the C function, or the Go function of a callback
	Part string // "argument" or "result"
	N    int    // which one, from 1 on
	Type reflect.Type
	Err  error // the runtime's words, or what is wrong with the integer
}

func (e *PointerError) Error() string {
	text := "gangway: " + e.Func + ": " + numbered(e.Part, e.N) + ", of type " + e.Type.String() + ": "
	if _, ok := e.Err.(noPointer); ok {
		return text + e.Err.Error()
	}
	return text + "C must not get a Go pointer that is not pinned there (" + e.Err.Error() + ")"
}

func (e *PointerError) Unwrap() error { return e.Err }

// A contextError says in which context another error came up. (What package fmt has for that would make it a part of
// every program; so messages are put together by hand.)
type contextError struct {
	context string
	err     error
}

func (e *contextError) Error() string { return e.context + ": " + e.err.Error() }

func (e *contextError) Unwrap() error { return e.err }

// numbered returns "parameter 2" and the like.
func numbered(what string, n int) string { return what + " " + strconv.Itoa(n) }
