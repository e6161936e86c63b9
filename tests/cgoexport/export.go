//go:build cgo

// Package cgoexport mixes cgo and Gangway in one call stack: a function exported by cgo, called by C code that Gangway
// called, and Gangway callbacks called by C code that cgo called.
package cgoexport

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
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
static void *sum_on_thread(void *n)
{
	return (void *)(intptr_t)sum_exported((intptr_t)n);
}
// Returns how many threads did not get as far as the right sum.
static int sum_on_threads(int threads, int n)
{
	pthread_t id[16];
	int made = 0;
	int wrong = 0;
	while (made < threads && made < 16 && pthread_create(&id[made], NULL, sum_on_thread, (void *)(intptr_t)n) == 0)
		made++;
	for (int i = 0; i < made; i++) {
		void *sum;
		wrong += pthread_join(id[i], &sum) != 0 || (intptr_t)sum != (intptr_t)n * (n - 1) / 2;
	}
	return threads - made + wrong;
}
static uintptr_t sum_exported_address(void) { return (uintptr_t)sum_exported; }

static uint32_t get_mxcsr(void)
{
	uint32_t v;
	__asm__ volatile("stmxcsr %0" : "=m"(v));
	return v;
}
static void set_mxcsr(uint32_t v) { __asm__ volatile("ldmxcsr %0" : : "m"(v)); }
// Calls Go with other modes, which Go may change.
static uint32_t call_with_mxcsr(uint32_t v, uintptr_t f)
{
	uint32_t was = get_mxcsr();
	set_mxcsr(v);
	((callback)f)(0);
	v = get_mxcsr();
	set_mxcsr(was);
	return v;
}
static uint32_t export_with_mxcsr(uint32_t v) { return call_with_mxcsr(v, (uintptr_t)goExported); }
static uintptr_t get_mxcsr_address(void) { return (uintptr_t)get_mxcsr; }
static uintptr_t set_mxcsr_address(void) { return (uintptr_t)set_mxcsr; }
static uintptr_t call_with_mxcsr_address(void) { return (uintptr_t)call_with_mxcsr; }
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

// sumOnThreads lets up to 16 threads that C makes call the exported function n times each, and returns how many of them
// went wrong.
func sumOnThreads(threads, n int) int { return int(C.sum_on_threads(C.int(threads), C.int(n))) }

// A floating is a way to C's floating-point modes. call lets C set them, call a Go function, and set them back.
type floating struct {
	get  func() uint32
	set  func(uint32)
	call func(modes uint32, f func()) uint32
}

// floatingByCgo is cgo's way.
func floatingByCgo() *floating {
	return &floating{
		func() uint32 { return uint32(C.get_mxcsr()) },
		func(v uint32) { C.set_mxcsr(C.uint32_t(v)) },
		func(v uint32, f func()) uint32 {
			hook = func(x int64) int64 { f(); return x }
			return uint32(C.export_with_mxcsr(C.uint32_t(v)))
		},
	}
}

// floatingAddresses returns the addresses of C's get_mxcsr, set_mxcsr and call_with_mxcsr.
func floatingAddresses() (get, set, call uintptr) {
	return uintptr(C.get_mxcsr_address()), uintptr(C.set_mxcsr_address()), uintptr(C.call_with_mxcsr_address())
}
