package differential_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// A ctype is a C type with the Go type that stands for it. The exported fields define it, and travel as JSON; lay works
// out the others.
type ctype struct {
	Kind   string   // a key of scalars, or struct, union, array, flex; as parameters only: str, slice, func
	Fields []*ctype `json:",omitempty"` // of a struct or union
	Elem   *ctype   `json:",omitempty"` // of an array, flexible array or slice
	N      int      `json:",omitempty"` // elements of an array
	Func   *sig     `json:",omitempty"`
	Pack   int      `json:",omitempty"` // of a struct: 1 is the attribute, others are #pragma pack
	At     int      `json:",omitempty"` // of a field: _Alignas
	Opaque bool     `json:",omitempty"` // of a struct or union of more than 16 bytes: its text says memN@M
	As     int      `json:",omitempty"` // of a union: how Go declares its bytes

	size, align int // C's
	offsets     []int
	goType      reflect.Type
	leaves      []leaf
}

// A leaf is a scalar in a value: its path in C, and the bytes that count.
type leaf struct {
	path         string
	kind         string
	offset, size int
}

// A sig is the type of a C function.
type sig struct {
	Params   []*ctype
	Dots     bool     `json:",omitempty"` // variadic, More its arguments in the only call
	More     []*ctype `json:",omitempty"`
	Result   *ctype   `json:",omitempty"`
	Errno    bool     `json:",omitempty"`
	funcType reflect.Type
}

type scalar struct {
	c, text     string
	size, align int // size: of what counts
	goType      reflect.Type
}

var scalars = map[string]scalar{
	"bool":    {"_Bool", "bool", 1, 1, reflect.TypeOf(false)},
	"int8":    {"int8_t", "i8", 1, 1, reflect.TypeOf(int8(0))},
	"uint8":   {"uint8_t", "u8", 1, 1, reflect.TypeOf(uint8(0))},
	"int16":   {"int16_t", "i16", 2, 2, reflect.TypeOf(int16(0))},
	"uint16":  {"uint16_t", "u16", 2, 2, reflect.TypeOf(uint16(0))},
	"int32":   {"int32_t", "i32", 4, 4, reflect.TypeOf(int32(0))},
	"uint32":  {"uint32_t", "u32", 4, 4, reflect.TypeOf(uint32(0))},
	"int64":   {"int64_t", "i64", 8, 8, reflect.TypeOf(int64(0))},
	"uint64":  {"uint64_t", "u64", 8, 8, reflect.TypeOf(uint64(0))},
	"int":     {"long", "i64", 8, 8, reflect.TypeOf(0)},
	"uint":    {"unsigned long", "u64", 8, 8, reflect.TypeOf(uint(0))},
	"uintptr": {"size_t", "u64", 8, 8, reflect.TypeOf(uintptr(0))},
	"float":   {"float", "f32", 4, 4, reflect.TypeOf(float32(0))},
	"double":  {"double", "f64", 8, 8, reflect.TypeOf(float64(0))},
	"cfloat":  {"float _Complex", "c64", 8, 4, reflect.TypeOf(complex64(0))},
	"cdouble": {"double _Complex", "c128", 16, 8, reflect.TypeOf(complex128(0))},
	"ptr":     {"void *", "ptr", 8, 8, reflect.TypeOf(unsafe.Pointer(nil))},
	"intptr":  {"int64_t *", "ptr", 8, 8, reflect.TypeOf((*int64)(nil))},
	"ldouble": {"long double", "f80", 10, 16, reflect.TypeOf(gangway.LongDouble{})},
	"int128":  {"__int128", "i128", 16, 16, reflect.TypeOf(gangway.Int128{})},
	"uint128": {"unsigned __int128", "u128", 16, 16, reflect.TypeOf(gangway.Uint128{})},
}

// Kinds by flavour: what a signature is mostly made of.
var (
	intKinds   = strings.Fields("bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 int uint uintptr ptr intptr")
	floatKinds = strings.Fields("float double float double cfloat cdouble")
	wideKinds  = strings.Fields("ldouble int128 uint128 cdouble")
	allKinds   = append(append(append([]string{}, intKinds...), floatKinds...), wideKinds...)
	byteType   = reflect.TypeOf(byte(0))
	anyType    = reflect.TypeOf((*any)(nil)).Elem()
	errnoType  = reflect.TypeOf(syscall.Errno(0))
)

func up(n, align int) int { return (n + align - 1) / align * align }

// lay works out size, layout, Go type and leaves.
func (t *ctype) lay() *ctype {
	switch t.Kind {
	case "str":
		t.size, t.align, t.goType = 8, 8, reflect.TypeOf("")
	case "slice":
		t.Elem.lay()
		t.size, t.align, t.goType = 8, 8, reflect.SliceOf(t.Elem.goType)
	case "func":
		t.Func.lay()
		t.size, t.align, t.goType = 8, 8, t.Func.funcType
	case "array":
		e := t.Elem.lay()
		t.size, t.align, t.goType = e.size*t.N, e.align, reflect.ArrayOf(t.N, e.goType)
		t.leaves = nil
		for i := 0; i < t.N; i++ {
			t.addLeaves(fmt.Sprintf("[%d]", i), i*e.size, e)
		}
	case "flex":
		t.size, t.align, t.leaves = 0, t.Elem.lay().align, nil
	case "struct", "union":
		if t.foreign() || !t.layStruct() {
			t.layForeign()
		}
	default:
		s := scalars[t.Kind]
		t.size, t.align, t.goType = up(s.size, s.align), s.align, s.goType
		t.leaves = []leaf{{"", t.Kind, 0, s.size}}
	}
	return t
}

func (t *ctype) addLeaves(path string, offset int, from *ctype) {
	for _, l := range from.leaves {
		t.leaves = append(t.leaves, leaf{path + l.path, l.kind, offset + l.offset, l.size})
	}
}

// layStruct lays a struct out as C does, and makes a Go type with the same layout: Go aligns to 8 what C aligns to 16. false:
// there is none, as Go aligns a field more.
func (t *ctype) layStruct() bool {
	t.size, t.align, t.offsets, t.leaves = 0, 1, nil, nil
	var fields []reflect.StructField
	goEnd := 0
	pad := func(to int) {
		if to > goEnd {
			fields = append(fields, reflect.StructField{Name: "_", PkgPath: "differential", Type: reflect.ArrayOf(to-goEnd, byteType)})
			goEnd = to
		}
	}
	for i, f := range t.Fields {
		f.lay()
		at := up(t.size, f.align)
		if at%f.goType.Align() != 0 {
			return false
		}
		if up(goEnd, f.goType.Align()) != at {
			pad(at)
		}
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: f.goType})
		t.offsets = append(t.offsets, at)
		t.addLeaves(fmt.Sprintf(".f%d", i), at, f)
		t.size, goEnd = at+f.size, at+f.size
		if f.align > t.align {
			t.align = f.align
		}
	}
	t.size = up(t.size, t.align)
	goAlign := 1
	for _, f := range fields {
		if a := f.Type.Align(); a > goAlign {
			goAlign = a
		}
	}
	if up(goEnd, goAlign) != t.size {
		pad(t.size)
	}
	t.goType = reflect.StructOf(fields)
	return int(t.goType.Size()) == t.size
}

// foreign tells whether Go has no such struct, so that a tag has to say what it is in C.
func (t *ctype) foreign() bool {
	if t.Kind == "union" || t.Pack != 0 || t.Opaque {
		return true
	}
	for _, f := range t.Fields {
		if f.At != 0 || f.Kind == "flex" {
			return true
		}
	}
	return false
}

// layForeign lays t out as C does, and makes a Go type with a tag, in which each field that Go cannot have where C has it is
// bytes.
func (t *ctype) layForeign() {
	t.size, t.align, t.offsets, t.leaves = 0, 1, nil, nil
	for i, f := range t.Fields {
		f.lay()
		if f.Kind == "flex" && (t.Kind == "union" || i+1 < len(t.Fields) || t.size == 0) {
			panic("a flexible array that is not the last field, or the only one")
		}
		align := f.align
		if t.Pack != 0 && align > t.Pack {
			align = t.Pack
		}
		if f.At != 0 {
			align = f.At
		}
		at := 0
		if t.Kind == "struct" {
			at = up(t.size, align)
		}
		t.offsets = append(t.offsets, at)
		t.addLeaves(fmt.Sprintf(".f%d", i), at, f)
		if at+f.size > t.size {
			t.size = at + f.size
		}
		if align > t.align {
			t.align = align
		}
	}
	t.size = up(t.size, t.align)
	t.Opaque = t.Opaque && t.size > 16
	fields := []reflect.StructField{{Name: "_", PkgPath: "differential", Type: reflect.TypeOf(struct{}{}),
		Tag: reflect.StructTag(fmt.Sprintf("gangway:%q", t.text()))}}
	end := 0
	put := func(name string, at int, f reflect.Type) {
		if at > end {
			fields = append(fields, reflect.StructField{Name: "_", PkgPath: "differential", Type: reflect.ArrayOf(at-end, byteType)})
		}
		if size := int(f.Size()); at%f.Align() != 0 || t.size%f.Align() != 0 {
			f = reflect.ArrayOf(size, byteType)
		}
		fields = append(fields, reflect.StructField{Name: name, Type: f})
		end = at + int(f.Size())
	}
	if t.Kind == "union" {
		word := []reflect.Type{byteType, reflect.TypeOf(uint64(0)), reflect.TypeOf(float64(0)), reflect.TypeOf(float32(0))}[t.As]
		for at := 0; at+int(word.Size()) <= t.size; at += int(word.Size()) {
			put(fmt.Sprintf("W%d", at), at, word)
		}
	} else {
		for i, f := range t.Fields {
			if f.size > 0 {
				put(fmt.Sprintf("F%d", i), t.offsets[i], f.goType)
			}
		}
	}
	if end < t.size {
		fields = append(fields, reflect.StructField{Name: "Rest", Type: reflect.ArrayOf(t.size-end, byteType)})
	}
	t.goType = reflect.StructOf(fields)
	if int(t.goType.Size()) != t.size {
		panic(fmt.Sprintf("%v: C has %d bytes, Go %d", t.goType, t.size, t.goType.Size()))
	}
}

// lay makes the Go type of s.
func (s *sig) lay() *sig {
	var in, out []reflect.Type
	for _, p := range s.Params {
		in = append(in, p.lay().goType)
	}
	for _, m := range s.More {
		m.lay()
	}
	if s.Dots {
		in = append(in, reflect.SliceOf(anyType))
	}
	if s.Result != nil {
		out = append(out, s.Result.lay().goType)
	}
	if s.Errno {
		out = append(out, errnoType)
	}
	s.funcType = reflect.FuncOf(in, out, s.Dots)
	return s
}

// any tells whether f holds for a parameter, a variadic argument or the result, or a part of these.
func (s *sig) any(f func(*ctype) bool) bool {
	for _, t := range s.values() {
		if t.any(f) {
			return true
		}
	}
	return false
}

func (s *sig) values() []*ctype {
	all := append(append([]*ctype{}, s.Params...), s.More...)
	if s.Result != nil {
		all = append(all, s.Result)
	}
	return all
}

func (t *ctype) any(f func(*ctype) bool) bool {
	if f(t) || t.Elem != nil && t.Elem.any(f) || t.Func != nil && t.Func.any(f) {
		return true
	}
	for _, m := range t.Fields {
		if m.any(f) {
			return true
		}
	}
	return false
}

// text is s as gw_signature_parse reads it, with C's own layout.
func (s *sig) text() string {
	var list []string
	for _, p := range s.Params {
		list = append(list, p.text())
	}
	if s.Dots && len(s.More) > 0 {
		list = append(list, "...")
		for _, m := range s.More {
			list = append(list, m.promoted().text())
		}
	}
	result := "void"
	if s.Result != nil {
		result = s.Result.text()
	}
	return result + "(" + strings.Join(list, ", ") + ")"
}

func (t *ctype) text() string {
	switch t.Kind {
	case "struct", "union":
		if t.Opaque {
			return fmt.Sprintf("mem%d@%d", t.size, t.align)
		}
		var list []string
		for _, f := range t.Fields {
			text := f.text()
			if f.At != 0 {
				text += fmt.Sprintf("@%d", f.At)
			}
			list = append(list, text)
		}
		begin := ""
		switch {
		case t.Kind == "union":
			begin = "union"
		case t.Pack == 1:
			begin = "packed"
		case t.Pack != 0:
			begin = fmt.Sprintf("packed%d", t.Pack)
		}
		return begin + "{" + strings.Join(list, ", ") + "}"
	case "flex":
		return "[0]" + t.Elem.text()
	case "array":
		return fmt.Sprintf("[%d]%s", t.N, t.Elem.text())
	case "str", "slice", "func":
		return "ptr"
	}
	return scalars[t.Kind].text
}

// promoted is the type as which C passes t to a variadic function.
func (t *ctype) promoted() *ctype {
	switch t.Kind {
	case "bool", "int8", "uint8", "int16", "uint16":
		return (&ctype{Kind: "int32"}).lay()
	case "float":
		return (&ctype{Kind: "double"}).lay()
	}
	return t
}

// ---- Generator ----

// maxParams is 60, or what reflect.FuncOf makes of it: Go 1.19 takes 50 parameters and results.
var maxParams = func() (n int) {
	defer func() {
		if recover() != nil {
			n = 47
		}
	}()
	many := make([]reflect.Type, 63)
	for i := range many {
		many[i] = byteType
	}
	reflect.FuncOf(many, nil, false)
	return 60
}()

func pick(r *rand.Rand, from []string) string { return from[r.Intn(len(from))] }

// newSig returns a random signature.
func newSig(r *rand.Rand) *sig {
	s := &sig{}
	n := r.Intn(13)
	switch r.Intn(20) {
	case 0, 1, 2:
		n = r.Intn(26)
	case 3:
		n = 20 + r.Intn(41)
	}
	if n > maxParams {
		n = maxParams
	}
	kinds := [][]string{allKinds, intKinds, floatKinds, append(append([]string{}, intKinds...), floatKinds...), wideKinds}[r.Intn(5)]
	structs := r.Intn(4) * 30 // percent
	goKinds := r.Intn(4) == 0
	if structs == 0 && r.Intn(2) == 0 {
		goKinds = false
	}
	for i := 0; i < n; i++ {
		switch {
		case goKinds && r.Intn(4) == 0:
			s.Params = append(s.Params, newGoParam(r))
		case r.Intn(100) < structs:
			s.Params = append(s.Params, newStructOf(r, kinds))
		default:
			s.Params = append(s.Params, &ctype{Kind: pick(r, kinds)})
		}
	}
	switch r.Intn(8) {
	case 0, 1:
	case 2, 3, 4:
		s.Result = &ctype{Kind: pick(r, kinds)}
	case 5:
		s.Result = &ctype{Kind: pick(r, allKinds)}
		if r.Intn(3) == 0 {
			s.Result = &ctype{Kind: "str"}
		}
	default:
		s.Result = newStructOf(r, kinds)
	}
	s.Errno = r.Intn(6) == 0
	if len(s.Params) > 0 && r.Intn(10) == 0 {
		s.Dots = true
		for i := r.Intn(13); i > 0; i-- {
			m := &ctype{Kind: pick(r, allKinds)}
			switch r.Intn(8) {
			case 0:
				m = &ctype{Kind: "str"}
			case 1:
				if m = newStructOf(r, kinds); m.lay().size == 0 || m.any(raised) {
					m = &ctype{Kind: "int"}
				}
			}
			s.More = append(s.More, m)
		}
	}
	return s.lay()
}

// raised tells whether t is aligned to more than its members are, and to more than a register. The va_arg of gcc 12 faults at
// such a struct of integers when the first of its two registers has an odd number, in C alone: it reads the registers' place
// in memory as if it were aligned. The types are offered as other parameters.
func raised(t *ctype) bool { return t.At > 8 || t.Kind == "flex" && t.lay().align > 8 }

func newGoParam(r *rand.Rand) *ctype {
	switch r.Intn(4) {
	case 0:
		elem := &ctype{Kind: pick(r, allKinds)}
		if r.Intn(3) == 0 {
			if s := newStructOf(r, allKinds); s.lay().size > 0 {
				elem = s
			}
		}
		return &ctype{Kind: "slice", Elem: elem}
	case 1:
		f := &sig{}
		for i := r.Intn(8); i > 0; i-- {
			switch r.Intn(6) {
			case 0:
				f.Params = append(f.Params, newStructOf(r, allKinds))
			case 1:
				if i < 3 {
					f.Params = append(f.Params, &ctype{Kind: "str"})
				}
			default:
				f.Params = append(f.Params, &ctype{Kind: pick(r, allKinds)})
			}
		}
		if k := r.Intn(4); k == 0 {
			f.Result = newStructOf(r, allKinds)
		} else if k < 3 {
			f.Result = &ctype{Kind: pick(r, allKinds)}
		}
		return &ctype{Kind: "func", Func: f}
	}
	return &ctype{Kind: "str"}
}

// newStructOf returns a random struct, mostly of those kinds.
func newStructOf(r *rand.Rand, kinds []string) *ctype {
	if r.Intn(2) == 0 {
		kinds = allKinds
	}
	size := 1 + r.Intn(16)
	switch k := r.Intn(40); {
	case k < 10:
		size = 17 + r.Intn(24)
	case k < 12:
		size = 41 + r.Intn(60)
	case k == 12:
		size = 101 + r.Intn(200)
	case k == 13:
		size = 0
	}
	t := newStruct(r, kinds, size, 4)
	if r.Intn(3) == 0 {
		makeForeign(r, t)
	}
	return t
}

// makeForeign makes unions, packed and aligned structs and the like of some of the structs in t.
func makeForeign(r *rand.Rand, t *ctype) {
	if t.Elem != nil {
		makeForeign(r, t.Elem)
	}
	for _, f := range t.Fields {
		makeForeign(r, f)
	}
	if t.Kind != "struct" || len(t.Fields) == 0 || r.Intn(3) == 0 {
		return
	}
	switch r.Intn(8) {
	case 0, 1:
		t.Kind, t.As = "union", r.Intn(4)
	case 2, 3:
		t.Pack = 1
	case 4:
		t.Pack = 2 << r.Intn(3)
	}
	if t.Pack != 0 && t.any(func(f *ctype) bool { return f.Kind == "array" && f.Elem.hasFields() }) {
		// gcc takes an array's second element for padding where the first reaches into the second eightbyte with nothing but
		// padding, and loses it: packed{[5]u8, [2]{i8@4}}, from C to C.
		t.Pack = 0
	}
	if t.Kind == "struct" && r.Intn(8) == 0 && t.lay().size > 0 {
		t.Fields = append(t.Fields, &ctype{Kind: "flex", Elem: &ctype{Kind: pick(r, allKinds)}})
	}
	if (t.Pack == 0 || t.Pack == 1) && r.Intn(3) == 0 { // gcc caps _Alignas where #pragma pack counts
		f := t.Fields[r.Intn(len(t.Fields))]
		if f.At = f.lay().align; r.Intn(3) > 0 && f.At < 64 {
			f.At *= 2 << r.Intn(2)
		}
	}
	t.Opaque = r.Intn(6) == 0
	t.lay()
}

// newStruct returns a struct of at most size bytes or a little more: alignment counts.
func newStruct(r *rand.Rand, kinds []string, size, depth int) *ctype {
	t := &ctype{Kind: "struct"}
	empty := func() *ctype {
		e := &ctype{Kind: "struct"}
		if r.Intn(4) == 0 {
			e = &ctype{Kind: "array", Elem: e, N: 1 + r.Intn(3)}
		}
		return e
	}
	if size == 0 && depth > 1 && r.Intn(3) == 0 {
		t.Fields = append(t.Fields, empty())
	}
	for end := 0; end < size; {
		f := newMember(r, kinds, size-end, depth)
		end = up(end, f.lay().align)
		if end += f.size; f.size == 0 {
			continue // Go makes room after an empty last field, C does not
		}
		if r.Intn(60) == 0 {
			t.Fields = append(t.Fields, empty())
		}
		t.Fields = append(t.Fields, f)
	}
	return t
}

// newMember returns a type of at most room bytes.
func newMember(r *rand.Rand, kinds []string, room, depth int) *ctype {
	switch {
	case depth > 1 && r.Intn(6) == 0:
		return newStruct(r, kinds, 1+r.Intn(room), depth-1)
	case r.Intn(6) == 0:
		n := 1 + r.Intn(5)
		if n > room {
			n = room
		}
		e := newMember(r, kinds, room/n, depth-1)
		if e.lay().size == 0 {
			return e
		}
		return &ctype{Kind: "array", Elem: e, N: n}
	}
	for try := 0; try < 20; try++ {
		k := pick(r, kinds)
		if try > 5 {
			k = pick(r, allKinds)
		}
		if s := scalars[k]; up(s.size, s.align) <= room {
			return &ctype{Kind: k}
		}
	}
	return &ctype{Kind: "uint8"}
}
