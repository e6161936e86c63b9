// Package calls_test tests calls from Go to C: what arrives, what comes back, and what stays as it was.
package calls_test

import (
	"math"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// identity checks that C returns every value as it was passed, in every mode.
func identity[T comparable](t *testing.T, name string, values ...T) {
	t.Helper()
	for _, mode := range testlib.Modes {
		f := gangway.MustFunc[func(T) T](testlib.MustOpen(), name, mode.Option)
		for i := 0; i < 50; i++ { // long enough for Auto to change its mind
			for _, v := range values {
				if got := f(v); got != v {
					t.Errorf("%s, %s: %v came back as %v", name, mode.Name, v, got)
				}
			}
		}
	}
}

func TestEveryScalarType(t *testing.T) {
	testlib.Lib(t)
	identity(t, "gt_id_bool", false, true)
	identity[int8](t, "gt_id_i8", 0, 1, -1, math.MinInt8, math.MaxInt8)
	identity[uint8](t, "gt_id_u8", 0, 1, 127, 128, math.MaxUint8)
	identity[int16](t, "gt_id_i16", 0, 1, -1, math.MinInt16, math.MaxInt16)
	identity[uint16](t, "gt_id_u16", 0, 1, 32768, math.MaxUint16)
	identity[int32](t, "gt_id_i32", 0, 1, -1, math.MinInt32, math.MaxInt32)
	identity[uint32](t, "gt_id_u32", 0, 1, 1<<31, math.MaxUint32)
	identity[int64](t, "gt_id_i64", 0, 1, -1, math.MinInt64, math.MaxInt64)
	identity[uint64](t, "gt_id_u64", 0, 1, 1<<63, math.MaxUint64)
	identity(t, "gt_id_long", 0, 1, -1, math.MinInt, math.MaxInt)
	identity[uint](t, "gt_id_ulong", 0, 1, 1<<63, math.MaxUint)
	identity[uintptr](t, "gt_id_size", 0, 1, 1<<63, math.MaxUint)
	identity[float32](t, "gt_id_float", 0, 1, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.Inf(-1)))
	identity(t, "gt_id_double", 0, 1, -1.5, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1))
	x := new([4]int64)
	identity(t, "gt_id_pointer", nil, unsafe.Pointer(x), unsafe.Pointer(&x[1]))
	identity(t, "gt_id_pointer", nil, x)
	identity[*int64](t, "gt_id_pointer", nil, &x[0], &x[3])
}

// Named types count as what they are made of.
type (
	handle  uintptr
	colour  int8
	degrees float32
	flag    bool
	block   [16]byte
)

func TestNamedTypes(t *testing.T) {
	testlib.Lib(t)
	identity[handle](t, "gt_id_size", 1, math.MaxUint)
	identity[colour](t, "gt_id_i8", -128, 127)
	identity[degrees](t, "gt_id_float", -273.15)
	identity[flag](t, "gt_id_bool", true, false)
	identity(t, "gt_id_pointer", new(block), nil)
}

// Not-a-numbers and the sign of zero survive bit for bit.
func TestFloatBits(t *testing.T) {
	testlib.Lib(t)
	for _, mode := range testlib.Modes {
		double := gangway.MustFunc[func(float64) float64](testlib.MustOpen(), "gt_id_double", mode.Option)
		for _, bits := range []uint64{1 << 63, 0x7ff8000000000001, 0x7ff8dead0000beef, 0xfff8000000000000, 1} {
			if got := math.Float64bits(double(math.Float64frombits(bits))); got != bits {
				t.Errorf("%s: double %#x came back as %#x", mode.Name, bits, got)
			}
		}
		float := gangway.MustFunc[func(float32) float32](testlib.MustOpen(), "gt_id_float", mode.Option)
		for _, bits := range []uint32{1 << 31, 0x7fc00001, 0x7fc0beef, 0xffc00000, 1} {
			if got := math.Float32bits(float(math.Float32frombits(bits))); got != bits {
				t.Errorf("%s: float %#x came back as %#x", mode.Name, bits, got)
			}
		}
	}
}

// Functions that gcc compiled, with as many arguments as registers hold, and more.
func TestManyArguments(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		ints := gangway.MustFunc[func(a, b, c, d, e, f int64) int64](l, "gt_ints6", mode.Option)
		doubles := gangway.MustFunc[func(a, b, c, d, e, f, g, h float64) float64](l, "gt_doubles8", mode.Option)
		floats := gangway.MustFunc[func(a, b, c, d, e, f, g, h float32) float32](l, "gt_floats8", mode.Option)
		mixed := gangway.MustFunc[func(int32, float64, int64, float32, uint8, float64, int16, float32, unsafe.Pointer,
			float64, bool, float32, float64, float32) float64](l, "gt_mixed14", mode.Option)
		more := gangway.MustFunc[func(i0 int64, f0 float64, i1 int64, f1 float64, i2 int64, f2 float64, i3 int64, f3 float64,
			i4 int64, f4 float64, i5 int64, f5 float64, i6 int8, f6 float64, i7 uint16, f7 float64, i8 int32, f8 float32,
			i9 bool, f9 float64, f10 float32, f11 float64) float64](l, "gt_mixed22", mode.Option)
		for i := 0; i < 30; i++ {
			if got, want := ints(1, -2, 3, -4, 5, -6), int64(1-6+15-28+55-78); got != want {
				t.Errorf("%s: gt_ints6: %d, not %d", mode.Name, got, want)
			}
			if got, want := doubles(1, -2, 3, -4, 5, -6, 7, -8), 1-6+15-28+55-78+119-152.0; got != want {
				t.Errorf("%s: gt_doubles8: %v, not %v", mode.Name, got, want)
			}
			if got, want := floats(1, -2, 3, -4, 5, -6, 7, -8), float32(1-6+15-28+55-78+119-152); got != want {
				t.Errorf("%s: gt_floats8: %v, not %v", mode.Name, got, want)
			}
			got := mixed(-1, 2, -3, 4, 250, -6, -700, 8, nil, 10, true, -12, 13, 14)
			want := -1 + 3*2 + 5*-3 + 7*4 + 11*250 + 13*-6 + 17*-700 + 19*8 + 0 + 29*10 + 31 + 37*-12 + 41*13 + 43*14.0
			if got != want {
				t.Errorf("%s: gt_mixed14: %v, not %v", mode.Name, got, want)
			}
			got = more(1, 2, -3, 4, 5, -6, 7, 8, 9, -10, 11, 12, -13, 14, 60000, 16, -17, 18, true, 20, 21, -22)
			want = 1 + 2*2 + 3*-3 + 5*4 + 7*5 + 11*-6 + 13*7 + 17*8 + 19*9 + 23*-10 + 29*11 + 31*12 + 37*-13 + 41*14 + 43*60000 +
				47*16 + 53*-17 + 59*18 + 61 + 67*20 + 71*21 + 73*-22.0
			if got != want {
				t.Errorf("%s: gt_mixed22: %v, not %v", mode.Name, got, want)
			}
		}
	}
}

// C data, and functions of libraries that were loaded with the program.
func TestDataAndProcess(t *testing.T) {
	l := testlib.Lib(t)
	s, err := l.Symbol("gt_variable")
	if err != nil {
		t.Fatal(err)
	}
	p := (*int32)(testlib.Pointer(uintptr(s)))
	if *p != 4711 {
		t.Errorf("gt_variable is %d", *p)
	}
	strlen := gangway.MustFunc[func(*byte) uintptr](gangway.Process(), "strlen")
	if n := strlen(&[]byte("gangway\x00")[0]); n != 7 {
		t.Errorf("strlen: %d", n)
	}
	var labs func(int) int
	sym, err := gangway.Process().Symbol("labs")
	if err == nil {
		err = gangway.Bind(sym, &labs)
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := labs(-5); n != 5 {
		t.Errorf("labs: %d", n)
	}
}
