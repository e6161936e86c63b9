package callbacks_test

import (
	"errors"
	"runtime"
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

// Callbacks by the hundred thousand come and go without new pages, and each is its own function.
func TestManyCallbacks(t *testing.T) {
	l := testlib.Lib(t)
	call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64")
	rounds := 100000
	if testing.Short() {
		rounds = 20000
	}
	open := gangway.Callbacks()
	pages := 0
	for i := 0; i < rounds; i++ {
		k := int64(i)
		c, err := gangway.NewCallback(func(x int64) int64 { return x + k })
		if err != nil {
			t.Fatal(err)
		}
		if n := call(c.Pointer(), 5); n != k+5 {
			t.Fatalf("callback %d: %d", i, n)
		}
		if n := gangway.Callbacks(); n != open+1 {
			t.Fatalf("%d callbacks open, not %d", n, open+1)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 5000 {
			pages = codePages(t)
		}
	}
	if n := codePages(t); n != pages {
		t.Errorf("%d pages of code, %d before", n, pages)
	}
	if n := gangway.Callbacks(); n != open {
		t.Errorf("%d callbacks open, %d before", n, open)
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
