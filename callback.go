package gangway

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// A Callback is a Go function that C can call.
type Callback struct {
	code uintptr
	name string
	kind callbackKind
	mu   sync.Mutex
}

// callbacks keeps what thunks point to: records of live callbacks, and of closed ones until their address is used again.
var callbacks = struct {
	sync.Mutex
	records map[uintptr]any
}{records: map[uintptr]any{}}

// NewCallback makes fn callable from C: Pointer returns a C function pointer of the C type that mirrors fn's type. There
// can be any number of callbacks; each is valid until Close. The error is a *TypeError, or says that memory is short.
//
// C may call the pointer from any thread, threads of its own included, any number at once, nested to any depth. fn runs
// on the goroutine that made the C call, or on one of the foreign thread, locked to the thread as with cgo. A string
// parameter is a copy of the C string. Up to three integers (or pointers) make the fastest callbacks.
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
	kind, err := sig.callbackKind()
	if err != nil {
		return nil, &TypeError{name, "", v.Type(), err.Error()}
	}
	if checkPointers {
		v = sig.checkResult(name, v)
		fn = v.Interface()
	}
	entry, record := kind.record((*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1], v) // a func in an interface is the func value itself
	code, err := newThunk(entry, record)
	if err != nil {
		return nil, fmt.Errorf("gangway: NewCallback(%s): %w", name, err)
	}
	return &Callback{code: code, name: name, kind: kind}, nil
}

// newThunk returns the address of a new thunk with this record.
func newThunk(entry uintptr, record any) (uintptr, error) {
	callbacks.Lock()
	defer callbacks.Unlock()
	code := escape(new(uintptr))
	status, text := checked(func() uintptr {
		return trampolines.Call(trampolines.AddrThunkAlloc(), entry, recordAddress(record), uintptr(unsafe.Pointer(code)), 0, 0, 0)
	})
	if status != 0 {
		return 0, errors.New(text)
	}
	callbacks.records[*code] = record
	return *code, nil
}

// recordAddress returns the address of a record: an interface holds it as it is.
func recordAddress(record any) uintptr {
	return uintptr((*[2]unsafe.Pointer)(unsafe.Pointer(&record))[1])
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
	entry, record := c.kind.refuse(c.name)
	callbacks.Lock()
	defer callbacks.Unlock()
	trampolines.Call(trampolines.AddrThunkSet(), c.code, entry, recordAddress(record), 0, 0, 0)
	callbacks.records[c.code] = record
	trampolines.Call(trampolines.AddrThunkFree(), c.code, 0, 0, 0, 0, 0)
	c.code = 0
	return nil
}

// Callbacks returns how many callbacks are open.
func Callbacks() int {
	return int(trampolines.Call(trampolines.AddrThunkCount(), 0, 0, 0, 0, 0, 0)) - int(atomic.LoadInt64(&ownCallbacks))
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

// callbackKind says how callbacks of a func type are made. A thunk never changes its kind while it is in use: a call that
// is under way may see the old entry with the new record.
type callbackKind interface {
	// record returns the entry and the record of a thunk that calls the func value fn, which is v.
	record(fn unsafe.Pointer, v reflect.Value) (entry uintptr, record any)
	// refuse returns those of a thunk that panics, since the named callback is closed.
	refuse(name string) (entry uintptr, record any)
}

func (s *signature) callbackKind() (callbackKind, error) {
	road, _ := CurrentRoad()
	if s.simple {
		return (*directKind)(s), nil
	}
	if road == RoadSafe {
		return newReflectedKind(s)
	}
	return newPlannedKind(s)
}

// directKind: integers, pointers and floats, all of them in registers.
type directKind signature

func (k *directKind) record(fn unsafe.Pointer, v reflect.Value) (uintptr, any) {
	s := (*signature)(k)
	r := &trampolines.CallbackRecord{Fn: fn, Extend: int32(s.result.shift()), Floats: s.anyFloats(), Invoke: s.invoker(v)}
	return r.Entry(s.ints), r
}

func (k *directKind) refuse(name string) (uintptr, any) {
	refuse := func() { closedCall("callback " + name) }
	r := &trampolines.CallbackRecord{
		Fn:     *(*unsafe.Pointer)(unsafe.Pointer(&refuse)),
		Invoke: func(*trampolines.CallbackArgs) { refuse() },
	}
	return r.Entry(0), r
}

// invoker returns the function that serves a direct callback on the safe road.
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

// plannedKind: any signature, by a plan of the C core.
type plannedKind struct {
	sig     *signature
	plan    uintptr
	strings []trampolines.Place
}

func newPlannedKind(s *signature) (callbackKind, error) {
	plan, err := s.plan(true)
	if err != nil {
		return nil, err
	}
	k := &plannedKind{sig: s, plan: plan}
	for i, p := range s.params {
		if p.text == "str" {
			k.strings = append(k.strings, place(plan, i))
		}
	}
	return k, nil
}

func (k *plannedKind) record(fn unsafe.Pointer, _ reflect.Value) (uintptr, any) {
	r := trampolines.NewPlanRecord(k.plan, fn)
	r.Strings = k.strings
	if code := trampolines.ShapeOf(k.plan).Code; code != 0 {
		return code, r
	}
	return trampolines.AddrClosureEntry(), r
}

func (k *plannedKind) refuse(name string) (uintptr, any) {
	refuse := reflect.MakeFunc(k.sig.typ, func([]reflect.Value) []reflect.Value {
		closedCall("callback " + name)
		return nil
	})
	return k.record(funcValue(refuse), refuse)
}

// reflectInvoker is a callback of Gangway's own, made on first use: C calls invokeReflected by it. When that fails for want
// of memory, the next use tries again.
var reflectInvoker struct {
	mu   sync.Mutex
	code uintptr
}

// reflectedKind: any signature on the safe road. The thunk is that of a gw_closure, whose handler calls a Go function
// with the addresses of the arguments and the result.
type reflectedKind struct {
	sig     *signature
	inC     uintptr
	handler uintptr
}

func newReflectedKind(s *signature) (callbackKind, error) {
	inC, err := s.inC()
	if err != nil {
		return nil, err
	}
	r := &reflectInvoker
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.code == 0 {
		sig, _ := newSignature("", reflect.TypeOf(invokeReflected), true)
		fn := reflect.ValueOf(invokeReflected)
		if r.code, err = newThunk((*directKind)(sig).record(funcValue(fn), fn)); err != nil {
			return nil, err
		}
		atomic.AddInt64(&ownCallbacks, 1)
	}
	return &reflectedKind{s, inC, r.code}, nil
}

// reflectedRecord mirrors struct gw_go_reflected in bridge/goplan.h, and goes on with what C does not look at.
type reflectedRecord struct {
	run       uintptr
	signature uintptr
	handler   uintptr
	sig       *signature
	fn        reflect.Value
}

func (k *reflectedKind) record(_ unsafe.Pointer, v reflect.Value) (uintptr, any) {
	return trampolines.AddrClosureEntry(), &reflectedRecord{trampolines.AddrReflectedRun(), k.inC, k.handler, k.sig, v}
}

func (k *reflectedKind) refuse(name string) (uintptr, any) {
	return k.record(nil, reflect.MakeFunc(k.sig.typ, func([]reflect.Value) []reflect.Value {
		closedCall("callback " + name)
		return nil
	}))
}

// invokeReflected is what C calls for a reflectedRecord: args holds the address of each argument, result is where the
// result goes.
func invokeReflected(result, args, record unsafe.Pointer) {
	r := (*reflectedRecord)(record)
	s := r.sig
	in := make([]reflect.Value, len(s.params))
	for i, p := range s.params {
		t := s.typ.In(i)
		at := *(*unsafe.Pointer)(unsafe.Add(args, 8*i))
		if p.text == "str" {
			in[i] = reflect.New(t).Elem()
			in[i].SetString(trampolines.CString(*(*uintptr)(at)))
			continue
		}
		v := reflect.New(t).Elem()
		v.Set(reflect.NewAt(t, at).Elem())
		in[i] = v
	}
	out := r.fn.Call(in)
	if len(out) > 0 {
		reflect.NewAt(s.typ.Out(0), result).Elem().Set(out[0])
	}
}

// A funcPool lends C function pointers to func parameters of one type; see trampolines.FuncPool. Callbacks that nobody
// uses are closed when the collector finds them.
type funcPool struct {
	typ  reflect.Type
	kind callbackKind
	free sync.Pool // of *lentCallback
}

// A lentCallback calls the func that it was last set to.
type lentCallback struct {
	callback *Callback
	set      func(fn unsafe.Pointer)
	refuse   unsafe.Pointer // what it is set to while nobody has it
}

var funcPools sync.Map // func type to *funcPool

func newFuncPool(s *signature) (*funcPool, error) {
	if p, ok := funcPools.Load(s.typ); ok {
		return p.(*funcPool), nil
	}
	kind, err := s.callbackKind()
	if err != nil {
		return nil, err
	}
	p, _ := funcPools.LoadOrStore(s.typ, &funcPool{typ: s.typ, kind: kind})
	return p.(*funcPool), nil
}

// Take implements trampolines.FuncPool. That memory for a callback is short ends in a panic with the error.
func (p *funcPool) Take(fn unsafe.Pointer) (uintptr, any) {
	l, _ := p.free.Get().(*lentCallback)
	if l == nil {
		l = p.lend()
	}
	l.set(fn)
	return l.callback.code, l
}

// Put implements trampolines.FuncPool.
func (p *funcPool) Put(token any) {
	l := token.(*lentCallback)
	l.set(l.refuse)
	p.free.Put(l)
}

func (p *funcPool) lend() *lentCallback {
	name := "a func of type " + p.typ.String() + " that was an argument"
	refuse := reflect.MakeFunc(p.typ, func([]reflect.Value) []reflect.Value {
		closedCall(name)
		return nil
	})
	l := &lentCallback{refuse: funcValue(refuse)}
	entry, record := p.kind.record(l.refuse, refuse)
	code, err := newThunk(entry, record)
	if err != nil {
		panic(fmt.Errorf("gangway: a callback for an argument of type %v: %w", p.typ, err))
	}
	l.callback = &Callback{code: code, name: name, kind: p.kind}
	l.set = p.setter(record)
	runtime.SetFinalizer(l, func(l *lentCallback) { l.callback.Close() })
	return l
}

// setter returns the function that gives a record another func.
func (p *funcPool) setter(record any) func(fn unsafe.Pointer) {
	value := func(fn unsafe.Pointer) reflect.Value { return reflect.NewAt(p.typ, unsafe.Pointer(&fn)).Elem() }
	switch r := record.(type) {
	case *trampolines.CallbackRecord:
		if road, _ := CurrentRoad(); road == RoadSafe {
			s := (*signature)(p.kind.(*directKind))
			return func(fn unsafe.Pointer) { r.Invoke = s.invoker(value(fn)) }
		}
		return func(fn unsafe.Pointer) { r.Fn = fn }
	case *trampolines.PlanRecord:
		return func(fn unsafe.Pointer) { r.Fn = fn }
	case *reflectedRecord:
		return func(fn unsafe.Pointer) { r.fn = value(fn) }
	}
	panic("gangway: a record of no kind")
}
