package differential_test

import (
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// What Go has no type for: the tag says what the struct is in C.
type (
	packed struct {
		_    struct{} `gangway:"packed{i8, i32}"`
		Kind int8
		Size [4]byte
	}
	number struct {
		_    struct{} `gangway:"union{i32, f64}"`
		Bits uint64
	}
	floats struct {
		_ struct{} `gangway:"union{[2]f32, f64}"`
		V [2]float32
	}
	aligned struct {
		_    struct{} `gangway:"{i64@16, i64, ptr}"`
		A, B int64
		P    *int64
		_    int64
	}
	opaque struct { // packed, with an int16 at 11
		_    struct{} `gangway:"mem13@1"`
		V    [11]byte
		Late [2]byte
	}
	flexible struct {
		_ struct{} `gangway:"{f32, [0]f64}"`
		A float32
		_ [4]byte
	}
	outer struct {
		A int8
		B packed
		C [2]number
		_ [8]byte // before what C aligns to 16
		D aligned
	}
)

func little(b [4]byte) int32 { return int32(b[0]) | int32(b[1])<<8 | int32(b[2])<<16 | int32(b[3])<<24 }

func TestTags(t *testing.T) {
	l := library(t)
	x := int64(77)
	for _, mode := range testlib.Modes {
		p := packed{Kind: 3, Size: [4]byte{1, 2, 3, 4}}
		sizeOf := gangway.MustFunc[func(int64, packed, int8) int32](l, "gd_packed", mode.Option)
		if got := sizeOf(10, p, 100); got != 0x04030201+10+3+100 {
			t.Errorf("%s: packed: %#x", mode.Name, got)
		}
		double := gangway.MustFunc[func(number, floats) number](l, "gd_number", mode.Option)
		if got := double(number{Bits: 7<<32 | 20}, floats{V: [2]float32{1.5, 2.5}}); *(*float64)(unsafe.Pointer(&got.Bits)) != 24 {
			t.Errorf("%s: union: %#x", mode.Name, got.Bits)
		}
		behind := gangway.MustFunc[func(a, b, c, d, e, f, g int64, x aligned, h int8) aligned](l, "gd_aligned", mode.Option)
		want := aligned{A: 28, B: 8, P: &x}
		if got := behind(1, 2, 3, 4, 5, 6, 7, aligned{A: 8, B: 9, P: &x}, -1); got != want {
			t.Errorf("%s: aligned: %+v, not %+v", mode.Name, got, want)
		}
		add := gangway.MustFunc[func(opaque, int16) opaque](l, "gd_opaque", mode.Option)
		if got := add(opaque{V: [11]byte{1, 0, 9}, Late: [2]byte{3, 1}}, 0x201); got != (opaque{V: [11]byte{2, 2, 9}, Late: [2]byte{4, 3}}) {
			t.Errorf("%s: opaque: %v", mode.Name, got)
		}
		half := gangway.MustFunc[func(flexible, float32) flexible](l, "gd_flexible", mode.Option)
		if got := half(flexible{A: 3}, 2); got.A != 1.5 {
			t.Errorf("%s: flexible: %v", mode.Name, got)
		}
		call := gangway.MustFunc[func(func(packed, number, outer, floats) outer, outer) outer](l, "gd_call_outer", mode.Option)
		in := outer{A: 1, B: p, C: [2]number{{Bits: 5}, {Bits: 6}}, D: aligned{A: 1, B: 2, P: &x}}
		got := call(func(p packed, n number, o outer, f floats) outer {
			testlib.Grow(30, 0, new(int))
			if little(p.Size) != 0x04030201 || p.Kind != 3 || n.Bits != 5 || o != in || f.V != [2]float32{0.5, 0.25} {
				t.Errorf("%s: a callback got %+v, %+v, %+v, %+v", mode.Name, p, n, o, f)
			}
			o.A, o.C[1].Bits, o.D.B = -9, 1<<63, 4
			return o
		}, in)
		in.A, in.C[1].Bits, in.D.B = -9, 1<<63, 4
		if got != in {
			t.Errorf("%s: through a callback: %+v, not %+v", mode.Name, got, in)
		}
	}
}
