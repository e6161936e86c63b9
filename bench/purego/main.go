// Implementation "purego": github.com/ebitengine/purego, built without cgo. It is what Go programs without cgo mostly
// use.
package main

import (
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

	f := child.Bound(func(name string, fn any) bool {
		switch name {
		case "bench_errno": // it is not captured on linux/amd64
			return false
		case "bench_args40", "bench_bytes256": // it passes 32 words
			return false
		case "bench_bytes16": // a result that is an array of two stops the program
			return false
		case "qsort":
			purego.RegisterLibFunc(fn, purego.RTLD_DEFAULT, name)
		default:
			purego.RegisterLibFunc(fn, lib, name)
		}
		return true
	}, func(fn any) uintptr { return purego.NewCallback(fn) })
	f.FuncArg = nil // each call makes another callback
	call0, err := purego.Dlsym(lib, "bench_call0")
	child.Fail(err)

	f.Bind = func() (fn func() int64) {
		purego.RegisterFunc(&fn, call0)
		return fn
	}

	const impl = "purego"
	benches := child.Rows(impl, f)
	benches = append(benches, child.BoundCurve(impl, mostBound, f.Bind)...)
	benches = append(benches, child.Live(impl, mostCallbacks, func() uintptr {
		return purego.NewCallback(func(x int64) int64 { return child.Successor(x) })
	}, f.Many)...)
	benches = append(benches, child.AtOnce(impl, child.Call0("call0", f.Call0, child.Call0Result))...)
	child.Serve(benches)
}
