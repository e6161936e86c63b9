// Package jit_test tests package jit: func values of registered code and their end, what is refused, what tools see of it, and
// the roads that need no registration. What the runtime does to its frames is tested by the program of tests/programs/jit,
// which is built and run in several ways.
package jit_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/jit"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// newArena returns an arena; on the safe road, where TestSafeRoad says what is to happen, it skips the test.
func newArena(t *testing.T, code, functions int) *jit.Arena {
	t.Helper()
	if road, why := gangway.CurrentRoad(); road == gangway.RoadSafe && !strings.HasPrefix(why, "built with") {
		t.Skipf("road c is closed: %s", why)
	}
	a, err := jit.NewArena("test", code, functions)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func add(t *testing.T, a *jit.Arena, f *jit.Function) *jit.Entry {
	t.Helper()
	e, err := a.Add(f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// small returns a leaf function without a frame.
func small(name string, code ...byte) *jit.Function {
	return &jit.Function{Name: name, File: "/jit/small.src", Code: code,
		Ranges: []jit.Range{{End: uint32(len(code)), Line: 1, Preempt: true}}}
}

// On the safe road registration is refused, and says why; elsewhere it is open on each Go release that has a layout.
func TestSafeRoad(t *testing.T) {
	road, why := gangway.CurrentRoad()
	err := jit.Available()
	if road != gangway.RoadSafe || strings.HasPrefix(why, "built with") {
		if err != nil {
			t.Errorf("road c is closed on the %v road: %v", road, err)
		}
		return
	}
	if !errors.Is(err, jit.ErrUnavailable) || !strings.Contains(err.Error(), why) {
		t.Errorf("Available says %v, not why calls take the safe road: %s", err, why)
	}
	if a, err := jit.NewArena("test", 4096, 1); a != nil || !errors.Is(err, jit.ErrUnavailable) {
		t.Errorf("NewArena returns %v, %v", a, err)
	}
}

// The machine code of these functions is RET: the results are in the registers of the parameters. A counted call takes them
// through memory and back.
func TestCountedFuncsPassEveryRegister(t *testing.T) {
	e := add(t, newArena(t, 4096, 1), small("jit.identity", 0xc3))
	var ints func(a, b, c, d, e, f, g, h, i int) (int, int, int, int, int, int, int, int, int)
	var floats func(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o float64) (_, _, _, _, _, _, _, _, _, _, _, _, _, _, _ float64)
	var strs func(a, b, c string, p *int, q unsafe.Pointer, x float32) (string, string, string, *int, unsafe.Pointer, float32)
	var others func(a any, b error, m map[int]int, c chan int, f func() int, s struct {
		p *int
		n int8
	}) (any, error, map[int]int, chan int, func() int, struct {
		p *int
		n int8
	})
	var slices func(a, b []string, c [1]*int, z complex128, y complex64, none [0]int, n struct{}) ([]string, []string, [1]*int,
		complex128, complex64, [0]int, struct{})
	for _, fn := range []any{&ints, &floats, &strs, &others, &slices} {
		if err := e.Func(fn); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < 100; i++ {
		if a, b, c, d, e, f, g, h, i := ints(1, -2, 3, -4, 5, -6, 7, -8, 9); [9]int{a, b, c, d, e, f, g, h, i} !=
			[9]int{1, -2, 3, -4, 5, -6, 7, -8, 9} {
			t.Fatal(a, b, c, d, e, f, g, h, i)
		}
		if a, b, c, d, e, f, g, h, i, j, k, l, m, n, o := floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); [15]float64{a, b,
			c, d, e, f, g, h, i, j, k, l, m, n, o} != [15]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} {
			t.Fatal(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
		}
		number := new(int)
		*number = i
		text := strings.Repeat("x", i)
		if a, b, c, p, q, x := strs(text+"a", "b", "", number, unsafe.Pointer(number), 1.5); a != text+"a" || b != "b" || c != "" ||
			p != number || q != unsafe.Pointer(number) || x != 1.5 {
			t.Fatal(a, b, c, p, q, x)
		}
		fault := errors.New(text)
		ch := make(chan int, i+1)
		a, b, m, c, f, s := others(text, fault, map[int]int{i: 2}, ch, func() int { return i }, struct {
			p *int
			n int8
		}{number, -3})
		runtime.GC()
		if a != text || b != fault || m[i] != 2 || cap(c) != i+1 || f() != i || s.p != number || s.n != -3 {
			t.Fatal(a, b, m, c, s)
		}
		if a, b, c, z, y, _, _ := slices([]string{text}, nil, [1]*int{number}, 1+2i, 3+4i, [0]int{}, struct{}{}); len(a) != 1 ||
			a[0] != text || b != nil || c[0] != number || z != 1+2i || y != 3+4i {
			t.Fatal(a, b, c, z, y)
		}
	}
}

func TestFuncTypesThatAreRefused(t *testing.T) {
	e := add(t, newArena(t, 4096, 1), small("jit.f", 0xc3))
	var number int
	var ten func(a, b, c, d, e, f, g, h, i, j int)
	var strings5 func() (a, b, c, d, e string)
	var floats16 func(z [1]complex128, a, b, c, d, e, f, g complex64)
	var array func(a int, b [2]int)
	var structs func(s struct {
		a [3]byte
		b int
	})
	const memory = "does not travel in registers alone"
	for _, c := range []struct {
		fn   any
		says string
	}{
		{nil, "no pointer to a func variable"}, {number, "int is no pointer to a func"}, {&number, "*int is no pointer to a func"},
		{(*func())(nil), "no pointer to a func variable"}, {func() {}, "func() is no pointer to a func"},
		{&ten, "parameter 10 " + memory}, {&strings5, "result 5 " + memory}, {&floats16, "parameter 8 " + memory},
		{&array, "parameter 2 " + memory}, {&structs, "parameter 1 " + memory},
	} {
		if err := e.Func(c.fn); !errors.Is(err, jit.ErrInvalid) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "jit.f") {
			t.Errorf("Func of %T says %v, want %s", c.fn, err, c.says)
		}
	}
	for _, fn := range []any{&ten, &strings5, &floats16, &array, &structs} {
		if err := e.Direct(fn); err != nil {
			t.Errorf("Direct of %T: %v", fn, err)
		}
	}
	if err := e.Direct(nil); !errors.Is(err, jit.ErrInvalid) {
		t.Errorf("Direct of nil: %v", err)
	}
	if _, err := e.Callback(ten); !errors.Is(err, jit.ErrInvalid) {
		t.Errorf("Callback of a func: %v", err)
	}
}

// C calls registered code through a callback.
func TestCallback(t *testing.T) {
	// mov eax, [rax]; sub eax, [rbx]; ret
	e := add(t, newArena(t, 4096, 1), small("jit.compare", 0x8b, 0x00, 0x2b, 0x03, 0xc3))
	c, err := e.Callback((*func(a, b *int32) int32)(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	qsort := gangway.MustFunc[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort")
	v := []int32{5, -3, 9, 0, 7}
	qsort(unsafe.Pointer(&v[0]), 5, 4, c.Pointer())
	for i := 1; i < len(v); i++ {
		if v[i-1] > v[i] {
			t.Fatal(v)
		}
	}
}

// refused says whether f panics with a RetiredError that names the function.
func refused(t *testing.T, name string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if e, ok := recover().(*jit.RetiredError); !ok || e.Name != name || !strings.Contains(e.Error(), name) {
			t.Errorf("%s: recovered %v", name, e)
		}
	}()
	f()
	t.Errorf("%s was called", name)
}

const trap = 0xcc

// firstByte returns the first byte of a retired function's code.
func firstByte(e *jit.Entry) byte {
	addr := e.Addr()
	return **(**byte)(unsafe.Pointer(&addr))
}

// Calls are counted however they end, and the last one ends the code.
func TestRetire(t *testing.T) {
	a := newArena(t, 65536, 10)
	callee := caller("jit.calls")
	for name, leave := range map[string]func(){
		"return": func() {}, "panic": func() { panic("up") }, "Goexit": runtime.Goexit,
	} {
		e := add(t, a, callee)
		var f func(func())
		if err := e.Func(&f); err != nil {
			t.Fatal(err)
		}
		f(func() {})
		inside, release, done := make(chan bool), make(chan bool), make(chan bool)
		for i := 0; i < 2; i++ {
			go func() {
				defer func() { recover(); done <- true }()
				f(func() {
					inside <- true
					<-release
					leave()
				})
			}()
			<-inside
		}
		if err := e.Retire(); err != nil {
			t.Fatal(err)
		}
		refused(t, "jit.calls", func() { f(nil) })
		if b := firstByte(e); b == trap {
			t.Fatalf("%s: the code is gone with two calls under way", name)
		}
		release <- true
		<-done
		if b := firstByte(e); b == trap {
			t.Fatalf("%s: the code is gone with a call under way", name)
		}
		release <- true
		<-done
		if b := firstByte(e); b != trap {
			t.Fatalf("%s: the code is still there", name)
		}
		refused(t, "jit.calls", func() { f(nil) })
		if err := e.Retire(); !errors.Is(err, jit.ErrRetired) {
			t.Errorf("a second Retire: %v", err)
		}
		if err := e.Func(&f); !errors.Is(err, jit.ErrRetired) {
			t.Errorf("Func after Retire: %v", err)
		}
		if err := e.Direct(&f); !errors.Is(err, jit.ErrRetired) {
			t.Errorf("Direct after Retire: %v", err)
		}
		if n := runtime.FuncForPC(e.Addr()).Name(); n != "jit.calls" {
			t.Errorf("a retired function's address is that of %s", n)
		}
	}
}

// Direct func values are refused, but a call that is under way needs its code.
func TestRetireDirect(t *testing.T) {
	a := newArena(t, 65536, 3)
	e := add(t, a, caller("jit.direct"))
	var direct, second, counted func(func())
	for fn, bind := range map[*func(func())]func(any) error{&direct: e.Direct, &second: e.Direct, &counted: e.Func} {
		if err := bind(fn); err != nil {
			t.Fatal(err)
		}
	}
	inside, release, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		direct(func() { inside <- true; <-release })
		done <- true
	}()
	<-inside
	if err := e.Retire(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []func(func()){direct, second, counted} {
		refused(t, "jit.direct", func() { f(func() {}) })
	}
	release <- true
	<-done
	if firstByte(e) == trap {
		t.Error("the code of a direct func value is gone")
	}
	// As with an address.
	e = add(t, a, caller("jit.address"))
	e.Addr()
	e.Retire()
	if firstByte(e) == trap {
		t.Error("the code is gone though its address was handed out")
	}
}

// caller is func(cb func()), with a frame.
func caller(name string) *jit.Function {
	b := jit.NewBuilder()
	b.Line(1)
	b.Enter(0)
	b.Emit(0x48, 0x89, 0xc2) // mov rdx, rax
	b.Emit(0xff, 0x12)       // call [rdx]
	b.Leave()
	return b.Function(name, "/jit/caller.src")
}

func TestArenaThatIsFull(t *testing.T) {
	a := newArena(t, 4096, 2)
	var f func(int) int
	if err := add(t, a, small("jit.a", 0xc3)).Func(&f); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Add(small("jit.large", make([]byte, 8192)...)); !errors.Is(err, jit.ErrFull) || !strings.Contains(err.Error(), "bytes of code") {
		t.Errorf("8192 bytes: %v", err)
	}
	add(t, a, small("jit.b", 0xc3))
	if _, err := a.Add(small("jit.c", 0xc3)); !errors.Is(err, jit.ErrFull) || !strings.Contains(err.Error(), "2 of 2 functions") {
		t.Errorf("a third function: %v", err)
	}
	if code, functions := a.Used(); code != 96 || functions != 2 {
		t.Errorf("%d bytes and %d functions are used", code, functions)
	}
	if f(7) != 7 {
		t.Error("a function is lost")
	}
}

func TestArenaThatIsClosed(t *testing.T) {
	a := newArena(t, 4096, 4)
	e := add(t, a, caller("jit.closed"))
	var f func(func())
	if err := e.Func(&f); err != nil {
		t.Fatal(err)
	}
	var pcs [2]uintptr
	mapped := func() string {
		for _, m := range testlib.Mappings() {
			if m.Start <= uint64(pcs[1]) && uint64(pcs[1]) < m.End {
				return m.Perms
			}
		}
		return "none"
	}
	f(func() {
		runtime.Callers(1, pcs[:]) // this func and the machine code
		if p := mapped(); p != "r-xs" {
			t.Errorf("code is mapped %s", p)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if p := mapped(); p != "r-xs" {
			t.Errorf("code is mapped %s with a call under way", p)
		}
	})
	if p := mapped(); p != "---p" {
		t.Errorf("code is mapped %s after the last call", p)
	}
	refused(t, "jit.closed", func() { f(nil) })
	if _, err := a.Add(small("jit.late", 0xc3)); !errors.Is(err, jit.ErrClosed) {
		t.Errorf("Add: %v", err)
	}
	if err := a.Close(); !errors.Is(err, jit.ErrClosed) {
		t.Errorf("a second Close: %v", err)
	}
	if runtime.FuncForPC(pcs[1]).Name() != "jit.closed" {
		t.Error("its address has lost its name")
	}
}

// What Go alone can say wrong; tests/test_jit_refused.c has what C refuses.
func TestFunctionsThatAreRefused(t *testing.T) {
	a := newArena(t, 4096, 4)
	for _, c := range []struct {
		change func(f *jit.Function)
		says   string
	}{
		{func(f *jit.Function) { f.Name = "a.b\x00c" }, `function "a.b\x00c": a NUL byte`},
		{func(f *jit.Function) { f.File = "\x00" }, `a NUL byte`},
		{func(f *jit.Function) { f.Name = "" }, "function without a name"},
		{func(f *jit.Function) { f.ArgWords = -1 }, "function a.b: -1 argument and 0 local words"},
		{func(f *jit.Function) { f.Maps = []jit.Map{{Args: []byte{1}}} }, "function a.b: map 0 has 1 bytes of argument bits, for 0 words"},
		{func(f *jit.Function) { f.LocalWords, f.Maps = 3, []jit.Map{{Locals: jit.Pointers(3)}} }, "map 0 has local bits beyond its 3 words"},
		{func(f *jit.Function) { f.Code = nil }, "no code"},
		{func(f *jit.Function) { f.Ranges = nil }, "no ranges"},
		{func(f *jit.Function) { f.Ranges[0].Map = 1 }, "range 0, 0 to 0x1: stack map 1 of 1"},
		{func(f *jit.Function) { f.Ranges[0].SP = 8 }, "range 0, 0 to 0x1: the SP delta is 8 at the entry"},
	} {
		f := small("a.b", 0xc3)
		c.change(f)
		if _, err := a.Add(f); !errors.Is(err, jit.ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
	for _, name := range []string{"", "a\x00", "runtime.x"} {
		if _, err := jit.NewArena(name, 1, 1); !errors.Is(err, jit.ErrInvalid) {
			t.Errorf("an arena named %q: %v", name, err)
		}
	}
	for _, n := range [][2]int{{0, 1}, {1, 0}, {-1, 1}, {1, -1}, {1 << 31, 1}, {1, 1 << 21}} {
		if _, err := jit.NewArena("a", n[0], n[1]); !errors.Is(err, jit.ErrInvalid) {
			t.Errorf("an arena of %v: %v", n, err)
		}
	}
}
