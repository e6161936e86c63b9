// Package callbacks_test tests calls from C to Go.
package callbacks_test

import (
	"errors"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// roundTrip checks that each value reaches a callback and comes back from it as it was.
func roundTrip[T comparable](t *testing.T, name string, values ...T) {
	t.Helper()
	var seen T
	fn := testlib.Callback(t, func(x T) T {
		seen = x
		return x
	})
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, T) T](testlib.MustOpen(), name, mode.Option)
		for _, v := range values {
			if got := call(fn, v); seen != v || got != v {
				t.Errorf("%s, %s: %v arrived as %v and came back as %v", name, mode.Name, v, seen, got)
			}
		}
	}
}

func TestEveryScalarType(t *testing.T) {
	testlib.Lib(t)
	roundTrip(t, "gt_call_bool", false, true)
	roundTrip[int8](t, "gt_call_i8", 0, 1, -1, math.MinInt8, math.MaxInt8)
	roundTrip[uint8](t, "gt_call_u8", 0, 1, 127, 128, math.MaxUint8)
	roundTrip[int16](t, "gt_call_i16", 0, 1, -1, math.MinInt16, math.MaxInt16)
	roundTrip[uint16](t, "gt_call_u16", 0, 1, 32768, math.MaxUint16)
	roundTrip[int32](t, "gt_call_i32", 0, 1, -1, math.MinInt32, math.MaxInt32)
	roundTrip[uint32](t, "gt_call_u32", 0, 1, 1<<31, math.MaxUint32)
	roundTrip[int64](t, "gt_call_i64", 0, 1, -1, math.MinInt64, math.MaxInt64)
	roundTrip[uint64](t, "gt_call_u64", 0, 1, 1<<63, math.MaxUint64)
	roundTrip(t, "gt_call_long", 0, 1, -1, math.MinInt, math.MaxInt)
	roundTrip[uint](t, "gt_call_long", 0, 1, math.MaxUint)
	roundTrip[uintptr](t, "gt_call_u64", 0, 1, 1<<63)
	roundTrip[float32](t, "gt_call_float", 0, 1, -1.5, math.MaxFloat32, float32(math.Inf(-1)))
	roundTrip(t, "gt_call_double", 0, 1, -1.5, math.MaxFloat64, math.Inf(1))
	x := new([4]int64)
	roundTrip(t, "gt_call_pointer", nil, unsafe.Pointer(x), unsafe.Pointer(&x[1]))
	roundTrip(t, "gt_call_pointer", nil, x)
	type handle uintptr
	type flag bool
	roundTrip[handle](t, "gt_call_u64", 1)
	roundTrip[flag](t, "gt_call_bool", true, false)
}

// C takes a _Bool for a byte that is 0 or 1 and nothing else.
func TestBoolResultIsClean(t *testing.T) {
	l := testlib.Lib(t)
	n := 0
	fn := testlib.Callback(t, func() bool { n++; return n%3 == 0 })
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr) int32](l, "gt_call_bool_byte", mode.Option)
		for i := 0; i < 9; i++ {
			got := call(fn)
			want := int32(0)
			if n%3 == 0 {
				want = 1
			}
			if got != want {
				t.Errorf("%s: byte %d, not %d", mode.Name, got, want)
			}
		}
	}
}

type large[T any] struct{ Words T }

// largeStruct checks structs of T's size, an array of words: a parameter among others and the result, all on the stacks.
func largeStruct[T any](t *testing.T) {
	t.Helper()
	words := func(l *large[T]) []uint64 {
		return unsafe.Slice((*uint64)(unsafe.Pointer(l)), unsafe.Sizeof(*l)/8)
	}
	fn := testlib.Callback(t, func(a int8, l large[T], x float64, b *int32) large[T] {
		if a != -3 || x != 1.5 || *b != 7 {
			t.Errorf("%T: %d, %v and %d beside it", l, a, x, *b)
		}
		for i, w := range words(&l) {
			words(&l)[i] = w ^ 1<<63
		}
		return l
	})
	for _, mode := range testlib.Modes {
		var call func(int8, large[T], float64, *int32) large[T]
		if err := gangway.Bind(gangway.Symbol(fn), &call, mode.Option); err != nil {
			t.Fatal(err)
		}
		var l large[T]
		for i := range words(&l) {
			words(&l)[i] = uint64(i) * 0x0123456789abcdef >> 1
		}
		b := int32(7)
		got := call(-3, l, 1.5, &b)
		for i, w := range words(&got) {
			if w != words(&l)[i]^1<<63 {
				t.Fatalf("%s: word %d of %d is %#x", mode.Name, i, len(words(&l)), w)
			}
		}
	}
}

func TestLargeStructs(t *testing.T) {
	largeStruct[[17]uint64](t)
	largeStruct[[300]uint64](t)
	largeStruct[[3000]uint64](t)
	largeStruct[[100000]uint64](t)
}

func TestMixedArguments(t *testing.T) {
	l := testlib.Lib(t)
	defer func() {
		if v := recover(); v != nil {
			t.Errorf("panic: %v", v)
		}
	}()
	fn := testlib.Callback(t, func(i0 int32, d0 float64, i1 int64, f1 float32, i2 uint8, d2 float64, i3 int16, f3 float32,
		i4 unsafe.Pointer, d4 float64, i5 bool, f5 float32, d6 float64, f7 float32) float64 {
		if i0 != -1 || d0 != 2.5 || i1 != 1<<40 || f1 != 3.5 || i2 != 200 || d2 != 4.5 || i3 != -300 || f3 != 5.5 ||
			uintptr(i4) != 0x1234 || d4 != 6.5 || !i5 || f5 != 7.5 || d6 != 8.5 || f7 != 9.5 {
			panic("an argument differs")
		}
		return 10.5
	})
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr) float64](l, "gt_call_mixed", mode.Option)
		for i := 0; i < 20; i++ {
			if x := call(fn); x != 10.5 {
				t.Errorf("%s: result %v", mode.Name, x)
			}
		}
	}
}

var scalarTypes = []reflect.Type{
	reflect.TypeOf(false), reflect.TypeOf(int8(0)), reflect.TypeOf(uint8(0)), reflect.TypeOf(int16(0)),
	reflect.TypeOf(uint16(0)), reflect.TypeOf(int32(0)), reflect.TypeOf(uint32(0)), reflect.TypeOf(int64(0)),
	reflect.TypeOf(uint64(0)), reflect.TypeOf(0), reflect.TypeOf(uint(0)), reflect.TypeOf(uintptr(0)),
	reflect.TypeOf(float32(0)), reflect.TypeOf(float64(0)), reflect.TypeOf(unsafe.Pointer(nil)), reflect.TypeOf((*int64)(nil)),
}

func isFloat(t reflect.Type) bool { return t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64 }

// fromRegister returns the value of type t in a register; pointers must be 0 or point to x.
func fromRegister(t reflect.Type, w uint64) reflect.Value {
	v := reflect.New(t).Elem()
	switch k := t.Kind(); k {
	case reflect.Bool:
		v.SetBool(byte(w) != 0)
	case reflect.Float32:
		v.SetFloat(float64(math.Float32frombits(uint32(w))))
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(w))
	case reflect.Ptr:
		v.Set(reflect.ValueOf((*int64)(testlib.Pointer(uintptr(w)))))
	case reflect.UnsafePointer:
		v.SetPointer(testlib.Pointer(uintptr(w)))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := uint(t.Bits())
		v.SetInt(int64(w) << (64 - n) >> (64 - n))
	default:
		n := uint(t.Bits())
		v.SetUint(w << (64 - n) >> (64 - n))
	}
	return v
}

// toRegister returns what C may rely on in the register of a result, and in how many of its low bits.
func toRegister(v reflect.Value) (w uint64, width uint) {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return 1, 32
		}
		return 0, 32
	case reflect.Float32:
		return uint64(math.Float32bits(float32(v.Float()))), 32
	case reflect.Float64:
		return math.Float64bits(v.Float()), 64
	case reflect.Ptr, reflect.UnsafePointer:
		return uint64(v.Pointer()), 64
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return uint64(uint32(v.Int())), 32
	case reflect.Int, reflect.Int64:
		return uint64(v.Int()), 64
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return v.Uint(), 32
	}
	return v.Uint(), 64
}

var target [8]int64 // what pointer arguments point to; no heap memory, so that C may hand it around

// Random signatures, called with raw registers that hold garbage above narrow arguments: every argument must be what its
// type says, the result extended as C compilers expect, and every register that C relies on unchanged.
func TestRandomSignatures(t *testing.T) {
	l := testlib.Lib(t)
	r := testlib.Rand(t)
	rounds := 300
	if testing.Short() {
		rounds = 80
	}
	for i := 0; i < rounds && !t.Failed(); i++ {
		var in, out []reflect.Type
		ints, floats := r.Intn(7), r.Intn(9)
		for a, b := ints, floats; a+b > 0; {
			typ := scalarTypes[r.Intn(len(scalarTypes))]
			if isFloat(typ) && b > 0 {
				b--
			} else if !isFloat(typ) && a > 0 {
				a--
			} else {
				continue
			}
			in = append(in, typ)
		}
		if r.Intn(8) > 0 {
			out = append(out, scalarTypes[r.Intn(len(scalarTypes))])
		}
		typ := reflect.FuncOf(in, out, false)
		mode := testlib.Modes[r.Intn(len(testlib.Modes))]
		invoke := gangway.MustFunc[func(uintptr, *[16]uint64, *[2]uint64) uint32](l, "gt_invoke", mode.Option)
		invokeRandom(t, r, typ, invoke, mode.Name)
	}
}

func invokeRandom(t *testing.T, r *rand.Rand, typ reflect.Type, invoke func(uintptr, *[16]uint64, *[2]uint64) uint32, mode string) {
	var got []reflect.Value
	var result reflect.Value
	fn := reflect.MakeFunc(typ, func(args []reflect.Value) []reflect.Value {
		got = args
		if typ.NumOut() == 0 {
			return nil
		}
		return []reflect.Value{result}
	})
	c, err := gangway.NewCallback(fn.Interface())
	if err != nil {
		t.Fatalf("%v: %v", typ, err)
	}
	defer c.Close()
	for j := 0; j < 6; j++ {
		in, out := new([16]uint64), new([2]uint64)
		for i := range in[:14] {
			in[i] = r.Uint64()
		}
		in[14] = 0
		if j%2 == 1 {
			in[14] = 0x5f80 // another rounding mode, as C code may have set it
		}
		var want []reflect.Value
		ints, floats := 0, 0
		for i := 0; i < typ.NumIn(); i++ {
			p := typ.In(i)
			if isFloat(p) {
				want = append(want, fromRegister(p, in[6+floats]))
				floats++
				continue
			}
			if p.Kind() == reflect.Ptr || p.Kind() == reflect.UnsafePointer {
				in[ints] = uint64(uintptr(unsafe.Pointer(&target[r.Intn(len(target))])))
			}
			if p.Kind() == reflect.Bool {
				in[ints] &^= 0xfe // the psABI: bits 1 to 7 of a _Bool are zero
			}
			want = append(want, fromRegister(p, in[ints]))
			ints++
		}
		if typ.NumOut() == 1 {
			w := r.Uint64()
			if k := typ.Out(0).Kind(); k == reflect.Ptr || k == reflect.UnsafePointer {
				w = uint64(uintptr(unsafe.Pointer(&target[r.Intn(len(target))])))
			}
			result = fromRegister(typ.Out(0), w)
		}
		if changed := invoke(c.Pointer(), in, out); changed != 0 {
			t.Errorf("%v, %s: changed registers %#x", typ, mode, changed)
		}
		for i, w := range want {
			if !same(got[i], w) {
				t.Errorf("%v, %s: argument %d: %v, not %v", typ, mode, i+1, got[i], w)
			}
		}
		if typ.NumOut() == 1 {
			k := 0
			if isFloat(typ.Out(0)) {
				k = 1
			}
			bits, width := toRegister(result)
			if reg := out[k] << (64 - width) >> (64 - width); reg != bits {
				t.Errorf("%v, %s: C sees result %#x, not %#x, in the low %d bits", typ, mode, reg, bits, width)
			}
		}
	}
}

func same(a, b reflect.Value) bool {
	if isFloat(a.Type()) {
		x, y := a.Float(), b.Float()
		return math.Float64bits(x) == math.Float64bits(y)
	}
	return a.Interface() == b.Interface()
}

func TestTypesThatAreRefused(t *testing.T) {
	testlib.Lib(t)
	chanType := reflect.TypeOf((chan int)(nil))
	cases := []struct {
		fn   any
		part string
		typ  reflect.Type
	}{
		{func(int, chan int) {}, "parameter 2", chanType},
		{func() chan int { return nil }, "result 1", chanType},
		{func() (int, int) { return 0, 0 }, "result 2", reflect.TypeOf(0)},
		{func() (int, syscall.Errno) { return 0, 0 }, "result 2", reflect.TypeOf(syscall.Errno(0))},
		{func(error) {}, "parameter 1", reflect.TypeOf((*error)(nil)).Elem()},
		{func(...int) {}, "parameter 1", reflect.TypeOf([]int{})},
		{func([]int) {}, "parameter 1", reflect.TypeOf([]int{})},
		{func(func()) {}, "parameter 1", reflect.TypeOf(func() {})},
		{func() string { return "" }, "result 1", reflect.TypeOf("")},
		{(func())(nil), "", reflect.TypeOf(func() {})},
		{7, "", reflect.TypeOf(7)},
		{nil, "", nil},
		{new(func()), "", reflect.TypeOf(new(func()))},
	}
	open := gangway.Callbacks()
	for _, c := range cases {
		cb, err := gangway.NewCallback(c.fn)
		var typ *gangway.TypeError
		if cb != nil || !errors.As(err, &typ) {
			t.Errorf("%T: %v", c.fn, err)
			continue
		}
		if typ.Part != c.part || typ.Type != c.typ || typ.Reason == "" || !strings.Contains(err.Error(), typ.Reason) {
			t.Errorf("%T: part %q, type %v, reason %q", c.fn, typ.Part, typ.Type, typ.Reason)
		}
	}
	if n := gangway.Callbacks(); n != open {
		t.Errorf("%d callbacks open, %d before", n, open)
	}
}
