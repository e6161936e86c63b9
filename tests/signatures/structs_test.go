package signatures_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// The structs of tests/clib/structs.c.
type s24 struct {
	A    int64
	B    float64
	C, D int32
}
type s16 struct {
	X int64
	Y float64
}
type s64 struct{ V [8]int64 }

type structFuncs struct {
	mix     func(fn func(int64) int64, s s24, big s64, i int32, f float32, text string) s16
	big     func(fn func(int64) int64, s s24, n int8) s64
	back    func(fn func(s24, s64, int8, float32, unsafe.Pointer) s16, n int32) s16
	backBig func(fn func(int64) s64, x int64) int64
	// As big, with a callback that lives longer: no Go code has a part in the call.
	plainBig func(fn uintptr, s s24, n int8) s64
}

func bindStructs(t *testing.T, l *gangway.Library, option gangway.Option) *structFuncs {
	t.Helper()
	f := new(structFuncs)
	for name, fn := range map[string]any{
		"gt_struct_mix": &f.mix, "gt_struct_big": &f.big, "gt_struct_back": &f.back, "gt_struct_back_big": &f.backBig,
	} {
		if err := l.Bind(name, fn, option); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Bind("gt_struct_big", &f.plainBig, option); err != nil {
		t.Fatal(err)
	}
	return f
}

// moveStack moves the goroutine's stack, or tries to, and allocates.
func moveStack(x int64) int64 {
	k := int(x)
	if n := testlib.Grow(30, k, &k); n != 2*k {
		panic("stack contents")
	}
	return x * 2
}

func checkStructs(t *testing.T, f *structFuncs, callback uintptr, i int64) {
	s := s24{i, float64(i) / 2, int32(i) + 1, -int32(i)}
	big := s64{[8]int64{7: i * 3}}
	text := strings.Repeat("x", int(i%3000))
	if got, want := f.mix(moveStack, s, big, 5, 0.25, text), (s16{2*i + 1 + 5 + 3*i + i%3000, float64(i)/2 + 0.25}); got != want {
		t.Errorf("mix(%d): %v, not %v", i, got, want)
	}
	var want s64
	for k := range want.V {
		want.V[k] = 2*i + int64(k)*int64(int8(i))
	}
	if got := f.big(moveStack, s, int8(i)); got != want {
		t.Errorf("big(%d): %v, not %v", i, got, want)
	}
	if got := f.plainBig(callback, s, int8(i)); got != want {
		t.Errorf("big(%d) with a pointer: %v, not %v", i, got, want)
	}
	n := int32(i % 20)
	var wantSum s16
	for k := int32(0); k < n; k++ {
		wantSum.X += int64(k) + int64(k+7) + int64(int8(k)) + 1
		wantSum.Y += float64(k)*0.5 + float64(float32(k))
	}
	calls := int32(0)
	got := f.back(func(s s24, big s64, n int8, f float32, p unsafe.Pointer) s16 {
		calls++
		moveStack(s.A)
		if p == nil || s.C != -int32(s.A) || big.V[0] != s.A {
			t.Errorf("a callback got %v, %v, %v", s, big, p)
		}
		return s16{s.A + big.V[7] + int64(n) + int64(s.C+s.D), s.B + float64(f)}
	}, n)
	if got != wantSum || calls != n {
		t.Errorf("back(%d): %v, not %v, in %d calls", n, got, wantSum, calls)
	}
	if got := f.backBig(func(x int64) (r s64) {
		moveStack(x)
		for k := range r.V {
			r.V[k] = x + int64(k)
		}
		return r
	}, i); got != 8*i+28 {
		t.Errorf("backBig(%d): %d", i, got)
	}
}

// Structs in all directions while stacks move, collections run and calls are taken over.
func TestStructsUnderStress(t *testing.T) {
	l := testlib.Lib(t)
	var stop int32
	collector := make(chan bool)
	go func() {
		defer close(collector)
		for atomic.LoadInt32(&stop) == 0 {
			runtime.GC()
		}
	}()
	callback := testlib.Callback(t, moveStack)
	rounds := int64(300)
	if testing.Short() {
		rounds = 50
	}
	var wg sync.WaitGroup
	for _, mode := range testlib.Modes {
		f := bindStructs(t, l, mode.Option)
		for g := int64(0); g < 2; g++ {
			wg.Add(1)
			go func(g int64) {
				defer wg.Done()
				for i := int64(0); i < rounds; i++ {
					checkStructs(t, f, callback, i*2+g)
				}
			}(g)
		}
	}
	wg.Wait()
	atomic.StoreInt32(&stop, 1)
	<-collector
}

// A panic in a callback with structs leaves nothing behind, and the next calls work.
func TestStructsAndPanics(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		f := bindStructs(t, l, mode.Option)
		for i := 0; i < 200; i++ {
			func() {
				defer func() {
					if r := recover(); r != i {
						t.Fatalf("%s: recovered %v", mode.Name, r)
					}
				}()
				f.back(func(s s24, big s64, n int8, f float32, p unsafe.Pointer) s16 {
					if s.A == 3 {
						panic(i)
					}
					return s16{}
				}, 5)
			}()
		}
		checkStructs(t, f, testlib.Callback(t, moveStack), 11)
	}
}

// Calls after Close panic, whatever the signature.
func TestClosedLibraryWithStructs(t *testing.T) {
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range testlib.Modes {
		l, err := gangway.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		f := bindStructs(t, l, mode.Option)
		callback := testlib.Callback(t, moveStack)
		for i := int64(0); i < 20; i++ {
			checkStructs(t, f, callback, i) // Auto makes up its mind
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		for name, call := range map[string]func(){
			"gt_struct_mix":      func() { f.mix(moveStack, s24{}, s64{}, 1, 2, "") },
			"gt_struct_big":      func() { f.plainBig(callback, s24{}, 1) },
			"gt_struct_back_big": func() { f.backBig(func(int64) s64 { return s64{} }, 1) },
		} {
			func() {
				defer func() {
					var closed *gangway.ClosedCallError
					if e, ok := recover().(error); !ok || !errors.As(e, &closed) || !strings.Contains(e.Error(), name) {
						t.Errorf("%s, %s: %v", mode.Name, name, e)
					}
				}()
				call()
			}()
		}
	}
}
