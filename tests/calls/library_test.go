package calls_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func TestOpenErrors(t *testing.T) {
	testlib.Lib(t)
	text := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(text, []byte("no ELF file\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		names []string
		words []string
	}{
		{[]string{"libgwnone.so.1"}, []string{"libgwnone.so.1", "cannot open shared object file"}},
		{[]string{"libgwnone.so.1", text}, []string{"libgwnone.so.1", "cannot open shared object file", text, "invalid ELF header|file too short"}},
		{[]string{"./"}, []string{"./", "cannot read file data|not a regular file|Is a directory"}},
		{[]string{""}, []string{"empty"}},
		{[]string{"a\x00b"}, []string{"NUL"}},
		{nil, []string{"no name"}},
	}
	for _, c := range cases {
		l, err := gangway.Open(c.names...)
		var open *gangway.OpenError
		if l != nil || !errors.As(err, &open) {
			t.Errorf("Open(%q): %v, %T", c.names, l, err)
			continue
		}
		if len(open.Names) != len(c.names) {
			t.Errorf("Open(%q): names %q in the error", c.names, open.Names)
		}
		for _, w := range c.words {
			if !containsOne(err.Error(), w) {
				t.Errorf("Open(%q): %q does not say %q", c.names, err, w)
			}
		}
	}
}

// containsOne tells whether s contains one of the alternatives in words, separated by bars.
func containsOne(s, words string) bool {
	for _, w := range strings.Split(words, "|") {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func TestOpenFirstThatLoads(t *testing.T) {
	testlib.Lib(t)
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	l, err := gangway.Open("libgwnone.so.1", path, "libc.so.6")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Name() != path {
		t.Errorf("name %q, not %q", l.Name(), path)
	}
}

func TestSymbolErrors(t *testing.T) {
	l := testlib.Lib(t)
	for _, name := range []string{"gt_none", "", "gt_add\x00"} {
		s, err := l.Symbol(name)
		var symbol *gangway.SymbolError
		if s != 0 || !errors.As(err, &symbol) || symbol.Name != name || symbol.Library != l.Name() {
			t.Errorf("Symbol(%q): %#x, %#v", name, s, err)
		}
		var f func()
		if err := l.Bind(name, &f); !errors.As(err, &symbol) || f != nil {
			t.Errorf("Bind(%q): %#v", name, err)
		}
	}
	_, err := l.Symbol("gt_none")
	if err == nil || !strings.Contains(err.Error(), "undefined symbol: gt_none") {
		t.Errorf("dlerror's words are not in %v", err)
	}
	if _, err := gangway.Func[func()](l, "gt_none"); err == nil {
		t.Error("Func found gt_none")
	}
	defer func() {
		if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "gt_none") {
			t.Errorf("MustFunc panicked with %v", err)
		}
	}()
	gangway.MustFunc[func()](l, "gt_none")
}

// Errors belong to the thread that they happened on.
func TestErrorsOnManyThreads(t *testing.T) {
	l := testlib.Lib(t)
	var wg sync.WaitGroup
	for g := 0; g < 8; g++ {
		wg.Add(1)
		go func(g int) {
			defer wg.Done()
			name := "gt_none_" + strings.Repeat("x", g)
			for i := 0; i < 200; i++ {
				_, err := l.Symbol(name)
				if err == nil || !strings.HasSuffix(err.Error(), "undefined symbol: "+name) {
					t.Errorf("%v does not name %s", err, name)
					return
				}
			}
		}(g)
	}
	wg.Wait()
}

// Each Open is closed for itself; the library stays until the last.
func TestOpenTwice(t *testing.T) {
	testlib.Lib(t)
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	a, err := gangway.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := gangway.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	fa := gangway.MustFunc[func(int32, int32) int32](a, "gt_add")
	fb := gangway.MustFunc[func(int32, int32) int32](b, "gt_add")
	if err := a.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if n := fb(1, 2); n != 3 {
		t.Errorf("a call through the one that is open: %d", n)
	}
	closedCall(t, "gt_add", func() { fa(1, 2) })
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	closedCall(t, "gt_add", func() { fb(1, 2) })
	for _, l := range []*gangway.Library{a, b} {
		if err := l.Close(); !errors.Is(err, gangway.ErrClosed) {
			t.Errorf("second Close: %v", err)
		}
		if _, err := l.Symbol("gt_add"); !errors.Is(err, gangway.ErrClosed) {
			t.Errorf("Symbol after Close: %v", err)
		}
		if err := l.Bind("gt_add", &fa); !errors.Is(err, gangway.ErrClosed) {
			t.Errorf("Bind after Close: %v", err)
		}
	}
}

// closedCall checks that call panics with a ClosedCallError that names the function.
func closedCall(t *testing.T, name string, call func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		if err, ok := v.(*gangway.ClosedCallError); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("a call of %s after Close panicked with %v", name, v)
		}
	}()
	call()
	t.Errorf("a call of %s after Close returned", name)
}

// Functions of every shape and mode refuse calls once their library is closed, and only then.
func TestCloseWithAllShapes(t *testing.T) {
	testlib.Lib(t)
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	l, err := gangway.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]func(){}
	for _, mode := range testlib.Modes {
		add := gangway.MustFunc[func(int32, int32) int32](l, "gt_add", mode.Option)
		narrow := gangway.MustFunc[func(int8) int8](l, "gt_id_i8", mode.Option)
		pointer := gangway.MustFunc[func(unsafe.Pointer) unsafe.Pointer](l, "gt_id_pointer", mode.Option)
		fma := gangway.MustFunc[func(a, b, c float64) float64](l, "gt_fma", mode.Option)
		calls["gt_add "+mode.Name] = func() { add(1, 2) }
		calls["gt_id_i8 "+mode.Name] = func() { narrow(1) }
		calls["gt_id_pointer "+mode.Name] = func() { pointer(nil) }
		calls["gt_fma "+mode.Name] = func() { fma(1, 2, 3) }
		for i := 0; i < 100; i++ {
			for _, call := range calls {
				call()
			}
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range calls {
		for i := 0; i < 20; i++ {
			closedCall(t, strings.Fields(name)[0], call)
		}
	}
}

// Binding a function again and again takes no more memory, and each variable gets the function of its own type and mode.
func TestBindAgain(t *testing.T) {
	testlib.Lib(t)
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	l, err := gangway.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	type defined func(int32, int32) int32
	type s24 struct {
		a    int64
		b    float64
		c, d int32
	}
	const rounds = 2000
	var last func()
	bind := func() {
		for _, mode := range testlib.Modes {
			var add func(int32, int32) int32
			var same defined
			var low func(int8, int8) int8
			var structs func(fn uintptr, s s24, n int8) [0]struct{}
			for _, fn := range []any{&add, &same, &low} {
				if err := l.Bind("gt_add", fn, mode.Option); err != nil {
					t.Fatal(err)
				}
			}
			var refused *gangway.TypeError
			if err := l.Bind("gt_struct_big", &structs, mode.Option); !errors.As(err, &refused) {
				t.Fatalf("%s: a result that C has not: %v", mode.Name, err)
			}
			if err := l.Bind("gt_add", (*defined)(nil), mode.Option); !errors.As(err, &refused) {
				t.Fatalf("%s: a nil pointer: %v", mode.Name, err)
			}
			if a, b, c := add(300, -1), same(300, -1), low(100, 100); a != 299 || b != 299 || c != -56 {
				t.Fatalf("%s: %d, %d, %d", mode.Name, a, b, c)
			}
			last = func() { add(1, 2) }
		}
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	bind()
	before := heap()
	for i := 0; i < rounds; i++ {
		bind()
	}
	if after := heap(); after > before+rounds*100 {
		t.Errorf("%d bytes, %d before", after, before)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	closedCall(t, "gt_add", last)
}

var boundAtOnce int // runs of the test, each of which has types of its own

// Goroutines that bind functions of one new type at once make one piece of machine code together, in pages that all share.
func TestBindAtOnce(t *testing.T) {
	testlib.OnlyFast(t, "the machine code of plans")
	l := testlib.Lib(t)
	// The 32-byte units of shared pages that hold code.
	code := func() (units int) {
		for _, m := range testlib.Mappings() {
			if m.Name != "/memfd:gangway-jit" || m.Perms != "r-xs" {
				continue
			}
			base := uintptr(m.Start)
			for _, unit := range unsafe.Slice(*(**[32]byte)(unsafe.Pointer(&base)), (m.End-m.Start)/32) {
				if unit != [32]byte{} {
					units++
				}
			}
		}
		return units
	}
	noop, err := l.Symbol("gt_noop")
	if err != nil {
		t.Fatal(err)
	}
	const types = 30
	before := code()
	boundAtOnce++
	for i := 0; i < types; i++ {
		// A struct that travels in memory.
		params := []reflect.StructField{{Name: "A", Type: reflect.ArrayOf(17+boundAtOnce, reflect.TypeOf(int64(0)))}}
		for k := 0; k < i; k++ {
			params = append(params, reflect.StructField{Name: "B" + strings.Repeat("x", k), Type: reflect.TypeOf(int8(0))})
		}
		fn := reflect.FuncOf([]reflect.Type{reflect.StructOf(params)}, nil, false)
		var wg sync.WaitGroup
		begin := make(chan bool)
		for g := 0; g < 8; g++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				<-begin
				// By its address: the library's lock is not in the way.
				if err := gangway.Bind(noop, reflect.New(fn).Interface()); err != nil {
					t.Error(err)
				}
			}()
		}
		close(begin)
		wg.Wait()
	}
	// As many pieces as there are sizes of the struct in words; bound one by one, or without sharing, it would be far more.
	if n := code() - before; n == 0 || n > (types/8+2)*16 {
		t.Errorf("%d bytes of code for %d types", n*32, types)
	}
}

// Closing the library of the process has no effect.
func TestProcessIsNeverClosed(t *testing.T) {
	testlib.Lib(t)
	abs := gangway.MustFunc[func(int32) int32](gangway.Process(), "abs")
	if err := gangway.Process().Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if n := abs(-3); n != 3 {
		t.Errorf("abs: %d", n)
	}
	if gangway.Process() != gangway.Process() {
		t.Error("there is more than one process library")
	}
}
