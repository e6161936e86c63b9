package gangway

import (
	"fmt"
	"reflect"
	"syscall"
)

// class says in which kind of register a value travels.
type class uint8

const (
	classNone class = iota
	classInt
	classFloat32
	classFloat64
)

// A value is one parameter or result.
type value struct {
	class   class
	pointer bool
	bits    int8 // of an integer
	signed  bool
}

// shift returns how far to shift left and back to extend the value to 64 bits, negative when signed; 0 for 32 and 64
// bits, whose upper half nobody relies upon.
func (v value) shift() int8 {
	switch {
	case v.class != classInt || v.bits >= 32:
		return 0
	case v.signed:
		return -(64 - v.bits)
	}
	return 64 - v.bits
}

// anyFloats is not 0 when floats are among the parameters, or the result is one.
func (s *signature) anyFloats() uint32 {
	if s.floats > 0 || s.result.class == classFloat32 || s.result.class == classFloat64 {
		return 1
	}
	return 0
}

// A signature is a func type whose C equivalent is known.
type signature struct {
	typ    reflect.Type
	params []value
	result value
	errno  bool
	ints   int // integer parameters
	floats int
}

var errnoType = reflect.TypeOf(syscall.Errno(0))

// newSignature examines the func type t. name is for errors.
func newSignature(name string, t reflect.Type, callback bool) (*signature, error) {
	if t.IsVariadic() {
		return nil, &TypeError{name, "", t, "variadic func types have no fixed C type"}
	}
	s := &signature{typ: t}
	for i := 0; i < t.NumIn(); i++ {
		v, reason := newValue(t.In(i))
		if reason != "" {
			return nil, &TypeError{name, fmt.Sprintf("parameter %d", i+1), t.In(i), reason}
		}
		if v.class == classInt {
			s.ints++
		} else {
			s.floats++
		}
		s.params = append(s.params, v)
	}
	results := t.NumOut()
	if results > 0 && t.Out(results-1) == errnoType && !callback {
		s.errno = true
		results--
	}
	if results > 1 {
		return nil, &TypeError{name, fmt.Sprintf("result %d", 2), t.Out(1), "a C function has one result (and errno as a syscall.Errno after it)"}
	}
	if results == 1 {
		v, reason := newValue(t.Out(0))
		if reason != "" {
			return nil, &TypeError{name, "result 1", t.Out(0), reason}
		}
		s.result = v
	}
	return s, nil
}

func newValue(t reflect.Type) (v value, reason string) {
	switch k := t.Kind(); k {
	case reflect.Bool:
		return value{class: classInt, bits: 8}, ""
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value{class: classInt, bits: int8(t.Bits()), signed: true}, ""
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return value{class: classInt, bits: int8(t.Bits())}, ""
	case reflect.Float32:
		return value{class: classFloat32}, ""
	case reflect.Float64:
		return value{class: classFloat64}, ""
	case reflect.Ptr, reflect.UnsafePointer:
		return value{class: classInt, bits: 64, pointer: true}, ""
	}
	return v, "not a bool, integer, float or pointer"
}
