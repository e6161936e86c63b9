// Implementation "purego": github.com/ebitengine/purego, built without cgo. It is what Go programs without cgo mostly use.
package main

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/gangwayffi/gangway/bench/child"
)

// What purego is limited to.
const (
	mostCallbacks = 1000   // 2,000, and none is ever freed
	mostBound     = 100000 // each func value is one of reflect's; a million take minutes
)

func main() {
	lib, err := purego.Dlopen(child.Library(), purego.RTLD_NOW|purego.RTLD_LOCAL)
	child.Fail(err)
	child.ModuleVersion("purego", "github.com/ebitengine/purego")

	var (
		f                     child.Functions
		callback1             func(cb uintptr, x int64) int64
		callbacks, callbacks3 func(cb uintptr, n int64) int64
		callbacksStruct       func(cb uintptr, ins *child.In, n int64) int64
		foreign               func(cb uintptr, n int64, sum *int64) int64
		threads               func(cb uintptr, n int64) int64
		many                  func(cbs *uintptr, count, step, n int64) int64
		qsort                 func(base unsafe.Pointer, n, size, compare uintptr)
	)
	for name, fn := range map[string]any{
		"bench_call0": &f.Call0, "bench_steady": &f.Steady, "bench_call2": &f.Call2, "bench_call3": &f.Call3,
		"bench_call6": &f.Call6, "bench_call14": &f.Call14, "bench_structs": &f.Structs, "bench_strlen": &f.Strlen,
		"bench_callback1": &callback1, "bench_callbacks": &callbacks, "bench_callbacks3": &callbacks3,
		"bench_callbacks_struct": &callbacksStruct, "bench_foreign": &foreign, "bench_threads": &threads,
		"bench_callbacks_many": &many,
		"bench_args1":          &f.Args.N1, "bench_args2": &f.Args.N2, "bench_args4": &f.Args.N4, "bench_args6": &f.Args.N6,
		"bench_args8": &f.Args.N8, "bench_args12": &f.Args.N12, "bench_args16": &f.Args.N16, "bench_args24": &f.Args.N24,
		"bench_args32": &f.Args.N32, // the most that it takes
		"bench_bytes8": &f.Sizes.B8, "bench_bytes24": &f.Sizes.B24, "bench_bytes32": &f.Sizes.B32,
		"bench_bytes64": &f.Sizes.B64, "bench_bytes128": &f.Sizes.B128, // a result that is an array of two stops the program
	} {
		purego.RegisterLibFunc(fn, lib, name)
	}
	purego.RegisterLibFunc(&qsort, purego.RTLD_DEFAULT, "qsort")
	successor := purego.NewCallback(child.Successor)
	scaled := purego.NewCallback(child.Scaled)
	convert := purego.NewCallback(child.Convert)
	compare := purego.NewCallback(child.CompareInts)
	call0, err := purego.Dlsym(lib, "bench_call0")
	child.Fail(err)

	f.Args.N0 = f.Call0
	f.Callback1 = func() int64 { return callback1(successor, 1) }
	f.Callbacks = func(n int64) int64 { return callbacks(successor, n) }
	f.Callback3 = func(n int64) int64 { return callbacks3(scaled, n) }
	f.CallbackStruct = func(ins *child.In, n int64) int64 { return callbacksStruct(convert, ins, n) }
	f.Foreign = func(n int64) (sum, ns int64) {
		out := new(int64)
		ns = foreign(successor, n, out)
		return *out, ns
	}
	f.Threads = func(n int64) int64 { return threads(successor, n) }
	f.Sort = func(base unsafe.Pointer, n uintptr) { qsort(base, n, 4, compare) }
	f.Bind = func() (fn func() int64) {
		purego.RegisterFunc(&fn, call0)
		return fn
	}

	const impl = "purego" // no errno: it is not captured on linux/amd64
	benches := child.Rows(impl, f)
	benches = append(benches, child.Bound(impl, mostBound, f.Bind)...)
	benches = append(benches, child.Live(impl, mostCallbacks, func() uintptr {
		return purego.NewCallback(func(x int64) int64 { return child.Successor(x) })
	}, many)...)
	benches = append(benches, child.AtOnce(impl, child.Call0("call0", f.Call0, child.Call0Result))...)
	child.Serve(benches)
}
