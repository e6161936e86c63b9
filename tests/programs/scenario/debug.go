package main

import (
	"syscall"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// What a debugger looks at: Go functions around C, and around that Go again.
func init() {
	scenarios["debug-direct"] = func() {
		stop := bind[func(int64) int64]("gt_stop_direct")
		nest(func() { stop(stopsInGo(1)) })
	}
	scenarios["debug-errno"] = func() {
		set := bind[func(int32, int64) (int64, syscall.Errno)]("gt_errno_set")
		nest(func() { set(int32(syscall.EPERM), 1) })
	}
	scenarios["debug-struct"] = func() {
		big := bind[func(func(int64) int64, s24, int8) s64]("gt_struct_big")
		nest(func() { big(func(x int64) int64 { return x }, s24{}, 1) })
	}
	scenarios["debug-thread"] = func() {
		stop := bind[func(int64) int64]("gt_stop_direct")
		threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
		fn := testlib.MustCallback(func(x int64) int64 {
			nest(func() { stop(1) })
			return x
		})
		threads(fn, 1, 1, 0, 0)
	}
}

// As in tests/clib/structs.c.
type s24 struct {
	a    int64
	b    float64
	c, d int32
}

type s64 struct{ v [8]int64 }

// nest runs f in Go, called by C, called by Go.
func nest(f func()) {
	call := bind[func(uintptr)]("gt_call")
	fn := testlib.MustCallback(func() { innerGo(f) })
	outerGo(func() { call(fn) })
}

//go:noinline
func outerGo(f func()) { f(); calls++ }

//go:noinline
func innerGo(f func()) { f(); calls++ }

//go:noinline
func stopsInGo(x int64) int64 { calls++; return x }
