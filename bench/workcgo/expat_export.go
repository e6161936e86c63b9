//go:build cgo && bench_expat

package main

import "C"

import "unsafe"

//export goStart
func goStart(_, name, attributes unsafe.Pointer) {
	expat.Start((*byte)(name), (*unsafe.Pointer)(attributes))
}

//export goEnd
func goEnd(_, name unsafe.Pointer) { expat.End((*byte)(name)) }

//export goText
func goText(_, text unsafe.Pointer, n C.int) { expat.Text((*byte)(text), int32(n)) }
