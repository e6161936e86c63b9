//go:build cgo

// Implementation "cgo".
package main

/*
#cgo CFLAGS: -I${SRCDIR}/../c
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "open.h"

// Exported by export.go.
int64_t goSuccessor(int64_t);
int64_t goScaled(int64_t, int32_t, void *);
struct bench_out goConvert(struct bench_in);

static struct bench_lib lib;

static const char *open_lib(const char *path) { return bench_open(&lib, path); }

// Called through a pointer, as Gangway does, which costs what a call through the linkage table costs.
static int64_t call0(void) { return lib.call0(); }
static int64_t steady(void) { return lib.steady(); }
static int call2(int a, int b) { return lib.call2(a, b); }
static double call3(double a, double b, double c) { return lib.call3(a, b, c); }
static int call6(int a, int b, int c, int d, int e, int f) { return lib.call6(a, b, c, d, e, f); }
static double call14(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, double k, double l,
	double m, double n)
{
	return lib.call14(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
static struct bench_out structs(struct bench_in in) { return lib.structs(in); }
static int64_t callback1(int64_t x) { return lib.callback1(goSuccessor, x); }
static int64_t callbacks(int64_t n) { return lib.callbacks(goSuccessor, n); }
static int64_t callbacks3(int64_t n) { return lib.callbacks3(goScaled, n); }
static int64_t callbacks_struct(const struct bench_in *in, int64_t n) { return lib.callbacks_struct(goConvert, in, n); }
static int64_t foreign(int64_t n, int64_t *sum) { return lib.foreign(goSuccessor, n, sum); }
static void wait_us(int64_t us) { lib.wait(us); }
static void wait_mixed(int64_t us) { lib.wait_mixed(us); }
*/
import "C"

import (
	"errors"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

func main() {
	path := C.CString(child.Library())
	if e := C.open_lib(path); e != nil {
		child.Fail(errors.New(C.GoString(e)))
	}
	C.free(unsafe.Pointer(path))
	const impl = "cgo"
	benches := []child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: runCall0},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: runCall2},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: runCall3},
		{Row: "call6", Impl: impl, CheckN: child.CheckN, Run: runCall6},
		{Row: "call14", Impl: impl, CheckN: child.CheckN, Run: runCall14},
		{Row: "structs", Impl: impl, CheckN: child.CheckN, Run: runStructs},
		{Row: "steady", Impl: impl, CheckN: child.CheckN, Run: runSteady},
		{Row: "callback1", Impl: impl, CheckN: child.CheckN, Run: runCallback1},
		{Row: "callbacks", Impl: impl, CheckN: child.CheckN,
			Run: child.Callbacks(func(n int64) int64 { return int64(C.callbacks(C.int64_t(n))) })},
		{Row: "callback3", Impl: impl, CheckN: child.CheckN,
			Run: child.Callback3(func(n int64) int64 { return int64(C.callbacks3(C.int64_t(n))) })},
		{Row: "callbackstruct", Impl: impl, CheckN: child.CheckN, Run: child.CallbackStruct(func(ins *child.In,
			n int64) int64 {
			return int64(C.callbacks_struct((*C.struct_bench_in)(unsafe.Pointer(ins)), C.int64_t(n)))
		})},
		{Row: "foreign", Impl: impl, CheckN: child.CheckN, Threads: true, Run: child.Foreign(func(n int64) (int64,
			int64) {
			var sum C.int64_t
			ns := C.foreign(C.int64_t(n), &sum)
			return int64(sum), int64(ns)
		})},
	}
	benches = append(benches, child.Rows(impl, more())...)
	benches = append(benches, child.AtOnce(impl, runCall0)...)
	benches = append(benches, direct()...)
	child.Serve(append(benches, child.Latency(impl,
		func(us int64) { C.wait_us(C.int64_t(us)) },
		func(us int64) { C.wait_mixed(C.int64_t(us)) })...))
}

func runCall0(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.call0())
	}
	took := time.Since(start)
	child.Check("call0", sum == child.Call0Result*int64(n))
	return took
}

func runSteady(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.steady())
	}
	took := time.Since(start)
	child.Check("steady", sum == child.SteadyResult*int64(n))
	return took
}

func runCall2(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.call2(C.int(i&1023), 7))
	}
	took := time.Since(start)
	child.Check("call2", sum == child.Sum(n, child.Call2Rest))
	return took
}

func runCall3(n int) time.Duration {
	var sum float64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += float64(C.call3(2, 3, 4))
	}
	took := time.Since(start)
	child.Check("call3", sum == 10*float64(n))
	return took
}

func runCall6(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.call6(C.int(i&1023), 2, 3, 4, 5, 6))
	}
	took := time.Since(start)
	child.Check("call6", sum == child.Sum(n, child.Call6Rest))
	return took
}

func runCall14(n int) time.Duration {
	var sum float64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += float64(C.call14(C.int(i&1023), 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5, 1.5, 2.5, 3.5))
	}
	took := time.Since(start)
	child.Check("call14", sum == float64(child.Sum(n, child.Call14Rest)))
	return took
}

func runStructs(n int) time.Duration {
	var a int64
	var b float64
	start := time.Now()
	for i := 0; i < n; i++ {
		out := C.structs(*(*C.struct_bench_in)(unsafe.Pointer(&child.Ins[i&1023])))
		a += int64(out.a)
		b += float64(out.b)
	}
	took := time.Since(start)
	child.Check("structs", a == child.Sum(n, child.StructsRest) && b == child.StructsB*float64(n))
	return took
}

func runCallback1(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.callback1(1))
	}
	took := time.Since(start)
	child.Check("callback1", sum == 3*int64(n))
	return took
}
