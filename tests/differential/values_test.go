package differential_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"unsafe"
)

// A value is one of a ctype.
type value struct {
	typ    *ctype
	mem    []byte   // as in memory; for scalars and structs
	null   bool     // of the others
	str    string   // of a str
	elems  []*value // of a slice
	args   []*value // of a func: what C calls it with
	result *value   // and what it returns
}

// arena is C memory that pointers among the values point to.
type arena struct{ base, size uintptr }

// garbage is in all bytes that are padding.
const garbage = 0x5a

// newValue returns a random value.
func newValue(r *rand.Rand, t *ctype, a arena) *value {
	v := &value{typ: t}
	switch t.Kind {
	case "str":
		n := r.Intn(101)
		switch r.Intn(12) {
		case 0:
			n = 5000 + r.Intn(15001)
		case 1:
			n = 0
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(1 + r.Intn(255))
		}
		v.str = string(b)
	case "slice":
		if v.null = r.Intn(8) == 0; !v.null {
			for i := 1 + r.Intn(6); i > 0; i-- {
				v.elems = append(v.elems, newValue(r, t.Elem, a))
			}
		}
	case "func":
		if v.null = r.Intn(8) == 0; !v.null {
			v.args, v.result = newValues(r, t.Func.Params, a), newResult(r, t.Func, a)
		}
	default:
		v.mem = bytes.Repeat([]byte{garbage}, t.size)
		for _, l := range t.leaves {
			randomLeaf(r, l, v.mem[l.offset:l.offset+l.size], a)
		}
	}
	return v
}

func newValues(r *rand.Rand, types []*ctype, a arena) []*value {
	var all []*value
	for _, t := range types {
		all = append(all, newValue(r, t, a))
	}
	return all
}

func newResult(r *rand.Rand, s *sig, a arena) *value {
	if s.Result == nil {
		return nil
	}
	v := newValue(r, s.Result, a)
	if s.Result.Kind == "str" && r.Intn(4) == 0 {
		v.null, v.str = true, ""
	}
	return v
}

func randomLeaf(r *rand.Rand, l leaf, b []byte, a arena) {
	r.Read(b)
	if r.Intn(8) == 0 { // all bits alike, and small numbers
		fill := []byte{0, 0xff}[r.Intn(2)]
		for i := range b {
			b[i] = fill
		}
	}
	finite := func(b []byte, exponent int) { // not all bits of the exponent
		if r.Intn(4) > 0 {
			b[len(b)-1] = b[len(b)-1]&^0x40 | byte(r.Intn(2))<<6
		}
		if b[len(b)-1]&0x7f == 0x7f {
			b[len(b)-1] &^= byte(exponent)
		}
	}
	switch l.kind {
	case "bool":
		b[0] &= 1
	case "float":
		finite(b, 0x20)
	case "double":
		finite(b, 0x20)
	case "cfloat":
		finite(b[:4], 0x20)
		finite(b[4:], 0x20)
	case "cdouble":
		finite(b[:8], 0x20)
		finite(b[8:], 0x20)
	case "ldouble":
		b[7] |= 0x80 // normalized
		finite(b, 0x20)
		if b[9]&0x7f == 0 && b[8] == 0 {
			b[8] = 1
		}
	case "ptr", "intptr":
		p := uint64(0)
		if r.Intn(6) > 0 {
			p = uint64(a.base) + uint64(r.Intn(int(a.size)))&^7
		}
		binary.LittleEndian.PutUint64(b, p)
	}
}

// toGo returns v as Go passes it; trouble takes what goes wrong when C calls a func.
func (v *value) toGo(trouble func(string), pressure func()) reflect.Value {
	p := reflect.New(v.typ.goType)
	switch {
	case v.null:
	case v.typ.Kind == "str":
		p.Elem().SetString(v.str)
	case v.typ.Kind == "slice":
		s := reflect.MakeSlice(v.typ.goType, len(v.elems), len(v.elems)+1)
		for i, e := range v.elems {
			copy(bytesAt(s.Index(i).Addr().UnsafePointer(), e.typ.size), e.mem)
		}
		p.Elem().Set(s)
	case v.typ.Kind == "func":
		calls := 0
		p.Elem().Set(reflect.MakeFunc(v.typ.goType, func(in []reflect.Value) []reflect.Value {
			if calls++; calls > 1 {
				trouble("a func parameter was called twice")
			}
			pressure()
			for i, a := range v.args {
				if text := a.compareGo(fmt.Sprintf("argument %d of a func parameter", i), in[i]); text != "" {
					trouble(text)
				}
			}
			if v.result == nil {
				return nil
			}
			return []reflect.Value{v.result.toGo(trouble, pressure)}
		}))
	default:
		copy(bytesAt(p.UnsafePointer(), v.typ.size), v.mem)
	}
	return p.Elem()
}

func bytesAt(p unsafe.Pointer, n int) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(p), n)
}

// compareGo returns how a Go value differs from v, or "".
func (v *value) compareGo(name string, got reflect.Value) string {
	if v.typ.Kind == "str" {
		if got.String() != v.str {
			return fmt.Sprintf("%s: got %s, want %s", name, brief([]byte(got.String())), brief([]byte(v.str)))
		}
		return ""
	}
	p := reflect.New(v.typ.goType)
	p.Elem().Set(got)
	return v.compareMem(name, bytesAt(p.UnsafePointer(), v.typ.size))
}

// compareMem compares leaf by leaf.
func (v *value) compareMem(name string, got []byte) string {
	for _, l := range v.typ.leaves {
		g, w := got[l.offset:l.offset+l.size], v.mem[l.offset:l.offset+l.size]
		if !bytes.Equal(g, w) {
			return fmt.Sprintf("%s%s (%s): got % x, want % x", name, l.path, scalars[l.kind].c, g, w)
		}
	}
	return ""
}

func brief(b []byte) string {
	if len(b) > 24 {
		return fmt.Sprintf("%d bytes, % x ...", len(b), b[:24])
	}
	return fmt.Sprintf("%d bytes, % x", len(b), b)
}

// A record is a piece of what C logs.
type record struct {
	name string
	want []byte
}

// A script is what C takes from gd_in during one call, and what it logs.
type script struct {
	in  bytes.Buffer
	log []record
}

func (s *script) next(n uint32) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], n)
	s.in.Write(b[:])
}

func (s *script) logged(name string, want []byte) { s.log = append(s.log, record{name, want}) }

func (s *script) null(name string, null bool) {
	b := []byte{0}
	if null {
		b[0] = 1
	}
	s.logged(name+" is NULL", b)
}

// give: C takes v.
func (s *script) give(v *value) {
	if v == nil {
		return
	}
	if v.typ.Kind == "str" {
		if v.null {
			s.next(1<<32 - 1)
			return
		}
		s.next(uint32(len(v.str)))
		s.in.WriteString(v.str + "\x00")
		return
	}
	for _, l := range v.typ.leaves {
		s.in.Write(v.mem[l.offset : l.offset+l.size])
	}
}

// expect: C logs v.
func (s *script) expect(name string, v *value) {
	if v == nil {
		return
	}
	if v.typ.Kind == "str" {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(v.str)))
		s.null(name, v.null)
		s.logged("strlen("+name+")", n[:])
		s.logged(name, []byte(v.str))
		return
	}
	for _, l := range v.typ.leaves {
		s.logged(fmt.Sprintf("%s%s (%s)", name, l.path, scalars[l.kind].c), v.mem[l.offset:l.offset+l.size])
	}
}

// take: C takes parameter v.
func (s *script) take(name string, v *value) {
	switch v.typ.Kind {
	case "slice":
		if s.null(name, v.null); !v.null {
			s.next(uint32(len(v.elems)))
			for i, e := range v.elems {
				s.expect(fmt.Sprintf("%s[%d]", name, i), e)
			}
		}
	case "func":
		if s.null(name, v.null); !v.null {
			for _, a := range v.args {
				s.give(a)
			}
			s.expect("the result of "+name, v.result)
		}
	default:
		s.expect(name, v)
	}
}

// compare returns how the log differs from what it should be.
func (s *script) compare(log []byte) string {
	for _, r := range s.log {
		n := len(r.want)
		if n > len(log) {
			n = len(log)
		}
		if !bytes.Equal(log[:n], r.want) {
			if len(r.want) > 16 {
				return fmt.Sprintf("%s: got %s, want %s", r.name, brief(log[:n]), brief(r.want))
			}
			return fmt.Sprintf("%s: got % x, want % x", r.name, log[:n], r.want)
		}
		log = log[n:]
	}
	if len(log) > 0 {
		return fmt.Sprintf("C logged %d bytes more than expected", len(log))
	}
	return ""
}

// promote returns v as C passes it to a variadic function.
func (v *value) promote() *value {
	p := v.typ.promoted()
	if p == v.typ {
		return v
	}
	out := &value{typ: p, mem: make([]byte, p.size)}
	put := func(n int) { binary.LittleEndian.PutUint32(out.mem, uint32(int32(n))) }
	switch x := v.toGo(nil, nil).Interface().(type) {
	case bool:
		put(int(v.mem[0]))
	case int8:
		put(int(x))
	case uint8:
		put(int(x))
	case int16:
		put(int(x))
	case uint16:
		put(int(x))
	case float32:
		d := float64(x)
		binary.LittleEndian.PutUint64(out.mem, *(*uint64)(unsafe.Pointer(&d)))
	}
	return out
}

// typeText names a Go type without losing what it is made of.
func typeText(t reflect.Type) string { return strings.ReplaceAll(t.String(), "interface {}", "any") }
