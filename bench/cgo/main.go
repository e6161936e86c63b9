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
int goCompareInts(void *, void *);

static struct bench_lib lib;

static const char *open_lib(const char *path) { return bench_open(&lib, path); }

// Called through a pointer, as Gangway does, which costs what a call through the linkage table costs.
static int64_t call0(void) { return lib.call0(); }
static int64_t steady(void) { return lib.steady(); }
static int call2(int a, int b) { return lib.call2(a, b); }
static double call3(double a, double b, double c) { return lib.call3(a, b, c); }
static int64_t callback1(int64_t x) { return lib.callback1(goSuccessor, x); }
static int64_t callbacks(int64_t n) { return lib.callbacks(goSuccessor, n); }
static int64_t foreign(int64_t n, int64_t *sum) { return lib.foreign(goSuccessor, n, sum); }
static void sort(void *base, size_t n) { qsort(base, n, 4, (bench_compare *)goCompareInts); }
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
		{Row: "steady", Impl: impl, CheckN: child.CheckN, Run: runSteady},
		{Row: "callback1", Impl: impl, CheckN: child.CheckN, Run: runCallback1},
		{Row: "callbacks", Impl: impl, CheckN: child.CheckN, Run: child.Callbacks(func(n int64) int64 { return int64(C.callbacks(C.int64_t(n))) })},
		{Row: "foreign", Impl: impl, CheckN: child.CheckN, Threads: true, Run: child.Foreign(func(n int64) (int64, int64) {
			var sum C.int64_t
			ns := C.foreign(C.int64_t(n), &sum)
			return int64(sum), int64(ns)
		})},
		{Row: "qsort", Impl: impl, CheckN: 1, Run: child.Qsort(func(base unsafe.Pointer, n uintptr) { C.sort(base, C.size_t(n)) })},
	}
	child.Serve(append(benches, child.Collections(impl,
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
	child.Check("call2", sum == child.Call2Sum(n))
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
