package callbacks_test

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// codePages returns how many executable anonymous pages there are, and fails if one can be written.
func codePages(t *testing.T) int {
	n := 0
	for _, m := range testlib.Mappings() {
		if strings.Contains(m.Perms, "w") && strings.Contains(m.Perms, "x") {
			t.Errorf("%#x-%#x %s is writable and executable", m.Start, m.End, m.Perms)
		}
		if m.Name == "" && strings.Contains(m.Perms, "x") {
			n += int((m.End - m.Start) / 4096)
		}
	}
	return n
}

// held is the memory of the process after a collection: of Go's objects, and of all of it.
func held(t *testing.T) (heap, resident int64) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(m.HeapAlloc), pages * int64(os.Getpagesize())
}

// A million callbacks of each kind come and go: no new pages of code, no memory, and each is its own function. (On the safe
// road those of "structs" and "strings" are the ones that reflection serves.) GANGWAY_CALLBACKS says how many.
func TestManyCallbacks(t *testing.T) {
	l := testlib.Lib(t)
	type s24 struct {
		a    int64
		b    float64
		c, d int32
	}
	type s64 struct{ v [8]int64 }
	type s16 struct {
		x int64
		y float64
	}
	call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64")
	double := gangway.MustFunc[func(uintptr, float64) float64](l, "gt_call_double")
	structs := gangway.MustFunc[func(uintptr, int32) s16](l, "gt_struct_back")
	big := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_struct_back_big")
	pointer := gangway.MustFunc[func(uintptr, *byte) uintptr](l, "gt_call_pointer")
	text := append([]byte("text"), 0)
	rounds := 1000000
	if testing.Short() {
		rounds = 20000
	}
	if n := os.Getenv("GANGWAY_CALLBACKS"); n != "" {
		var err error
		if rounds, err = strconv.Atoi(n); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []struct {
		name string
		fn   func(k int64) any
		ok   func(code uintptr, k int64) bool
	}{
		{"integers", func(k int64) any { return func(x int64) int64 { return x + k } },
			func(code uintptr, k int64) bool { return call(code, 5) == k+5 }},
		{"floats", func(k int64) any { return func(x float64) float64 { return x + float64(k) } },
			func(code uintptr, k int64) bool { return double(code, 0.5) == float64(k)+0.5 }},
		{"structs", func(k int64) any {
			return func(s s24, b s64, i int8, f float32, p *byte) s16 { return s16{b.v[7] + k, s.b} }
		},
			func(code uintptr, k int64) bool { return structs(code, 2) == s16{7 + 8 + 2*k, 0.5} }},
		{"results in memory", func(k int64) any { return func(x int64) s64 { return s64{[8]int64{x, 7: k}} } },
			func(code uintptr, k int64) bool { return big(code, 5) == k+5 }},
		{"strings", func(k int64) any { return func(s string) uintptr { return uintptr(len(s)) + uintptr(k) } },
			func(code uintptr, k int64) bool { return pointer(code, &text[0]) == 4+uintptr(k) }},
	} {
		open := gangway.Callbacks()
		pages := 0
		var heap, resident int64
		for i := 0; i < rounds; i++ {
			k := int64(i)
			c, err := gangway.NewCallback(kind.fn(k))
			if err != nil {
				t.Fatal(err)
			}
			if !kind.ok(c.Pointer(), k) {
				t.Fatalf("%s: callback %d: another result", kind.name, i)
			}
			if n := gangway.Callbacks(); n != open+1 {
				t.Fatalf("%s: %d callbacks open, not %d", kind.name, n, open+1)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if i == 5000 {
				pages = codePages(t)
				heap, resident = held(t)
			}
		}
		if n := codePages(t); n != pages {
			t.Errorf("%s: %d pages of code, %d before", kind.name, n, pages)
		}
		if n := gangway.Callbacks(); n != open {
			t.Errorf("%s: %d callbacks open, %d before", kind.name, n, open)
		}
		// 1 MB is a byte for each callback.
		heapNow, residentNow := held(t)
		if heapNow > heap+1<<20 {
			t.Errorf("%s: %d bytes in Go's heap, %d before", kind.name, heapNow, heap)
		}
		if residentNow > resident+8<<20 {
			t.Errorf("%s: %d bytes resident, %d before", kind.name, residentNow, resident)
		}
	}
}

// Thousands at once.
func TestManyOpenCallbacks(t *testing.T) {
	l := testlib.Lib(t)
	call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64")
	const n = 5000
	all := make([]*gangway.Callback, n)
	seen := map[uintptr]bool{}
	for i := range all {
		k := int64(i)
		c, err := gangway.NewCallback(func(x int64) int64 { return x*n + k })
		if err != nil {
			t.Fatal(err)
		}
		if seen[c.Pointer()] {
			t.Fatalf("two callbacks at %#x", c.Pointer())
		}
		seen[c.Pointer()] = true
		all[i] = c
	}
	runtime.GC()
	for i, c := range all {
		if got := call(c.Pointer(), 3); got != 3*n+int64(i) {
			t.Fatalf("callback %d: %d", i, got)
		}
	}
	codePages(t)
	for _, c := range all {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A callback keeps its Go function and what it refers to alive until Close, and not longer than 1,024 Closes more.
func TestFunctionsStayAlive(t *testing.T) {
	l := testlib.Lib(t)
	call := gangway.MustFunc[func(int64) int64](l, "gt_call_kept")
	keep := gangway.MustFunc[func(uintptr)](l, "gt_keep")
	finalized := new(int32)
	c := callbackWithObject(t, finalized)
	keep(c.Pointer())
	for i := 0; i < 5; i++ {
		runtime.GC()
		if n := call(1); n != 43 {
			t.Fatalf("result %d", n)
		}
	}
	if atomic.LoadInt32(finalized) != 0 {
		t.Fatal("the object was collected")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	testlib.Eventually(func() bool {
		runtime.GC()
		return atomic.LoadInt32(finalized) == 1
	})
}

//go:noinline
func callbackWithObject(t *testing.T, finalized *int32) *gangway.Callback {
	object := &[8]int64{42}
	runtime.SetFinalizer(object, func(*[8]int64) { atomic.StoreInt32(finalized, 1) })
	c, err := gangway.NewCallback(func(x int64) int64 { return object[0] + x })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func namedCallback(x int64) int64 { return x }

// A call through a closed callback names the Go function.
func TestClosedCallback(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", mode.Option)
		c, err := gangway.NewCallback(namedCallback)
		if err != nil {
			t.Fatal(err)
		}
		code := c.Pointer()
		if n := call(code, 5); n != 5 {
			t.Fatalf("result %d", n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); !errors.Is(err, gangway.ErrClosed) {
			t.Errorf("second Close: %v", err)
		}
		if p := c.Pointer(); p != 0 {
			t.Errorf("Pointer after Close: %#x", p)
		}
		// Others take other addresses for a while.
		for i := 0; i < 1000; i++ {
			d, err := gangway.NewCallback(func(x int64) int64 { return -x })
			if err != nil {
				t.Fatal(err)
			}
			if d.Pointer() == code {
				t.Fatalf("the address is in use again after %d", i)
			}
			d.Close()
		}
		for i := 0; i < 3; i++ {
			v := recovered(func() { call(code, 5) })
			closed, ok := v.(*gangway.ClosedCallError)
			if !ok || !strings.Contains(closed.Name, "callbacks_test.namedCallback") || !strings.Contains(closed.Name, "lifetime_test.go:") {
				t.Errorf("%s: a call after Close panicked with %v", mode.Name, v)
			}
		}
	}
}

// A callback may close itself, and others, while C is in it.
func TestCloseDuringCall(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", mode.Option)
		for i := int64(0); i < 100; i++ {
			var c *gangway.Callback
			var err error
			c, err = gangway.NewCallback(func(x int64) int64 {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				runtime.GC()
				return x + i
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := call(c.Pointer(), 7); n != 7+i {
				t.Errorf("%s: result %d", mode.Name, n)
			}
		}
	}
}
