package callbacks_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type thenPair struct {
	n int64
	d float64
}

type thenLarge struct{ bytes [2048]byte }

// thenKinds are the kinds of callbacks that gt_try calls: each does what do says with its argument, and returns it.
func thenKinds(do func(x int64)) []any {
	return []any{
		func(x int64) int64 { do(x); return x },
		func(a, b, c, d, e int64) int64 { do(a); return a },
		func(x float64) float64 { do(int64(x)); return x },
		func(p thenPair, x float64) thenPair { do(p.n); return p },
		func(l thenLarge) int64 { do(int64(l.bytes[0])); return int64(l.bytes[0]) },
	}
}

// A C function that jumps, called by Then: from callbacks of all kinds, on threads of Go's and of C's, again and again, among
// collections. C that jumps and C that returns see what they should, and Go goes on.
func TestThen(t *testing.T) {
	l := testlib.Lib(t)
	throw, err := l.Symbol("gt_throw")
	if err != nil {
		t.Fatal(err)
	}
	deferred := 0
	kinds := thenKinds(func(x int64) {
		defer func() { deferred++ }()
		k := int(x)
		if n := testlib.Grow(k, k, &k); n != 2*k {
			t.Errorf("stack contents: %d", n)
		}
		if x%3 == 0 {
			runtime.GC()
		}
		if x%2 == 0 {
			gangway.Then(throw, 1000) // the last one counts
			gangway.Then(throw, uintptr(x))
		}
	})
	want := func(x int64) int64 {
		if x%2 == 0 {
			return -x
		}
		return x
	}
	for _, mode := range testlib.Modes {
		try := gangway.MustFunc[func(uintptr, int32, int64) int64](l, "gt_try", mode.Option)
		times := gangway.MustFunc[func(uintptr, int32, int64, int32) int64](l, "gt_try_n", mode.Option)
		thread := gangway.MustFunc[func(uintptr, int32, int64, int32) int64](l, "gt_try_thread", mode.Option)
		for kind, fn := range kinds {
			c := testlib.Callback(t, fn)
			for x := int64(1); x < 60; x++ {
				if n := try(c, int32(kind), x); n != want(x) {
					t.Fatalf("%s, kind %d: %d is %d", mode.Name, kind, x, n)
				}
			}
			for _, x := range []int64{1, 2, 4} {
				deferred = 0
				if n := times(c, int32(kind), x, 600); n != 600*want(x) || deferred != 600 {
					t.Fatalf("%s, kind %d: 600 times %d is %d, %d deferred", mode.Name, kind, x, n, deferred)
				}
				deferred = 0
				if n := thread(c, int32(kind), x, 600); n != 600*want(x) || deferred != 600 {
					t.Fatalf("%s, kind %d: 600 times %d on a thread is %d, %d deferred", mode.Name, kind, x, n, deferred)
				}
			}
		}
	}
}

// Callbacks in callbacks: each jumps to the C code that called it, or further up.
func TestThenNested(t *testing.T) {
	l := testlib.Lib(t)
	throw, _ := l.Symbol("gt_throw")
	for _, mode := range testlib.Modes {
		try := gangway.MustFunc[func(uintptr, int32, int64) int64](l, "gt_try", mode.Option)
		var c uintptr
		c = testlib.Callback(t, func(x int64) int64 {
			if x > 0 {
				if n := try(c, 0, x-1); n != -(x - 1) {
					t.Errorf("%s: %d at %d", mode.Name, n, x)
				}
			}
			gangway.Then(throw, uintptr(x))
			return 5
		})
		if n := try(c, 0, 20); n != -20 {
			t.Errorf("%s: %d", mode.Name, n)
		}
	}
}

// A C function that returns, called by Then with five arguments or fewer, and a callback that panics after Then.
func TestThenReturns(t *testing.T) {
	l := testlib.Lib(t)
	note, _ := l.Symbol("gt_note")
	sum, _ := l.Symbol("gt_throw_sum")
	noted := gangway.MustFunc[func() int64](l, "gt_noted")
	for _, mode := range testlib.Modes {
		try := gangway.MustFunc[func(uintptr, int32, int64) int64](l, "gt_try", mode.Option)
		for kind, fn := range thenKinds(func(x int64) { gangway.Then(note, uintptr(x+1)) }) {
			if n := try(testlib.Callback(t, fn), int32(kind), 40); n != 40 || noted() != 41 {
				t.Errorf("%s, kind %d: %d, noted %d", mode.Name, kind, n, noted())
			}
		}
		five := testlib.Callback(t, func(int64) int64 { gangway.Then(sum, 1, 2, 3, 4, 5); return 0 })
		if n := try(five, 0, 1); n != -54321 {
			t.Errorf("%s: %d", mode.Name, n)
		}
		panics := testlib.Callback(t, func(x int64) int64 { gangway.Then(note, 7); panic("on its way") })
		func() {
			defer func() {
				if v := recover(); v != "on its way" {
					t.Errorf("%s: recovered %v", mode.Name, v)
				}
			}()
			try(panics, 0, 1)
		}()
		if n := noted(); n != 41 {
			t.Errorf("%s: a callback that panicked has called C: %d", mode.Name, n)
		}
		must := func(what, text string, f func()) {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, text) {
					t.Errorf("%s: %s: %s", mode.Name, what, v)
				}
			}()
			f()
		}
		must("no callback", "in no callback", func() { gangway.Then(note, 1) })
		must("no function", "nil", func() { gangway.Then(0) })
		must("six arguments", "6 arguments", func() { gangway.Then(note, 1, 2, 3, 4, 5, 6) })
		other := testlib.Callback(t, func(x int64) int64 {
			done := make(chan bool)
			go func() {
				must("another goroutine", "in no callback", func() { gangway.Then(note, 1) })
				close(done)
			}()
			<-done
			return x
		})
		if n := try(other, 0, 3); n != 3 {
			t.Errorf("%s: %d", mode.Name, n)
		}
	}
}
