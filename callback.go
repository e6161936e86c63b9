package gangway

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// A Callback is a Go function that C can call.
type Callback struct {
	code uintptr
	name string
	mu   sync.Mutex
}

// callbacks keeps what thunks point to: records of live callbacks, and of closed ones until their address is used again.
var callbacks = struct {
	sync.Mutex
	records map[uintptr]*trampolines.CallbackRecord
}{records: map[uintptr]*trampolines.CallbackRecord{}}

// NewCallback makes fn callable from C: Pointer returns a C function pointer of the C type that mirrors fn's type. fn may
// take up to six integers (or pointers) and eight floats, and have one result. There can be any number of callbacks;
// each is valid until Close. The error is a *TypeError, or says that memory is short.
//
// C may call the pointer from any thread, threads of its own included, any number at once, nested to any depth. fn runs
// on the goroutine that made the C call, or on one of the foreign thread, locked to the thread as with cgo.
func NewCallback(fn any) (*Callback, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func {
		return nil, &TypeError{"NewCallback", "", reflect.TypeOf(fn), "not a func"}
	}
	if v.IsNil() {
		return nil, &TypeError{"NewCallback", "", v.Type(), "a nil func"}
	}
	name := funcName(v)
	sig, err := newSignature(name, v.Type(), true)
	if err != nil {
		return nil, err
	}
	if sig.ints > 6 || sig.floats > 8 {
		return nil, &TypeError{name, "", v.Type(), "more than six integer or eight float parameters"}
	}
	record := &trampolines.CallbackRecord{
		Fn:     (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1], // a func in an interface is the func value itself
		Extend: int32(sig.result.shift()),
		Floats: sig.anyFloats(),
		Invoke: sig.invoker(v),
	}
	callbacks.Lock()
	defer callbacks.Unlock()
	code := escape(new(uintptr))
	status, text := checked(func() uintptr {
		return trampolines.Call(trampolines.AddrThunkAlloc(), record.Entry(sig.ints),
			uintptr(unsafe.Pointer(record)), uintptr(unsafe.Pointer(code)), 0, 0, 0)
	})
	if status != 0 {
		return nil, fmt.Errorf("gangway: NewCallback(%s): %s", name, text)
	}
	callbacks.records[*code] = record
	return &Callback{code: *code, name: name}, nil
}

// Pointer returns the C function pointer, 0 after Close.
func (c *Callback) Pointer() uintptr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// Close frees the callback. A call through its pointer afterwards panics with a *ClosedCallError that names the Go
// function, as long as the address has not been given to another callback, which takes at least 1,024 Closes. A second
// Close returns ErrClosed.
func (c *Callback) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 {
		return ErrClosed
	}
	name := c.name
	refuse := func() { closedCall("callback " + name) }
	record := &trampolines.CallbackRecord{
		Fn:     *(*unsafe.Pointer)(unsafe.Pointer(&refuse)),
		Invoke: func(*trampolines.CallbackArgs) { refuse() },
	}
	callbacks.Lock()
	defer callbacks.Unlock()
	trampolines.Call(trampolines.AddrThunkSet(), c.code, record.Entry(0), uintptr(unsafe.Pointer(record)), 0, 0, 0)
	callbacks.records[c.code] = record
	trampolines.Call(trampolines.AddrThunkFree(), c.code, 0, 0, 0, 0, 0)
	c.code = 0
	return nil
}

// Callbacks returns how many callbacks are open.
func Callbacks() int {
	return int(trampolines.Call(trampolines.AddrThunkCount(), 0, 0, 0, 0, 0, 0)) - ownCallbacks
}

func init() { trampolines.ClosedCall = closedCall }

func closedCall(name string) { panic(&ClosedCallError{Name: name}) }

// funcName returns the name of a func with its file and line.
func funcName(v reflect.Value) string {
	f := runtime.FuncForPC(v.Pointer())
	if f == nil {
		return v.Type().String()
	}
	file, line := f.FileLine(f.Entry())
	return fmt.Sprintf("%s (%s:%d)", f.Name(), file, line)
}

// invoker returns the function that serves a callback on the safe road.
func (s *signature) invoker(fn reflect.Value) func(*trampolines.CallbackArgs) {
	return func(a *trampolines.CallbackArgs) {
		in := make([]reflect.Value, len(s.params))
		ni, nf := 0, 0
		for i, p := range s.params {
			if p.class == classInt {
				in[i] = fromWord(p, s.typ.In(i), uint64(a.Ints[ni]))
				ni++
			} else {
				in[i] = fromWord(p, s.typ.In(i), math.Float64bits(a.Floats[nf]))
				nf++
			}
		}
		out := fn.Call(in)
		if s.result.class == classInt {
			a.Int = uintptr(toWord(s.result, out[0]))
		} else if s.result.class != classNone {
			a.Float = math.Float64frombits(toWord(s.result, out[0]))
		}
	}
}

func errnoOf(e uintptr) syscall.Errno { return syscall.Errno(e) }
