package gangway

import (
	"errors"
	"math"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// A Callback is a Go function that C can call.
type Callback struct {
	thunk *thunk // nil after Close
	name  string
	mu    sync.Mutex
}

// A thunk is a C function pointer. Its slot points to a record, in which the Go func is. A thread that has entered the thunk
// holds the record's address where no collector looks, and may wait for a processor for as long as there is none. So
// nothing here is ever freed: a thunk has two records for good, and what changes is the func in a record, one word, which is
// read when the thread is in Go. Close gives the slot the other record, which refuses: calls from then on see that one, and
// those that came before, on their way into Go, see the func still.
type thunk struct {
	thunkKey
	code   uintptr
	now    record // the slot's
	other  record
	closed uint64 // the number of the Close
}

// A record is what the slot of a thunk points to: a pointer to a struct, and to the word of it that holds the func.
type record struct {
	p  any
	fn *unsafe.Pointer
}

// A thunkKey tells which thunks can take each other's place: those that C enters in the same way, and whose records differ
// in nothing but the func.
type thunkKey struct {
	entry  uintptr
	of     uintptr // the plan or signature in C
	extend int32
	floats uint32
}

var thunks = struct {
	sync.Mutex
	all     []*thunk
	free    map[thunkKey][]*thunk // closed; the first one has been so for longest
	leaving []leaving             // the oldest first
	timer   bool                  // there will be a call of leave
	closes  uint64
	live    int
}{free: map[thunkKey][]*thunk{}}

// A leaving is a func of a closed callback that calls may still be on their way to.
type leaving struct {
	record
	refuse unsafe.Pointer // takes its place
	closed time.Time
}

// A closed callback's func leaves its record after leavingTime, or when leavingMax more have been closed.
const (
	leavingTime = 10 * time.Second
	leavingMax  = 1024
)

// reuseDistance is how many callbacks are closed between the Close of one and the reuse of its address.
const reuseDistance = 1024

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
	t, err := newThunk(kind)
	if err != nil {
		return nil, &contextError{"gangway: NewCallback(" + name + ")", err}
	}
	t.now.set(kind.target((*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1])) // a func in an interface is the func value itself
	return &Callback{thunk: t, name: name}, nil
}

// newThunk returns a thunk for a callback of this kind. Its func is still to be set.
func newThunk(kind callbackKind) (*thunk, error) {
	key, now := kind.record()
	thunks.Lock()
	defer thunks.Unlock()
	free := thunks.free[key]
	reuse := len(free) > 0 && thunks.closes-free[0].closed >= reuseDistance
	if !reuse {
		code := escape(new(uintptr))
		status, text := checked(func() uintptr {
			return trampolines.Call(trampolines.Core.ThunkAlloc, key.entry, now.address(), uintptr(unsafe.Pointer(code)), 0, 0, 0)
		})
		if status == 0 {
			_, other := kind.record()
			t := &thunk{thunkKey: key, code: *code, now: now, other: other}
			thunks.all = append(thunks.all, t)
			thunks.live++
			return t, nil
		}
		if len(free) == 0 {
			return nil, errors.New(text)
		}
		for len(thunks.leaving) > 0 {
			leaveFirst() // the thunk's own, among them
		}
	}
	thunks.free[key] = free[1:]
	thunks.live++
	return free[0], nil
}

// address returns the address of r: an interface holds it as it is.
func (r record) address() uintptr { return uintptr((*[2]unsafe.Pointer)(unsafe.Pointer(&r.p))[1]) }

// set puts what a callbackKind's target returned, or a refusal, into r. On the safe road the race detector may watch.
func (r record) set(target unsafe.Pointer) {
	if road, _ := CurrentRoad(); road == RoadSafe {
		atomic.StorePointer(r.fn, target)
		return
	}
	*r.fn = target
}

// refusal returns the target that panics since the named callback is closed. It has no parameters, and whatever it is called
// with does not matter to it.
func refusal(name string) unsafe.Pointer {
	refuse := func() { closedCall(name) }
	return *(*unsafe.Pointer)(unsafe.Pointer(&refuse))
}

// close gives t back. From now on it refuses.
func (t *thunk) close(refuse unsafe.Pointer) {
	thunks.Lock()
	defer thunks.Unlock()
	t.other.set(refuse)
	trampolines.Call(trampolines.Core.ThunkSet, t.code, t.entry, t.other.address(), 0, 0, 0)
	if len(thunks.leaving) == leavingMax {
		leaveFirst()
	}
	thunks.leaving = append(thunks.leaving, leaving{t.now, refuse, time.Now()})
	if !thunks.timer {
		thunks.timer = true
		time.AfterFunc(leavingTime, leave)
	}
	t.now, t.other = t.other, t.now
	thunks.closes++
	thunks.live--
	t.closed = thunks.closes
	thunks.free[t.thunkKey] = append(thunks.free[t.thunkKey], t)
}

// leaveFirst makes the record whose callback has been closed for longest refuse. thunks is locked.
func leaveFirst() {
	l := thunks.leaving[0]
	l.set(l.refuse)
	thunks.leaving[0] = leaving{}
	thunks.leaving = thunks.leaving[1:]
}

// leave makes the records refuse whose callbacks have been closed for long.
func leave() {
	thunks.Lock()
	defer thunks.Unlock()
	for len(thunks.leaving) > 0 {
		if wait := leavingTime - time.Since(thunks.leaving[0].closed); wait > 0 {
			time.AfterFunc(wait, leave)
			return
		}
		leaveFirst()
	}
	thunks.timer = false
}

// Pointer returns the C function pointer, 0 after Close.
func (c *Callback) Pointer() uintptr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.thunk == nil {
		return 0
	}
	return c.thunk.code
}

// Close frees the callback. A call through its pointer afterwards panics with a *ClosedCallError that names the Go
// function, as long as the address has not been given to another callback, which takes at least 1,024 Closes (fewer
// when the system grants no more executable memory: then the address that has been free for longest serves). C may have
// called just before, and the call be on its way into Go, waiting for a processor: that still runs the function, unless it
// waits for 10 seconds or 1,024 Closes, or an address is used again for want of memory: then it panics, too. A second
// Close returns ErrClosed.
func (c *Callback) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.thunk == nil {
		return ErrClosed
	}
	c.thunk.close(refusal("callback " + c.name))
	c.thunk = nil
	return nil
}

// Callbacks returns how many callbacks are open.
func Callbacks() int {
	thunks.Lock()
	defer thunks.Unlock()
	return thunks.live - int(atomic.LoadInt64(&ownCallbacks))
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
	return f.Name() + " (" + file + ":" + strconv.Itoa(line) + ")"
}

// callbackKind says how callbacks of a func type are made.
type callbackKind interface {
	// record returns a new record, and for which thunks it is.
	record() (thunkKey, record)
	// target returns what goes into a record for the func value fn.
	target(fn unsafe.Pointer) unsafe.Pointer
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

func (k *directKind) record() (thunkKey, record) {
	s := (*signature)(k)
	r := &trampolines.CallbackRecord{Extend: int32(s.result.shift()), Floats: s.anyFloats()}
	return thunkKey{entry: r.Entry(s.ints), extend: r.Extend, floats: r.Floats}, record{r, &r.Fn}
}

// target: the func itself; on the safe road one that calls it with a *CallbackArgs.
func (k *directKind) target(fn unsafe.Pointer) unsafe.Pointer {
	if road, _ := CurrentRoad(); road != RoadSafe {
		return fn
	}
	s := (*signature)(k)
	invoke := s.invoker(s.value(fn))
	return *(*unsafe.Pointer)(unsafe.Pointer(&invoke))
}

// value returns the func value fn, of type s.typ.
func (s *signature) value(fn unsafe.Pointer) reflect.Value {
	return reflect.NewAt(s.typ, unsafe.Pointer(&fn)).Elem()
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

func (k *plannedKind) record() (thunkKey, record) {
	r := trampolines.NewPlanRecord(k.plan)
	r.Strings = k.strings
	entry := trampolines.ShapeOf(k.plan).Code
	if entry == 0 {
		entry = trampolines.Core.ClosureEntry
	}
	return thunkKey{entry: entry, of: k.plan}, record{r, &r.Fn}
}

func (k *plannedKind) target(fn unsafe.Pointer) unsafe.Pointer { return fn }

// reflectInvoker is a callback of Gangway's own, made on first use: C calls invokeReflected by it. When that fails for want
// of memory, the next use tries again.
var reflectInvoker struct {
	mu    sync.Mutex
	thunk *thunk
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
	if r.thunk == nil {
		sig, _ := newSignature("", reflect.TypeOf(invokeReflected), true)
		kind := (*directKind)(sig)
		t, err := newThunk(kind)
		if err != nil {
			return nil, err
		}
		t.now.set(kind.target(funcValue(reflect.ValueOf(invokeReflected))))
		r.thunk = t
		atomic.AddInt64(&ownCallbacks, 1)
	}
	return &reflectedKind{s, inC, r.thunk.code}, nil
}

// reflectedRecord mirrors struct gw_go_reflected in bridge/goplan.h, and goes on with what C does not look at.
type reflectedRecord struct {
	run       uintptr
	signature uintptr
	handler   uintptr
	fn        unsafe.Pointer // the target
}

func (k *reflectedKind) record() (thunkKey, record) {
	r := &reflectedRecord{run: trampolines.Core.GoReflectedRun, signature: k.inC, handler: k.handler}
	return thunkKey{entry: trampolines.Core.ClosureEntry, of: k.inC}, record{r, &r.fn}
}

// target: a func that calls fn with the arguments whose addresses are in args, and puts the result where result points.
func (k *reflectedKind) target(fn unsafe.Pointer) unsafe.Pointer {
	s, v := k.sig, k.sig.value(fn)
	target := func(result, args unsafe.Pointer) { s.invokeReflected(v, result, args) }
	return *(*unsafe.Pointer)(unsafe.Pointer(&target))
}

// invokeReflected is what C calls for a reflectedRecord.
func invokeReflected(result, args, record unsafe.Pointer) {
	target := atomic.LoadPointer(&(*reflectedRecord)(record).fn)
	(*(*func(result, args unsafe.Pointer))(unsafe.Pointer(&target)))(result, args)
}

func (s *signature) invokeReflected(fn reflect.Value, result, args unsafe.Pointer) {
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
	out := fn.Call(in)
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

// A lentCallback calls the func that its thunk was last set to.
type lentCallback struct {
	*thunk
	refuse unsafe.Pointer // what it is set to while nobody has it
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
	l.now.set(p.kind.target(fn))
	return l.code, l
}

// Put implements trampolines.FuncPool.
func (p *funcPool) Put(token any) {
	l := token.(*lentCallback)
	l.now.set(l.refuse)
	p.free.Put(l)
}

func (p *funcPool) lend() *lentCallback {
	t, err := newThunk(p.kind)
	if err != nil {
		panic(&contextError{"gangway: a callback for an argument of type " + p.typ.String(), err})
	}
	l := &lentCallback{t, refusal("a func of type " + p.typ.String() + " that was an argument")}
	runtime.SetFinalizer(l, func(l *lentCallback) { l.close(l.refuse) })
	return l
}
