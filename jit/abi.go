package jit

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gangwayffi/gangway/trampolines"
)

// Registers of Go's convention on amd64, unchanged since Go 1.17 (abi-internal.md).
const (
	intRegisters   = 9
	floatRegisters = 15
)

var errMemory = errors.New("does not travel in registers alone")

// registers counts what parameters, or results, need.
type registers struct {
	ints, floats int
	pointers     [intRegisters]uintptr // all ones for a register that holds a pointer
}

func (r *registers) int(pointer bool) error {
	if r.ints == intRegisters {
		return errMemory
	}
	if pointer {
		r.pointers[r.ints] = ^uintptr(0)
	}
	r.ints++
	return nil
}

func (r *registers) words(pointers ...bool) error {
	for _, p := range pointers {
		if err := r.int(p); err != nil {
			return err
		}
	}
	return nil
}

func (r *registers) float(n int) error {
	r.floats += n
	if r.floats > floatRegisters {
		return errMemory
	}
	return nil
}

// add assigns a value of type t. A value whose registers run out goes to memory as a whole, and so is an error here.
func (r *registers) add(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return r.float(1)
	case reflect.Complex64, reflect.Complex128:
		return r.float(2)
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		return r.int(true)
	case reflect.String:
		return r.words(true, false)
	case reflect.Slice:
		return r.words(true, false, false)
	case reflect.Interface:
		return r.words(true, true)
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if err := r.add(t.Field(i).Type); err != nil {
				return err
			}
		}
		return nil
	case reflect.Array:
		switch t.Len() {
		case 0:
			return nil
		case 1:
			return r.add(t.Elem())
		}
		return errMemory
	}
	return r.int(false) // bool and integers
}

// assign sets where f has pointers and floats.
func assign(f *trampolines.JitFunc, t reflect.Type) error {
	var in, out registers
	for i := 0; i < t.NumIn(); i++ {
		if err := in.add(t.In(i)); err != nil {
			return fmt.Errorf("parameter %d %w", i+1, err)
		}
	}
	for i := 0; i < t.NumOut(); i++ {
		if err := out.add(t.Out(i)); err != nil {
			return fmt.Errorf("result %d %w", i+1, err)
		}
	}
	f.In, f.Out = in.pointers, out.pointers
	if in.floats+out.floats > 0 {
		f.Floats = 1
	}
	return nil
}
