//go:build cgo

package main

// #include <stdint.h>
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

//export goSuccessor
func goSuccessor(x C.int64_t) C.int64_t { return C.int64_t(child.Successor(int64(x))) }

//export goCompareInts
func goCompareInts(a, b unsafe.Pointer) C.int { return C.int(child.CompareInts(a, b)) }
