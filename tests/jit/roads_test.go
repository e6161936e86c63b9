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

func newCode(t *testing.T, code ...byte) *jit.Code {
	t.Helper()
	c, err := jit.NewCode(code)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Free)
	return c
}

// Road a: code on the system stack calls Go.
func TestCodeOnTheSystemStack(t *testing.T) {
	c := newCode(t,
		0x53,             // push rbx
		0x48, 0x89, 0xf3, // mov rbx, rsi
		0x48, 0x89, 0xf8, // mov rax, rdi
		0x48, 0x89, 0xf7, // mov rdi, rsi
		0xff, 0xd0, //       call rax
		0x48, 0x01, 0xd8, // add rax, rbx
		0x5b, //             pop rbx
		0xc3) //             ret
	double := testlib.Callback(t, func(x int64) int64 {
		runtime.GC()
		return 2 * x
	})
	var f func(fn uintptr, x int64) int64
	if err := c.Bind(&f); err != nil {
		t.Fatal(err)
	}
	if got := f(double, 14); got != 42 {
		t.Errorf("got %d, want 42", got)
	}
	if err := c.Bind(f, gangway.Fast()); err == nil {
		t.Error("Bind takes a func for a pointer to one")
	}
	for _, m := range testlib.Mappings() {
		if m.Start <= uint64(c.Addr()) && uint64(c.Addr()) < m.End && m.Perms != "r-xp" {
			t.Errorf("code is mapped %s", m.Perms)
		}
	}
}

func TestCodeThatIsEmpty(t *testing.T) {
	if _, err := jit.NewCode(nil); !errors.Is(err, jit.ErrInvalid) {
		t.Errorf("no code: %v", err)
	}
}

// looping asks words[0] times for function words[1] of (rax, words[0]).
var looping = []byte{
	0x48, 0x8b, 0x5c, 0x24, jit.WordsAt, // loop: mov rbx, [rsp+words]
	0x48, 0x8b, 0x4c, 0x24, jit.WordsAt + 8, // mov rcx, [rsp+words+8]
	0x48, 0x8d, 0x15, 0x01, 0x00, 0x00, 0x00, // lea rdx, [rip + resume]
	0xc3,                                // ret
	0x48, 0xff, 0x4c, 0x24, jit.WordsAt, // resume: dec qword [rsp+words]
	0x75, 0xe7, //                          jnz loop
	0x31, 0xd2, //                          xor edx, edx
	0xc3, //                                ret
}

// Road b: code behind the gate, whose words last while the stack moves.
func TestCodeBehindTheGate(t *testing.T) {
	c := newCode(t, looping...)
	done := make(chan bool)
	go func() { // whose stack is small
		defer close(done)
		moved, depth := 0, 10
		add := func(a, b int64) int64 {
			runtime.GC()
			var here byte
			before := uintptr(unsafe.Pointer(&here))
			if testlib.Grow(depth, 1, new(int)) != 1 {
				t.Error("a frame was lost")
			}
			if uintptr(unsafe.Pointer(&here)) != before {
				moved++
			}
			depth *= 2
			return a + b
		}
		words := jit.Words{5, 1, 22, 33, 44, 55, 66, 77}
		if got := c.Run(&words, 100, nil, add); got != 115 {
			t.Errorf("got %d, want 115", got)
		}
		if words != (jit.Words{0, 1, 22, 33, 44, 55, 66, 77}) {
			t.Errorf("the words are %v", words)
		}
		// (With -asan the compiler keeps here in the heap.)
		if _, why := gangway.CurrentRoad(); moved == 0 && why != "built with -asan" {
			t.Error("the stack did not move")
		}
	}()
	<-done
}

func TestPanicsThroughTheGate(t *testing.T) {
	c := newCode(t, looping...)
	fault := newCode(t, 0x31, 0xc0, 0x48, 0x8b, 0x00, 0xc3) // xor eax, eax; mov rax, [rax]; ret
	for i := 0; i < 200; i++ {
		for _, p := range []struct {
			run  func(w *jit.Words)
			says string
		}{
			{func(w *jit.Words) { c.Run(w, 1, func(a, b int64) int64 { panic("up") }) }, "up"},
			{func(w *jit.Words) { c.Run(w, 1) }, "index out of range"},
			{func(w *jit.Words) { fault.Run(w, 1) }, "nil pointer dereference"},
		} {
			words := jit.Words{3}
			func() {
				defer func() {
					r := recover()
					text, _ := r.(string)
					if e, ok := r.(error); ok {
						text = e.Error()
					}
					if !strings.Contains(text, p.says) {
						t.Fatalf("recovered %v, want %s", r, p.says)
					}
				}()
				p.run(&words)
			}()
			if words != (jit.Words{3}) {
				t.Fatalf("after a panic the words are %v", words)
			}
		}
		if i%50 == 0 {
			runtime.GC()
		}
	}
}

// While Go runs behind the gate, the stack is one of Go frames down to its beginning, the gate among them.
func TestTracebackThroughTheGate(t *testing.T) {
	c := newCode(t, looping...)
	var names []string
	c.Run(&jit.Words{1}, 1, func(a, b int64) int64 {
		pcs := make([]uintptr, 64)
		frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
		for {
			f, more := frames.Next()
			names = append(names, f.Function)
			if !more {
				return a
			}
		}
	})
	all := strings.Join(names, " ")
	dispatch, gate, test := strings.Index(all, ".dispatch"), strings.Index(all, ".gate"), strings.LastIndex(all, ".TestTraceback")
	if dispatch < 0 || gate < dispatch || test < gate || names[len(names)-1] != "runtime.goexit" {
		t.Errorf("the stack is %s", all)
	}
}
