//go:build cgo

package main

/*
#include <stdlib.h>
#include "open.h"

int64_t goSuccessor(int64_t);
int64_t goFortyTwo(void);
int goCompareInts(void *, void *);

static struct bench_lib lib;

static const char *open_more(const char *path) { return bench_open(&lib, path); }

static size_t length(const char *s) { return lib.strlen(s); }
static int error(int code) { return lib.error(code); }
static int64_t threads(int64_t n) { return lib.threads(goSuccessor, n); }
static void sort(void *base, size_t n) { qsort(base, n, 4, (bench_compare *)goCompareInts); }
static int64_t args0(void) { return lib.call0(); }
static int64_t option(int which, int64_t value) { return lib.option(NULL, which, value); }
static int64_t callback_arg(int64_t x) { return lib.callback1(goSuccessor, x); }
static int64_t callbacks0(int64_t n) { return lib.callbacks0(goFortyTwo, n); }
#define ARGS(n) static int64_t args##n(BENCH_P##n) { return lib.args##n(BENCH_A##n); }
#define BYTES(n) static struct bench_bytes##n bytes##n(struct bench_bytes##n b) { return lib.bytes##n(b); }
BENCH_COUNTS(ARGS)
BENCH_SIZES(BYTES)
*/
import "C"

import (
	"errors"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

// more returns the functions of the rows that loops of func values serve: what those cost is little beside a call.
func more() child.Functions {
	path := C.CString(child.Library())
	defer C.free(unsafe.Pointer(path))
	if e := C.open_more(path); e != nil {
		child.Fail(errors.New(C.GoString(e)))
	}
	f := child.Functions{
		// As users of cgo do it: a copy on C's heap for each call.
		Strlen: func(s string) uint {
			c := C.CString(s)
			n := C.length(c)
			C.free(unsafe.Pointer(c))
			return uint(n)
		},
		Errno: func(code int32) (int32, syscall.Errno) {
			r, err := C.error(C.int(code))
			errno, _ := err.(syscall.Errno)
			return int32(r), errno
		},
		Threads: func(n int64) int64 { return int64(C.threads(C.int64_t(n))) },
		Sort:    func(base unsafe.Pointer, n uintptr) { C.sort(base, C.size_t(n)) },
	}
	f.Callback0 = func(n int64) int64 { return int64(C.callbacks0(C.int64_t(n))) }
	f.Option = func(option int32, value int64) int64 { return int64(C.option(C.int(option), C.int64_t(value))) }
	f.FuncArg = func(_ func(int64) int64, x int64) int64 { return int64(C.callback_arg(C.int64_t(x))) }
	f.Args.N0 = func() int64 { return int64(C.args0()) }
	as(&f.Args.N1, func(a0 C.int64_t) C.int64_t {
		return C.args1(a0)
	})
	as(&f.Args.N2, func(a0, a1 C.int64_t) C.int64_t {
		return C.args2(a0, a1)
	})
	as(&f.Args.N4, func(a0, a1, a2, a3 C.int64_t) C.int64_t {
		return C.args4(a0, a1, a2, a3)
	})
	as(&f.Args.N6, func(a0, a1, a2, a3, a4, a5 C.int64_t) C.int64_t {
		return C.args6(a0, a1, a2, a3, a4, a5)
	})
	as(&f.Args.N8, func(a0, a1, a2, a3, a4, a5, a6, a7 C.int64_t) C.int64_t {
		return C.args8(a0, a1, a2, a3, a4, a5, a6, a7)
	})
	as(&f.Args.N9, func(a0, a1, a2, a3, a4, a5, a6, a7, a8 C.int64_t) C.int64_t {
		return C.args9(a0, a1, a2, a3, a4, a5, a6, a7, a8)
	})
	as(&f.Args.N12, func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11 C.int64_t) C.int64_t {
		return C.args12(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11)
	})
	as(&f.Args.N14, func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13 C.int64_t) C.int64_t {
		return C.args14(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13)
	})
	as(&f.Args.N16, func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15 C.int64_t) C.int64_t {
		return C.args16(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15)
	})
	as(&f.Args.N24, func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
		a19, a20, a21, a22, a23 C.int64_t) C.int64_t {
		return C.args24(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
			a19, a20, a21, a22, a23)
	})
	as(&f.Args.N32, func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
		a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31 C.int64_t) C.int64_t {
		return C.args32(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
			a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31)
	})
	as(&f.Args.N40, func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
		a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37,
		a38, a39 C.int64_t) C.int64_t {
		return C.args40(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,
			a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38,
			a39)
	})
	as(&f.Sizes.B8, func(b C.struct_bench_bytes8) C.struct_bench_bytes8 { return C.bytes8(b) })
	as(&f.Sizes.B16, func(b C.struct_bench_bytes16) C.struct_bench_bytes16 { return C.bytes16(b) })
	as(&f.Sizes.B24, func(b C.struct_bench_bytes24) C.struct_bench_bytes24 { return C.bytes24(b) })
	as(&f.Sizes.B32, func(b C.struct_bench_bytes32) C.struct_bench_bytes32 { return C.bytes32(b) })
	as(&f.Sizes.B64, func(b C.struct_bench_bytes64) C.struct_bench_bytes64 { return C.bytes64(b) })
	as(&f.Sizes.B128, func(b C.struct_bench_bytes128) C.struct_bench_bytes128 { return C.bytes128(b) })
	as(&f.Sizes.B256, func(b C.struct_bench_bytes256) C.struct_bench_bytes256 { return C.bytes256(b) })
	return f
}

// as sets *to to a function of C's types, which are Go's by other names: the same arguments in the same places.
func as[F, G any](to *F, from G) { *to = *(*F)(unsafe.Pointer(&from)) }
