package jit

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/trampolines"
)

// An Entry is a registered function.
type Entry struct {
	arena *Arena
	name  string
	addr  uintptr
	calls int64 // under way; Retire adds trampolines.JitRetired

	mu     sync.Mutex
	ended  bool
	stays  bool                   // somebody may run in it whom nobody counts
	direct []*trampolines.JitFunc // that are to be refused
	once   sync.Once              // for the end of the code
}

// Name returns the function's name.
func (e *Entry) Name() string { return e.name }

// Addr returns the address of the function, for other machine code: by Go's register convention, on the goroutine
// stack. Calls of it are not counted, so that the code stays where it is when the function is retired later. After
// Retire it is the address that stack traces have, not one to call.
func (e *Entry) Addr() uintptr {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ended {
		e.stays = true
	}
	return e.addr
}

// Func makes *fn, a variable of func type, the function. Its calls are counted, which takes some twenty nanoseconds, so
// that Retire can tell when the last one has ended. fn's type must be what the code takes it for: nobody checks.
// Parameters and results must all travel in registers: at most nine integers or pointers (a string is two, a slice
// three) and fifteen floats either way, and no arrays of two or more elements; for others there is Direct. The error is
// an *Error of kind ErrInvalid, or ErrRetired.
func (e *Entry) Func(fn any) error {
	v, err := e.variable(fn)
	if err != nil {
		return err
	}
	f := &trampolines.JitFunc{Entry: e.addr, Calls: &e.calls, Owner: (*owner)(e)}
	if err := assign(f, v.Type()); err != nil {
		return &Error{ErrInvalid, fmt.Sprintf("function %s: Func of type %s: %s", e.name, v.Type(), err)}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return e.over()
	}
	setFunc(v, f.Count())
	return nil
}

// Direct makes *fn, a variable of func type, the function. A call costs what a call of a Go function costs. It is not
// counted: after Retire the calls that are under way go on, and the code stays. fn's type must be what the code takes
// it for: nobody checks. The error is an *Error of kind ErrInvalid, or ErrRetired.
func (e *Entry) Direct(fn any) error {
	v, err := e.variable(fn)
	if err != nil {
		return err
	}
	f := &trampolines.JitFunc{Entry: e.addr, Owner: (*owner)(e)}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return e.over()
	}
	e.stays = true
	e.direct = append(e.direct, f)
	setFunc(v, f.Direct())
	return nil
}

// Callback makes the function callable from C, as gangway.NewCallback does; fn, a nil pointer to a func type, tells its
// type:
//
//	callback, err := entry.Callback((*func(a, b int64) int64)(nil))
//
// The error is an *Error, as Func's, or NewCallback's.
func (e *Entry) Callback(fn any) (*gangway.Callback, error) {
	t := reflect.TypeOf(fn)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Func {
		return nil, &Error{ErrInvalid, fmt.Sprintf("function %s: %T is no pointer to a func", e.name, fn)}
	}
	v := reflect.New(t.Elem())
	if err := e.Func(v.Interface()); err != nil {
		return nil, err
	}
	return gangway.NewCallback(v.Elem().Interface())
}

// Retire ends the function: calls that begin later panic with a *RetiredError. When no counted call is under way any
// more, now or later, the code is overwritten with traps, unless Direct or Addr have handed it out. Its address stays
// what it was in stack traces. A second Retire is an error of kind ErrRetired.
func (e *Entry) Retire() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return e.over()
	}
	e.ended = true
	for _, f := range e.direct {
		f.Refuse()
	}
	e.direct = nil
	if atomic.AddInt64(&e.calls, trampolines.JitRetired) == trampolines.JitRetired && !e.stays {
		e.erase()
	}
	return nil
}

func (e *Entry) over() error { return &Error{ErrRetired, "function " + e.name + " is retired"} }

// erase overwrites the code. No call is under way, and none will be.
func (e *Entry) erase() {
	e.once.Do(func() { trampolines.Call(trampolines.Core.JitRetire, e.arena.c, e.addr, 0, 0, 0, 0) })
}

// variable returns the variable of func type that fn points to.
func (e *Entry) variable(fn any) (reflect.Value, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Func {
		return v, &Error{ErrInvalid, fmt.Sprintf("function %s: %T is no pointer to a func variable", e.name, fn)}
	}
	return v.Elem(), nil
}

// setFunc stores a func value: to Go it is a pointer to an object whose first word is the code.
func setFunc(v reflect.Value, f unsafe.Pointer) {
	*(*unsafe.Pointer)(v.Addr().UnsafePointer()) = f
}

// owner is the Entry as the trampolines see it.
type owner Entry

func (o *owner) Ended() {
	e := (*Entry)(o)
	e.mu.Lock()
	stays := e.stays
	e.mu.Unlock()
	if !stays {
		e.erase()
	}
}

func (o *owner) Refuse() { panic(&RetiredError{o.name}) }
