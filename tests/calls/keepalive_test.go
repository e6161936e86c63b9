package calls_test

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

// payload is what only C's argument refers to.
type payload struct {
	value int64
	_     [7]int64
}

// newPayload returns an object that counts in *finalized when it is collected.
//
//go:noinline
func newPayload(value int64, finalized *int32) *payload {
	p := &payload{value: value}
	runtime.SetFinalizer(p, func(p *payload) {
		p.value = -2
		atomic.AddInt32(finalized, 1)
	})
	return p
}

// A pointer argument keeps its object alive while C runs, and not longer.
func TestArgumentsStayAlive(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		read := gangway.MustFunc[func(*testlib.Gate, *payload) int64](l, "gt_gate_read", mode.Option)
		stack := gangway.MustFunc[func(g *testlib.Gate, a, b, c, d, e, f int64, p *payload) int64](l, "gt_gate_read8", mode.Option)
		calls := map[string]func(*testlib.Gate, *int32) int64{
			"register": func(g *testlib.Gate, n *int32) int64 { return read(g, newPayload(42, n)) },
			"stack": func(g *testlib.Gate, n *int32) int64 {
				return stack(g, 1, 2, 3, 4, 5, 6, newPayload(21, n))
			},
		}
		for where, call := range calls {
			gate := testlib.NewGate()
			finalized := new(int32)
			result := make(chan int64)
			go func() { result <- call(gate, finalized) }()
			gate.Wait(1)
			for i := 0; i < 5; i++ {
				runtime.GC()
				scribble()
			}
			if atomic.LoadInt32(finalized) != 0 {
				t.Errorf("%s, %s: the argument was collected while C used it", mode.Name, where)
			}
			gate.Open()
			if n := <-result; n != 42 {
				t.Errorf("%s, %s: C read %d", mode.Name, where, n)
			}
			testlib.Eventually(func() bool {
				runtime.GC()
				return atomic.LoadInt32(finalized) == 1
			})
		}
	}
}

// The address of a variable on the goroutine stack stays right for the call, and C's writes are seen.
func TestStackVariables(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		read := gangway.MustFunc[func(*testlib.Gate, *int64) int64](l, "gt_gate_read", mode.Option)
		gate := testlib.NewGate()
		gate.Open()
		for i := int64(0); i < 200; i++ {
			x := i
			if n := read(gate, &x); n != i {
				t.Fatalf("%s: C read %d, not %d", mode.Name, n, i)
			}
		}
	}
}

// deeper calls f below so many small frames.
//
//go:noinline
func deeper(frames int, f func() int32) int32 {
	if frames > 0 {
		return deeper(frames-1, f) + 1
	}
	return f()
}

// What Call, CallBlocking and RawSyscall get as an integer made of a pointer does not move before C, or the kernel, has it: it
// must not be on the goroutine's stack, which they may have to make larger. Goroutines that use more and more of theirs come
// to that.
func TestArgumentsOfCallStayInPlace(t *testing.T) {
	mark, err := testlib.Lib(t).Symbol("gt_gate_mark")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() int32{
		"Call": func() int32 {
			var gate [2]int32
			trampolines.Call(uintptr(mark), uintptr(unsafe.Pointer(&gate)), 0, 0, 0, 0, 0)
			return gate[0]
		},
		"CallBlocking": func() int32 {
			var gate [2]int32
			trampolines.CallBlocking(uintptr(mark), uintptr(unsafe.Pointer(&gate)), 0, 0, 0, 0, 0)
			return gate[0]
		},
		"RawSyscall": func() int32 {
			var time [2]int64
			gangway.RawSyscall(syscall.SYS_CLOCK_GETTIME, 0, uintptr(unsafe.Pointer(&time)), 0, 0, 0, 0)
			if time[0] == 0 {
				return 0
			}
			return 1
		},
	} {
		lost := 0
		for frames := 0; frames < 500; frames++ {
			frames := frames
			result := make(chan int32)
			go func() { result <- deeper(frames, f) - int32(frames) }()
			if <-result != 1 {
				lost++
			}
		}
		if lost != 0 {
			t.Errorf("%s: in %d of 500 calls C had another address than Go", name, lost)
		}
	}
}
