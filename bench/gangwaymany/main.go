// Gangway's side of the rows about many bound functions and many callbacks: a program of its own, for they fill the
// heap.
package main

import (
	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/bench/child"
)

func main() {
	lib, err := gangway.Open(child.Library())
	child.Fail(err)
	call0, err := lib.Symbol("bench_call0")
	child.Fail(err)
	bind := func() (f func() int64) {
		child.Fail(gangway.Bind(call0, &f))
		return f
	}
	callback := func() uintptr {
		c, err := gangway.NewCallback(child.Successor)
		child.Fail(err)
		return c.Pointer()
	}
	many := gangway.MustFunc[func(cbs *uintptr, count, step, n int64) int64](lib, "bench_callbacks_many")
	const impl = "gangway-auto"
	const noLimit = 1000000
	child.Serve(append(child.BoundCurve(impl, noLimit, bind), child.Live(impl, noLimit, callback, many)...))
}
