//go:build cgo

package main

/*
#include <stdlib.h>
#include "open.h"

int64_t goSuccessor(int64_t);
int goCompareInts(void *, void *);

static struct bench_lib lib;

static const char *open_more(const char *path) { return bench_open(&lib, path); }

static size_t length(const char *s) { return lib.strlen(s); }
static int error(int code) { return lib.error(code); }
static int64_t threads(int64_t n) { return lib.threads(goSuccessor, n); }
static void sort(void *base, size_t n) { qsort(base, n, 4, (bench_compare *)goCompareInts); }
static int64_t args0(void) { return lib.call0(); }
static int64_t args1(int64_t a0)
{
	return lib.args1(a0);
}
static int64_t args2(int64_t a0, int64_t a1)
{
	return lib.args2(a0, a1);
}
static int64_t args4(int64_t a0, int64_t a1, int64_t a2, int64_t a3)
{
	return lib.args4(a0, a1, a2, a3);
}
static int64_t args6(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5)
{
	return lib.args6(a0, a1, a2, a3, a4, a5);
}
static int64_t args8(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7)
{
	return lib.args8(a0, a1, a2, a3, a4, a5, a6, a7);
}
static int64_t args12(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11)
{
	return lib.args12(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11);
}
static int64_t args16(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11, int64_t a12, int64_t a13, int64_t a14, int64_t a15)
{
	return lib.args16(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15);
}
static int64_t args24(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11, int64_t a12, int64_t a13, int64_t a14, int64_t a15, int64_t a16, int64_t a17, int64_t a18, int64_t a19, int64_t a20, int64_t a21, int64_t a22, int64_t a23)
{
	return lib.args24(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23);
}
static int64_t args32(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11, int64_t a12, int64_t a13, int64_t a14, int64_t a15, int64_t a16, int64_t a17, int64_t a18, int64_t a19, int64_t a20, int64_t a21, int64_t a22, int64_t a23, int64_t a24, int64_t a25, int64_t a26, int64_t a27, int64_t a28, int64_t a29, int64_t a30, int64_t a31)
{
	return lib.args32(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31);
}
static int64_t args40(int64_t a0, int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7, int64_t a8, int64_t a9, int64_t a10, int64_t a11, int64_t a12, int64_t a13, int64_t a14, int64_t a15, int64_t a16, int64_t a17, int64_t a18, int64_t a19, int64_t a20, int64_t a21, int64_t a22, int64_t a23, int64_t a24, int64_t a25, int64_t a26, int64_t a27, int64_t a28, int64_t a29, int64_t a30, int64_t a31, int64_t a32, int64_t a33, int64_t a34, int64_t a35, int64_t a36, int64_t a37, int64_t a38, int64_t a39)
{
	return lib.args40(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39);
}
static struct bench_bytes8 bytes8(struct bench_bytes8 b) { return lib.bytes8(b); }
static struct bench_bytes16 bytes16(struct bench_bytes16 b) { return lib.bytes16(b); }
static struct bench_bytes24 bytes24(struct bench_bytes24 b) { return lib.bytes24(b); }
static struct bench_bytes32 bytes32(struct bench_bytes32 b) { return lib.bytes32(b); }
static struct bench_bytes64 bytes64(struct bench_bytes64 b) { return lib.bytes64(b); }
static struct bench_bytes128 bytes128(struct bench_bytes128 b) { return lib.bytes128(b); }
static struct bench_bytes256 bytes256(struct bench_bytes256 b) { return lib.bytes256(b); }
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
	return child.Functions{
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
		Args: child.Args{
			N0: func() int64 { return int64(C.args0()) },
			N1: func(a0 int64) int64 {
				return int64(C.args1(C.int64_t(a0)))
			},
			N2: func(a0, a1 int64) int64 {
				return int64(C.args2(C.int64_t(a0), C.int64_t(a1)))
			},
			N4: func(a0, a1, a2, a3 int64) int64 {
				return int64(C.args4(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3)))
			},
			N6: func(a0, a1, a2, a3, a4, a5 int64) int64 {
				return int64(C.args6(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5)))
			},
			N8: func(a0, a1, a2, a3, a4, a5, a6, a7 int64) int64 {
				return int64(C.args8(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5), C.int64_t(a6), C.int64_t(a7)))
			},
			N12: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11 int64) int64 {
				return int64(C.args12(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5), C.int64_t(a6), C.int64_t(a7), C.int64_t(a8), C.int64_t(a9), C.int64_t(a10), C.int64_t(a11)))
			},
			N16: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15 int64) int64 {
				return int64(C.args16(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5), C.int64_t(a6), C.int64_t(a7), C.int64_t(a8), C.int64_t(a9), C.int64_t(a10), C.int64_t(a11), C.int64_t(a12), C.int64_t(a13), C.int64_t(a14), C.int64_t(a15)))
			},
			N24: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23 int64) int64 {
				return int64(C.args24(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5), C.int64_t(a6), C.int64_t(a7), C.int64_t(a8), C.int64_t(a9), C.int64_t(a10), C.int64_t(a11), C.int64_t(a12), C.int64_t(a13), C.int64_t(a14), C.int64_t(a15), C.int64_t(a16), C.int64_t(a17), C.int64_t(a18), C.int64_t(a19), C.int64_t(a20), C.int64_t(a21), C.int64_t(a22), C.int64_t(a23)))
			},
			N32: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31 int64) int64 {
				return int64(C.args32(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5), C.int64_t(a6), C.int64_t(a7), C.int64_t(a8), C.int64_t(a9), C.int64_t(a10), C.int64_t(a11), C.int64_t(a12), C.int64_t(a13), C.int64_t(a14), C.int64_t(a15), C.int64_t(a16), C.int64_t(a17), C.int64_t(a18), C.int64_t(a19), C.int64_t(a20), C.int64_t(a21), C.int64_t(a22), C.int64_t(a23), C.int64_t(a24), C.int64_t(a25), C.int64_t(a26), C.int64_t(a27), C.int64_t(a28), C.int64_t(a29), C.int64_t(a30), C.int64_t(a31)))
			},
			N40: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39 int64) int64 {
				return int64(C.args40(C.int64_t(a0), C.int64_t(a1), C.int64_t(a2), C.int64_t(a3), C.int64_t(a4), C.int64_t(a5), C.int64_t(a6), C.int64_t(a7), C.int64_t(a8), C.int64_t(a9), C.int64_t(a10), C.int64_t(a11), C.int64_t(a12), C.int64_t(a13), C.int64_t(a14), C.int64_t(a15), C.int64_t(a16), C.int64_t(a17), C.int64_t(a18), C.int64_t(a19), C.int64_t(a20), C.int64_t(a21), C.int64_t(a22), C.int64_t(a23), C.int64_t(a24), C.int64_t(a25), C.int64_t(a26), C.int64_t(a27), C.int64_t(a28), C.int64_t(a29), C.int64_t(a30), C.int64_t(a31), C.int64_t(a32), C.int64_t(a33), C.int64_t(a34), C.int64_t(a35), C.int64_t(a36), C.int64_t(a37), C.int64_t(a38), C.int64_t(a39)))
			},
		},
		Sizes: child.Sizes{
			B8: func(b child.Bytes8) child.Bytes8 {
				r := C.bytes8(*(*C.struct_bench_bytes8)(unsafe.Pointer(&b)))
				return *(*child.Bytes8)(unsafe.Pointer(&r))
			},
			B16: func(b child.Bytes16) child.Bytes16 {
				r := C.bytes16(*(*C.struct_bench_bytes16)(unsafe.Pointer(&b)))
				return *(*child.Bytes16)(unsafe.Pointer(&r))
			},
			B24: func(b child.Bytes24) child.Bytes24 {
				r := C.bytes24(*(*C.struct_bench_bytes24)(unsafe.Pointer(&b)))
				return *(*child.Bytes24)(unsafe.Pointer(&r))
			},
			B32: func(b child.Bytes32) child.Bytes32 {
				r := C.bytes32(*(*C.struct_bench_bytes32)(unsafe.Pointer(&b)))
				return *(*child.Bytes32)(unsafe.Pointer(&r))
			},
			B64: func(b child.Bytes64) child.Bytes64 {
				r := C.bytes64(*(*C.struct_bench_bytes64)(unsafe.Pointer(&b)))
				return *(*child.Bytes64)(unsafe.Pointer(&r))
			},
			B128: func(b child.Bytes128) child.Bytes128 {
				r := C.bytes128(*(*C.struct_bench_bytes128)(unsafe.Pointer(&b)))
				return *(*child.Bytes128)(unsafe.Pointer(&r))
			},
			B256: func(b child.Bytes256) child.Bytes256 {
				r := C.bytes256(*(*C.struct_bench_bytes256)(unsafe.Pointer(&b)))
				return *(*child.Bytes256)(unsafe.Pointer(&r))
			},
		},
	}
}
