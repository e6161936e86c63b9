package calls_test

import (
	"errors"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

type pair struct{ a, b int32 }

// What has no C equivalent, or none yet, is refused with the place, the type and the reason.
func TestTypesThatAreRefused(t *testing.T) {
	l := testlib.Lib(t)
	chanType := reflect.TypeOf((chan int)(nil))
	cases := []struct {
		fn   any // pointer to a variable of func type
		part string
		typ  reflect.Type
	}{
		{new(func(int, chan int)), "parameter 2", chanType},
		{new(func(map[int]int)), "parameter 1", reflect.TypeOf(map[int]int{})},
		{new(func(int, int, any)), "parameter 3", reflect.TypeOf((*any)(nil)).Elem()},
		{new(func(error)), "parameter 1", reflect.TypeOf((*error)(nil)).Elem()},
		{new(func() chan int), "result 1", chanType},
		{new(func() map[int]int), "result 1", reflect.TypeOf(map[int]int{})},
		{new(func() (int, int)), "result 2", reflect.TypeOf(0)},
		{new(func() (syscall.Errno, int)), "result 2", reflect.TypeOf(0)},
		{new(func() (int, int, syscall.Errno)), "result 2", reflect.TypeOf(0)},
		{new(func(a ...int)), "parameter 1", reflect.TypeOf([]int{})},
		{new(func(struct{ s string })), "parameter 1", reflect.TypeOf(struct{ s string }{})},
		{new(func([]string)), "parameter 1", reflect.TypeOf([]string{})},
		{new(func([4]int32)), "parameter 1", reflect.TypeOf([4]int32{})},
		{new(func(func(chan int))), "parameter 1", reflect.TypeOf(func(chan int) {})},
		{new(func() []byte), "result 1", reflect.TypeOf([]byte{})},
		{new(int), "", reflect.TypeOf(new(int))},
		{func() {}, "", reflect.TypeOf(func() {})},
		{(*func())(nil), "", reflect.TypeOf((*func())(nil))},
		{nil, "", nil},
		{pair{}, "", reflect.TypeOf(pair{})},
	}
	sym, err := l.Symbol("gt_noop")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, named := range []bool{true, false} {
			var err error
			if named {
				err = l.Bind("gt_noop", c.fn)
			} else {
				err = gangway.Bind(sym, c.fn)
			}
			var typ *gangway.TypeError
			if !errors.As(err, &typ) {
				t.Errorf("%T: %v", c.fn, err)
				continue
			}
			if typ.Part != c.part || typ.Type != c.typ || typ.Reason == "" {
				t.Errorf("%T: part %q, type %v, reason %q", c.fn, typ.Part, typ.Type, typ.Reason)
			}
			for _, word := range []string{typ.Part, typ.Reason} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%T: %q does not say %q", c.fn, err, word)
				}
			}
			if c.typ != nil && !strings.Contains(err.Error(), c.typ.String()) {
				t.Errorf("%T: %q does not name the type", c.fn, err)
			}
			if named && !strings.Contains(err.Error(), "gt_noop") {
				t.Errorf("%T: %q does not name the function", c.fn, err)
			}
		}
		if v := reflect.ValueOf(c.fn); v.Kind() == reflect.Ptr && !v.IsNil() && v.Elem().Kind() == reflect.Func && !v.Elem().IsNil() {
			t.Errorf("%T was set in spite of the error", c.fn)
		}
	}
}

func TestBindOfSymbolZero(t *testing.T) {
	testlib.Lib(t)
	var f func()
	var symbol *gangway.SymbolError
	if err := gangway.Bind(0, &f); !errors.As(err, &symbol) || f != nil {
		t.Errorf("Bind(0): %v", err)
	}
}

// The last option counts, and a bound function is an ordinary func value.
func TestBoundFunctionsAreFuncValues(t *testing.T) {
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		var add func(int32, int32) int32
		if err := l.Bind("gt_add", &add, gangway.Fast(), gangway.Blocking(), mode.Option); err != nil {
			t.Fatal(err)
		}
		if n := reflect.ValueOf(add).Call([]reflect.Value{reflect.ValueOf(int32(3)), reflect.ValueOf(int32(4))})[0].Int(); n != 7 {
			t.Errorf("%s: through reflect: %d", mode.Name, n)
		}
		pass := func(f func(int32, int32) int32) int32 { return f(5, 6) }
		if n := pass(add); n != 11 {
			t.Errorf("%s: as an argument: %d", mode.Name, n)
		}
		copies := []func(int32, int32) int32{add, add}
		add = nil
		if n := copies[0](7, 8) + copies[1](1, 1); n != 17 {
			t.Errorf("%s: copied: %d", mode.Name, n)
		}
		if n := testing.AllocsPerRun(100, func() { copies[0](1, 2) }); n != 0 && mode.Name != "Safe" {
			testlib.OnlyFast(t, "calls on the safe road allocate")
			t.Errorf("%s: %v allocations a call", mode.Name, n)
		}
		var keep uint64
		var pointer func(unsafe.Pointer) unsafe.Pointer
		if err := l.Bind("gt_id_pointer", &pointer, mode.Option); err != nil {
			t.Fatal(err)
		}
		if p := pointer(unsafe.Pointer(&keep)); p != unsafe.Pointer(&keep) {
			t.Errorf("%s: the address of a local variable changed", mode.Name)
		}
	}
}
