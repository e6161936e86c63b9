package jit

import (
	"errors"

	"github.com/gangwayffi/gangway/trampolines"
)

// The kinds of an Error.
var (
	ErrUnavailable = errors.New("jit: code cannot be registered in this process")
	ErrInvalid     = errors.New("jit: not acceptable")
	ErrFull        = errors.New("jit: no room")
	ErrClosed      = errors.New("jit: closed")
	ErrSystem      = errors.New("jit: refused by the operating system")
	ErrRetired     = errors.New("jit: retired")
)

// An Error says what went wrong: errors.Is tells its kind.
type Error struct {
	Kind error  // ErrUnavailable, ErrInvalid, ErrFull, ErrClosed, ErrSystem or ErrRetired
	Text string // names the function, and the range or map or whatever it is about
}

func (e *Error) Error() string { return "jit: " + e.Text }
func (e *Error) Unwrap() error { return e.Kind }

// RetiredError is the value of the panic when a retired function is called.
type RetiredError struct {
	Name string
}

func (e *RetiredError) Error() string { return "jit: call of " + e.Name + " after Retire" }

// Kinds by gw_status of gangway.h.
var kinds = map[uint32]error{1: ErrInvalid, 2: ErrFull, 5: ErrClosed, 6: ErrUnavailable, 7: ErrSystem}

// checked is trampolines.Checked with an *Error.
func checked(call func() uintptr) error {
	status, text := trampolines.Checked(call)
	if status == 0 {
		return nil
	}
	return &Error{kinds[status], text}
}
