// Program crash crashes in C, or panics, so that its report can be looked at.
// Usage: crash MODE WHAT WHERE
package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Println("usage: crash MODE WHAT WHERE")
		os.Exit(1)
	}
	mode, what, where := os.Args[1], os.Args[2], os.Args[3]
	l := testlib.MustOpen()
	option := map[string]gangway.Option{
		"Auto": gangway.Auto(), "Blocking": gangway.Blocking(), "Fast": gangway.Fast(), "Safe": gangway.Safe(),
	}[mode]
	noop := func() {}
	var f func()
	switch what {
	case "segfault", "abort", "illegal":
		f = gangway.MustFunc[func()](l, "gt_"+what, option)
	case "divide":
		divide := gangway.MustFunc[func(a, b int32) int32](l, "gt_divide", option)
		noop = func() { divide(4, 2) }
		f = func() { divide(1, 0) }
	case "quit":
		raise := gangway.MustFunc[func(int32) int32](l, "gt_raise", option)
		noop = func() { raise(0) }
		f = func() { raise(3) }
	case "overflow":
		overflow := gangway.MustFunc[func(int64) int64](l, "gt_overflow", option)
		noop = func() { overflow(1) }
		f = func() { overflow(1 << 40) }
	case "panic":
		f = func() { panic("nobody recovers this") }
	case "goexit":
		f = runtime.Goexit
	case "nilpointer":
		f = func() { *nilPointer = 1 }
	default:
		panic(what)
	}
	for i := 0; i < 100; i++ {
		noop() // Auto has made up its mind by now
	}
	call := gangway.MustFunc[func(uintptr)](l, "gt_crash_below", option)
	switch where {
	case "plain":
		callerOfC(f)
	case "goroutine":
		go callerOfC(f)
		select {}
	case "nested":
		inner := testlib.MustCallback(func() { callerOfC(f) })
		outer := testlib.MustCallback(func() { middleGo(call, inner) })
		outerGo(call, outer)
	case "foreign", "kept":
		threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](l, "gt_threads", option)
		calls := map[string]int32{"foreign": 1, "kept": 5}[where] // on the thread, which is new to Go only once
		fn := testlib.MustCallback(func(x int64) int64 {
			if int32(x) == calls-1 {
				callerOfC(f)
			}
			return 0
		})
		threads(fn, 1, calls, 0, 0)
	default:
		panic(where)
	}
	fmt.Println("survived")
}

var nilPointer *int

//go:noinline
func callerOfC(f func()) {
	f()
	runtime.KeepAlive(nilPointer)
}

//go:noinline
func middleGo(call func(uintptr), fn uintptr) {
	call(fn)
	runtime.KeepAlive(nilPointer)
}

//go:noinline
func outerGo(call func(uintptr), fn uintptr) {
	call(fn)
	runtime.KeepAlive(nilPointer)
}
