package gangway

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// LongDouble is C's long double: the x87 extended format, 10 bytes in a place of 16. Convert with Float64 and
// NewLongDouble. C aligns it to 16 bytes, Go to 8: a struct that holds one needs the padding that C puts before it.
type LongDouble struct{ mantissa, exponent uint64 }

// Int128 is C's __int128, Hi and Lo its halves. Aligned like LongDouble.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Uint128 is C's unsigned __int128. Aligned like LongDouble.
type Uint128 struct{ Lo, Hi uint64 }

// class says in which kind of register a value travels.
type class uint8

const (
	classNone class = iota
	classInt
	classFloat32
	classFloat64
	classOther // in several registers, in memory, or after a conversion
)

// A value is one parameter or result.
type value struct {
	class   class
	pointer bool
	bits    int8 // of an integer
	signed  bool
	text    string // the C type, as gw_signature_parse has it, or str, slice, func
	size    uintptr
	align   uintptr    // C's
	fn      *signature // of a func
}

// narrow tells whether v is an integer of less than 32 bits, which C compilers want extended.
func (v value) narrow() bool { return v.class == classInt && v.bits < 32 }

// A signature is a func type whose C equivalent is known.
type signature struct {
	typ      reflect.Type
	params   []value
	result   value
	errno    bool
	variadic bool // the last Go parameter is ...any
}

// few tells whether callbackEntry takes the parameters as they come, up to three integers, and gives the result as it is.
func (s *signature) few() bool {
	for _, p := range s.params {
		if p.class != classInt {
			return false
		}
	}
	return len(s.params) <= 3 && (s.result.class == classNone || s.result.class == classInt && !s.result.narrow())
}

// text returns the signature as the C core reads it, with more parameters after the fixed ones when it is variadic.
func (s *signature) text(more ...string) string {
	var b strings.Builder
	b.WriteString(s.result.text)
	b.WriteByte('(')
	for i, p := range s.params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.text)
	}
	if s.variadic && len(more) > 0 {
		if len(s.params) > 0 {
			b.WriteString(", ")
		}
		b.WriteString("..., ")
		b.WriteString(strings.Join(more, ", "))
	}
	b.WriteByte(')')
	return b.String()
}

var (
	errnoType      = reflect.TypeOf(syscall.Errno(0))
	anyType        = reflect.TypeOf((*any)(nil)).Elem()
	longDoubleType = reflect.TypeOf(LongDouble{})
	int128Type     = reflect.TypeOf(Int128{})
	uint128Type    = reflect.TypeOf(Uint128{})
)

// newSignature examines the func type t. name is for errors.
func newSignature(name string, t reflect.Type, callback bool) (*signature, error) {
	s := &signature{typ: t}
	params := t.NumIn()
	if t.IsVariadic() {
		params--
		last := t.In(params)
		if callback {
			return nil, &TypeError{name, numbered("parameter", params+1), last, "C has no types for the arguments of a variadic callback"}
		}
		if last.Elem() != anyType {
			return nil, &TypeError{name, numbered("parameter", params+1), last, "variadic arguments of C are ...any"}
		}
		s.variadic = true
	}
	for i := 0; i < params; i++ {
		v, reason := newValue(t.In(i))
		if reason == "" && callback && (v.text == "slice" || v.text == "func") {
			reason = "C passes a callback no length, and no Go func; use a pointer"
		}
		if reason != "" {
			return nil, &TypeError{name, numbered("parameter", i+1), t.In(i), reason}
		}
		s.params = append(s.params, v)
	}
	results := t.NumOut()
	if results > 0 && t.Out(results-1) == errnoType && !callback {
		s.errno = true
		results--
	}
	if results > 1 {
		return nil, &TypeError{name, "result 2", t.Out(1), "a C function has one result (and errno as a syscall.Errno after it)"}
	}
	s.result.text = "void"
	if results == 1 {
		v, reason := newValue(t.Out(0))
		switch {
		case reason != "":
		case v.text == "slice" || v.text == "func":
			reason = "C returns no length, and no Go func; use a pointer"
		case v.text == "str" && callback:
			reason = "nobody would own the string's memory; use a pointer"
		}
		if reason != "" {
			return nil, &TypeError{name, "result 1", t.Out(0), reason}
		}
		s.result = v
	}
	return s, nil
}

// newValue examines the type of a parameter or result.
func newValue(t reflect.Type) (v value, reason string) {
	switch t.Kind() {
	case reflect.String:
		return value{class: classOther, text: "str"}, ""
	case reflect.Slice:
		if _, reason := newMember(t.Elem()); reason != "" {
			return v, "a slice whose elements C cannot have: " + reason
		}
		return value{class: classOther, text: "slice"}, ""
	case reflect.Func:
		sig, err := newSignature("func", t, true)
		if err != nil {
			return v, err.(*TypeError).inner()
		}
		return value{class: classOther, text: "func", fn: sig}, ""
	}
	if t.Kind() == reflect.Array {
		return v, "C passes and returns no arrays; use a pointer, or a struct that holds it"
	}
	return newMember(t)
}

// inner is the error's text for use in another one.
func (e *TypeError) inner() string {
	if e.Part == "" {
		return e.Reason
	}
	return "its " + e.Part + ", of type " + e.Type.String() + ": " + e.Reason
}

// newMember examines a type that may also be part of a struct or array.
func newMember(t reflect.Type) (v value, reason string) {
	v.size, v.align = t.Size(), uintptr(t.Align())
	integer := func(text string, signed bool) (value, string) {
		v.class, v.bits, v.signed, v.text = classInt, int8(t.Size()*8), signed, text
		return v, ""
	}
	switch t {
	case longDoubleType:
		return value{class: classOther, text: "f80", size: 16, align: 16}, ""
	case int128Type:
		return value{class: classOther, text: "i128", size: 16, align: 16}, ""
	case uint128Type:
		return value{class: classOther, text: "u128", size: 16, align: 16}, ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return integer("bool", false)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integer("i"+strconv.Itoa(t.Bits()), true)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return integer("u"+strconv.Itoa(t.Bits()), false)
	case reflect.Float32:
		v.class, v.text = classFloat32, "f32"
	case reflect.Float64:
		v.class, v.text = classFloat64, "f64"
	case reflect.Complex64:
		v.class, v.text = classOther, "c64"
	case reflect.Complex128:
		v.class, v.text = classOther, "c128"
	case reflect.Ptr, reflect.UnsafePointer:
		v.class, v.bits, v.pointer, v.text = classInt, 64, true, "ptr"
	case reflect.Array:
		e, reason := newMember(t.Elem())
		if reason == "" && t.Len() == 0 {
			reason = "C has no arrays of length 0, and a flexible array is described by a tag"
		}
		if reason != "" {
			return v, reason
		}
		return value{class: classOther, text: arrayText(t, e.text), size: t.Size(), align: e.align}, ""
	case reflect.Struct:
		return newStruct(t)
	case reflect.String, reflect.Slice, reflect.Func:
		return v, "inside a struct, an array or a slice use a pointer"
	default:
		return v, "no C type is like it"
	}
	return v, ""
}

func arrayText(t reflect.Type, element string) string {
	return "[" + strconv.Itoa(t.Len()) + "]" + element
}

func decimal(n uintptr) string { return strconv.FormatUint(uint64(n), 10) }

// tagKey is that of the tag on a blank first field of type struct{}: the C type of the struct.
const tagKey = "gangway"

var emptyType = reflect.TypeOf(struct{}{})

// newTagged examines a struct type whose tag says what it is in C. To the C core it is both: "<as Go has it = as C has
// it>".
func newTagged(t reflect.Type, tag string) (v value, reason string) {
	inC, reason := layout(tag)
	if reason != "" {
		return v, "its tag: " + reason
	}
	if inC.size != t.Size() {
		return v, "its size is " + decimal(inC.size) + " in C, by its tag, and " + decimal(t.Size()) + " in Go"
	}
	inGo, reason := goText(t)
	if reason != "" {
		return v, reason
	}
	inC.class, inC.text = classOther, "<"+inGo+" = "+tag+">"
	if _, reason := layout(inC.text); reason != "" {
		return v, "its tag: " + reason
	}
	return inC, ""
}

// layout returns what size and alignment a type has that the C core reads.
func layout(text string) (v value, reason string) {
	c, ok := cstring(text)
	if !ok {
		return v, "no C type is in it"
	}
	out := trampolines.Escape(new([2]uint32))
	_, reason = trampolines.Checked(func() uintptr {
		return trampolines.Call(trampolines.Core.TypeLayoutGo, uintptr(unsafe.Pointer(c)), uintptr(unsafe.Pointer(out)), 0, 0, 0, 0)
	})
	return value{size: uintptr(out[0]), align: uintptr(out[1])}, reason
}

// goText returns how Go lays a type out, as the C core reads it: tags do not count, and a LongDouble is the struct that
// it is in Go.
func goText(t reflect.Type) (text, reason string) {
	switch t.Kind() {
	case reflect.Array:
		if t.Len() == 0 {
			return "", "Go's layout of arrays of length 0 is its own"
		}
		text, reason = goText(t.Elem())
		return arrayText(t, text), reason
	case reflect.Struct:
		fields := make([]string, t.NumField())
		for i := range fields {
			f := t.Field(i)
			if fields[i], reason = goText(f.Type); reason != "" {
				return "", "field " + f.Name + ": " + reason
			}
		}
		return "{" + strings.Join(fields, ", ") + "}", ""
	}
	v, reason := newMember(t)
	return v.text, reason
}

// newStruct examines a struct type. C lays it out by itself; where that is not Go's layout, the type is refused, unless
// a tag says what it is in C.
func newStruct(t reflect.Type) (v value, reason string) {
	tag, tagged := "", false
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		text, ok := f.Tag.Lookup(tagKey)
		if ok && (i > 0 || f.Name != "_" || f.Type != emptyType) {
			return v, "field " + f.Name + ": a " + tagKey + " tag belongs on a blank first field of type struct{}"
		}
		if ok {
			tag, tagged = text, true
		}
	}
	if tagged {
		return newTagged(t, tag)
	}
	var b strings.Builder
	b.WriteByte('{')
	end, align := uintptr(0), uintptr(1)
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		var m value
		if f.Name == "_" {
			if f.Type.Kind() != reflect.Array || f.Type.Elem().Kind() != reflect.Uint8 {
				return v, numbered("field", i+1) + ": padding is a blank field of type [n]byte"
			}
			if f.Type.Len() == 0 {
				continue
			}
			m = value{text: "pad" + strconv.Itoa(f.Type.Len()), size: f.Type.Size(), align: 1}
		} else if m, reason = newMember(f.Type); reason != "" {
			return v, "field " + f.Name + ": " + reason
		}
		offset := (end + m.align - 1) &^ (m.align - 1)
		if offset != f.Offset {
			return v, "field " + f.Name + ": C has it at offset " + decimal(offset) + ", Go at " + decimal(f.Offset) +
				": put a blank field of type [n]byte before it"
		}
		end = offset + m.size
		if m.align > align {
			align = m.align
		}
		if b.Len() > 1 {
			b.WriteString(", ")
		}
		b.WriteString(m.text)
	}
	if end = (end + align - 1) &^ (align - 1); end != t.Size() {
		return v, "its size is " + decimal(end) + " in C and " + decimal(t.Size()) + " in Go"
	}
	b.WriteByte('}')
	return value{class: classOther, text: b.String(), size: t.Size(), align: align}, ""
}

// compiled holds what the C core made of signature texts, for good. Under compiling one is made, and only once.
var (
	compiled  sync.Map // compiledKey to uintptr
	compiling sync.Mutex
)

type compiledKey struct {
	text            string
	plan            bool
	errno, callback bool
}

// plan returns the address of the gw_go_plan for s, with these variadic arguments.
func (s *signature) plan(callback bool, more ...string) (uintptr, error) {
	return compile(compiledKey{s.text(more...), true, s.errno, callback})
}

// inC returns the address of the gw_signature for s, with these variadic arguments.
func (s *signature) inC(more ...string) (uintptr, error) {
	return compile(compiledKey{text: s.text(more...)})
}

// noMemory is the error of compile that is not about the signature.
type noMemory string

func (e noMemory) Error() string { return string(e) }

func compile(key compiledKey) (uintptr, error) {
	if p, ok := compiled.Load(key); ok {
		return p.(uintptr), nil
	}
	compiling.Lock()
	defer compiling.Unlock()
	if p, ok := compiled.Load(key); ok {
		return p.(uintptr), nil
	}
	text, ok := cstring(key.text)
	if !ok {
		panic("gangway: a signature without text")
	}
	out := trampolines.Escape(new(uintptr))
	status, reason := trampolines.Checked(func() uintptr {
		if key.plan {
			return trampolines.Call(trampolines.Core.GoPlanNew, uintptr(unsafe.Pointer(out)), uintptr(unsafe.Pointer(text)),
				flag(key.errno), flag(key.callback), 0, 0)
		}
		return trampolines.Call(trampolines.Core.SignatureParseGo, uintptr(unsafe.Pointer(out)), uintptr(unsafe.Pointer(text)), 0, 0, 0, 0)
	})
	switch status {
	case 0:
	case 2: // GW_ENOMEM
		return 0, noMemory(reason)
	default:
		return 0, errors.New(reason)
	}
	compiled.Store(key, *out)
	return *out, nil
}

func flag(b bool) uintptr {
	if b {
		return 1
	}
	return 0
}
