//go:build cgo

// Cgo's side of the real work rows. Each library is a file with a build tag, which bench/run sets where there are
// headers.
package main

/*
#include <stdlib.h>

int goCompareInts(void *, void *);

static void sort(void *base, size_t n)
{
	qsort(base, n, 4, (int (*)(const void *, const void *))goCompareInts);
}
*/
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/bench/real"
)

const impl = "cgo"

// libraries are those that the build tags chose.
var libraries []func() []child.Bench

func main() {
	sort := func(base unsafe.Pointer, n uintptr) { C.sort(base, C.size_t(n)) }
	benches := []child.Bench{{Row: "sort", Impl: impl, CheckN: 1, Long: true, Run: child.Qsort(sort, real.SortLength)}}
	for _, library := range libraries {
		benches = append(benches, library()...)
	}
	child.Serve(benches)
}
