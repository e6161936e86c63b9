package child

import (
	"strconv"
	"time"
)

// Args are functions of so many int64: bench_argsN returns 1*a0 + 2*a1 + ... + N*aN-1.
type Args struct {
	N0  func() int64                                                                           `c:"bench_call0"`
	N1  func(a0 int64) int64                                                                   `c:"bench_args1"`
	N2  func(a0, a1 int64) int64                                                               `c:"bench_args2"`
	N4  func(a0, a1, a2, a3 int64) int64                                                       `c:"bench_args4"`
	N6  func(a0, a1, a2, a3, a4, a5 int64) int64                                               `c:"bench_args6"`
	N8  func(a0, a1, a2, a3, a4, a5, a6, a7 int64) int64                                       `c:"bench_args8"`
	N9  func(a0, a1, a2, a3, a4, a5, a6, a7, a8 int64) int64                                   `c:"bench_args9"`
	N12 func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11 int64) int64                     `c:"bench_args12"`
	N14 func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13 int64) int64           `c:"bench_args14"`
	N16 func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15 int64) int64 `c:"bench_args16"`
	N24 func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20,
		a21, a22, a23 int64) int64 `c:"bench_args24"`
	N32 func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20,
		a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31 int64) int64 `c:"bench_args32"`
	N40 func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20,
		a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37,
		a38, a39 int64) int64 `c:"bench_args40"`
}

// rows returns a point of the curve for each function that is there.
func (a *Args) rows() (benches []Bench) {
	add := func(there bool, count int, call func(n int) (sum int64)) {
		if there {
			benches = append(benches, Bench{Row: "args/" + strconv.Itoa(count), Run: args(count, call)})
		}
	}
	add(a.N0 != nil, 0, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N0()
		}
		return sum
	})
	add(a.N1 != nil, 1, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N1(1)
		}
		return sum
	})
	add(a.N2 != nil, 2, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N2(1, 2)
		}
		return sum
	})
	add(a.N4 != nil, 4, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N4(1, 2, 3, 4)
		}
		return sum
	})
	add(a.N6 != nil, 6, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N6(1, 2, 3, 4, 5, 6)
		}
		return sum
	})
	add(a.N8 != nil, 8, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N8(1, 2, 3, 4, 5, 6, 7, 8)
		}
		return sum
	})
	add(a.N9 != nil, 9, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N9(1, 2, 3, 4, 5, 6, 7, 8, 9)
		}
		return sum
	})
	add(a.N12 != nil, 12, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
		}
		return sum
	})
	add(a.N14 != nil, 14, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N14(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
		}
		return sum
	})
	add(a.N16 != nil, 16, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N16(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
		}
		return sum
	})
	add(a.N24 != nil, 24, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N24(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)
		}
		return sum
	})
	add(a.N32 != nil, 32, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
				25, 26, 27, 28, 29, 30, 31, 32)
		}
		return sum
	})
	add(a.N40 != nil, 40, func(n int) (sum int64) {
		for i := 0; i < n; i++ {
			sum += a.N40(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
				25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)
		}
		return sum
	})
	return benches
}

// args times calls, which adds up the results of n calls with 1 to count.
func args(count int, calls func(n int) (sum int64)) func(n int) time.Duration {
	want := int64(Call0Result)
	if count > 0 {
		want = 0
		for i := 1; i <= count; i++ {
			want += int64(i) * int64(i)
		}
	}
	return func(n int) time.Duration {
		start := time.Now()
		sum := calls(n)
		took := time.Since(start)
		Check("args", sum == want*int64(n))
		return took
	}
}

// Structs of so many bytes: bench_bytesN returns the one it gets.
type (
	Bytes8   struct{ V [1]int64 }
	Bytes16  struct{ V [2]int64 }
	Bytes24  struct{ V [3]int64 }
	Bytes32  struct{ V [4]int64 }
	Bytes64  struct{ V [8]int64 }
	Bytes128 struct{ V [16]int64 }
	Bytes256 struct{ V [32]int64 }
)

// Sizes are functions of structs.
type Sizes struct {
	B8   func(Bytes8) Bytes8     `c:"bench_bytes8"`
	B16  func(Bytes16) Bytes16   `c:"bench_bytes16"`
	B24  func(Bytes24) Bytes24   `c:"bench_bytes24"`
	B32  func(Bytes32) Bytes32   `c:"bench_bytes32"`
	B64  func(Bytes64) Bytes64   `c:"bench_bytes64"`
	B128 func(Bytes128) Bytes128 `c:"bench_bytes128"`
	B256 func(Bytes256) Bytes256 `c:"bench_bytes256"`
}

// rows returns a point of the curve for each function that is there.
func (s *Sizes) rows() (benches []Bench) {
	add := func(there bool, size int, run func(n int) time.Duration) {
		if there {
			benches = append(benches, Bench{Row: "structs/" + strconv.Itoa(size), Run: run})
		}
	}
	add(s.B8 != nil, 8, func(n int) time.Duration {
		in := Bytes8{V: [1]int64{0: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B8(in).V[0]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B8(in) == in)
		return took
	})
	add(s.B16 != nil, 16, func(n int) time.Duration {
		in := Bytes16{V: [2]int64{0: 3, 1: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B16(in).V[1]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B16(in) == in)
		return took
	})
	add(s.B24 != nil, 24, func(n int) time.Duration {
		in := Bytes24{V: [3]int64{0: 3, 2: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B24(in).V[2]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B24(in) == in)
		return took
	})
	add(s.B32 != nil, 32, func(n int) time.Duration {
		in := Bytes32{V: [4]int64{0: 3, 3: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B32(in).V[3]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B32(in) == in)
		return took
	})
	add(s.B64 != nil, 64, func(n int) time.Duration {
		in := Bytes64{V: [8]int64{0: 3, 7: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B64(in).V[7]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B64(in) == in)
		return took
	})
	add(s.B128 != nil, 128, func(n int) time.Duration {
		in := Bytes128{V: [16]int64{0: 3, 15: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B128(in).V[15]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B128(in) == in)
		return took
	})
	add(s.B256 != nil, 256, func(n int) time.Duration {
		in := Bytes256{V: [32]int64{0: 3, 31: 5}}
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += s.B256(in).V[31]
		}
		took := time.Since(start)
		Check("structs", sum == 5*int64(n) && s.B256(in) == in)
		return took
	})
	return benches
}
