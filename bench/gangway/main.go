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

	scaled, err := gangway.NewCallback(child.Scaled)
	child.Fail(err)
	convert, err := gangway.NewCallback(child.Convert)
	child.Fail(err)
	to := callbacks{successor.Pointer(), compare.Pointer(), scaled.Pointer(), convert.Pointer()}

	benches := stubs(lib)
	for _, mode := range []struct {
		impl   string
		option gangway.Option
	}{
		{"gangway-auto", gangway.Auto()},
		{"gangway-blocking", gangway.Blocking()},
		{"gangway-fast", gangway.Fast()},
	} {
		benches = append(benches, bound(mode.impl, mode.option, lib, to)...)
	}
	for i := range benches {
		benches[i].NoAllocs = true
	}
	wait := gangway.MustFunc[func(us int64)](lib, "bench_wait")
	waitMixed := gangway.MustFunc[func(us int64)](lib, "bench_wait_mixed")
	child.Serve(append(benches, child.Collections("gangway-auto", wait, waitMixed)...))
}

// callbacks is what C is to call.
type callbacks struct{ successor, compare, scaled, convert uintptr }

// bound returns the rows of functions bound with one option.
func bound(impl string, option gangway.Option, lib *gangway.Library, to callbacks) []child.Bench {
	call0 := gangway.MustFunc[func() int64](lib, "bench_call0", option)
	steady := gangway.MustFunc[func() int64](lib, "bench_steady", option)
	call2 := gangway.MustFunc[func(a, b int32) int32](lib, "bench_call2", option)
	call3 := gangway.MustFunc[func(a, b, c float64) float64](lib, "bench_call3", option)
	call6 := gangway.MustFunc[func(a, b, c, d, e, f int32) int32](lib, "bench_call6", option)
	call14 := gangway.MustFunc[func(a, b, c, d, e, f, g, h, i, j int32, k, l, m, n float64) float64](lib, "bench_call14", option)
	structs := gangway.MustFunc[func(child.In) child.Out](lib, "bench_structs", option)
	strlen := gangway.MustFunc[func(s string) uint](lib, "bench_strlen", option)
	callback1 := gangway.MustFunc[func(cb uintptr, x int64) int64](lib, "bench_callback1", option)
	callbacks := gangway.MustFunc[func(cb uintptr, n int64) int64](lib, "bench_callbacks", option)
	callbacks3 := gangway.MustFunc[func(cb uintptr, n int64) int64](lib, "bench_callbacks3", option)
	callbacksStruct := gangway.MustFunc[func(cb uintptr, ins *child.In, n int64) int64](lib, "bench_callbacks_struct", option)
	foreign := gangway.MustFunc[func(cb uintptr, n int64, sum *int64) int64](lib, "bench_foreign", option)
	qsort := gangway.MustFunc[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort", option)
	return []child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: child.Call0("call0", call0, child.Call0Result)},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: child.Call2(call2)},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: child.Call3(call3)},
		{Row: "call6", Impl: impl, CheckN: child.CheckN, Run: child.Call6(call6)},
		{Row: "call14", Impl: impl, CheckN: child.CheckN, Run: child.Call14(call14)},
		{Row: "structs", Impl: impl, CheckN: child.CheckN, Run: child.Structs(structs)},
		{Row: "strlen", Impl: impl, CheckN: child.CheckN, Run: child.Strlen(strlen)},
		{Row: "steady", Impl: impl, CheckN: child.CheckN, Run: child.Call0("steady", steady, child.SteadyResult)},
		{Row: "callback1", Impl: impl, CheckN: child.CheckN, Run: child.Callback1(func() int64 { return callback1(to.successor, 1) })},
		{Row: "callbacks", Impl: impl, CheckN: child.CheckN, Run: child.Callbacks(func(n int64) int64 { return callbacks(to.successor, n) })},
		{Row: "callback3", Impl: impl, CheckN: child.CheckN, Run: child.Callback3(func(n int64) int64 { return callbacks3(to.scaled, n) })},
		{Row: "callbackstruct", Impl: impl, CheckN: child.CheckN, Run: child.CallbackStruct(func(ins *child.In, n int64) int64 { return callbacksStruct(to.convert, ins, n) })},
		{Row: "foreign", Impl: impl, CheckN: child.CheckN, Threads: true, Run: child.Foreign(func(n int64) (sum, ns int64) {
			out := new(int64)
			ns = foreign(to.successor, n, out)
			return *out, ns
		})},
		{Row: "qsort", Impl: impl, CheckN: 1, Run: child.Qsort(func(base unsafe.Pointer, n uintptr) { qsort(base, n, 4, to.compare) })},
	}
}
