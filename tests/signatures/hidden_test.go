package signatures_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// collected counts what was collected of what watched has returned.
type collected int32

// watched returns a pointer to v that nothing else points to.
func (c *collected) watched(v int64) *int64 {
	p := &struct {
		v int64
		_ [3]int64
	}{v: v}
	runtime.SetFinalizer(p, func(any) { atomic.AddInt32((*int32)(c), 1) })
	return &p.v
}

// collect collects and gives finalizers time, until n have run or it has tried often enough.
func (c *collected) collect(n int32, tries int) int32 {
	for i := 0; i < tries && atomic.LoadInt32((*int32)(c)) < n; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	return atomic.LoadInt32((*int32)(c))
}

// Pointers that Go passes on the stack keep what they point to, as those in registers do, while C runs; not longer.
func TestPointersOnStack(t *testing.T) {
	lib := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		type p = *int64
		sum := gangway.MustFunc[func(fn uintptr, a, b, c, d, e, f, g, h, i, j, k p) int64](lib, "gt_pointers", mode.Option)
		for round := 0; round < 3; round++ {
			var n collected
			callback, err := gangway.NewCallback(func() {
				growStack(100)
				if got := n.collect(1, 2); got != 0 {
					t.Errorf("%s: %d arguments were collected during the call", mode.Name, got)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			w := n.watched
			if got := sum(callback.Pointer(), w(1), w(2), w(3), w(4), w(5), w(6), w(7), w(8), w(9), w(10), w(11)); got != 66 {
				t.Errorf("%s: %d", mode.Name, got)
			}
			if got := n.collect(11, 100); got < 10 { // one may still be in a register
				t.Errorf("%s: only %d arguments were collected after the call", mode.Name, got)
			}
			callback.Close()
		}
	}
}

// The same for pointers in registers, by each way that functions with pointers are called.
func TestPointersInRegisters(t *testing.T) {
	lib := testlib.Lib(t)
	set := gangway.MustFunc[func(fn uintptr)](lib, "gt_set_holding")
	for _, mode := range testlib.Modes {
		type p = *int64
		two := gangway.MustFunc[func(fn uintptr, a, b p) int64](lib, "gt_held", mode.Option)
		narrow := gangway.MustFunc[func(fn uintptr, a p, n int8) int64](lib, "gt_held_narrow", mode.Option)
		many := gangway.MustFunc[func(fn uintptr, a, b, c, d, e p) int64](lib, "gt_held_many", mode.Option)
		text := gangway.MustFunc[func(fn uintptr, a p, text string, b p) int64](lib, "gt_held_text", mode.Option)
		short := gangway.MustFunc[func(text string, a p) int64](lib, "gt_held_short", mode.Option)
		slices := gangway.MustFunc[func(fn uintptr, a, b []int64) int64](lib, "gt_held", mode.Option)
		long := strings.Repeat("x", 10000)
		for round := 0; round < 2; round++ {
			var n collected
			callback, err := gangway.NewCallback(func() {
				growStack(100)
				if got := n.collect(1, 2); got != 0 {
					t.Errorf("%s: %d arguments were collected during the call", mode.Name, got)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			set(callback.Pointer())
			w := n.watched
			for name, call := range map[string]func(fn uintptr) int64{
				"two":     func(fn uintptr) int64 { return two(fn, w(1), w(5)) },
				"narrow":  func(fn uintptr) int64 { return narrow(fn, w(1), 5) },
				"many":    func(fn uintptr) int64 { return many(fn, w(1), w(1), w(1), w(1), w(2)) },
				"text":    func(fn uintptr) int64 { return text(fn, w(1), "abc", w(2)) },
				"long":    func(fn uintptr) int64 { return text(fn, w(1), long, w(2)) - 9997 },
				"short":   func(uintptr) int64 { return short("abcd", w(2)) },
				"long, 3": func(uintptr) int64 { return short(long, w(2)) - 9996 },
				"slices": func(fn uintptr) int64 {
					return slices(fn, unsafe.Slice(w(1), 1), unsafe.Slice(w(5), 1))
				},
			} {
				n = 0
				if got := call(callback.Pointer()); got != 6 {
					t.Errorf("%s, %s: %d", mode.Name, name, got)
				}
				if got := n.collect(1, 100); got == 0 {
					t.Errorf("%s, %s: nothing was collected after the call", mode.Name, name)
				}
				n.collect(5, 3) // the rest, before the next one counts
			}
			callback.Close()
		}
	}
}

func growStack(n int) (sum byte) {
	var a [256]byte
	if n > 0 {
		a[n&255] = growStack(n - 1)
	}
	return a[n&255]
}

type pair struct {
	p *int64
	n [2]int64
	q *int64
}

// The copies of long strings are the calls' own: of calls within calls, on many goroutines, and after a panic has left some.
func TestCopiesOfLongStrings(t *testing.T) {
	lib := testlib.Lib(t)
	one := int64(1)
	for _, mode := range testlib.Modes {
		late := gangway.MustFunc[func(a, b, c, d, e, f, g, h, i int64, text string, fn func(int64) int64, pair pair) int64](lib, "gt_late", mode.Option)
		var errs [8]error
		var wg sync.WaitGroup
		for g := range errs {
			g, err := g, &errs[g]
			wg.Add(1)
			go func() {
				defer wg.Done()
				call := func(length int, within func()) {
					got := late(0, 0, 0, 0, 0, 0, 0, 0, 0, strings.Repeat("x", length), func(int64) int64 { within(); return 0 }, pair{&one, [2]int64{}, &one})
					if got != int64(length+2) {
						*err = fmt.Errorf("a string of %d bytes has %d", length, got-2)
					}
				}
				for i := 0; i < 50; i++ {
					length := 5000 + 300*g + i
					call(length, func() {
						call(length+1, func() { call(3<<20, runtime.Gosched) })
						call(length+2, func() {})
						defer func() { recover() }()
						call(length+3, func() { panic("left") })
					})
				}
			}()
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Errorf("%s: %v", mode.Name, err)
			}
		}
	}
}

// Strings of any length, funcs and structs with pointers, all of them on Go's stack.
func TestLateParameters(t *testing.T) {
	lib := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		late := gangway.MustFunc[func(a, b, c, d, e, f, g, h, i int64, text string, fn func(int64) int64, pair pair) int64](lib, "gt_late", mode.Option)
		for _, length := range []int{0, 1, 100, 4095, 4096, 100000} {
			var n collected
			got := late(1, 2, 3, 4, 5, 6, 7, 8, 9, strings.Repeat("x", length), func(x int64) int64 {
				growStack(100)
				if got := n.collect(1, 2); got != 0 {
					t.Errorf("%s: %d arguments were collected during the call", mode.Name, got)
				}
				return 2 * x
			}, pair{n.watched(1000000), [2]int64{5, 7}, n.watched(2000000)})
			if want := int64(90 + length + 3000012); got != want {
				t.Errorf("%s, a string of %d bytes: got %d, want %d", mode.Name, length, got, want)
			}
		}
		func() {
			defer func() {
				if r := recover(); r != "enough" {
					t.Errorf("%s: recovered %v", mode.Name, r)
				}
			}()
			one := int64(1)
			late(1, 2, 3, 4, 5, 6, 7, 8, 9, "", func(int64) int64 { panic("enough") }, pair{&one, [2]int64{}, &one})
		}()
	}
}

// Reflection serves where there are more pointers than bindHidden has room for; the results are the same.
func TestManyPointersOnStack(t *testing.T) {
	type many struct{ p [40]*byte }
	var first func(m many, n uint) *byte
	// memchr never sees the struct: it is in memory to C, whose first register argument is n.
	if err := gangway.Process().Bind("labs", &first); err != nil {
		t.Fatal(err)
	}
	if got := uintptr(unsafe.Pointer(first(many{}, 42))); got != 42 {
		t.Errorf("got %d", got)
	}
}

func TestVariadicStrings(t *testing.T) {
	lib := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		texts := gangway.MustFunc[func(fn func(), n int32, list ...any) int64](lib, "gt_texts", mode.Option)
		plain := gangway.MustFunc[func(fn uintptr, n int32, list ...any) int64](lib, "gt_texts", mode.Option)
		callback, err := gangway.NewCallback(func() {
			growStack(100)
			runtime.GC()
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, lengths := range [][]int{{}, {1}, {1, 2, 3}, {5000}, {3, 5000, 70000, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}} {
			var list []any
			var want int64
			for _, n := range lengths {
				list = append(list, strings.Repeat("y", n))
				want += int64(n)
			}
			if got := plain(callback.Pointer(), int32(len(list)), list...); got != want {
				t.Errorf("%s, strings of %d bytes: got %d, want %d", mode.Name, lengths, got, want)
			}
			if got := texts(runtime.GC, int32(len(list)), list...); got != want {
				t.Errorf("%s, with a func, strings of %d bytes: got %d, want %d", mode.Name, lengths, got, want)
			}
		}
		list := make([]any, 100) // more than a plan is made for
		for i := range list {
			list[i] = "z"
		}
		if got := plain(callback.Pointer(), 100, list...); got != 100 {
			t.Errorf("%s, 100 strings: got %d", mode.Name, got)
		}
		callback.Close()
	}
}

// What plans of lists leave to reflection, by the same func value.
func TestVariadicLongDouble(t *testing.T) {
	for _, mode := range testlib.Modes {
		snprintf := gangway.MustFunc[func(buf []byte, size uint, format string, args ...any) int32](gangway.Process(), "snprintf", mode.Option)
		buf := make([]byte, 100)
		for i := 0; i < 10; i++ {
			n := snprintf(buf, 100, "%Lg %d", gangway.NewLongDouble(2.5), i)
			if want := "2.5 " + string(rune('0'+i)); string(buf[:n]) != want {
				t.Errorf("%s: %q", mode.Name, buf[:n])
			}
			n = snprintf(buf, 100, "%g %d", 2.5, i)
			if want := "2.5 " + string(rune('0'+i)); string(buf[:n]) != want {
				t.Errorf("%s: %q", mode.Name, buf[:n])
			}
		}
	}
}
