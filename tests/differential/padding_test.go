package differential_test

import (
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// Types with blank fields, in functions that Go's compiler made: package reflect goes by the same rules, but on a path of
// its own.
type (
	tailed struct {
		Wide gangway.Uint128
		A    int64
		B    int32
		C    int16
		D    int8
		_    [1]byte // its array of one byte has a register in Go, and no place in C
	}
	inner struct {
		A int8
		_ [15]byte
		B gangway.LongDouble
		C int16
		_ [14]byte
	}
)

func TestBlankFields(t *testing.T) {
	l := library(t)
	for _, mode := range testlib.Modes {
		in := tailed{Wide: gangway.Uint128{Lo: 1<<64 - 1, Hi: 6}, A: -1, B: 1 << 30, C: -300, D: 100}
		want := tailed{Wide: gangway.Uint128{Lo: 9, Hi: 7}, A: 9, B: 1<<30 + 10, C: -290, D: 110}
		add := gangway.MustFunc[func(tailed, int8) tailed](l, "gd_tailed", mode.Option)
		if got := add(in, 10); got != want {
			t.Errorf("%s: %+v, not %+v", mode.Name, got, want)
		}
		call := gangway.MustFunc[func(func(tailed, int8) tailed, tailed, int8) tailed](l, "gd_call_tailed", mode.Option)
		got := call(func(x tailed, by int8) tailed {
			if x != in || by != 10 {
				t.Errorf("%s: a callback's parameters are %+v, %d", mode.Name, x, by)
			}
			testlib.Grow(30, 0, new(int))
			return want
		}, in, 10)
		if got != want {
			t.Errorf("%s: through a callback: %+v, not %+v", mode.Name, got, want)
		}
		x := inner{A: -3, B: gangway.NewLongDouble(0.25), C: 1000}
		sum := gangway.MustFunc[func(inner, float64) gangway.LongDouble](l, "gd_inner", mode.Option)
		if s := sum(x, 2).Float64(); s != 999.25 {
			t.Errorf("%s: %v, not 999.25", mode.Name, s)
		}
		swap := gangway.MustFunc[func(func(int32, inner) inner, int32, inner) inner](l, "gd_call_inner", mode.Option)
		y := swap(func(n int32, x inner) inner {
			return inner{A: int8(x.C), B: gangway.NewLongDouble(x.B.Float64() + float64(n)), C: int16(x.A)}
		}, 7, x)
		if y.A != -24 || y.B.Float64() != 7.25 || y.C != -3 {
			t.Errorf("%s: %+v", mode.Name, y)
		}
	}
}
