//go:build cgo && bench_sqlite

package main

import "C"

import "unsafe"

//export goScalar
func goScalar(context unsafe.Pointer, n C.int, values unsafe.Pointer) {
	sqlite.Scalar(context, int32(n), (*unsafe.Pointer)(values))
}
