package differential_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type triple struct {
	X float64
	N int64
	C [5]int8
}

// A func parameter is a C function for the time of the call.
func TestFuncParameters(t *testing.T) {
	l := library(t)
	for _, mode := range testlib.Modes {
		apply := gangway.MustFunc[func(func(int64) int64, int64) int64](l, "gd_apply", mode.Option)
		for i := int64(0); i < 50; i++ {
			if got := apply(func(x int64) int64 { return 3*x + i }, 7); got != 21+i {
				t.Errorf("%s: %d, not %d", mode.Name, got, 21+i)
			}
		}
		if got := apply(nil, 7); got != -1 {
			t.Errorf("%s: a nil func is not NULL", mode.Name)
		}
		all := gangway.MustFunc[func(f, g, h func(int64) int64, x int64) int64](l, "gd_apply_all", mode.Option)
		add := func(n int64) func(int64) int64 { return func(x int64) int64 { return 10*x + n } }
		if got := all(add(1), add(2), add(3), 4); got != 4321 {
			t.Errorf("%s: three funcs: %d", mode.Name, got)
		}
		same := add(5)
		if got := all(same, same, same, 0); got != 555 {
			t.Errorf("%s: one func three times: %d", mode.Name, got)
		}
		structs := gangway.MustFunc[func(func(triple, string) triple, triple, string) triple](l, "gd_apply_triple", mode.Option)
		in := triple{1.5, -7, [5]int8{1, 2, 3, 4, 5}}
		got := structs(func(x triple, s string) triple {
			testlib.Grow(30, 0, new(int))
			return triple{x.X * 2, x.N + int64(len(s)), [5]int8{x.C[4], 0, x.C[0], 0, -1}}
		}, in, "four")
		if got != (triple{3, -3, [5]int8{5, 0, 1, 0, -1}}) {
			t.Errorf("%s: %v", mode.Name, got)
		}
		// Calls inside calls, each with a func of its own.
		var nested func(depth int64) int64
		nested = func(depth int64) int64 {
			if depth == 0 {
				return 0
			}
			return apply(func(x int64) int64 { return x + nested(depth-1) }, depth)
		}
		if got := nested(20); got != 210 {
			t.Errorf("%s: nested calls: %d", mode.Name, got)
		}
	}
}

func TestFuncParametersOfQsort(t *testing.T) {
	testlib.Lib(t)
	for _, mode := range testlib.Modes {
		var qsort func(p unsafe.Pointer, n, size uintptr, compare func(a, b *int32) int32)
		if err := gangway.Process().Bind("qsort", &qsort, mode.Option); err != nil {
			t.Fatal(err)
		}
		list := make([]int32, 500)
		for i := range list {
			list[i] = int32(i * 7919 % 500)
		}
		qsort(unsafe.Pointer(&list[0]), uintptr(len(list)), 4, func(a, b *int32) int32 { return *a - *b })
		for i, n := range list {
			if n != int32(i) {
				t.Fatalf("%s: %d is in place %d", mode.Name, n, i)
			}
		}
	}
}

// C must not keep it: a later call panics.
func TestFuncParametersEndWithTheCall(t *testing.T) {
	l := library(t)
	for _, mode := range testlib.Modes {
		keep := gangway.MustFunc[func(func(int64) int64, int64) int64](l, "gd_keep", mode.Option)
		kept := gangway.MustFunc[func(int64) int64](l, "gd_call_kept", mode.Option)
		if n := keep(func(x int64) int64 { return x + 1 }, 1); n != 2 {
			t.Errorf("%s: %d", mode.Name, n)
		}
		err := func() (err error) {
			defer func() { err, _ = recover().(error) }()
			kept(1)
			return nil
		}()
		var closed *gangway.ClosedCallError
		if !errors.As(err, &closed) {
			t.Errorf("%s: a call after the end: %v", mode.Name, err)
		}
		// Also when the call ended in a panic.
		func() {
			defer func() {
				if v := recover(); v != "enough" {
					t.Errorf("%s: panic: %v", mode.Name, v)
				}
			}()
			keep(func(int64) int64 { panic("enough") }, 1)
		}()
		err = func() (err error) {
			defer func() { err, _ = recover().(error) }()
			kept(1)
			return nil
		}()
		if !errors.As(err, &closed) {
			t.Errorf("%s: a call after a panic: %v", mode.Name, err)
		}
	}
}

// They borrow callbacks, whose number hangs on how many calls there are at once.
func TestFuncParametersShareCallbacks(t *testing.T) {
	l := library(t)
	apply := gangway.MustFunc[func(func(int64) int64, int64) int64](l, "gd_apply")
	structs := gangway.MustFunc[func(func(triple, string) triple, triple, string) triple](l, "gd_apply_triple")
	one := func(i int64) error {
		if got := apply(func(x int64) int64 { return x + i }, 1); got != i+1 {
			return fmt.Errorf("%d, not %d", got, i+1)
		}
		got := structs(func(x triple, s string) triple { return triple{x.X, x.N + i, x.C} }, triple{N: 1}, "")
		if got.N != i+1 {
			return fmt.Errorf("in a struct %d, not %d", got.N, i+1)
		}
		return nil
	}
	if err := one(1); err != nil {
		t.Fatal(err)
	}
	before := gangway.Callbacks()
	for i := int64(0); i < 2000; i++ {
		if err := one(i); err != nil {
			t.Fatal(err)
		}
	}
	// A collection makes the pool forget, and finalizers close what it forgot.
	if n := gangway.Callbacks(); n > before+20 {
		t.Errorf("%d callbacks after 4,000 calls, %d before", n, before)
	}
	const goroutines = 8
	var wg sync.WaitGroup
	for g := 0; g < goroutines; g++ {
		wg.Add(1)
		go func(g int64) {
			defer wg.Done()
			for i := int64(0); i < 500; i++ {
				if err := one(g*1000 + i); err != nil {
					t.Error(err)
					return
				}
				if i%50 == 0 {
					runtime.Gosched()
				}
			}
		}(int64(g))
	}
	wg.Wait()
	if n := gangway.Callbacks(); n > before+100 {
		t.Errorf("%d callbacks after 8,000 calls from %d goroutines, %d before", n, goroutines, before)
	}
	for try := 0; try < 50 && gangway.Callbacks() > before+2; try++ {
		runtime.GC()
	}
	if n := gangway.Callbacks(); n > before+20 {
		t.Errorf("%d callbacks after collections, %d before", n, before)
	}
}
