package main

// The operations that call C with every kind of argument and result.

import (
	"runtime"
	"syscall"

	"github.com/gangwayffi/gangway"
)

func (s *site) integers() {
	for k := int64(0); k < 20; k++ {
		s.check(s.ints(k, 1, 2, 3, 4, 5) == k+3+10+21+44+65, "gt_ints6")
		s.check(s.i8(int8(k-10)) == int8(k-10), "gt_id_i8")
		s.check(s.u16(uint16(60000+k)) == uint16(60000+k), "gt_id_u16")
		s.check(s.bool(k&1 == 0) == (k&1 == 0), "gt_id_bool")
	}
}

func (s *site) floats() {
	x := float64(s.r.intn(1000))
	s.check(s.doubles(x, 1, 2, 3, 4, 5, 6, 7) == x+3+10+21+44+65+102+133, "gt_doubles8")
	s.check(s.float(float32(x)) == float32(x), "gt_id_float")
}

func (s *site) manyArguments() {
	x := float64(s.r.intn(1000))
	got := s.many(1, 2, -3, 4, 5, -6, 7, 8, 9, -10, 11, 12, -13, 14, 60000, 16, -17, 18, true, 20, 21, x)
	want := 1 + 2*2 + 3*-3 + 5*4 + 7*5 + 11*-6 + 13*7 + 17*8 + 19*9 + 23*-10 + 29*11 + 31*12 + 37*-13 + 41*14 + 43*60000 +
		47*16 + 53*-17 + 59*18 + 61 + 67*20 + 71*21 + 73*x
	s.check(got == want, "gt_mixed22: %v, not %v", got, want)
}

func (s *site) pointers() {
	p := &[4]int64{1, 2, 3, int64(s.depth)}
	if s.r.intn(50) == 0 {
		runtime.GC()
	}
	q := s.pointer(p)
	s.check(q == p && q[3] == int64(s.depth), "gt_id_pointer")
}

func (s *site) errnos() {
	e := s.r.intn(130)
	n, errno := s.errno(int32(e), int64(e))
	s.check(n == int64(e) && errno == syscall.Errno(e), "gt_errno_set: %d, %d, not %d", n, errno, e)
}

// values returns structs with small integers in them, so that floats are exact.
func (s *site) values() (small, vector, pair, big) {
	i := func() int { return s.r.intn(200) - 100 }
	t := small{int8(i()), int16(100 * i()), float32(i())}
	b := big{s: small{int8(i()), int16(i()), float32(i())}}
	for k := range b.v {
		b.v[k] = int64(i()) << 33
	}
	return t, vector{float32(i()), float32(i()), float32(i())}, pair{int64(i()), float64(i()) / 4}, b
}

func (s *site) structs() {
	t, v, p, b := s.values()
	k := int32(s.r.intn(1000))
	got := s.mix(t, v, p, b, k)
	want := pair{int64(t.a) + 3*int64(t.b) + 5*p.n + 11*int64(b.s.b) + int64(k),
		float64(t.c) + float64(v.x+2*v.y+3*v.z) + p.d + float64(b.s.c)}
	for i, x := range b.v {
		want.n += 7 * int64(i+1) * x
	}
	s.check(got == want, "gs_mix: %v, not %v", got, want)
}

func (s *site) largeStructs() {
	t, _, _, b := s.values()
	s.check(s.grow(b, t) == enlarge(b, t), "gs_grow")
}

func (s *site) wideScalars() {
	x := float64(s.r.intn(1000)) / 8
	s.check(s.scale(gangway.NewLongDouble(x), 3).Float64() == 3*x, "gs_scale")
	a, b := complex(x, 2), complex(1, -x)
	s.check(s.times(a, b) == complex(x+2*x, 2-x*x), "gs_times")
	n := int64(s.r.intn(1 << 30))
	s.check(s.negate(gangway.Int128{Lo: uint64(n), Hi: 0}) == negated(n), "gs_negate")
}

func negated(n int64) gangway.Int128 {
	if n == 0 {
		return gangway.Int128{}
	}
	return gangway.Int128{Lo: uint64(-n), Hi: -1}
}

var words = [...]string{"", "one", "twenty-two", "three hundred and thirty-three", ""}

func (s *site) strings() {
	length := s.r.intn(64)
	if s.r.intn(50) == 0 {
		length = 5000 // more than the system stack takes
	}
	text := make([]byte, length)
	h := uint64(1469598103934665603)
	for i := range text {
		text[i] = byte(1 + s.r.intn(255))
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	s.check(s.hash(string(text)) == h, "gs_hash")
	i := s.r.intn(5)
	s.check(s.word(int32(i)) == words[i], "gs_word(%d)", i)
}

func (s *site) variadic() {
	n := s.r.intn(6)
	var rest []any
	want := 0.0
	for i := 0; i < n; i++ {
		x, y := int64(s.r.intn(1000)), float64(s.r.intn(1000))/2
		rest = append(rest, x, y)
		want += float64(int64(i+1)*x) + y
	}
	got := s.sum(int32(n), rest...)
	s.check(got == want, "gs_sum: %v, not %v", got, want)
}

func (s *site) slices() {
	v := make([]int32, s.r.intn(40))
	want := int64(0)
	for i := range v {
		v[i] = int32(s.r.intn(1000) - 500)
		want += int64(i+1) * int64(v[i])
	}
	s.check(s.total(v, uint64(len(v))) == want, "gs_total")
}
