package gangway

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// An Option says how calls of a bound function are made.
type Option struct{ mode mode }

type mode uint8

const (
	modeAuto mode = iota
	modeBlocking
	modeFast
	modeSafe
)

// Auto, the default: a function starts out as Blocking and is timed; once its calls are short (about a microsecond)
// they become running calls; one that turns out long is handed to the scheduler after the fact, and the function is
// Blocking again for a while, longer each time. A function that is seen waiting in the kernel stays Blocking. What is
// learnt is shared by all bindings of the same C function.
func Auto() Option { return Option{modeAuto} }

// Blocking: each call tells the scheduler, as with cgo. For functions that usually wait.
func Blocking() Option { return Option{modeBlocking} }

// Fast: always a running call. One that blocks holds its processor until the runtime asks for it (10 to 20 ms), by a
// signal. A system call that the signal interrupts goes on, but some relative time-outs start again (epoll_wait,
// semtimedop, sigtimedwait, io_getevents, io_uring_enter, SO_RCVTIMEO, SO_SNDTIMEO). A wait that lets blocked signals
// through (ppoll with a mask) returns EINTR, and so does a system call whose machine code Gangway does not recognise.
// (A function of Auto can meet this only once, since it is Blocking afterwards.)
func Fast() Option { return Option{modeFast} }

// Safe: through runtime.cgocall, whatever road the process takes.
func Safe() Option { return Option{modeSafe} }

// Bind makes *fn, a variable of func type, call the C function at sym. The package comment lists the types. The last
// option counts. The error is a *TypeError.
//
// A call runs machine code that the C core makes of the signature, now, and once for all functions of the same one; for
// ...any it makes one more for each combination of integers, floats and strings that comes by. Reflection, which costs
// a microsecond, serves on the safe road, where the system grants no memory for code, and for what is rare: more than
// 25 pointers among the parameters, structs and the like as variadic arguments, more than 64 of those, and ...any after
// parameters that leave the list no register or have a func among them.
//
// Bind takes microseconds; bound functions may be called from any goroutine. Calling the C function with another
// signature than its own is as undefined as in C.
func Bind(sym Symbol, fn any, opts ...Option) error {
	_, err := bind(sym, fn, "", "", opts)
	return err
}

// Func returns the named function of l as a func of type F.
func Func[F any](l *Library, name string, opts ...Option) (F, error) {
	var f F
	err := l.Bind(name, &f, opts...)
	return f, err
}

// MustFunc is Func for initialisation: it panics when that fails.
func MustFunc[F any](l *Library, name string, opts ...Option) F {
	f, err := Func[F](l, name, opts...)
	if err != nil {
		panic(err)
	}
	return f
}

// lastMode returns the mode that counts.
func lastMode(opts []Option) mode {
	how := modeAuto
	for _, o := range opts {
		how = o.mode
	}
	return how
}

func bind(sym Symbol, fn any, name, library string, opts []Option) (*trampolines.BoundFunc, error) {
	if name == "" {
		name = "Bind"
	}
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Ptr || v.Type().Elem().Kind() != reflect.Func {
		return nil, &TypeError{name, "", reflect.TypeOf(fn), "not a pointer to a variable of func type"}
	}
	if v.IsNil() {
		return nil, &TypeError{name, "", v.Type(), "a nil pointer"}
	}
	sig, err := newSignature(name, v.Type().Elem(), false)
	if err != nil {
		return nil, err
	}
	if sym == 0 {
		return nil, &SymbolError{library, name, name + ": the symbol is nil"}
	}
	how := lastMode(opts)
	b := &trampolines.BoundFunc{Fn: uintptr(sym), Name: name}
	if library != "" {
		b.Name = name + " of " + library
	}
	road, _ := CurrentRoad()
	reflected := road == RoadSafe || how == modeSafe
	if !reflected {
		if reflected, err = sig.prepare(b); err != nil {
			return nil, err
		}
	}
	if reflected {
		b.State = trampolines.StateBlocking
		f, err := sig.reflected(b)
		if err != nil {
			return nil, &TypeError{name, "", sig.typ, err.Error()}
		}
		v.Elem().Set(reflect.MakeFunc(sig.typ, f))
		if checkPointers {
			sig.checkArguments(b.Name, v.Elem())
		}
		return b, nil
	}
	if road == RoadBlocking {
		how = modeBlocking
	}
	switch how {
	case modeAuto:
		b.State = autoState(b)
	case modeBlocking:
		b.State = trampolines.StateBlocking
	case modeFast:
		b.State = trampolines.StateFast
	}
	*(*unsafe.Pointer)(v.UnsafePointer()) = b.Finish()
	if checkPointers {
		sig.checkArguments(b.Name, v.Elem())
	}
	return b, nil
}

// autoStates holds the Auto state of each C function that is bound, which all its bindings share. States are never
// freed: C may be using one. It is the first binding's own, where a call finds it beside the rest. That of a function
// whose libraries have all been closed serves another function.
var autoStates = struct {
	sync.Mutex
	m    map[uintptr]*autoShare
	free []*trampolines.AutoState
}{m: map[uintptr]*autoShare{}}

type autoShare struct {
	state    *trampolines.AutoState
	bindings int
}

// autoState returns the Auto state of b's C function for one more binding.
func autoState(b *trampolines.BoundFunc) *trampolines.AutoState {
	autoStates.Lock()
	defer autoStates.Unlock()
	s := autoStates.m[b.Fn]
	if s == nil {
		s = &autoShare{state: b.Auto()}
		if n := len(autoStates.free); n > 0 {
			s.state = autoStates.free[n-1]
			autoStates.free = autoStates.free[:n-1]
		}
		autoStates.m[b.Fn] = s
	}
	s.bindings++
	return s.state
}

// closeBinding makes every further call of b panic, and gives back its share of the function's Auto state.
func closeBinding(b *trampolines.BoundFunc) {
	shared := b.State != trampolines.StateBlocking && b.State != trampolines.StateFast
	b.Close()
	if !shared {
		return
	}
	autoStates.Lock()
	defer autoStates.Unlock()
	s := autoStates.m[b.Fn]
	if s.bindings--; s.bindings == 0 {
		delete(autoStates.m, b.Fn)
		s.state.Forget()
		autoStates.free = append(autoStates.free, s.state)
	}
}

// prepare tells b how to make calls. reflected is true when no machine code will do.
func (s *signature) prepare(b *trampolines.BoundFunc) (reflected bool, err error) {
	whole := *s
	if s.variadic {
		// The list is a slice to the collector. Plans of calls have its elements in its place.
		whole.variadic = false
		whole.params = append(s.params[:len(s.params):len(s.params)], value{text: "slice"})
	}
	if b.Plan, err = whole.plan(false); err == nil {
		err = whole.planned(b)
		reflected = trampolines.ShapeOf(b.Plan).Code == 0
	}
	if err == nil && s.variadic && !reflected {
		reflected, err = s.list(b)
	}
	if err != nil {
		return false, &TypeError{b.Name, "", s.typ, err.Error()}
	}
	return reflected, nil
}

// planned tells b what Go code has to do beside its plan.
func (s *signature) planned(b *trampolines.BoundFunc) error {
	for i, p := range s.params {
		switch p.text {
		case "str":
			b.Strings = append(b.Strings, place(b.Plan, i))
		case "func":
			pool, err := newFuncPool(p.fn)
			if err != nil {
				return err
			}
			b.Funcs = append(b.Funcs, trampolines.FuncParam{At: place(b.Plan, i), Pool: &pool.FuncPool})
		}
	}
	return nil
}

// list tells b of its ...any, which the plan has as a slice. reflected is true for the rare functions that lists are
// not made for: with so many parameters before it that the list is on Go's stack, with a func among them, or a result
// there.
func (s *signature) list(b *trampolines.BoundFunc) (reflected bool, err error) {
	shape := trampolines.ShapeOf(b.Plan)
	at := place(b.Plan, len(s.params))
	if shape.HiddenPointers != 0 || len(b.Funcs) != 0 || shape.StackFrame != shape.StackArgs ||
		!trampolines.ListFits(shape.StackArgs) {
		return true, nil
	}
	f, err := s.reflected(b)
	if err != nil {
		return false, err
	}
	b.List = trampolines.ListParam{
		Types: &listTypes{sig: s}, At: at, Ints: uint32(at), Floats: shape.FloatsIn, StackArgs: shape.StackArgs,
	}
	b.Refused = funcValue(reflect.MakeFunc(s.typ, f))
	return false, nil
}

// place returns where Go passes parameter i of a plan.
func place(plan uintptr, i int) trampolines.Place {
	return trampolines.Place(trampolines.Call(trampolines.Core.GoPlanPlace, plan, uintptr(i), 0, 0, 0, 0))
}
