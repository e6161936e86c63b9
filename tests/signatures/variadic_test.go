package signatures_test

import (
	"reflect"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type (
	double    struct{ X float64 }
	intDouble struct {
		N int
		X float64
	}
	twoDoubles struct{ X, Y float64 }
)

// AL bounds the vector registers of a call from above, and is 8 at most: a variadic function looks at no others, and it may
// be bound with a fixed signature. One for each way that a call can take.
func TestVectorRegistersAreCounted(t *testing.T) {
	regs := testlib.Captured(t)
	sym, err := testlib.MustOpen().Symbol("gt_capture")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		fn      any
		vectors int
	}{
		{new(func(uintptr)), 0},
		{new(func(uintptr, float64)), 1}, // bindPlain
		{new(func(uintptr, float64, float32, float64, float64, float64) float64), 5}, // bindPlain, all floats
		{new(func(unsafe.Pointer, float64) int), 1},                                  // bindPlainPointers
		{new(func(a, b, c, d unsafe.Pointer, x float64)), 1},
		{new(func(int8, float64) int8), 1},
		{new(func(uintptr, float64) (int, syscall.Errno)), 1},
		{new(func(a, b, c, d, e, f, g uintptr, x float64)), 1},
		{new(func(a, b, c, d, e, f, g uintptr, x float64) syscall.Errno), 1},
		{new(func(uintptr, double, float64)), 2},
		{new(func(uintptr, intDouble, twoDoubles) double), 3},
		{new(func(*int, twoDoubles)), 2},                      // bindPointers3
		{new(func(a, b, c, d *int, x twoDoubles) float64), 2}, // bindPointers9
		{new(func(string, uintptr, intDouble) int), 1},
		{new(func(a, b, c, d, e, f, g, h, i, j float64)), 8},
		{new(func(uintptr, float64, struct{ A [4]int64 })), 1},
		{new(func(func(), double)), 1}, // boundGo
		{new(func(string, ...any) int), 2},
	} {
		for _, mode := range testlib.Modes {
			v := reflect.ValueOf(c.fn).Elem()
			if err := gangway.Bind(sym, c.fn, mode.Option); err != nil {
				t.Fatal(err)
			}
			for _, low := range []uintptr{0, 0x1ff, 0x107, 0x109} { // what AL would be: the first argument
				var in []reflect.Value
				for i := 0; i < v.Type().NumIn(); i++ {
					p := reflect.New(v.Type().In(i)).Elem()
					switch p.Kind() {
					case reflect.Uintptr:
						p.SetUint(uint64(low))
					case reflect.Func:
						p.Set(reflect.MakeFunc(p.Type(), func([]reflect.Value) []reflect.Value { return nil }))
					}
					in = append(in, p)
				}
				if v.Type().IsVariadic() {
					in = append(in[:len(in)-1], reflect.ValueOf(1.5), reflect.ValueOf(7), reflect.ValueOf(float32(2.5)))
				}
				for again := 0; again < 30; again++ { // Auto makes up its mind
					regs.RAX, regs.AnswerRAX = 0x5555, 0
					v.Call(in)
					if al := int(regs.RAX & 0xff); al < c.vectors || al > 8 {
						t.Errorf("%s, %v with %#x: AL is %d, the vector registers are %d", mode.Name, v.Type(), low, al, c.vectors)
						break
					}
				}
			}
		}
	}
}

// snprintf by signatures without "...".
func TestVariadicFunctionsOfFixedSignature(t *testing.T) {
	// Buffers whose address, the first argument, ends in zeros: AL, were it not set.
	page := make([]byte, 2<<8)
	at := (0x100 - uintptr(unsafe.Pointer(&page[0]))&0xff) & 0xff
	buf := page[at : at+0x100]
	address := uintptr(unsafe.Pointer(&buf[0]))
	format := func(s string) uintptr { return uintptr(unsafe.Pointer(&append([]byte(s), 0)[0])) }
	p := gangway.Process()
	for _, mode := range testlib.Modes {
		check := func(what string, n int32, want string) {
			t.Helper()
			if got := string(buf[:len(want)]); int(n) != len(want) || got != want {
				t.Errorf("%s, %s: %d, %q and not %q", mode.Name, what, n, got, want)
			}
			copy(buf, make([]byte, len(buf)))
		}
		for again := 0; again < 30; again++ {
			words := gangway.MustFunc[func(buf, n, format uintptr, x, y float64) int32](p, "snprintf", mode.Option)
			check("words", words(address, 256, format("%g %g"), 1.5, -2.25), "1.5 -2.25")
			pointers := gangway.MustFunc[func(buf *byte, n uint, format string, x float64, s string) int32](p, "snprintf", mode.Option)
			check("strings", pointers(&buf[0], 256, "%g %s", 0.125, "eighth"), "0.125 eighth")
			pointer := gangway.MustFunc[func(buf *byte, n, format uintptr, x float64) int32](p, "snprintf", mode.Option)
			check("a pointer", pointer(&buf[0], 256, format("%g"), 1e100), "1e+100")
			errno := gangway.MustFunc[func(buf *byte, n, format uintptr, x float64) (int32, syscall.Errno)](p, "snprintf", mode.Option)
			n, _ := errno(&buf[0], 256, format("%.1f"), 7)
			check("errno", n, "7.0")
			// Ten doubles: two of them on the stack. And a struct of a double goes where the double goes.
			many := gangway.MustFunc[func(buf *byte, n uint, format string, a, b, c, d, e double, f, g, h, i, j float64) int32](p, "snprintf", mode.Option)
			check("many", many(&buf[0], 256, "%g %g %g %g %g %g %g %g %g %g", double{1}, double{2}, double{3}, double{4}, double{5},
				6, 7, 8, 9, 10), "1 2 3 4 5 6 7 8 9 10")
			mix := gangway.MustFunc[func(buf *byte, n uint, format string, a intDouble, b twoDoubles, c int) int32](p, "snprintf", mode.Option)
			check("structs", mix(&buf[0], 256, "%ld %g %g %g %ld", intDouble{-3, 0.5}, twoDoubles{2.5, 3.5}, 9), "-3 0.5 2.5 3.5 9")
		}
	}
}
