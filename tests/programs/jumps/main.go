// C jumps past Go frames: jumps WHERE KIND OPTION, where a callback of the kind calls a C function that does not return. The
// program must end with a report that names the callback.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type pair struct {
	n int64
	d float64
}

type large struct{ bytes [2048]byte }

var raw func(int64)

var spared int // callbacks that do not throw yet

func throw(x int64) {
	if spared > 0 {
		spared--
		return
	}
	raw(x)
}

func thrower0(x int64) int64             { throw(x); return x }
func thrower1(a, b, c, d, e int64) int64 { throw(a); return e }
func thrower2(x float64) float64         { throw(int64(x)); return x }
func thrower3(p pair, x float64) pair    { throw(p.n); return p }
func thrower4(l large) int64             { throw(int64(l.bytes[0])); return 1 }
func nested(x int64) int64               { return try(testlib.MustCallback(thrower0), 0, x) }
func caught(x int64) int64               { return x }

var try func(fn uintptr, kind int32, x int64) int64

func main() {
	lib := testlib.MustOpen()
	kind, _ := strconv.Atoi(os.Args[2])
	var option gangway.Option
	for _, m := range testlib.Modes {
		if m.Name == os.Args[3] {
			option = m.Option
		}
	}
	raw = gangway.MustFunc[func(int64)](lib, "gt_throw", option)
	try = gangway.MustFunc[func(uintptr, int32, int64) int64](lib, "gt_try", option)
	thread := gangway.MustFunc[func(uintptr, int32, int64, int32) int64](lib, "gt_try_thread", option)
	loop := gangway.MustFunc[func(uintptr, int32, int64, int32) int64](lib, "gt_try_n", option)
	fn := testlib.MustCallback([]any{thrower0, thrower1, thrower2, thrower3, thrower4, nested}[kind])
	if kind == 5 {
		kind = 0
	}
	// What is good stays good.
	good := testlib.MustCallback(caught)
	if try(good, 0, 5) != 5 || thread(good, 0, 5, 3) != 15 || loop(good, 0, 5, 3) != 15 {
		fmt.Println("another result")
		os.Exit(3)
	}
	switch os.Args[1] {
	case "call":
		try(fn, int32(kind), 7)
	case "loop":
		loop(fn, int32(kind), 7, 2)
	case "thread":
		thread(fn, int32(kind), 7, 2)
	case "end":
		thread(fn, int32(kind), 7, 1)
	case "kept": // the runtime keeps what the thread has of Go's between callbacks
		spared = 2
		thread(fn, int32(kind), 7, 3)
	}
	fmt.Println("nobody noticed")
}
