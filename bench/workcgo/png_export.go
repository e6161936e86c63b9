//go:build cgo && bench_png

package main

import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/real"
)

//export goRead
func goRead(_, to unsafe.Pointer, n C.size_t) { png.Read((*byte)(to), uint(n)) }

//export goFail
func goFail(_, message unsafe.Pointer) { real.Abort("libpng") }
