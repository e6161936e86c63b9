// Gangway's side of the benchmark: built without cgo. Implementations gangway-auto, gangway-blocking and gangway-fast are
// functions bound with that option, gangway-stub is assembly (stub_amd64.s).
package main

import (
	"fmt"
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
	successor, err := gangway.NewCallback(child.Successor)
	child.Fail(err)
	compare, err := gangway.NewCallback(child.CompareInts)
	child.Fail(err)

	benches := stubs(lib)
	for _, mode := range []struct {
		impl   string
		option gangway.Option
	}{
		{"gangway-auto", gangway.Auto()},
		{"gangway-blocking", gangway.Blocking()},
		{"gangway-fast", gangway.Fast()},
	} {
		benches = append(benches, bound(mode.impl, mode.option, lib, successor.Pointer(), compare.Pointer())...)
	}
	wait := gangway.MustFunc[func(us int64)](lib, "bench_wait")
	waitMixed := gangway.MustFunc[func(us int64)](lib, "bench_wait_mixed")
	child.Serve(append(benches, child.Collections("gangway-auto", wait, waitMixed)...))
}

// bound returns the rows of functions bound with one option.
func bound(impl string, option gangway.Option, lib *gangway.Library, successor, compare uintptr) []child.Bench {
	call0 := gangway.MustFunc[func() int64](lib, "bench_call0", option)
	steady := gangway.MustFunc[func() int64](lib, "bench_steady", option)
	call2 := gangway.MustFunc[func(a, b int32) int32](lib, "bench_call2", option)
	call3 := gangway.MustFunc[func(a, b, c float64) float64](lib, "bench_call3", option)
	callback1 := gangway.MustFunc[func(cb uintptr, x int64) int64](lib, "bench_callback1", option)
	callbacks := gangway.MustFunc[func(cb uintptr, n int64) int64](lib, "bench_callbacks", option)
	foreign := gangway.MustFunc[func(cb uintptr, n int64, sum *int64) int64](lib, "bench_foreign", option)
	qsort := gangway.MustFunc[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort", option)
	return []child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: child.Call0("call0", call0, child.Call0Result)},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: child.Call2(call2)},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: child.Call3(call3)},
		{Row: "steady", Impl: impl, CheckN: child.CheckN, Run: child.Call0("steady", steady, child.SteadyResult)},
		{Row: "callback1", Impl: impl, CheckN: child.CheckN, Run: child.Callback1(func() int64 { return callback1(successor, 1) })},
		{Row: "callbacks", Impl: impl, CheckN: child.CheckN, Run: child.Callbacks(func(n int64) int64 { return callbacks(successor, n) })},
		{Row: "foreign", Impl: impl, CheckN: child.CheckN, Threads: true, Run: child.Foreign(func(n int64) (sum, ns int64) {
			out := new(int64)
			ns = foreign(successor, n, out)
			return *out, ns
		})},
		{Row: "qsort", Impl: impl, CheckN: 1, Run: child.Qsort(func(base unsafe.Pointer, n uintptr) { qsort(base, n, 4, compare) })},
	}
}
