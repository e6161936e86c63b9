package child

import (
	"time"
	"unsafe"
)

// What libbench.so returns (bench/c/bench.h).
const (
	Call0Result  = 42
	SteadyResult = 43
)

// CheckN is a Bench's CheckN for rows of cheap operations.
const CheckN = 100

// Call2Sum returns the sum of what the call2 row adds up: the calls f(i&1023, 7) for i below n.
func Call2Sum(n int) (sum int64) {
	for i := 0; i < n; i++ {
		sum += int64(i&1023) + 7
	}
	return sum
}

// Call0 returns the call0 or steady row of a func value whose calls return result.
func Call0(row string, f func() int64, result int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += f()
		}
		took := time.Since(start)
		Check(row, sum == result*int64(n))
		return took
	}
}

// Call2 returns the call2 row of a func value.
func Call2(f func(a, b int32) int32) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += int64(f(int32(i&1023), 7))
		}
		took := time.Since(start)
		Check("call2", sum == Call2Sum(n))
		return took
	}
}

// Call3 returns the call3 row of a func value.
func Call3(f func(a, b, c float64) float64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum float64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += f(2, 3, 4)
		}
		took := time.Since(start)
		Check("call3", sum == 10*float64(n))
		return took
	}
}

// Successor is the Go function that C calls back.
func Successor(x int64) int64 { return x + 1 }

// Callback1 returns the callback1 row: n calls of f, which calls Successor(1) back and adds 1 to its result.
func Callback1(f func() int64) func(n int) time.Duration { return Call0("callback1", f, 3) }

// Callbacks returns the callbacks row: one call of f, which calls Successor back for 0 to n-1 and returns the sum.
func Callbacks(f func(n int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		sum := f(int64(n))
		took := time.Since(start)
		Check("callbacks", sum == SuccessorSum(n))
		return took
	}
}

// SuccessorSum returns the sum of Successor(i) for i below n.
func SuccessorSum(n int) int64 { return int64(n) * int64(n+1) / 2 }

// Foreign returns the foreign row: f has a new thread call Successor back n times, and returns the sum and the time.
func Foreign(f func(n int64) (sum, ns int64)) func(n int) time.Duration {
	return func(n int) time.Duration {
		sum, ns := f(int64(n))
		Check("foreign", ns >= 0 && sum == SuccessorSum(n))
		return time.Duration(ns)
	}
}

const sortLength = 100000

// CompareInts is the comparator of the qsort row.
func CompareInts(a, b unsafe.Pointer) int32 {
	x, y := *(*int32)(a), *(*int32)(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// Qsort returns the qsort row: f sorts n int32 at base by libc's qsort and CompareInts.
func Qsort(f func(base unsafe.Pointer, n uintptr)) func(n int) time.Duration {
	unsorted := make([]int32, sortLength)
	x := uint64(1)
	for i := range unsorted {
		x = xorshift(x)
		unsorted[i] = int32(x >> 32)
	}
	sorted := make([]int32, sortLength)
	return func(n int) (took time.Duration) {
		for i := 0; i < n; i++ {
			copy(sorted, unsorted)
			start := time.Now()
			f(unsafe.Pointer(&sorted[0]), sortLength)
			took += time.Since(start)
			var before, after uint64
			for j := range sorted {
				Check("qsort", j == 0 || sorted[j-1] <= sorted[j])
				before += uint64(uint32(unsorted[j]))
				after += uint64(uint32(sorted[j]))
			}
			Check("qsort", before == after)
		}
		return took
	}
}
