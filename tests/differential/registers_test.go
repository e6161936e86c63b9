package differential_test

import (
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type (
	four struct{ A, B, C, D int64 }
	// With 14 floats before it, Go has no registers for its floats, so none is taken for its integer.
	mixed struct {
		A, B float64
		C    int64
	}
)

// Go passes a struct on the stack when registers of one kind run out, and later parameters again in registers.
func TestRegistersAfterStack(t *testing.T) {
	l := library(t)
	long := strings.Repeat("x", 6000)
	for _, mode := range testlib.Modes {
		option := mode.Option
		for name, test := range map[string]func(t *testing.T){
			"func after integers": func(t *testing.T) {
				call := gangway.MustFunc[func(a, b, c, d, e, f int64, g four, h func(int64) int64, i int32) int64](l, "gd_after_ints", option)
				if n := call(1, 2, 3, 4, 5, 6, four{7, 8, 9, 10}, func(x int64) int64 { return 2 * x }, -7); n != 103 {
					t.Errorf("%d", n)
				}
			},
			"string after integers": func(t *testing.T) {
				call := gangway.MustFunc[func(a, b, c, d, e, f int64, g four, s string) uint64](l, "gd_string_after_ints", option)
				for _, s := range []string{"", "text", long} {
					if n := call(1, 2, 3, 4, 5, 6, four{7, 8, 9, 10}, s); n != 55+uint64(len(s)) {
						t.Errorf("%d bytes: %d", len(s), n)
					}
				}
			},
			"func and string after floats": func(t *testing.T) {
				call := gangway.MustFunc[func(a, b, c, d, e, f, g, h, i, j, k, l, m, n float64, x mixed, o func(int64) int64, s string) int64](
					l, "gd_after_floats", option)
				for _, s := range []string{"", "text", long} {
					n := call(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, mixed{15, 16, 17}, func(x int64) int64 { return 2 * x }, s)
					if n != 2*153+int64(len(s)) {
						t.Errorf("%d bytes: %d", len(s), n)
					}
				}
			},
			"string of a callback after floats": func(t *testing.T) {
				call := gangway.MustFunc[func(uintptr, string) int64](l, "gd_call_after_floats", option)
				fn := testlib.Callback(t, func(a, b, c, d, e, f, g, h, i, j, k, l, m, n float64, x mixed, s string) int64 {
					return int64(a+b+c+d+e+f+g+h+i+j+k+l+m+n+x.A+x.B) + x.C + 1000*int64(len(s))
				})
				if n := call(fn, "text"); n != 4153 {
					t.Errorf("%d", n)
				}
			},
			"string of a callback after integers": func(t *testing.T) {
				call := gangway.MustFunc[func(uintptr, string) int64](l, "gd_call_after_ints", option)
				fn := testlib.Callback(t, func(a, b, c, d, e, f int64, g four, s string) int64 {
					return a + b + c + d + e + f + g.A + g.B + g.C + g.D + 1000*int64(len(s))
				})
				if n := call(fn, "text"); n != 4055 {
					t.Errorf("%d", n)
				}
			},
		} {
			t.Run(mode.Name+", "+name, func(t *testing.T) {
				defer func() {
					if v := recover(); v != nil {
						t.Errorf("panic: %v", v)
					}
				}()
				test(t)
			})
		}
	}
}
