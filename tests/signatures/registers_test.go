package signatures_test

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type (
	mixed   struct{ A, B int64 }
	halves  struct{ A, B float32 }
	onStack struct{ V [5]int64 }
	results struct {
		X int64
		Y float64
	}
)

type zeros struct{ a [64]uint64 }

var spare *zeros

//go:noinline
func cleared() *zeros {
	z := new(zeros)
	spare = z // on the heap, and once more in registers
	*z = zeros{}
	return z
}

// Every kind of plan, its code and its interpreter: what C finds at its entry, and what Go finds afterwards. X15 = 0 is what
// Go clears memory with, R14 = g what it checks its stack against.
func TestRegistersOfPlans(t *testing.T) {
	l := testlib.Lib(t)
	regs := testlib.Captured(t)
	modes := gangway.MustFunc[func() uint64](l, "gt_float_modes")
	text := "a string"
	x := new(int64)
	words := []any{1, 2.5, int8(-3), float32(4.5), x}
	type (
		structs  = func(s mixed, f float64, h halves) results
		strings  = func(s string, n int8) uint64
		slices   = func(p []byte, c complex128, n uint16) mixed
		stack    = func(a, b, c, d, e, f, g, h int32, i float64) uint64
		large    = func(s onStack, p *int64, b bool) uint64
		errno    = func(p *int64, n int16) (int32, syscall.Errno)
		funcs    = func(p *int64, f func(int64) int64) uint64
		variadic = func(p *int64, list ...any) uint64
	)
	for _, mode := range testlib.Modes {
		bind := func(fn any) {
			if err := l.Bind("gt_capture", fn, mode.Option); err != nil {
				t.Fatal(err)
			}
		}
		var (
			fStructs  structs
			fStrings  strings
			fSlices   slices
			fStack    stack
			fLarge    large
			fErrno    errno
			fFuncs    funcs
			fVariadic variadic
		)
		for _, fn := range []any{&fStructs, &fStrings, &fSlices, &fStack, &fLarge, &fErrno, &fFuncs, &fVariadic} {
			bind(fn)
		}
		regs.AnswerRAX, regs.AnswerXMM0 = 0x123456789abcdef0, 0x3ff8000000000000
		before := modes()
		calls := map[string]func() bool{
			"structs": func() bool {
				r := fStructs(mixed{1, 2}, 3.5, halves{4.5, 5.5})
				return regs.Ints[0] == 1 && regs.Ints[1] == 2 && regs.Floats[0] == 0x400c000000000000 &&
					regs.Floats[1] == 0x40b0000040900000 && r == results{0x123456789abcdef0, 1.5}
			},
			"strings": func() bool {
				return fStrings(text, -4) == 0x123456789abcdef0 && int32(regs.Ints[1]) == -4
			},
			"slices": func() bool {
				p := []byte{1}
				r := fSlices(p, 1.5+2.5i, 0xffff)
				return regs.Ints[0] == uint64(uintptr(unsafe.Pointer(&p[0]))) && regs.Ints[1]&0xffffffff == 0xffff &&
					regs.Floats[0] == 0x3ff8000000000000 && regs.Floats[1] == 0x4004000000000000 && r == mixed{0x123456789abcdef0, -1}
			},
			"stack": func() bool {
				return fStack(1, 2, 3, 4, 5, 6, 7, 8, 9.5) == 0x123456789abcdef0 && regs.Ints[5] == 6 &&
					int32(regs.Stack[0]) == 7 && int32(regs.Stack[1]) == 8 && regs.Floats[0] == 0x4023000000000000
			},
			"large": func() bool {
				return fLarge(onStack{[5]int64{1, 2, 3, 4, 5}}, x, true) == 0x123456789abcdef0 && regs.Stack[4] == 5 &&
					regs.Ints[0] == uint64(uintptr(unsafe.Pointer(x))) && uint32(regs.Ints[1]) == 1
			},
			"errno": func() bool {
				n, e := fErrno(x, -2)
				return uint32(n) == 0x9abcdef0 && e == 0 && int32(regs.Ints[1]) == -2
			},
			"funcs": func() bool {
				return fFuncs(x, func(x int64) int64 { return x }) == 0x123456789abcdef0 && regs.Ints[1] != 0
			},
			"variadic": func() bool {
				return fVariadic(x, words...) == 0x123456789abcdef0 && regs.RAX&0xff == 2 && regs.Ints[1] == 1 &&
					int32(regs.Ints[2]) == -3 && regs.Floats[1] == 0x4012000000000000
			},
		}
		for name, call := range calls {
			for i := 0; i < 50; i++ {
				ok := call()
				z := cleared()
				k := i
				if !ok {
					t.Fatalf("%s, %s: wrong values: %+v", mode.Name, name, *regs)
				}
				if *z != (zeros{}) {
					t.Fatalf("%s, %s: memory cleared after a call holds %v", mode.Name, name, *z)
				}
				if got := testlib.Grow(100, i, &k); got != 2*i {
					t.Fatalf("%s, %s: stack growth after a call: %d", mode.Name, name, got)
				}
				if regs.RSP%16 != 8 || regs.Flags&0x400 != 0 || uint32(before)&0xffc0 != uint32(regs.MXCSR)&0xffc0 {
					t.Fatalf("%s, %s: at entry to C: stack pointer %#x, flags %#x, MXCSR %#x", mode.Name, name, regs.RSP, regs.Flags, regs.MXCSR)
				}
			}
			if now := modes(); now&^0x3f != before&^0x3f {
				t.Fatalf("%s, %s: floating-point modes %#x, before %#x", mode.Name, name, now, before)
			}
		}
	}
}

// Callbacks that have a plan leave C what it may rely on: callee-saved registers, the stack pointer, DF, and the
// floating-point modes, its own included.
func TestRegistersOfPlannedCallbacks(t *testing.T) {
	l := testlib.Lib(t)
	work := func() { // C's registers are not what is there afterwards
		z := cleared()
		k := 1
		if *z != (zeros{}) || testlib.Grow(100, 1, &k) != 2 {
			panic("memory cleared in a callback is not clear, or the stack is not whole")
		}
	}
	for name, fn := range map[string]any{
		"few registers":  func(s mixed, f float64, h halves) results { work(); return results{s.A + s.B, f + float64(h.A)} },
		"many registers": func(a, b, c, d, e, f int64, g, h, i, j, k float64) mixed { work(); return mixed{a + f, int64(g + k)} },
		"stack":          func(s onStack, n int8) int8 { work(); return n },
		"large result":   func(n int64, p *onStack) onStack { work(); return onStack{} },
		"string":         func(s string) uint { work(); return uint(len(s)) },
		"simple":         func(a int8, f float32, b bool) bool { work(); return b },
	} {
		callback, err := gangway.NewCallback(fn)
		if err != nil {
			t.Fatal(err)
		}
		text := append([]byte("text"), 0)
		out := new(onStack)
		for _, mode := range testlib.Modes {
			invoke := gangway.MustFunc[func(uintptr, *[16]uint64, *[2]uint64) uint32](l, "gt_invoke", mode.Option)
			for i := 0; i < 20; i++ {
				in, result := new([16]uint64), new([2]uint64)
				in[1] = uint64(i)
				switch name {
				case "string":
					in[0] = uint64(uintptr(unsafe.Pointer(&text[0])))
				case "large result":
					in[0] = uint64(uintptr(unsafe.Pointer(out)))
				}
				if i%2 == 1 {
					in[14] = 0x5f80 // another rounding mode, as C code may have set it
				}
				if changed := invoke(callback.Pointer(), in, result); changed != 0 {
					t.Errorf("%s, %s: changed registers %#x", name, mode.Name, changed)
				}
				if want := map[string]uint64{"few registers": uint64(i), "string": 4, "large result": in[0]}; result[0] != want[name] && want[name] != 0 {
					t.Errorf("%s, %s: result %#x", name, mode.Name, result[0])
				}
			}
		}
		callback.Close()
	}
}
