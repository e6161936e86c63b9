//go:build cgo && go1.24

package main

/*
#include "open.h"

static struct bench_lib lib;

static const char *open_direct(const char *path) { return bench_open(&lib, path); }

static int64_t direct_call0(void) { return lib.call0(); }
static int direct_call2(int a, int b) { return lib.call2(a, b); }
static double direct_call3(double a, double b, double c) { return lib.call3(a, b, c); }
static size_t direct_strlen(const char *s) { return lib.strlen(s); }

#cgo noescape direct_call0
#cgo nocallback direct_call0
#cgo noescape direct_call2
#cgo nocallback direct_call2
#cgo noescape direct_call3
#cgo nocallback direct_call3
#cgo noescape direct_strlen
#cgo nocallback direct_strlen
*/
import "C"

import (
	"errors"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

// direct returns the rows of implementation "cgo-nocallback": cgo, told that C neither keeps pointers nor calls back.
func direct() []child.Bench {
	path := append([]byte(child.Library()), 0)
	if e := C.open_direct((*C.char)(unsafe.Pointer(&path[0]))); e != nil {
		child.Fail(errors.New(C.GoString(e)))
	}
	const impl = "cgo-nocallback"
	return []child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: runDirectCall0},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: runDirectCall2},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: runDirectCall3},
		{Row: "strlen", Impl: impl, CheckN: child.CheckN, Run: runDirectStrlen},
	}
}

func runDirectCall0(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.direct_call0())
	}
	took := time.Since(start)
	child.Check("call0", sum == child.Call0Result*int64(n))
	return took
}

func runDirectCall2(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(C.direct_call2(C.int(i&1023), 7))
	}
	took := time.Since(start)
	child.Check("call2", sum == child.Sum(n, child.Call2Rest))
	return took
}

func runDirectCall3(n int) time.Duration {
	var sum float64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += float64(C.direct_call3(2, 3, 4))
	}
	took := time.Since(start)
	child.Check("call3", sum == 10*float64(n))
	return took
}

// A copy that ends in NUL, on the goroutine stack: C does not keep it.
func runDirectStrlen(n int) time.Duration {
	var sum uint
	start := time.Now()
	for i := 0; i < n; i++ {
		var text [64]byte
		copy(text[:len(text)-1], child.Text)
		sum += uint(C.direct_strlen((*C.char)(unsafe.Pointer(&text[0]))))
	}
	took := time.Since(start)
	child.Check("strlen", sum == uint(len(child.Text)*n))
	return took
}
