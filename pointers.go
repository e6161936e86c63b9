package gangway

import (
	"reflect"
	"strconv"

	"github.com/gangwayffi/gangway/trampolines"
)

// checkPointers: GANGWAY_CHECK=pointers asks for every call's pointers to be checked. Not in privileged programs.
var checkPointers = checking("pointers")

// leads tells whether values of a parameter's type may lead C to pointers that Go put there; a func does by its result.
// Strings are copied.
func leads(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.UnsafePointer:
		return true
	case reflect.Ptr, reflect.Slice:
		return holds(t.Elem())
	case reflect.Func:
		return t.NumOut() == 1 && holds(t.Out(0))
	case reflect.Struct, reflect.Interface:
		return holds(t)
	}
	return false
}

// holds tells whether values of type t may hold pointers.
func holds(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64, reflect.Complex64,
		reflect.Complex128:
		return false
	case reflect.Array:
		return holds(t.Elem())
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if holds(t.Field(i).Type) {
				return true
			}
		}
		return false
	}
	return true
}

// points tells whether a value of type t is or has a pointer, which an integer of C's may be in.
func points(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.UnsafePointer, reflect.Ptr:
		return true
	case reflect.Array:
		return points(t.Elem())
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if points(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// A noPointer is an integer where a pointer is declared: one that the runtime takes for a sign of corrupt memory.
type noPointer uintptr

const leastPointer = 4096 // the runtime's minLegalPointer

func (n noPointer) Error() string {
	return strconv.FormatUint(uint64(n), 10) + " is no pointer, and the runtime ends the program when it comes upon it: " +
		"declare what may hold integers as uintptr"
}

// checkInteger panics when v, of a type that points, has an integer in the place of a pointer.
func checkInteger(name, part string, i int, v reflect.Value) {
	if n := integerIn(v); n != 0 {
		panic(&PointerError{Func: name, Part: part, N: i + 1, Type: v.Type(), Err: n})
	}
}

func integerIn(v reflect.Value) (n noPointer) {
	switch v.Kind() {
	case reflect.UnsafePointer, reflect.Ptr:
		if p := v.Pointer(); p < leastPointer {
			n = noPointer(p)
		}
	case reflect.Array:
		for i := 0; i < v.Len() && n == 0; i++ {
			n = integerIn(v.Index(i))
		}
	case reflect.Struct:
		for i := 0; i < v.NumField() && n == 0; i++ {
			n = integerIn(v.Field(i))
		}
	}
	return n
}

// checkIntegers makes fn check its arguments, when it is a callback, and its result, when it is a bound function, for
// integers in the places of pointers.
func (s *signature) checkIntegers(name string, callback bool, fn reflect.Value) reflect.Value {
	var parts []int
	for i := 0; i < s.typ.NumIn(); i++ {
		if points(s.typ.In(i)) {
			parts = append(parts, i)
		}
	}
	result := !callback && s.typ.NumOut() > 0 && points(s.typ.Out(0))
	if len(parts) == 0 && !result {
		return fn
	}
	return reflect.MakeFunc(s.typ, func(args []reflect.Value) []reflect.Value {
		for _, i := range parts {
			checkInteger(name, "argument", i, args[i])
		}
		out := call(fn, args)
		if result {
			checkInteger(name, "result", 0, out[0])
		}
		return out
	})
}

// call calls fn with args as a function of its type gets them.
func call(fn reflect.Value, args []reflect.Value) []reflect.Value {
	if fn.Type().IsVariadic() {
		return fn.CallSlice(args)
	}
	return fn.Call(args)
}

// checkArguments makes *fn, a bound function, check its arguments before each call, and its result.
func (s *signature) checkArguments(name string, fn reflect.Value) {
	fn.Set(s.checkIntegers(name, false, reflect.ValueOf(fn.Interface())))
	var parts []int
	for i := 0; i < s.typ.NumIn(); i++ {
		if t := s.typ.In(i); leads(t) && !(s.variadic && i == s.typ.NumIn()-1) {
			parts = append(parts, i)
		}
	}
	if len(parts) == 0 && !s.variadic {
		return
	}
	bound := reflect.ValueOf(fn.Interface())
	fn.Set(reflect.MakeFunc(s.typ, func(args []reflect.Value) []reflect.Value {
		for _, i := range parts {
			if args[i].Kind() != reflect.Func {
				checkArgument(name, i, args[i])
			} else if !args[i].IsNil() {
				args[i] = s.params[i].fn.checkResult("a func passed to "+name, args[i])
			}
		}
		if s.variadic {
			last := args[len(args)-1]
			for i := 0; i < last.Len(); i++ {
				if v := last.Index(i).Elem(); v.IsValid() && leads(v.Type()) {
					checkArgument(name, len(args)-1+i, v)
				}
			}
		}
		return call(bound, args)
	}))
}

func checkArgument(name string, i int, v reflect.Value) {
	defer pointerPanic(name, "argument", i+1, v.Type())
	switch v.Kind() {
	case reflect.Ptr:
		trampolines.CheckPointer(v.Interface(), true)
	default:
		trampolines.CheckPointer(v.Interface(), nil)
	}
}

// checkResult returns fn, a callback, with a check of its result, and of integers among its arguments.
func (s *signature) checkResult(name string, fn reflect.Value) reflect.Value {
	fn = s.checkIntegers(name, true, fn)
	if s.typ.NumOut() == 0 || !holds(s.typ.Out(0)) {
		return fn
	}
	return reflect.MakeFunc(s.typ, func(args []reflect.Value) []reflect.Value {
		out := fn.Call(args)
		defer pointerPanic(name, "result", 1, s.typ.Out(0))
		trampolines.CheckResult(out[0].Interface())
		return out
	})
}

// pointerPanic, deferred, makes a *PointerError of the runtime's panic about a pointer.
func pointerPanic(name, part string, n int, t reflect.Type) {
	if v := recover(); v != nil {
		err, ok := v.(error)
		if !ok {
			panic(v)
		}
		panic(&PointerError{Func: name, Part: part, N: n, Type: t, Err: err})
	}
}
