package callbacks_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// Callbacks of all kinds, closed while threads of C's and of Go's have entered them and wait for a processor.
func TestCloseOfEntered(t *testing.T) {
	program := testlib.Build(t, "closing")
	testlib.RunOK(t, []string{"GODEBUG=clobberfree=1"}, program)
}

// The func of a closed callback, and what it refers to, is kept no longer than for 1,024 more Closes; a call through the
// pointer panics at once all the same.
func TestClosedFuncIsFreed(t *testing.T) {
	call := gangway.MustFunc[func(uintptr, int64) int64](testlib.Lib(t), "gt_call_i64")
	freed := make(chan bool, 1)
	open := func() *gangway.Callback {
		big := new([1 << 20]byte)
		runtime.SetFinalizer(big, func(*[1 << 20]byte) { freed <- true })
		c, err := gangway.NewCallback(func(x int64) int64 { return x + int64(big[0]) })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := open()
	code := c.Pointer()
	if call(code, 1) != 1 {
		t.Error("another result")
	}
	c.Close()
	func() {
		defer func() {
			var closed *gangway.ClosedCallError
			if err, ok := recover().(error); !ok || !errors.As(err, &closed) {
				t.Errorf("a call after Close: %v", err)
			}
		}()
		call(code, 1)
	}()
	for i := 0; i < 1024; i++ {
		c, err := gangway.NewCallback(func() {})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	testlib.Eventually(func() bool {
		runtime.GC()
		select {
		case <-freed:
			return true
		default:
			return false
		}
	})
}
