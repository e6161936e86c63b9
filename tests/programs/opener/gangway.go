//go:build opener_gangway

package main

import (
	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	callbacks = append(callbacks, testlib.MustCallback(func(x int64) int64 {
		if x == 100 {
			panic(x)
		}
		return x * (x + 1) / 2
	}))
}

// own calls the callbacks of all.
func own() {
	call := gangway.MustFunc[func(uintptr, int64) int64](testlib.MustOpen(), "gt_call_i64", gangway.Fast())
	for _, f := range callbacks {
		if r := call(f, 10); r != 55 {
			panic(r)
		}
	}
}
