//go:build cgo

package main

import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

//export goCompareInts
func goCompareInts(a, b unsafe.Pointer) C.int { return C.int(child.CompareInts(a, b)) }
