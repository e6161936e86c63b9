// Gangway's side of the benchmark: built without cgo. Implementations gangway-auto, gangway-blocking and gangway-fast are
// functions bound with that option, gangway-stub is assembly (stub_amd64.s).
package main

import (
	"fmt"
	"strings"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/bench/child"
)

func main() {
	road, reason := gangway.CurrentRoad()
	if road != gangway.RoadFast {
		child.Fail(fmt.Errorf("this is the %v road (%s); the benchmark is about the fast one", road, reason))
	}
	lib, err := gangway.Open(child.Library())
	child.Fail(err)
	to := callbacks{pointer(child.Successor), pointer(child.CompareInts), pointer(child.Scaled), pointer(child.Convert)}

	benches := stubs(lib)
	for _, mode := range []struct {
		impl   string
		option gangway.Option
	}{
		{"gangway-auto", gangway.Auto()},
		{"gangway-blocking", gangway.Blocking()},
		{"gangway-fast", gangway.Fast()},
	} {
		benches = append(benches, child.Rows(mode.impl, bound(mode.option, lib, to))...)
	}
	for i := range benches {
		// Long strings are copied to Go's heap, and a new thread has a goroutine made for it.
		benches[i].NoAllocs = !strings.HasPrefix(benches[i].Row, "strlen/") && benches[i].Row != "threads"
	}
	const auto = "gangway-auto"
	benches = append(benches, child.Rows(auto, setUp(lib))...)
	for impl, option := range map[string]gangway.Option{auto: gangway.Auto(), "gangway-blocking": gangway.Blocking()} {
		call0 := gangway.MustFunc[func() int64](lib, "bench_call0", option)
		benches = append(benches, child.AtOnce(impl, child.Call0("call0", call0, child.Call0Result))...)
	}
	wait := gangway.MustFunc[func(us int64)](lib, "bench_wait")
	waitMixed := gangway.MustFunc[func(us int64)](lib, "bench_wait_mixed")
	child.Serve(append(benches, child.Latency(auto, wait, waitMixed)...))
}

// callbacks is what C is to call.
type callbacks struct{ successor, compare, scaled, convert uintptr }

// pointer returns a callback that lives as long as the program.
func pointer(fn any) uintptr {
	c, err := gangway.NewCallback(fn)
	child.Fail(err)
	return c.Pointer()
}

// bind returns a C function, bound with one option.
func bind[F any](lib *gangway.Library, name string, option gangway.Option) F {
	return gangway.MustFunc[F](lib, name, option)
}

// bound returns the rows of functions bound with one option.
func bound(option gangway.Option, lib *gangway.Library, to callbacks) child.Functions {
	callback1 := bind[func(cb uintptr, x int64) int64](lib, "bench_callback1", option)
	callbacks := bind[func(cb uintptr, n int64) int64](lib, "bench_callbacks", option)
	callbacks3 := bind[func(cb uintptr, n int64) int64](lib, "bench_callbacks3", option)
	callbacksStruct := bind[func(cb uintptr, ins *child.In, n int64) int64](lib, "bench_callbacks_struct", option)
	foreign := bind[func(cb uintptr, n int64, sum *int64) int64](lib, "bench_foreign", option)
	threads := bind[func(cb uintptr, n int64) int64](lib, "bench_threads", option)
	qsort := bind[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort", option)
	return child.Functions{
		Call0:   bind[func() int64](lib, "bench_call0", option),
		Steady:  bind[func() int64](lib, "bench_steady", option),
		Call2:   bind[func(a, b int32) int32](lib, "bench_call2", option),
		Call3:   bind[func(a, b, c float64) float64](lib, "bench_call3", option),
		Call6:   bind[func(a, b, c, d, e, f int32) int32](lib, "bench_call6", option),
		Call14:  bind[func(a, b, c, d, e, f, g, h, i, j int32, k, l, m, n float64) float64](lib, "bench_call14", option),
		Structs: bind[func(child.In) child.Out](lib, "bench_structs", option),
		Strlen:  bind[func(s string) uint](lib, "bench_strlen", option),
		Errno:   bind[func(code int32) (int32, syscall.Errno)](lib, "bench_errno", option),

		Callback1: func() int64 { return callback1(to.successor, 1) },
		Callbacks: func(n int64) int64 { return callbacks(to.successor, n) },
		Callback3: func(n int64) int64 { return callbacks3(to.scaled, n) },
		CallbackStruct: func(ins *child.In, n int64) int64 {
			return callbacksStruct(to.convert, ins, n)
		},
		Foreign: func(n int64) (sum, ns int64) {
			out := new(int64)
			ns = foreign(to.successor, n, out)
			return *out, ns
		},
		Threads: func(n int64) int64 { return threads(to.successor, n) },
		Sort:    func(base unsafe.Pointer, n uintptr) { qsort(base, n, 4, to.compare) },

		Args: child.Args{
			N0:  bind[func() int64](lib, "bench_call0", option),
			N1:  bind[func(a0 int64) int64](lib, "bench_args1", option),
			N2:  bind[func(a0, a1 int64) int64](lib, "bench_args2", option),
			N4:  bind[func(a0, a1, a2, a3 int64) int64](lib, "bench_args4", option),
			N6:  bind[func(a0, a1, a2, a3, a4, a5 int64) int64](lib, "bench_args6", option),
			N8:  bind[func(a0, a1, a2, a3, a4, a5, a6, a7 int64) int64](lib, "bench_args8", option),
			N12: bind[func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11 int64) int64](lib, "bench_args12", option),
			N16: bind[func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15 int64) int64](lib, "bench_args16", option),
			N24: bind[func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23 int64) int64](lib, "bench_args24", option),
			N32: bind[func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31 int64) int64](lib, "bench_args32", option),
			N40: bind[func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39 int64) int64](lib, "bench_args40", option),
		},
		Sizes: child.Sizes{
			B8:   bind[func(child.Bytes8) child.Bytes8](lib, "bench_bytes8", option),
			B16:  bind[func(child.Bytes16) child.Bytes16](lib, "bench_bytes16", option),
			B24:  bind[func(child.Bytes24) child.Bytes24](lib, "bench_bytes24", option),
			B32:  bind[func(child.Bytes32) child.Bytes32](lib, "bench_bytes32", option),
			B64:  bind[func(child.Bytes64) child.Bytes64](lib, "bench_bytes64", option),
			B128: bind[func(child.Bytes128) child.Bytes128](lib, "bench_bytes128", option),
			B256: bind[func(child.Bytes256) child.Bytes256](lib, "bench_bytes256", option),
		},
	}
}

// setUp returns the rows of what a program does before it calls.
func setUp(lib *gangway.Library) child.Functions {
	call0, err := lib.Symbol("bench_call0")
	child.Fail(err)
	return child.Functions{
		Bind: func() (f func() int64) {
			child.Fail(gangway.Bind(call0, &f))
			return f
		},
		NewCallback: func() func() {
			c, err := gangway.NewCallback(child.Successor)
			child.Fail(err)
			return func() { child.Fail(c.Close()) }
		},
	}
}
