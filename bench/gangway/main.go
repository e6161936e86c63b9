// Gangway's side of the benchmark: built without cgo. Implementations gangway-auto, gangway-blocking and gangway-fast
// are functions bound with that option, gangway-stub is assembly (stub_amd64.s).
package main

import (
	"fmt"
	"strings"

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

	benches := stubs(lib)
	for _, mode := range []struct {
		impl   string
		option gangway.Option
	}{
		{"gangway-auto", gangway.Auto()},
		{"gangway-blocking", gangway.Blocking()},
		{"gangway-fast", gangway.Fast()},
	} {
		benches = append(benches, child.Rows(mode.impl, bound(mode.option, lib))...)
	}
	for i := range benches {
		row := benches[i].Row
		// Long strings are copied to Go's heap, a new thread has a goroutine made for it, and these two calls are no
		// direct ones.
		benches[i].NoAllocs = !strings.HasPrefix(row,
			"strlen/") && row != "threads" && row != "variadic" && row != "funcparam"
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

// bound returns the rows of functions bound with one option.
func bound(option gangway.Option, lib *gangway.Library) child.Functions {
	return child.Bound(func(name string, fn any) bool {
		from := lib
		if name == "qsort" {
			from = gangway.Process()
		}
		child.Fail(from.Bind(name, fn, option))
		return true
	}, pointer)
}

// pointer returns a callback that lives as long as the program.
func pointer(fn any) uintptr {
	c, err := gangway.NewCallback(fn)
	child.Fail(err)
	return c.Pointer()
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
