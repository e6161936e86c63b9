package calls_test

import (
	"math"
	"math/rand"
	"reflect"
	"runtime"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// registers is what gt_capture saw.
type registers = testlib.Registers

func captured(t *testing.T) *registers { return testlib.Captured(t) }

var scalarTypes = []reflect.Type{
	reflect.TypeOf(false), reflect.TypeOf(int8(0)), reflect.TypeOf(uint8(0)), reflect.TypeOf(int16(0)),
	reflect.TypeOf(uint16(0)), reflect.TypeOf(int32(0)), reflect.TypeOf(uint32(0)), reflect.TypeOf(int64(0)),
	reflect.TypeOf(uint64(0)), reflect.TypeOf(0), reflect.TypeOf(uint(0)), reflect.TypeOf(uintptr(0)),
	reflect.TypeOf(float32(0)), reflect.TypeOf(float64(0)), reflect.TypeOf(unsafe.Pointer(nil)), reflect.TypeOf((*int64)(nil)),
}

// randomValue returns a value of type t and what its register shows in the given number of low bits.
func randomValue(r *rand.Rand, t reflect.Type) (v reflect.Value, bits uint64, width uint) {
	v = reflect.New(t).Elem()
	x := r.Uint64()
	if r.Intn(4) == 0 {
		x = uint64(int64(x) >> 60) // small, or all ones above
	}
	switch t.Kind() {
	case reflect.Bool:
		v.SetBool(x&1 != 0)
		return v, x & 1, 32
	case reflect.Float32:
		x = uint64(math.Float32bits(float32(r.NormFloat64())))
		v.SetFloat(float64(math.Float32frombits(uint32(x))))
		return v, x, 32
	case reflect.Float64:
		f := r.NormFloat64()
		v.SetFloat(f)
		return v, math.Float64bits(f), 64
	case reflect.Ptr, reflect.UnsafePointer:
		p := new(int64)
		pointers = append(pointers, p)
		bits = uint64(uintptr(unsafe.Pointer(p)))
		if t.Kind() == reflect.Ptr {
			v.Set(reflect.ValueOf(p))
		} else {
			v.SetPointer(unsafe.Pointer(p))
		}
		return v, bits, 64
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := uint(t.Bits())
		s := int64(x<<(64-n)) >> (64 - n)
		v.SetInt(s)
		bits = uint64(s)
	default:
		n := uint(t.Bits())
		bits = x << (64 - n) >> (64 - n)
		v.SetUint(bits)
	}
	if t.Bits() == 64 {
		return v, bits, 64
	}
	// Clang relies on callers that extend to 32 bits, gcc does so.
	return v, bits & math.MaxUint32, 32
}

var pointers []*int64 // of randomValue, alive for the whole test

// answer returns a random result of type t: the register that holds it, garbage above it, and the value.
func answer(r *rand.Rand, t reflect.Type, regs *registers) reflect.Value {
	v, bits, _ := randomValue(r, t)
	garbage := r.Uint64()
	switch n := uint(t.Size() * 8); {
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		if n < 64 {
			bits |= garbage << n
		}
		regs.AnswerXMM0, regs.AnswerRAX = bits, garbage
	default:
		if n < 64 {
			bits = bits<<(64-n)>>(64-n) | garbage<<n
		}
		regs.AnswerRAX, regs.AnswerXMM0 = bits, garbage
	}
	return v
}

// Random signatures: each argument must be in its register or stack word, extended to 32 bits, the stack aligned, the
// direction flag clear; results must be read from the right register whatever lies above them.
func TestRandomSignatures(t *testing.T) {
	r := testlib.Rand(t)
	regs := captured(t)
	sym, err := testlib.MustOpen().Symbol("gt_capture")
	if err != nil {
		t.Fatal(err)
	}
	rounds := 400
	if testing.Short() {
		rounds = 100
	}
	for i := 0; i < rounds && !t.Failed(); i++ {
		pointers = nil
		n := r.Intn(12)
		if r.Intn(3) == 0 {
			n = r.Intn(30)
		}
		in := make([]reflect.Type, n)
		for i := range in {
			in[i] = scalarTypes[r.Intn(len(scalarTypes))]
		}
		var out []reflect.Type
		if r.Intn(8) > 0 {
			out = append(out, scalarTypes[r.Intn(len(scalarTypes))])
		}
		typ := reflect.FuncOf(in, out, false)
		mode := testlib.Modes[r.Intn(len(testlib.Modes))]
		f := reflect.New(typ)
		if err := gangway.Bind(sym, f.Interface(), mode.Option); err != nil {
			t.Fatalf("%v: %v", typ, err)
		}
		for j := 0; j < 12; j++ {
			callRandom(t, r, f.Elem(), regs, mode.Name)
		}
	}
}

func callRandom(t *testing.T, r *rand.Rand, f reflect.Value, regs *registers, mode string) {
	typ := f.Type()
	type word struct {
		got   *uint64
		bits  uint64
		width uint
	}
	var words []word
	args := make([]reflect.Value, typ.NumIn())
	ints, floats, stack := 0, 0, 0
	for i := range args {
		v, bits, width := randomValue(r, typ.In(i))
		args[i] = v
		w := word{nil, bits, width}
		switch float := v.Kind() == reflect.Float32 || v.Kind() == reflect.Float64; {
		case float && floats < 8:
			w.got = &regs.Floats[floats]
			floats++
		case !float && ints < 6:
			w.got = &regs.Ints[ints]
			ints++
		default:
			w.got = &regs.Stack[stack]
			stack++
		}
		words = append(words, w)
	}
	var want reflect.Value
	if typ.NumOut() == 1 {
		want = answer(r, typ.Out(0), regs)
	}
	results := f.Call(args)
	for i, w := range words {
		if got := *w.got << (64 - w.width) >> (64 - w.width); got != w.bits {
			t.Errorf("%v, %s: argument %d: C saw %#x, not %#x, in the low %d bits", typ, mode, i+1, got, w.bits, w.width)
		}
	}
	if regs.RSP%16 != 8 {
		t.Errorf("%v, %s: stack pointer %#x at entry to C", typ, mode, regs.RSP)
	}
	if regs.Flags&0x400 != 0 {
		t.Errorf("%v, %s: direction flag set at entry to C", typ, mode)
	}
	if want.IsValid() && !same(results[0], want) {
		t.Errorf("%v, %s: result %#v, not %#v (RAX %#x XMM0 %#x)", typ, mode, results[0].Interface(), want.Interface(),
			regs.AnswerRAX, regs.AnswerXMM0)
	}
}

// same also tells NaNs apart, and notices a bool or a small integer that is wider than it should be.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	}
	return a.Interface() == b.Interface()
}

// Narrow arguments whose Go registers hold garbage above them, called without reflection.
func TestNarrowArgumentsExtended(t *testing.T) {
	regs := captured(t)
	garbage := int64(0x5a5a5a5a5a5a5a5a)
	for _, mode := range testlib.Modes {
		f := gangway.MustFunc[func(int8, uint8, int16, uint16, bool, int32)](testlib.MustOpen(), "gt_capture", mode.Option)
		for i := int64(0); i < 256; i++ {
			x := garbage<<8 | i
			y := garbage<<16 | i*257
			f(int8(x), uint8(x), int16(y), uint16(y), x&1 != 0, int32(^garbage))
			want := [6]uint32{uint32(int8(i)), uint32(i), uint32(int16(i * 257)), uint32(i * 257), uint32(i & 1), 0xa5a5a5a5}
			for k, w := range want {
				if got := uint32(regs.Ints[k]); got != w {
					t.Fatalf("%s: argument %d: C saw %#x, not %#x", mode.Name, k+1, got, w)
				}
			}
		}
	}
}

// Results with garbage above them, widened by Go code.
func TestNarrowResults(t *testing.T) {
	regs := captured(t)
	l := testlib.MustOpen()
	for _, mode := range testlib.Modes {
		i8 := gangway.MustFunc[func() int8](l, "gt_capture", mode.Option)
		u8 := gangway.MustFunc[func() uint8](l, "gt_capture", mode.Option)
		i16 := gangway.MustFunc[func() int16](l, "gt_capture", mode.Option)
		u16 := gangway.MustFunc[func() uint16](l, "gt_capture", mode.Option)
		i32 := gangway.MustFunc[func() int32](l, "gt_capture", mode.Option)
		u32 := gangway.MustFunc[func() uint32](l, "gt_capture", mode.Option)
		yes := gangway.MustFunc[func() bool](l, "gt_capture", mode.Option)
		regs.AnswerRAX = 0x123456789abcde80
		table := [1 << 8]byte{0x80: 1}
		if n := int64(i8()); n != -128 {
			t.Errorf("%s: int8: %d", mode.Name, n)
		}
		if n := uint64(u8()); n != 128 || table[u8()] != 1 {
			t.Errorf("%s: uint8: %d", mode.Name, n)
		}
		if n := int64(i16()); n != -0x2180 {
			t.Errorf("%s: int16: %#x", mode.Name, n)
		}
		if n := uint64(u16()); n != 0xde80 {
			t.Errorf("%s: uint16: %#x", mode.Name, n)
		}
		if n := int64(i32()); n != -0x65432180 {
			t.Errorf("%s: int32: %#x", mode.Name, n)
		}
		if n := uint64(u32()); n != 0x9abcde80 {
			t.Errorf("%s: uint32: %#x", mode.Name, n)
		}
		for _, want := range []bool{false, true} {
			regs.AnswerRAX = 0xffffffffffffff00
			if want {
				regs.AnswerRAX |= 1
			}
			got := yes()
			n := 0
			if got {
				n = 1
			}
			if got != want || n == 1 != want {
				t.Errorf("%s: bool: %v for RAX %#x", mode.Name, got, regs.AnswerRAX)
			}
		}
	}
}

// After C has spoilt every register that it may, Go code must find what its own convention promises: X15 = 0 (what it
// clears memory with), R14 = g (what it checks its stack against), and unchanged floating-point modes.
func TestGoRegistersRestored(t *testing.T) {
	captured(t)
	l := testlib.MustOpen()
	modes := gangway.MustFunc[func() uint64](l, "gt_float_modes", gangway.Blocking())
	for _, mode := range testlib.Modes {
		plain := gangway.MustFunc[func(uint64, float64) uint64](l, "gt_capture", mode.Option)
		general := gangway.MustFunc[func(*int64, int8, float64) float64](l, "gt_capture", mode.Option)
		before := modes()
		for i := 0; i < 100; i++ {
			x, y := float64(i), 0.5
			plain(1, x)
			if z := cleared(); *z != (big{}) {
				t.Fatalf("%s: memory cleared after a call holds %v", mode.Name, *z)
			}
			general(nil, 1, y)
			if z := cleared(); *z != (big{}) {
				t.Fatalf("%s: memory cleared after a call holds %v", mode.Name, *z)
			}
			if got := x*y + float64(i); got != 1.5*float64(i) {
				t.Fatalf("%s: floats around a call: %v", mode.Name, got)
			}
			k := i
			plain(1, x)
			if got := testlib.Grow(100, i, &k); got != 2*i {
				t.Fatalf("%s: stack growth after a call: %d", mode.Name, got)
			}
			if i%20 == 0 {
				general(nil, 1, x)
				runtime.Gosched()
			}
		}
		if after := modes(); after != before {
			t.Errorf("%s: MXCSR and x87 control word changed from %#x to %#x", mode.Name, before, after)
		}
	}
}

type big struct {
	a [9]uint64
	f float64
}

// cleared is filled by means of X15.
//
//go:noinline
func cleared() *big {
	var b big
	bigSink = &b
	return bigSink
}

var bigSink *big

// C sees the floating-point modes that Go set out with, whatever thread a goroutine is on.
func TestFloatModesInC(t *testing.T) {
	regs := captured(t)
	capture := gangway.MustFunc[func()](testlib.MustOpen(), "gt_capture")
	capture()
	for i := 0; i < 50; i++ {
		done := make(chan bool)
		go func() {
			capture()
			close(done)
		}()
		<-done
		if m := regs.MXCSR &^ 0x3f; m != 0x1f80 {
			t.Fatalf("MXCSR %#x in C", regs.MXCSR)
		}
	}
}
