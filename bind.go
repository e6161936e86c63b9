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

// Auto, the default: a function starts out as Blocking and is timed; once its calls are short (about a microsecond) they
// become running calls; one that turns out long is handed to the scheduler after the fact, and the function is Blocking
// again for a while, longer each time. A function that is seen waiting in the kernel stays Blocking. What is learnt is shared
// by all bindings of the same C function.
func Auto() Option { return Option{modeAuto} }

// Blocking: each call tells the scheduler, as with cgo. For functions that usually wait.
func Blocking() Option { return Option{modeBlocking} }

// Fast: always a running call. One that blocks holds its processor until the runtime asks for it (10 to 20 ms), by a signal.
// A system call that the signal interrupts goes on, but some relative time-outs start again (epoll_wait, semtimedop,
// sigtimedwait, io_getevents, io_uring_enter, SO_RCVTIMEO, SO_SNDTIMEO). A wait that lets blocked signals through (ppoll with
// a mask) returns EINTR, and so does a system call whose machine code Gangway does not recognise. (A function of Auto can
// meet this only once, since it is Blocking afterwards.)
func Fast() Option { return Option{modeFast} }

// Safe: through runtime.cgocall, whatever road the process takes.
func Safe() Option { return Option{modeSafe} }

// Bind makes *fn, a variable of func type, call the C function at sym. The package comment lists the types. The last
// option counts. The error is a *TypeError.
//
// A function with up to six integers (or pointers) and eight floats is called straight away. For others the C core has a
// plan, made now, by which it moves each value from Go's registers and stack to C's; for ...any it makes one more for each
// combination of integers, floats and strings that comes by. Reflection, which costs a microsecond, serves on the safe
// road, and for what is rare: more than 16 pointers among the parameters that Go passes on the stack (beyond nine integer
// registers, or in arrays), structs and the like as variadic arguments, more than 64 of those, and ...any after parameters
// that leave the list no register or have a func among them.
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
	b := &trampolines.BoundFunc{Chain: uintptr(sym), Floats: uint32(sig.floats), Name: name, Simple: sig.simple}
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
		b.State = autoState(sym)
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

// autoStates holds the Auto state of each C function that is bound, which all its bindings share. States are never freed: C
// may be using one. That of a function whose libraries have all been closed serves another function.
var autoStates = struct {
	sync.Mutex
	m    map[Symbol]*autoShare
	free []*trampolines.AutoState
}{m: map[Symbol]*autoShare{}}

type autoShare struct {
	state    *trampolines.AutoState
	bindings int
}

// autoState returns the Auto state of the C function at sym for one more binding.
func autoState(sym Symbol) *trampolines.AutoState {
	autoStates.Lock()
	defer autoStates.Unlock()
	s := autoStates.m[sym]
	if s == nil {
		s = &autoShare{state: new(trampolines.AutoState)}
		if n := len(autoStates.free); n > 0 {
			s.state = autoStates.free[n-1]
			autoStates.free = autoStates.free[:n-1]
		}
		autoStates.m[sym] = s
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
	s := autoStates.m[Symbol(b.Chain)]
	if s.bindings--; s.bindings == 0 {
		delete(autoStates.m, Symbol(b.Chain))
		s.state.Forget()
		autoStates.free = append(autoStates.free, s.state)
	}
}

// direct tells b where its arguments are, all of them in registers.
func (s *signature) direct(b *trampolines.BoundFunc) {
	i := 0
	for _, p := range s.params {
		if p.class != classInt {
			continue
		}
		if p.pointer {
			b.Mask[i] = ^uintptr(0)
		}
		if b.Shift[i] = p.shift(); b.Shift[i] != 0 {
			b.Narrow = uint32(i + 1)
		}
		i++
	}
	if s.errno {
		b.Errno = trampolines.ErrnoFirst
		if s.result.class == classInt {
			b.Errno = trampolines.ErrnoSecond
		}
	}
}

// prepare tells b how to make calls. reflected is true when no plan will do.
func (s *signature) prepare(b *trampolines.BoundFunc) (reflected bool, err error) {
	if s.simple {
		s.direct(b)
	}
	if s.plain {
		return false, nil
	}
	whole := *s
	if s.variadic {
		// The list is a slice to the collector. Plans of calls have its elements in its place.
		whole.variadic = false
		whole.params = append(s.params[:len(s.params):len(s.params)], value{text: "slice"})
	}
	if b.Plan, err = whole.plan(false); err == nil && !s.simple {
		reflected, err = whole.planned(b)
	}
	if err == nil && s.variadic && !reflected {
		reflected, err = s.list(b)
	}
	if err != nil {
		return false, &TypeError{b.Name, "", s.typ, err.Error()}
	}
	return reflected, nil
}

// planned tells b what Go code has to do beside its plan, and where pointers are on the stack. reflected is true when there
// are too many of those.
func (s *signature) planned(b *trampolines.BoundFunc) (reflected bool, err error) {
	for i, p := range s.params {
		at := place(b.Plan, i)
		if offset, ok := at.OnStack(); ok {
			b.Hidden = appendPointers(b.Hidden, s.typ.In(i), offset)
		}
		switch p.text {
		case "str":
			b.Strings = append(b.Strings, at)
		case "func":
			pool, err := newFuncPool(p.fn)
			if err != nil {
				return false, err
			}
			b.Funcs = append(b.Funcs, trampolines.FuncParam{At: at, Pool: &pool.FuncPool})
		}
	}
	return len(b.Hidden) > trampolines.HiddenMax, nil
}

// list tells b of its ...any, which the plan has as a slice. reflected is true for the rare functions that lists are not made
// for: with so many parameters before it that the list is on Go's stack, with a func among them, or a result there.
func (s *signature) list(b *trampolines.BoundFunc) (reflected bool, err error) {
	shape := trampolines.ShapeOf(b.Plan)
	at := place(b.Plan, len(s.params))
	if len(b.Hidden) != 0 || len(b.Funcs) != 0 || shape.StackFrame != shape.StackArgs || !trampolines.ListFits(shape.StackArgs) {
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

// appendPointers appends the offsets of the pointers in a value of type t at offset.
func appendPointers(offsets []uint32, t reflect.Type, offset uint32) []uint32 {
	switch t.Kind() {
	case reflect.Ptr, reflect.UnsafePointer, reflect.Func, reflect.String, reflect.Slice:
		return append(offsets, offset)
	case reflect.Array:
		for i := 0; i < t.Len() && len(offsets) <= trampolines.HiddenMax; i++ {
			offsets = appendPointers(offsets, t.Elem(), offset+uint32(i)*uint32(t.Elem().Size()))
		}
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			offsets = appendPointers(offsets, t.Field(i).Type, offset+uint32(t.Field(i).Offset))
		}
	}
	return offsets
}
