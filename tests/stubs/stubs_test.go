package stubs

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

func open(t *testing.T) {
	if err := Open(testlib.Lib(t)); err != nil {
		t.Fatal(err)
	}
}

// The copy of the header here, and the one in the examples, are what trampolines has.
func TestHeaderCopies(t *testing.T) {
	want, err := os.ReadFile("../../trampolines/gangway_amd64.h")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("gangway_amd64.h")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("gangway_amd64.h differs from trampolines/gangway_amd64.h")
	}
}

// text returns the C string at p.
func text(p *byte) string {
	var b []byte
	for ; *p != 0; p = (*byte)(unsafe.Add(unsafe.Pointer(p), 1)) {
		b = append(b, *p)
	}
	return string(b)
}

func TestEveryMacro(t *testing.T) {
	open(t)
	for i := 0; i < 100; i++ {
		if s := text(StatusText(0)); s != "success" {
			t.Fatalf("StatusText: %q", s)
		}
		if n := Ints6(1, -2, 3, -4, 5, -6); n != 1-6+15-28+55-78 {
			t.Fatalf("Ints6: %d", n)
		}
		if p := Call2(idPointer, uintptr(unsafe.Pointer(&still)), 1); p != uintptr(unsafe.Pointer(&still)) {
			t.Fatalf("Call2: %#x", p)
		}
		want := -1 + 3*2 + 5*-3 + 7*4 + 11*250 + 13*-6 + 17*-700 + 19*8 + 0 + 29*10 + 31 + 37*-12 + 41*13 + 43*14.0
		if x := Mixed14(-1, 2, -3, 4, 250, -6, -700, 8, nil, 10, true, -12, 13, 14); x != want {
			t.Fatalf("Mixed14: %v, not %v", x, want)
		}
		if n := Syscall(syscall.SYS_GETPID, 0, 0, 0, 0, 0, 0); n != int64(os.Getpid()) {
			t.Fatalf("Syscall: %d", n)
		}
		if n := SyscallAuto(syscall.SYS_GETPID, 0, 0, 0, 0, 0); n != int64(os.Getpid()) {
			t.Fatalf("SyscallAuto: %d", n)
		}
		if n, err := SetErrno(int32(i), -5); n != -5 || err != syscall.Errno(i) {
			t.Fatalf("SetErrno(%d): %d, %v", i, n, err)
		}
		if n, err := SetErrno(0, 5); n != 5 || err != 0 {
			t.Fatalf("SetErrno(0): %d, %v", n, err)
		}
		buf := make([]byte, 40)
		if n := Print(&buf[0], 40, &[]byte("%d and %.2f\x00")[0], -7, 2.25); n != 11 || text(&buf[0]) != "-7 and 2.25" {
			t.Fatalf("Print: %d, %q", n, buf)
		}
	}
}

// The argument on the stack arrives: it is the file offset of mmap.
func TestStackArgument(t *testing.T) {
	open(t)
	name := t.TempDir() + "/file"
	if err := os.WriteFile(name, append(make([]byte, 4096), "second page"...), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := Syscall(syscall.SYS_MMAP, 0, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE, int64(f.Fd()), 4096)
	if p < 0 {
		t.Fatalf("mmap: %v", syscall.Errno(-p))
	}
	if s := text((*byte)(testlib.Pointer(uintptr(p)))); s != "second page" {
		t.Errorf("mapped %q", s)
	}
	Syscall(syscall.SYS_MUNMAP, p, 4096, 0, 0, 0, 0)
}

// Registers that Go code relies on, after C has spoilt all that it may.
func TestGoRegistersRestored(t *testing.T) {
	open(t)
	for i := 0; i < 100; i++ {
		Capture(1, 2)
		if p := cleared(); *p != [9]uint64{} {
			t.Fatalf("memory cleared after a call holds %v", *p)
		}
		k := i
		Capture(3, 4)
		if n := testlib.Grow(50, i, &k); n != 2*i {
			t.Fatalf("stack growth after a call: %d", n)
		}
	}
}

//go:noinline
func cleared() *[9]uint64 {
	var a [9]uint64
	clearedSink = &a
	return clearedSink
}

var clearedSink *[9]uint64

// Collections go on while stubs wait in C.
func TestCollectionDuringStubs(t *testing.T) {
	open(t)
	for name, wait := range map[string]func(*testlib.Gate) int32{"GateSleep": GateSleep, "GateSpin": GateSpin} {
		before := gangway.Takeovers()
		gate := testlib.NewGate()
		var wg sync.WaitGroup
		for i := 0; i < 4; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if n := wait(gate); n < 1 || n > 4 {
					t.Errorf("%s: result %d", name, n)
				}
			}()
		}
		gate.Wait(4)
		for i := 0; i < 3; i++ {
			runtime.GC()
		}
		gate.Open()
		wg.Wait()
		taken := gangway.Takeovers() - before
		if road, _ := gangway.CurrentRoad(); road == gangway.RoadFast && (name == "GateSpin") != (taken > 0) {
			t.Errorf("%s: %d calls taken over", name, taken)
		}
	}
}

// A stub's prototype keeps its pointer arguments alive.
func TestArgumentsStayAlive(t *testing.T) {
	open(t)
	gate := testlib.NewGate()
	finalized := new(int32)
	result := make(chan int64)
	go func() { result <- GateRead(gate, newPayload(finalized)) }()
	gate.Wait(1)
	for i := 0; i < 5; i++ {
		runtime.GC()
	}
	if atomic.LoadInt32(finalized) != 0 {
		t.Error("the argument was collected while C used it")
	}
	gate.Open()
	if n := <-result; n != 42 {
		t.Errorf("C read %d", n)
	}
	testlib.Eventually(func() bool {
		runtime.GC()
		return atomic.LoadInt32(finalized) == 1
	})
}

//go:noinline
func newPayload(finalized *int32) *Payload {
	p := &Payload{Value: 42}
	runtime.SetFinalizer(p, func(p *Payload) {
		p.Value = -2
		atomic.StoreInt32(finalized, 1)
	})
	return p
}

// Auto by hand: short system calls become running calls, a long one is taken over and ends that.
func TestAuto(t *testing.T) {
	open(t)
	testlib.OnlyFast(t, "Auto is Blocking on other roads")
	testlib.Eventually(func() bool {
		for i := 0; i < 1000; i++ {
			SyscallAuto(syscall.SYS_GETPID, 0, 0, 0, 0, 0)
		}
		return SyscallState.Mode() == trampolines.AutoRunning
	})
	testlib.Eventually(func() bool {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for i := 0; i < 10; i++ {
				runtime.GC()
			}
			time.Sleep(time.Millisecond)
			w.Close()
		}()
		fd := r.Fd() // makes it block
		if n := SyscallAuto(syscall.SYS_READ, int64(fd), int64(uintptr(unsafe.Pointer(&still))), 1, 0, 0); n != 0 {
			t.Errorf("read: %v", syscall.Errno(-n))
		}
		r.Close()
		return SyscallState.Mode() != trampolines.AutoRunning
	})
}

var still [8]byte // lies still, which a variable on the goroutine stack does not

// Stubs call C, C calls Go, Go calls stubs, with growing stacks, collections, and panics on the way.
func TestCallbacks(t *testing.T) {
	open(t)
	var fn uintptr
	fn = testlib.Callback(t, func(x int64) int64 {
		k := int(x)
		if n := testlib.Grow(int(x)*10, k, &k); n != 2*k {
			t.Errorf("stack contents: %d", n)
		}
		switch {
		case x == 0:
			return 0
		case x == 100:
			panic("through C")
		case x%7 == 0:
			runtime.GC()
		}
		if x%2 == 0 {
			return x + CallI64(fn, x-1)
		}
		return x + CallI64Blocking(fn, x-1)
	})
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		before := StackAddress()
		for i := 0; i < 20; i++ {
			if n := CallI64(fn, 30); n != 30*31/2 {
				t.Errorf("sum %d", n)
			}
			func() {
				defer func() {
					if v := recover(); v != "through C" {
						t.Errorf("recovered %v", v)
					}
				}()
				CallI64(fn, 101)
			}()
		}
		if after := StackAddress(); after != before {
			t.Errorf("the C stack moved from %#x to %#x", before, after)
		}
	}()
	<-done
}

// The stacks of goroutines in C show the stub and its caller.
func TestTraceback(t *testing.T) {
	open(t)
	for name, wait := range map[string]func(*testlib.Gate) int32{"stubs.GateSleep": GateSleep, "stubs.GateSpin": GateSpin} {
		gate := testlib.NewGate()
		done := make(chan bool)
		go func() {
			defer close(done)
			callerOfStub(wait, gate)
		}()
		gate.Wait(1)
		buf := make([]byte, 1<<20)
		s := string(buf[:runtime.Stack(buf, true)])
		gate.Open()
		<-done
		if !strings.Contains(s, name) || !strings.Contains(s, "callerOfStub") {
			t.Errorf("%s and its caller are not in\n%s", name, s)
		}
	}
}

//go:noinline
func callerOfStub(wait func(*testlib.Gate) int32, gate *testlib.Gate) { wait(gate) }

// Each way into C makes way for other goroutines when the scheduler asks for it before the call, as each call of a Go
// function does: a loop of calls has no other place where it could.
func TestCallsMakeWay(t *testing.T) {
	open(t)
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		var plain func(a, b, c, d, e, f int64) int64
		var plainPointers func(*[4]int64) *[4]int64
		var code func(int8) int8
		var pointers3 func(p *byte, c int16, n uint) *byte
		var pointers9 func(p *byte, a, b, c, d int16) uint
		var strings3 func(string) uint
		var strings9 func(string, int64, string) uint
		var errno func(int32, int64) (int64, syscall.Errno)
		var plan func(func(int64) int64, int64) int64
		for name, fn := range map[string]any{
			"gt_ints6": &plain, "gt_id_pointer": &plainPointers, "gt_id_i8": &code, "gt_errno_set": &errno,
			"gt_call_i64": &plan,
		} {
			if err := l.Bind(name, fn, mode.Option); err != nil {
				t.Fatal(err)
			}
		}
		for fn, name := range map[any]string{
			&pointers3: "memchr", &pointers9: "strlen", &strings3: "strlen", &strings9: "strlen",
		} {
			if err := gangway.Process().Bind(name, fn, mode.Option); err != nil {
				t.Fatal(err)
			}
		}
		text := []byte("text\x00")
		var four [4]int64
		for name, call := range map[string]func(){
			"plain":              func() { Ask(); plain(1, 2, 3, 4, 5, 6) },
			"pointer":            func() { Ask(); plainPointers(&four) },
			"narrow":             func() { Ask(); code(1) },
			"pointer and narrow": func() { Ask(); pointers3(&text[0], 't', 4) },
			"pointer, many":      func() { Ask(); pointers9(&text[0], 1, 2, 3, 4) },
			"string":             func() { Ask(); strings3("text") },
			"string, many":       func() { Ask(); strings9("text", 1, "more") },
			"errno":              func() { Ask(); errno(1, 2) },
			"func":               func() { Ask(); plan(func(x int64) int64 { return x }, 1) },
			"stub":               func() { Ask(); Ints6(1, 2, 3, 4, 5, 6) },
		} {
			for i := 0; i < 20; i++ { // Auto: running calls by then
				call()
			}
			for i := 0; i < 20; i++ {
				call()
				if Asked() {
					t.Fatalf("%s, %s: a goroutine that was to make way did not", mode.Name, name)
				}
			}
		}
	}
}

// A loop of calls makes way when the scheduler asks for it: at the next call, or at the end of the one under way. It
// may ask just between a call and the look at it, but not again so soon.
func TestLoopsOfCallsMakeWay(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		plain := gangway.MustFunc[func(a, b, c, d, e, f int64) int64](l, "gt_ints6", mode.Option)
		pointer := gangway.MustFunc[func(*[4]int64) *[4]int64](l, "gt_id_pointer", mode.Option)
		narrow := gangway.MustFunc[func(int8) int8](l, "gt_id_i8", mode.Option)
		// The inner loops have no stack checks but those of the calls.
		for name, loop := range map[string]func() int{
			"plain": func() (n int) {
				for i := 0; i < 50000 && n < 10; i++ {
					plain(1, 2, 3, 4, 5, 6)
					n = inARow(n, Asked())
				}
				return
			},
			"pointer": func() (n int) {
				for i := 0; i < 50000 && n < 10; i++ {
					pointer(nil)
					n = inARow(n, Asked())
				}
				return
			},
			"narrow": func() (n int) {
				for i := 0; i < 50000 && n < 10; i++ {
					narrow(1)
					n = inARow(n, Asked())
				}
				return
			},
		} {
			for begin := time.Now(); time.Since(begin) < 200*time.Millisecond; {
				if n := loop(); n > 2 {
					t.Fatalf("%s, %s: %d calls in a row did not make way", mode.Name, name, n)
				}
			}
		}
	}
}

func inARow(n int, asked bool) int {
	if asked {
		return n + 1
	}
	return 0
}
