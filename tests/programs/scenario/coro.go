//go:build go1.23

package main

import (
	"iter"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// Iterators that iter.Pull runs as coroutines, and callbacks: a coroutine that is switched to must be on the thread that it
// is locked to, so that those which cross a callback end the program.
func init() {
	scenarios["pull"] = func() { exhaust(withCallbacks) }
	scenarios["pull-in-callback"] = func() { inCallback(func() { exhaust(simple); exhaust(nested); exhaust(withCallbacks) }) }
	scenarios["pull-stopped"] = func() {
		inCallback(func() {
			next, stop := iter.Pull(iter.Seq[int](nested))
			v, ok := next()
			check(v == 5 && ok, "%d, %v", v, ok)
			stop()
		})
	}
	scenarios["pull-across"] = func() { // "OS thread locking must match"
		next, _ := iter.Pull(iter.Seq[int](simple))
		inCallback(func() { next() })
	}
	scenarios["pull-yield-across"] = func() { exhaust(yieldInCallback) }
}

func inCallback(f func()) { bind[func(uintptr)]("gt_call")(testlib.MustCallback(f)) }

func exhaust(seq func(func(int) bool)) {
	next, _ := iter.Pull(iter.Seq[int](seq))
	n := 0
	for v, ok := next(); ok; v, ok = next() {
		equal("value", v, 5)
		n++
	}
	equal("values", n, 3)
}

func simple(yield func(int) bool) {
	for i := 0; i < 3 && yield(5); i++ {
	}
}

func nested(yield func(int) bool) {
	next, stop := iter.Pull(iter.Seq[int](simple))
	defer stop()
	for v, ok := next(); ok && yield(v); v, ok = next() {
	}
}

func withCallbacks(yield func(int) bool) {
	for i := 0; i < 3; i++ {
		inCallback(func() {})
		if !yield(5) {
			return
		}
	}
}

func yieldInCallback(yield func(int) bool) {
	for i, ok := 0, true; i < 3 && ok; i++ {
		inCallback(func() { ok = yield(5) })
	}
}
