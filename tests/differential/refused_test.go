package differential_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// What C does not have, or lays out differently, is refused in words that say where and why.
func TestTypesRefused(t *testing.T) {
	testlib.Lib(t)
	symbol, err := gangway.Process().Symbol("strlen")
	if err != nil {
		t.Fatal(err)
	}
	type late struct {
		A int8
		D gangway.LongDouble
	}
	cases := []struct {
		fn    any // pointer to a variable of func type
		typ   any // of the type that the error names
		words string
	}{
		{new(func(int, chan int)), (chan int)(nil), "parameter 2|no C type"},
		{new(func(map[int]int)), map[int]int{}, "parameter 1|no C type"},
		{new(func() chan int), (chan int)(nil), "result 1|no C type"},
		{new(func() (int, int)), 0, "result 2|one result"},
		{new(func(int, [3]int)), [3]int{}, "parameter 2|array|pointer"},
		{new(func() [2]int8), [2]int8{}, "result 1|array"},
		{new(func() []int8), []int8{}, "result 1|length"},
		{new(func() func()), (func())(nil), "result 1|pointer"},
		{new(func(...int)), []int{}, "parameter 1|...any"},
		{new(func([]string)), []string{}, "parameter 1|slice|pointer"},
		{new(func([][]int)), [][]int{}, "parameter 1|slice"},
		{new(func(int8, struct{ S string })), struct{ S string }{}, "parameter 2|field S|pointer"},
		{new(func(struct{ A, B []int })), struct{ A, B []int }{}, "parameter 1|field A|pointer"},
		{new(func(struct{ F func() })), struct{ F func() }{}, "parameter 1|field F|pointer"},
		{new(func(struct{ A struct{ B any } })), struct{ A struct{ B any } }{}, "parameter 1|field A|field B|no C type"},
		{new(func(struct {
			A [0]int32
			B int32
		})), struct {
			A [0]int32
			B int32
		}{}, "parameter 1|field A|length 0"},
		{new(func(struct{ _ int32 })), struct{ _ int32 }{}, "parameter 1|field 1|padding|[n]byte"},
		// Tags.
		{new(func(int, struct {
			_ struct{} `gangway:"union{i32, f65}"`
			A int64
		})), nil, `parameter 2|its tag|character 12, at "f65}"|a type is missing`},
		{new(func() struct {
			_ struct{} `gangway:"{f16}"`
			A int16
		}), nil, "result 1|its tag|_Float16 cannot be described"},
		{new(func(struct {
			_ struct{} `gangway:"{m128}"`
			A [16]byte
		})), nil, "parameter 1|vectors cannot be described"},
		{new(func(struct {
			_ struct{} `gangway:"{u32:3, u32:29}"`
			A uint32
		})), nil, "parameter 1|a bit-field cannot be described"},
		{new(func(struct {
			_ struct{} `gangway:"packed{i8, i32}"`
			A int8
			B int32
		})), nil, "parameter 1|5 in C, by its tag, and 8 in Go"},
		{new(func(struct {
			_ struct{} `gangway:"i32"`
			A int32
		})), nil, "parameter 1|a struct of Go is a struct, a union or memN@M in C"},
		{new(func(struct {
			_ struct{} `gangway:"{i32}@8"`
			A int64
		})), nil, "parameter 1|an alignment belongs to a member"},
		{new(func(struct {
			_ struct{} `gangway:"{i8}> = {i8}"`
			A int8
		})), nil, "parameter 1|its tag|nothing may follow"},
		{new(func(struct {
			_ struct{} `gangway:""`
			A int8
		})), nil, "parameter 1|its tag|no C type"},
		{new(func(struct {
			_ struct{} `gangway:"mem16@8"`
			A string
		})), nil, "parameter 1|field A|pointer"},
		{new(func(struct {
			_    struct{} `gangway:"{i64@16}"`
			A, B *int8
		})), nil, "parameter 1|its tag|Go has a pointer where C has padding"},
		{new(func(struct {
			_ struct{} `gangway:"mem8@8"`
			A int64
			B struct{}
		})), nil, "parameter 1|8 in C, by its tag, and 16 in Go"},
		{new(func(struct {
			A int8
			B [4]byte `gangway:"i32"`
		})), nil, "parameter 1|field B|a gangway tag belongs on a blank first field of type struct{}"},
		{new(func(struct {
			_ struct{} `gangway:"packed{i8, i32}"`
			A int8
			B [4]byte `gangway:"i32"`
		})), nil, "parameter 1|field B|a gangway tag belongs on a blank first field of type struct{}"},
		{new(func(struct {
			A int8
			B struct {
				_ struct{} `gangway:"union{i32, f16}"`
				V int32
			}
		})), nil, "parameter 1|field B|its tag|_Float16"},
		{new(func(struct {
			A int8
			B struct {
				_ struct{} `gangway:"union{i32, f32}"`
				V [4]byte
			}
		})), nil, "parameter 1|field B|offset 4|Go at 1|blank"},
		{new(func([]struct {
			_ struct{} `gangway:"{bf16}"`
			V int16
		})), nil, "parameter 1|its tag|__bf16"},
		{new(func(func(struct {
			_ struct{} `gangway:"{f128}"`
			V [16]byte
		}))), nil, "parameter 1|its parameter 1|__float128"},
		{new(func(late)), late{}, "parameter 1|field D|offset 16|Go at 8|blank"},
		{new(func() late), late{}, "result 1|field D|offset 16"},
		{new(func(struct {
			D gangway.Int128
			A int8
		})), struct {
			D gangway.Int128
			A int8
		}{}, "parameter 1|32 in C and 24 in Go"},
		{new(func(struct {
			A int32
			B struct{}
		})), struct {
			A int32
			B struct{}
		}{}, "parameter 1|4 in C and 8 in Go"},
		{new(func([]struct{ S string })), []struct{ S string }{}, "parameter 1|field S"},
		{new(func(int, func(int, []int8))), func(int, []int8) {}, "parameter 2|its parameter 2|[]int8|length"},
		{new(func(func(func()))), func(func()) {}, "parameter 1|its parameter 1|Go func"},
		{new(func(func(...any))), func(...any) {}, "parameter 1|its parameter 1|variadic"},
		{new(func(func() string)), func() string { return "" }, "parameter 1|its result 1|own"},
		{new(func(func() (int, int))), func() (int, int) { return 0, 0 }, "parameter 1|its result 2"},
		{new(func(func(struct{ M map[int]int }))), func(struct{ M map[int]int }) {}, "parameter 1|its parameter 1|field M"},
		{new(func(int, struct{ A [1<<20 + 1]byte })), nil, "parameter 2"},
	}
	check := func(what string, err error, typ any, words string) {
		t.Helper()
		var refused *gangway.TypeError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", what, err)
			return
		}
		text := err.Error()
		for _, word := range strings.Split(words, "|") {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q does not say %q", what, text, word)
			}
		}
		if typ == nil {
			return
		}
		if refused.Type != reflect.TypeOf(typ) || !strings.Contains(text, reflect.TypeOf(typ).String()) {
			t.Errorf("%s: %q names type %v, not %T", what, text, refused.Type, typ)
		}
		if part := strings.Split(words, "|")[0]; refused.Part != part {
			t.Errorf("%s: the part is %q, not %q", what, refused.Part, part)
		}
	}
	for _, c := range cases {
		what := reflect.TypeOf(c.fn).Elem().String()
		for _, mode := range testlib.Modes {
			check("Bind, "+mode.Name+", of "+what, gangway.Bind(symbol, c.fn, mode.Option), c.typ, c.words)
		}
		if !reflect.ValueOf(c.fn).Elem().IsNil() {
			t.Errorf("%s was set in spite of the error", what)
		}
	}

	callbacks := []struct {
		fn    any
		typ   any
		words string
	}{
		{func(int, chan int) {}, (chan int)(nil), "parameter 2|no C type"},
		{func([]int8) {}, []int8{}, "parameter 1|length"},
		{func(int, func()) {}, (func())(nil), "parameter 2|Go func"},
		{func(int, ...any) {}, []any{}, "parameter 2|variadic"},
		{func() string { return "" }, "", "result 1|own"},
		{func() []int8 { return nil }, []int8{}, "result 1|length"},
		{func() (int, int) { return 0, 0 }, 0, "result 2|one result"},
		{func() [2]int { return [2]int{} }, [2]int{}, "result 1|array"},
		{func(late) {}, late{}, "parameter 1|field D|offset 16"},
		{func() late { return late{} }, late{}, "result 1|field D"},
		{func(int, struct {
			_ struct{} `gangway:"{d64}"`
			V int64
		}) {
		}, nil, "parameter 2|its tag|_Decimal64"},
	}
	for _, c := range callbacks {
		cb, err := gangway.NewCallback(c.fn)
		if cb != nil {
			t.Errorf("NewCallback(%T) returned one", c.fn)
		}
		check("NewCallback of "+reflect.TypeOf(c.fn).String(), err, c.typ, c.words)
	}

	var variadic func(string, ...any) int32
	if err := gangway.Bind(symbol, &variadic); err != nil {
		t.Fatal(err)
	}
	arguments := []struct {
		value any
		words string
	}{
		{make(chan int), "argument 3|no C type"},
		{nil, "argument 3|nil"},
		{func() {}, "argument 3|NewCallback"},
		{[2]int{}, "argument 3|array"},
		{struct{ S string }{}, "argument 3|field S"},
		{late{}, "argument 3|field D|offset 16"},
		{struct {
			_ struct{} `gangway:"union{i32}"`
			V int64
		}{}, "argument 3|4 in C, by its tag, and 8 in Go"},
	}
	for _, a := range arguments {
		err := func() (err error) {
			defer func() { err, _ = recover().(error) }()
			variadic("text", 1, a.value)
			return nil
		}()
		check("an argument of type "+typeName(a.value), err, a.value, a.words)
	}
}

func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}
