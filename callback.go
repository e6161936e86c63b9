package gangway

import (
	"errors"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// A Callback is a Go function that C can call.
type Callback struct {
	mu    sync.Mutex
	thunk *thunk // nil after Close
	pc    uintptr
}

// A thunk is a C function pointer. Its slot points to a record, in which the Go func is. A thread that has entered the
// thunk holds the record's address where no collector looks, and may wait for a processor for as long as there is none.
// So nothing here is ever freed: a thunk has two records for good, and what changes is the func in a record, one word,
// which is read when the thread is in Go. Close gives the slot the other record, which refuses: calls from then on see
// that one, and those that came before, on their way into Go, see the func still.
type thunk struct {
	code, entry uintptr
	now         record // the slot's
	other       record
	free        *freeThunks // where it goes when it is closed
	closed      uint64      // the number of the Close
	next        *thunk      // closed after this one
}

// A record is what the slot of a thunk points to, a trampolines.CallbackRecord or ReflectedRecord, and the word of it
// that holds the func.
type record struct {
	p  unsafe.Pointer
	fn *unsafe.Pointer
}

// freeThunks are closed thunks that can take each other's place, since C enters them in the same way and their records
// differ in nothing but the func. The oldest comes first.
type freeThunks struct{ first, last *thunk }

var thunks = struct {
	sync.Mutex
	all     []*thunk
	free    map[uintptr]*freeThunks // by callbackKind.of
	leaving [leavingMax]leaving     // a ring
	oldest  int                     // in leaving
	left    int                     // how many there are
	timer   bool                    // there will be a call of leave
	closes  uint64
	live    int
}{free: map[uintptr]*freeThunks{}}

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

// NewCallback makes fn callable from C: Pointer returns a C function pointer of the C type that mirrors fn's type.
// There can be any number of callbacks; each is valid until Close. The error is a *TypeError, or says that memory is
// short.
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
	kind, err := callbackKindOf(v.Type())
	if e, ok := err.(*TypeError); ok {
		return nil, &TypeError{funcName(v.Pointer()), e.Part, e.Type, e.Reason}
	} else if err != nil {
		return nil, &contextError{"gangway: NewCallback(" + funcName(v.Pointer()) + ")", err}
	}
	if checkPointers {
		fn = kind.sig.checkResult(funcName(v.Pointer()), v).Interface()
	}
	t, err := newThunk(kind)
	if err != nil {
		return nil, &contextError{"gangway: NewCallback(" + funcName(v.Pointer()) + ")", err}
	}
	value := (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1] // a func in an interface is the func value itself
	trampolines.SetFunc(t.now.fn, kind.target(value))
	return &Callback{thunk: t, pc: v.Pointer()}, nil
}

// newThunk returns a thunk for a callback of this kind. Its func is still to be set.
func newThunk(kind *callbackKind) (*thunk, error) {
	thunks.Lock()
	defer thunks.Unlock()
	t := kind.free.first
	if t == nil || thunks.closes-t.closed < reuseDistance {
		now, entry := kind.record()
		code := trampolines.Escape(new(uintptr))
		status, text := trampolines.Checked(func() uintptr {
			return trampolines.Call(trampolines.Core.ThunkAlloc, entry, uintptr(now.p), uintptr(unsafe.Pointer(code)), 0, 0, 0)
		})
		if status == 0 {
			other, _ := kind.record()
			t = &thunk{code: *code, entry: entry, now: now, other: other, free: kind.free}
			thunks.all = append(thunks.all, t)
			thunks.live++
			return t, nil
		}
		if t == nil {
			return nil, errors.New(text)
		}
		for thunks.left > 0 {
			leaveFirst() // the thunk's own, among them
		}
	}
	kind.free.first = t.next
	t.next = nil
	thunks.live++
	return t, nil
}

var roadIsSafe = func() bool {
	road, _ := CurrentRoad()
	return road == RoadSafe
}()

// refusal returns the target that panics by refuse since the callback is closed. It has no parameters, and whatever it
// is called with does not matter to it.
func refusal(refuse func()) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&refuse)) }

// close gives t back. From now on it refuses.
func (t *thunk) close(refuse unsafe.Pointer) {
	thunks.Lock()
	defer thunks.Unlock()
	trampolines.SetFunc(t.other.fn, refuse)
	trampolines.Call(trampolines.Core.ThunkSet, t.code, t.entry, uintptr(t.other.p), 0, 0, 0)
	if thunks.left == leavingMax {
		leaveFirst()
	}
	thunks.leaving[(thunks.oldest+thunks.left)%leavingMax] = leaving{t.now, refuse, time.Now()}
	thunks.left++
	if !thunks.timer {
		thunks.timer = true
		time.AfterFunc(leavingTime, leave)
	}
	t.now, t.other = t.other, t.now
	thunks.closes++
	thunks.live--
	t.closed = thunks.closes
	if t.free.first == nil {
		t.free.first = t
	} else {
		t.free.last.next = t
	}
	t.free.last = t
}

// leaveFirst makes the record whose callback has been closed for longest refuse. thunks is locked.
func leaveFirst() {
	l := &thunks.leaving[thunks.oldest]
	trampolines.SetFunc(l.fn, l.refuse)
	*l = leaving{}
	thunks.oldest = (thunks.oldest + 1) % leavingMax
	thunks.left--
}

// leave makes the records refuse whose callbacks have been closed for long.
func leave() {
	thunks.Lock()
	defer thunks.Unlock()
	for thunks.left > 0 {
		if wait := leavingTime - time.Since(thunks.leaving[thunks.oldest].closed); wait > 0 {
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
// called just before, and the call be on its way into Go, waiting for a processor: that still runs the function, unless
// it waits for 10 seconds or 1,024 Closes, or an address is used again for want of memory: then it panics, too. A
// second Close returns ErrClosed.
func (c *Callback) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.thunk == nil {
		return ErrClosed
	}
	pc := c.pc
	c.thunk.close(refusal(func() { closedCall("callback " + funcName(pc)) }))
	c.thunk = nil
	return nil
}

// Callbacks returns how many callbacks are open.
func Callbacks() int {
	thunks.Lock()
	defer thunks.Unlock()
	return thunks.live - ownCallbacks
}

func init() { trampolines.ClosedCall = closedCall }

func closedCall(name string) { panic(&ClosedCallError{Name: name}) }

// funcName returns the name of the func whose code is at pc, with its file and line.
func funcName(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return "func at 0x" + strconv.FormatUint(uint64(pc), 16)
	}
	file, line := f.FileLine(f.Entry())
	return f.Name() + " (" + file + ":" + strconv.Itoa(line) + ")"
}

// A callbackKind says how callbacks of a func type are made.
type callbackKind struct {
	sig     *signature
	of      uintptr // the plan, or on the safe road the signature, in C; 0: up to three integers
	entry   uintptr // on the safe road: where thunks go
	strings []trampolines.Place
	free    *freeThunks
}

var callbackKinds sync.Map // func type to *callbackKind

// callbackKindOf returns the kind for a func type. The error is a *TypeError without Func, or says that memory is
// short.
func callbackKindOf(t reflect.Type) (*callbackKind, error) {
	if k, ok := callbackKinds.Load(t); ok {
		return k.(*callbackKind), nil
	}
	s, err := newSignature("", t, true)
	if err != nil {
		return nil, err
	}
	k := &callbackKind{sig: s}
	switch {
	case roadIsSafe:
		if k.of, err = s.inC(); err == nil {
			k.entry, err = closureEntry(k.of)
		}
	case !s.few():
		k.of, err = s.plan(true)
	}
	if _, ok := err.(noMemory); ok {
		return nil, err
	} else if err != nil {
		return nil, &TypeError{"", "", t, err.Error()}
	}
	for i, p := range s.params {
		if p.text == "str" && !roadIsSafe {
			k.strings = append(k.strings, place(k.of, i))
		}
	}
	thunks.Lock()
	defer thunks.Unlock()
	if thunks.free[k.of] == nil {
		thunks.free[k.of] = new(freeThunks)
	}
	k.free = thunks.free[k.of]
	callbackKinds.Store(t, k)
	return k, nil
}

// closureEntry returns where thunks of closures of a signature in C go.
func closureEntry(signature uintptr) (entry uintptr, err error) {
	failed, reason := trampolines.Checked(func() uintptr {
		entry = trampolines.Call(trampolines.Core.ClosureEntryOf, signature, 0, 0, 0, 0, 0)
		return flag(entry == 0)
	})
	if failed != 0 {
		return 0, noMemory(reason)
	}
	return entry, nil
}

// record returns a new record, and where thunks with it go.
func (k *callbackKind) record() (record, uintptr) {
	if roadIsSafe {
		r := trampolines.NewReflectedRecord()
		return record{unsafe.Pointer(r), &r.Fn}, k.entry
	}
	r, entry := trampolines.NewCallbackRecord(k.of, k.strings)
	return record{unsafe.Pointer(r), &r.Fn}, entry
}

// target returns what goes into a record for the func value fn: itself; on the safe road a func that calls it by
// reflection.
func (k *callbackKind) target(fn unsafe.Pointer) unsafe.Pointer {
	if !roadIsSafe {
		return fn
	}
	copied := fn
	s, v := k.sig, reflect.NewAt(k.sig.typ, unsafe.Pointer(&copied)).Elem()
	target := func(result, args uintptr) { s.invoke(v, trampolines.Pointer(result), trampolines.Pointer(args)) }
	return *(*unsafe.Pointer)(unsafe.Pointer(&target))
}

// invoke calls fn with the arguments whose addresses are in args, and puts the result where result points.
func (s *signature) invoke(fn reflect.Value, result, args unsafe.Pointer) {
	in := make([]reflect.Value, len(s.params))
	for i, p := range s.params {
		t := s.typ.In(i)
		at := *(*unsafe.Pointer)(unsafe.Add(args, 8*i))
		in[i] = reflect.New(t).Elem()
		if p.text == "str" {
			in[i].SetString(trampolines.CString(*(*uintptr)(at)))
		} else {
			in[i].Set(reflect.NewAt(t, at).Elem())
		}
	}
	out := fn.Call(in)
	if len(out) > 0 {
		reflect.NewAt(s.typ.Out(0), result).Elem().Set(out[0])
	}
}

// A funcPool lends C function pointers to func parameters of one type. Callbacks that nobody uses are closed when the
// collector finds them.
type funcPool struct {
	trampolines.FuncPool
	kind *callbackKind
}

var funcPools sync.Map // func type to *funcPool

func newFuncPool(s *signature) (*funcPool, error) {
	if p, ok := funcPools.Load(s.typ); ok {
		return p.(*funcPool), nil
	}
	kind, err := callbackKindOf(s.typ)
	if e, ok := err.(*TypeError); ok {
		return nil, errors.New(e.inner())
	} else if err != nil {
		return nil, err
	}
	p, _ := funcPools.LoadOrStore(s.typ, &funcPool{trampolines.FuncPool{New: kind.lend}, kind})
	return p.(*funcPool), nil
}

// lend makes what a funcPool lends. That memory for a callback is short ends in a panic with the error.
func (k *callbackKind) lend() *trampolines.LentFunc {
	typ := k.sig.typ.String()
	t, err := newThunk(k)
	if err != nil {
		panic(&contextError{"gangway: a callback for an argument of type " + typ, err})
	}
	refuse := refusal(func() { closedCall("a func of type " + typ + " that was an argument") })
	trampolines.SetFunc(t.now.fn, refuse)
	l := &trampolines.LentFunc{Code: t.code, Fn: t.now.fn, Refuse: refuse}
	runtime.SetFinalizer(l, func(l *trampolines.LentFunc) { t.close(l.Refuse) })
	return l
}
