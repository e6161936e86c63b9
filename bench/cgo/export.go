//go:build cgo

package main

// #include "bench.h"
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

//export goSuccessor
func goSuccessor(x C.int64_t) C.int64_t { return C.int64_t(child.Successor(int64(x))) }

//export goFortyTwo
func goFortyTwo() C.int64_t { return C.int64_t(child.FortyTwo()) }

//export goScaled
func goScaled(x C.int64_t, y C.int32_t, p unsafe.Pointer) C.int64_t {
	return C.int64_t(child.Scaled(int64(x), int32(y), p))
}

//export goConvert
func goConvert(in C.struct_bench_in) C.struct_bench_out {
	out := child.Convert(child.In{A: int64(in.a), B: float64(in.b), C: int32(in.c), D: int32(in.d)})
	return C.struct_bench_out{a: C.int64_t(out.A), b: C.double(out.B)}
}

//export goCompareInts
func goCompareInts(a, b unsafe.Pointer) C.int { return C.int(child.CompareInts(a, b)) }
