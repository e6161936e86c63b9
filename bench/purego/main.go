// Implementation "purego": github.com/ebitengine/purego, built without cgo. It is what Go programs without cgo mostly use.
package main

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/gangwayffi/gangway/bench/child"
)

func main() {
	lib, err := purego.Dlopen(child.Library(), purego.RTLD_NOW|purego.RTLD_LOCAL)
	child.Fail(err)

	var (
		call0, steady         func() int64
		call2                 func(a, b int32) int32
		call3                 func(a, b, c float64) float64
		call6                 func(a, b, c, d, e, f int32) int32
		call14                func(a, b, c, d, e, f, g, h, i, j int32, k, l, m, n float64) float64
		structs               func(child.In) child.Out
		strlen                func(s string) uint
		callback1             func(cb uintptr, x int64) int64
		callbacks, callbacks3 func(cb uintptr, n int64) int64
		callbacksStruct       func(cb uintptr, ins *child.In, n int64) int64
		foreign               func(cb uintptr, n int64, sum *int64) int64
		qsort                 func(base unsafe.Pointer, n, size, compare uintptr)
	)
	purego.RegisterLibFunc(&call0, lib, "bench_call0")
	purego.RegisterLibFunc(&steady, lib, "bench_steady")
	purego.RegisterLibFunc(&call2, lib, "bench_call2")
	purego.RegisterLibFunc(&call3, lib, "bench_call3")
	purego.RegisterLibFunc(&call6, lib, "bench_call6")
	purego.RegisterLibFunc(&call14, lib, "bench_call14")
	purego.RegisterLibFunc(&structs, lib, "bench_structs")
	purego.RegisterLibFunc(&strlen, lib, "bench_strlen")
	purego.RegisterLibFunc(&callback1, lib, "bench_callback1")
	purego.RegisterLibFunc(&callbacks, lib, "bench_callbacks")
	purego.RegisterLibFunc(&callbacks3, lib, "bench_callbacks3")
	purego.RegisterLibFunc(&callbacksStruct, lib, "bench_callbacks_struct")
	purego.RegisterLibFunc(&foreign, lib, "bench_foreign")
	purego.RegisterLibFunc(&qsort, purego.RTLD_DEFAULT, "qsort")
	successor := purego.NewCallback(child.Successor)
	scaled := purego.NewCallback(child.Scaled)
	convert := purego.NewCallback(child.Convert)
	compare := purego.NewCallback(child.CompareInts)

	const impl = "purego"
	child.Serve([]child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: child.Call0("call0", call0, child.Call0Result)},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: child.Call2(call2)},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: child.Call3(call3)},
		{Row: "call6", Impl: impl, CheckN: child.CheckN, Run: child.Call6(call6)},
		{Row: "call14", Impl: impl, CheckN: child.CheckN, Run: child.Call14(call14)},
		{Row: "structs", Impl: impl, CheckN: child.CheckN, Run: child.Structs(structs)},
		{Row: "strlen", Impl: impl, CheckN: child.CheckN, Run: child.Strlen(strlen)},
		{Row: "steady", Impl: impl, CheckN: child.CheckN, Run: child.Call0("steady", steady, child.SteadyResult)},
		{Row: "callback1", Impl: impl, CheckN: child.CheckN, Run: child.Callback1(func() int64 { return callback1(successor, 1) })},
		{Row: "callbacks", Impl: impl, CheckN: child.CheckN, Run: child.Callbacks(func(n int64) int64 { return callbacks(successor, n) })},
		{Row: "callback3", Impl: impl, CheckN: child.CheckN, Run: child.Callback3(func(n int64) int64 { return callbacks3(scaled, n) })},
		{Row: "callbackstruct", Impl: impl, CheckN: child.CheckN, Run: child.CallbackStruct(func(ins *child.In, n int64) int64 { return callbacksStruct(convert, ins, n) })},
		{Row: "foreign", Impl: impl, CheckN: child.CheckN, Threads: true, Run: child.Foreign(func(n int64) (sum, ns int64) {
			out := new(int64)
			ns = foreign(successor, n, out)
			return *out, ns
		})},
		{Row: "qsort", Impl: impl, CheckN: 1, Run: child.Qsort(func(base unsafe.Pointer, n uintptr) { qsort(base, n, 4, compare) })},
	})
}
