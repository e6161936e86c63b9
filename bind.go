package gangway

import (
	"math"
	"reflect"
	"runtime"
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
// again for a while, longer each time. What is learnt is shared by all bindings of the same C function.
func Auto() Option { return Option{modeAuto} }

// Blocking: each call tells the scheduler, as with cgo. For functions that usually wait.
func Blocking() Option { return Option{modeBlocking} }

// Fast: always a running call. One that blocks holds its processor until the runtime asks for it (10 to 20 ms), and
// signals of the runtime may interrupt its system calls (EINTR).
func Fast() Option { return Option{modeFast} }

// Safe: through runtime.cgocall, whatever road the process takes.
func Safe() Option { return Option{modeSafe} }

// Bind makes *fn, a variable of func type, call the C function at sym. The package comment lists the types. The last
// option counts. Any number of arguments is possible; up to six integers (or pointers) and eight floats make the fast
// calls, more go through reflection. The error is a *TypeError.
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
	how := modeAuto
	for _, o := range opts {
		how = o.mode
	}
	b := &trampolines.BoundFunc{Chain: uintptr(sym), Floats: uint32(sig.floats), Name: name}
	if library != "" {
		b.Name = name + " of " + library
	}
	if road, _ := CurrentRoad(); road == RoadSafe || how == modeSafe || sig.ints > 6 || sig.floats > 8 {
		b.State = trampolines.StateBlocking
		v.Elem().Set(reflect.MakeFunc(sig.typ, sig.reflected(b)))
		return b, nil
	} else if road == RoadBlocking {
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
	i := 0
	for _, p := range sig.params {
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
	if sig.errno {
		b.Errno = trampolines.ErrnoFirst
		if sig.result.class == classInt {
			b.Errno = trampolines.ErrnoSecond
		}
	}
	*(*unsafe.Pointer)(v.UnsafePointer()) = b.Finish()
	return b, nil
}

var autoStates = struct {
	sync.Mutex
	m map[Symbol]*trampolines.AutoState
}{m: map[Symbol]*trampolines.AutoState{}}

// autoState returns the one Auto state of the C function at sym. States are never freed: C may be using one.
func autoState(sym Symbol) *trampolines.AutoState {
	autoStates.Lock()
	defer autoStates.Unlock()
	s := autoStates.m[sym]
	if s == nil {
		s = new(trampolines.AutoState)
		autoStates.m[sym] = s
	}
	return s
}

// reflected returns the function that makes calls of b without relying on Go's register convention: for the safe road,
// and for signatures whose arguments do not all go to registers.
func (s *signature) reflected(b *trampolines.BoundFunc) func([]reflect.Value) []reflect.Value {
	return func(args []reflect.Value) []reflect.Value {
		if b.Closed() {
			closedCall(b.Name)
		}
		var ints [6]uintptr
		var floats [8]uint64
		var stack []uintptr
		ni, nf := 0, 0
		for i, p := range s.params {
			w := toWord(p, args[i])
			switch {
			case p.class == classInt && ni < len(ints):
				ints[ni] = uintptr(w)
				ni++
			case p.class != classInt && nf < len(floats):
				floats[nf] = w
				nf++
			default:
				stack = append(stack, uintptr(w))
			}
		}
		rax, xmm0, errno := trampolines.SafeCall(b.Chain, &ints, &floats, stack)
		var results []reflect.Value
		if s.result.class == classInt {
			results = append(results, fromWord(s.result, s.typ.Out(0), uint64(rax)))
		} else if s.result.class != classNone {
			results = append(results, fromWord(s.result, s.typ.Out(0), xmm0))
		}
		if s.errno {
			results = append(results, reflect.ValueOf(errnoOf(errno)))
		}
		runtime.KeepAlive(args) // a result may point into an argument
		return results
	}
}

// toWord returns v as it travels in a register or a word of the stack.
func toWord(p value, v reflect.Value) uint64 {
	switch k := v.Kind(); {
	case p.class == classFloat32:
		return uint64(math.Float32bits(float32(v.Float())))
	case p.class == classFloat64:
		return math.Float64bits(v.Float())
	case k == reflect.Bool:
		if v.Bool() {
			return 1
		}
		return 0
	case p.pointer:
		return uint64(v.Pointer())
	case p.signed:
		return uint64(v.Int())
	}
	return v.Uint()
}

// fromWord makes a value of type t of what a register held.
func fromWord(p value, t reflect.Type, w uint64) reflect.Value {
	v := reflect.New(t).Elem()
	switch k := t.Kind(); {
	case p.class == classFloat32:
		v.SetFloat(float64(math.Float32frombits(uint32(w))))
	case p.class == classFloat64:
		v.SetFloat(math.Float64frombits(w))
	case k == reflect.Bool:
		v.SetBool(byte(w) != 0)
	case k == reflect.UnsafePointer:
		v.SetPointer(pointer(uintptr(w)))
	case k == reflect.Ptr:
		v.Set(reflect.NewAt(t.Elem(), pointer(uintptr(w))).Convert(t))
	case p.signed:
		v.SetInt(int64(w) << (64 - uint(p.bits)) >> (64 - uint(p.bits)))
	default:
		v.SetUint(w << (64 - uint(p.bits)) >> (64 - uint(p.bits)))
	}
	return v
}
