//go:build cgo

// Package cgoexport mixes cgo and Gangway in one call stack: a function exported by cgo, called by C code that Gangway
// called, and Gangway callbacks called by C code that cgo called.
package cgoexport

/*
#include <stdint.h>
extern int64_t goExported(int64_t);
typedef int64_t (*callback)(int64_t);

static int64_t sum_exported(int64_t n)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += goExported(i);
	return sum;
}
static int64_t sum_callback(int64_t n, uintptr_t f)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += ((callback)f)(i);
	return sum;
}
static uintptr_t sum_exported_address(void) { return (uintptr_t)sum_exported; }
*/
import "C"

// hook runs in every call of goExported.
var hook func(int64) int64

//export goExported
func goExported(x C.int64_t) C.int64_t { return C.int64_t(hook(int64(x))) }

// sumExportedAddress returns int64_t sum_exported(int64_t n), which calls the exported function n times.
func sumExportedAddress() uintptr { return uintptr(C.sum_exported_address()) }

// sumCallback lets C, called by cgo, call the callback at f n times.
func sumCallback(n int64, f uintptr) int64 {
	return int64(C.sum_callback(C.int64_t(n), C.uintptr_t(f)))
}
