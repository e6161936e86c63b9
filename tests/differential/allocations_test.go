package differential_test

import (
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type (
	three struct {
		A float64
		B int64
		C float32
	}
	two struct {
		A float64
		B int64
	}
)

// A call allocates nothing but a string result.
func TestZeroAllocations(t *testing.T) {
	l := library(t)
	testlib.OnlyFast(t, "calls on the other roads allocate")
	for _, mode := range testlib.Modes {
		if mode.Name == "Safe" {
			continue
		}
		many := gangway.MustFunc[func(a int64, b int8, c int64, d float64, e uint16, f int64, g float64, h int64, i int32, j float64, k int64,
			l bool, m float64, n int64) float64](l, "gd_many", mode.Option)
		structs := gangway.MustFunc[func(three) two](l, "gd_three", mode.Option)
		length := gangway.MustFunc[func(string) uint64](l, "gd_length", mode.Option)
		join := gangway.MustFunc[func(a, b string) string](l, "gd_join", mode.Option)
		apply := gangway.MustFunc[func(func(int64) int64, int64) int64](l, "gd_apply", mode.Option)
		triples := gangway.MustFunc[func(func(triple, string) triple, triple, string) triple](l, "gd_apply_triple", mode.Option)
		slice := gangway.MustFunc[func([]byte) uint64](l, "gd_length", mode.Option)
		wrong := ""
		check := func(ok bool, what string) {
			if !ok {
				wrong = what
			}
		}
		text := []byte("four\x00")
		long := string(make([]byte, 5000))
		offset := int64(5)
		function := func(x int64) int64 { return x + offset }
		onTriple := func(x triple, s string) triple { return triple{x.X, x.N + offset, x.C} }
		cases := []struct {
			name string
			max  float64
			call func()
		}{
			{"10 integers and 4 floats", 0, func() {
				const want = 1 - 4 + 9 + 16 + 25 + 36 - 49 + 64 + 9 + 100 + 2*0.5 + 3*1.5 + 5*2.5 + 7*3.5
				check(many(1, -2, 3, 0.5, 4, 5, 1.5, 6, -7, 2.5, 8, true, 3.5, 10) == want, "many")
			}},
			{"a struct of 24 bytes, one of 16", 0, func() {
				check(structs(three{1.5, 41, 2}) == two{3, 42}, "structs")
			}},
			{"a short string", 0, func() { check(length("a short string") == 14, "length") }},
			{"a long string", 0, func() { check(length(long) == 0, "long") }},
			{"a string result", 1, func() { check(join("a", "b") == "ab", "join") }},
			{"a slice", 0, func() { check(slice(text) == 4, "slice") }},
			{"a func", 0, func() { check(apply(function, 1) == 6, "apply") }},
			{"a func with structs and strings", 0, func() {
				check(triples(onTriple, triple{N: 1}, "") == triple{N: 6}, "triples")
			}},
		}
		for _, c := range cases {
			if n := testing.AllocsPerRun(200, c.call); n > c.max {
				t.Errorf("%s, %s: %v allocations a call", mode.Name, c.name, n)
			}
		}
		if wrong != "" {
			t.Errorf("%s: %s: a wrong result", mode.Name, wrong)
		}
	}
}
