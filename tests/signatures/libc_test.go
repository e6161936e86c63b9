// Package signatures_test tests bound functions and callbacks whose values are more than integers, pointers and floats,
// with functions of the C library and of libm: what users meet first. tests/differential has the rest.
package signatures_test

import (
	"math/cmplx"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func libm(t *testing.T) *gangway.Library {
	t.Helper()
	l, err := gangway.Open("libm.so.6")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestStrings(t *testing.T) {
	for _, mode := range testlib.Modes {
		strlen := gangway.MustFunc[func(string) uint](gangway.Process(), "strlen", mode.Option)
		for _, n := range []int{0, 1, 7, 100, 4094, 4095, 4096, 4097, 100000} {
			if got := strlen(strings.Repeat("x", n)); got != uint(n) {
				t.Errorf("%s: strlen of %d bytes: %d", mode.Name, n, got)
			}
		}
		if got := strlen("a\x00b"); got != 1 {
			t.Errorf("%s: strlen of a string with a NUL in it: %d", mode.Name, got)
		}
		strstr := gangway.MustFunc[func(haystack, needle string) string](gangway.Process(), "strstr", mode.Option)
		if got := strstr("hello, world", "o, w"); got != "o, world" {
			t.Errorf("%s: strstr: %q", mode.Name, got)
		}
		if got := strstr(strings.Repeat("a", 3000)+"b", strings.Repeat("a", 2000)+"b"); got != strings.Repeat("a", 2000)+"b" {
			t.Errorf("%s: strstr: %d bytes", mode.Name, len(got))
		}
		if got := strstr("hello", "x"); got != "" {
			t.Errorf("%s: strstr of nothing: %q", mode.Name, got)
		}
		getenv := gangway.MustFunc[func(string) string](gangway.Process(), "getenv", mode.Option)
		if got := getenv("GANGWAY_NO_SUCH_VARIABLE"); got != "" {
			t.Errorf("%s: getenv: %q", mode.Name, got)
		}
	}
}

func TestErrnoAfterStrings(t *testing.T) {
	for _, mode := range testlib.Modes {
		open := gangway.MustFunc[func(path string, flags int32) (int32, syscall.Errno)](gangway.Process(), "open", mode.Option)
		if fd, errno := open("/no/such/file", 0); fd != -1 || errno != syscall.ENOENT {
			t.Errorf("%s: %d, %v", mode.Name, fd, errno)
		}
	}
}

type div32 struct{ Quot, Rem int32 }
type div64 struct{ Quot, Rem int64 }

func TestStructResults(t *testing.T) {
	for _, mode := range testlib.Modes {
		div := gangway.MustFunc[func(a, b int32) div32](gangway.Process(), "div", mode.Option)
		ldiv := gangway.MustFunc[func(a, b int) div64](gangway.Process(), "ldiv", mode.Option)
		if r := div(-17, 5); r != (div32{-3, -2}) {
			t.Errorf("%s: div: %v", mode.Name, r)
		}
		if r := ldiv(1<<40+3, 1<<20); r != (div64{1 << 20, 3}) {
			t.Errorf("%s: ldiv: %v", mode.Name, r)
		}
	}
}

func TestComplexAndLongDouble(t *testing.T) {
	m := libm(t)
	for _, mode := range testlib.Modes {
		csqrt := gangway.MustFunc[func(complex128) complex128](m, "csqrt", mode.Option)
		if z := csqrt(-4); cmplx.Abs(z-2i) > 1e-15 {
			t.Errorf("%s: csqrt: %v", mode.Name, z)
		}
		conjf := gangway.MustFunc[func(complex64) complex64](m, "conjf", mode.Option)
		if z := conjf(1 + 2i); z != 1-2i {
			t.Errorf("%s: conjf: %v", mode.Name, z)
		}
		sqrtl := gangway.MustFunc[func(gangway.LongDouble) gangway.LongDouble](m, "sqrtl", mode.Option)
		if x := sqrtl(gangway.NewLongDouble(6.25)).Float64(); x != 2.5 {
			t.Errorf("%s: sqrtl: %v", mode.Name, x)
		}
		ldexpl := gangway.MustFunc[func(gangway.LongDouble, int32) gangway.LongDouble](m, "ldexpl", mode.Option)
		if x := ldexpl(ldexpl(gangway.NewLongDouble(3), 10000), -10000).Float64(); x != 3 {
			t.Errorf("%s: ldexpl: %v", mode.Name, x)
		}
	}
}

func TestSlicesAndFuncs(t *testing.T) {
	for _, mode := range testlib.Modes {
		qsort := gangway.MustFunc[func(base []int32, n, size uint, compare func(a, b *int32) int32)](gangway.Process(), "qsort", mode.Option)
		list := []int32{5, 3, 9, -1, 7, 7, 0}
		before := gangway.Callbacks()
		for i := 0; i < 100; i++ {
			qsort(list, uint(len(list)), 4, func(a, b *int32) int32 { return *a - *b })
			if !sort.SliceIsSorted(list, func(i, j int) bool { return list[i] < list[j] }) {
				t.Fatalf("%s: %v", mode.Name, list)
			}
			qsort(list, uint(len(list)), 4, func(a, b *int32) int32 { return *b - *a })
			if list[0] != 9 {
				t.Fatalf("%s: %v", mode.Name, list)
			}
		}
		if n := callbacksLeft(before); n > 10 {
			t.Errorf("%s: %d callbacks left by 200 calls", mode.Name, n)
		}
		memchr := gangway.MustFunc[func(p []byte, c int32, n uint) unsafe.Pointer](gangway.Process(), "memchr", mode.Option)
		text := []byte("hello")
		if p := memchr(text, 'l', 5); p != unsafe.Pointer(&text[2]) {
			t.Errorf("%s: memchr: %p", mode.Name, p)
		}
	}
}

// callbacksLeft returns how many callbacks there are more than before. Under the race detector sync.Pool forgets some, which
// the collector then closes.
func callbacksLeft(before int) int {
	left := gangway.Callbacks() - before
	for i := 0; i < 50 && left > 10; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
		left = gangway.Callbacks() - before
	}
	return left
}

func TestPanicThroughFuncParameter(t *testing.T) {
	qsort := gangway.MustFunc[func(base []int32, n, size uint, compare func(a, b *int32) int32)](gangway.Process(), "qsort")
	before := 0
	for i := 0; i < 1000; i++ {
		func() {
			defer func() {
				if r := recover(); r != "enough" {
					t.Fatalf("recovered %v", r)
				}
			}()
			qsort([]int32{2, 1}, 2, 4, func(a, b *int32) int32 { panic("enough") })
		}()
		if i == 10 {
			before = gangway.Callbacks()
		}
	}
	if n := callbacksLeft(before); n > 10 {
		t.Errorf("%d callbacks left by panics", n)
	}
}

type word = uint64

// Calls with different funcs at the same time, some inside others: each gets its own.
func TestFuncParametersAtOnce(t *testing.T) {
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(func(word) word, word) word](testlib.Lib(t), "gt_call_u64", mode.Option)
		var wait sync.WaitGroup
		for g := word(0); g < 8; g++ {
			g := g
			wait.Add(1)
			go func() {
				defer wait.Done()
				for i := word(0); i < 300; i++ {
					got := call(func(x word) word {
						inner := call(func(y word) word { return y * 1000 }, x+1)
						runtime.Gosched()
						return inner + g
					}, i)
					if got != (i+1)*1000+g {
						t.Errorf("%s: %d in goroutine %d is %d", mode.Name, i, g, got)
					}
				}
			}()
		}
		wait.Wait()
	}
}

// What C keeps of a func parameter refuses when the call has returned, and keeps nothing alive.
func TestFuncParametersAfterTheCall(t *testing.T) {
	itself := testlib.Callback(t, func(p uintptr) uintptr { return p })
	for _, mode := range testlib.Modes {
		var keep func(func(word) word) uintptr
		if err := gangway.Bind(gangway.Symbol(itself), &keep, mode.Option); err != nil {
			t.Fatal(err)
		}
		call := gangway.MustFunc[func(uintptr, word) word](testlib.Lib(t), "gt_call_u64", mode.Option)
		gone := make(chan bool)
		kept := func() uintptr {
			big := &[1000]word{7}
			runtime.SetFinalizer(big, func(*[1000]word) { close(gone) })
			return keep(func(x word) word { return x + big[0] })
		}()
		func() {
			defer func() {
				e, ok := recover().(*gangway.ClosedCallError)
				if !ok || !strings.Contains(e.Error(), "func(uint64) uint64") {
					t.Errorf("%s: recovered %v", mode.Name, e)
				}
			}()
			call(kept, 1)
			t.Errorf("%s: a late call went through", mode.Name)
		}()
		for collected, i := false, 0; !collected; i++ {
			runtime.GC()
			select {
			case <-gone:
				collected = true
			case <-time.After(10 * time.Millisecond):
				if i == 500 {
					t.Fatalf("%s: the func is still there", mode.Name)
				}
			}
		}
	}
}

func TestVariadic(t *testing.T) {
	for _, mode := range testlib.Modes {
		snprintf := gangway.MustFunc[func(buf []byte, size uint, format string, args ...any) int32](gangway.Process(), "snprintf", mode.Option)
		buf := make([]byte, 100)
		n := snprintf(buf, 100, "%d %s %.2f %c %lld %p", int8(-5), "text", float32(2.5), 'x', int64(1)<<40, unsafe.Pointer(nil))
		if got := string(buf[:n]); got != "-5 text 2.50 x 1099511627776 (nil)" {
			t.Errorf("%s: %q", mode.Name, got)
		}
		if n := snprintf(buf, 100, "nothing"); string(buf[:n]) != "nothing" {
			t.Errorf("%s: %q", mode.Name, buf[:n])
		}
		func() {
			defer func() {
				e, ok := recover().(*gangway.TypeError)
				if !ok || !strings.Contains(e.Error(), "argument 5") || !strings.Contains(e.Error(), "map[string]int") {
					t.Errorf("%s: %v", mode.Name, e)
				}
			}()
			snprintf(buf, 100, "%d %d", 1, map[string]int{})
		}()
	}
}

func TestNoAllocations(t *testing.T) {
	testlib.OnlyFast(t, "the safe road goes through reflection")
	strlen := gangway.MustFunc[func(string) uint](gangway.Process(), "strlen")
	ldiv := gangway.MustFunc[func(a, b int) div64](gangway.Process(), "ldiv")
	qsort := gangway.MustFunc[func(base []int32, n, size uint, compare func(a, b *int32) int32)](gangway.Process(), "qsort")
	list := []int32{3, 2, 1}
	compare := func(a, b *int32) int32 { return *a - *b }
	snprintf := gangway.MustFunc[func(buf []byte, size uint, format string, args ...any) int32](gangway.Process(), "snprintf")
	buf, words := make([]byte, 100), []any{1, "two", 3.5, &list[0]}
	for name, f := range map[string]func(){
		"string": func() { strlen("hello") },
		"struct": func() { ldiv(7, 2) },
		"func":   func() { qsort(list, 3, 4, compare) },
		"list":   func() { snprintf(buf, 100, "%d %s %g %p", words...) },
	} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
