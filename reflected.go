package gangway

import (
	"reflect"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// reflected returns the function that makes calls of b without relying on Go's register convention: for the safe road,
// and for what no plan can be made of beforehand. All values go through memory, and the call through runtime.cgocall.
func (s *signature) reflected(b *trampolines.BoundFunc) (func([]reflect.Value) []reflect.Value, error) {
	fixed, err := s.inC()
	if err != nil {
		return nil, err
	}
	for _, p := range s.params {
		if p.fn != nil {
			if _, err := newFuncPool(p.fn); err != nil {
				return nil, err
			}
		}
	}
	return func(args []reflect.Value) []reflect.Value {
		if b.Closed() {
			closedCall(b.Name)
		}
		c := trampolines.Escape(&reflectedCall{})
		defer c.release()
		call := trampolines.Escape(&trampolines.SafePlanCall{Signature: fixed, Fn: b.Fn})
		for i, p := range s.params {
			c.add(p, args[i])
		}
		if s.variadic {
			call.Signature = c.addVariadic(s, b.Name, args[len(s.params)])
		}
		result := reflect.New(reflect.TypeOf(uintptr(0)))
		if s.result.class != classNone && s.result.text != "str" {
			result = reflect.New(s.typ.Out(0))
		}
		call.Result = result.UnsafePointer()
		if len(c.addresses) > 0 {
			call.Args = unsafe.Pointer(&c.addresses[0])
		}
		call.Do()
		var results []reflect.Value
		switch {
		case s.result.text == "str":
			v := reflect.New(s.typ.Out(0)).Elem()
			v.SetString(trampolines.CString(uintptr(result.Elem().Uint())))
			results = append(results, v)
		case s.result.class != classNone:
			results = append(results, result.Elem())
		}
		if s.errno {
			results = append(results, reflect.ValueOf(syscall.Errno(call.Errno)))
		}
		runtime.KeepAlive(args)
		runtime.KeepAlive(c)
		return results
	}, nil
}

// A reflectedCall holds the arguments of one call in memory.
type reflectedCall struct {
	addresses []unsafe.Pointer
	pools     []*funcPool
	lent      []*trampolines.LentFunc
}

func (c *reflectedCall) release() {
	for i, p := range c.pools {
		p.Put(c.lent[i])
	}
}

// add puts an argument into memory that C may read.
func (c *reflectedCall) add(p value, v reflect.Value) {
	switch p.text {
	case "str":
		b := make([]byte, v.Len()+1)
		copy(b, v.String())
		c.pointer(unsafe.Pointer(&b[0]))
	case "slice":
		c.pointer(v.UnsafePointer())
	case "func":
		if v.IsNil() {
			c.pointer(nil)
			return
		}
		pool, _ := newFuncPool(p.fn) // was made at Bind
		lent := pool.Take(pool.kind.target(funcValue(v)))
		c.pools, c.lent = append(c.pools, pool), append(c.lent, lent)
		word := new(uintptr)
		*word = lent.Code
		c.addresses = append(c.addresses, unsafe.Pointer(word))
	default:
		copied := reflect.New(v.Type())
		copied.Elem().Set(v)
		c.addresses = append(c.addresses, copied.UnsafePointer())
	}
}

func (c *reflectedCall) pointer(p unsafe.Pointer) {
	word := new(unsafe.Pointer)
	*word = p
	c.addresses = append(c.addresses, unsafe.Pointer(word))
}

// addVariadic adds the elements of a []any, promoted as C does, and returns the signature of the whole call. Types that
// C cannot have end in a panic with a *TypeError.
func (c *reflectedCall) addVariadic(s *signature, name string, list reflect.Value) uintptr {
	texts := make([]string, list.Len())
	for i := range texts {
		v := list.Index(i).Elem()
		refuse := func(reason string) {
			var t reflect.Type
			if v.IsValid() {
				t = v.Type()
			}
			panic(&TypeError{name, numbered("argument", len(s.params)+i+1), t, reason})
		}
		if !v.IsValid() {
			refuse("say of which type the nil is")
		}
		p, reason := newValue(v.Type())
		if reason == "" && p.text == "func" {
			reason = "use NewCallback"
		}
		if reason != "" {
			refuse(reason)
		}
		switch {
		case p.class == classFloat32:
			p, v = value{class: classFloat64, text: "f64"}, reflect.ValueOf(v.Float())
		case p.class == classInt && v.Kind() == reflect.Bool:
			n := int32(0)
			if v.Bool() {
				n = 1
			}
			p, v = value{class: classInt, text: "i32"}, reflect.ValueOf(n)
		case p.class == classInt && p.bits < 32 && p.signed:
			p, v = value{class: classInt, text: "i32"}, reflect.ValueOf(int32(v.Int()))
		case p.class == classInt && p.bits < 32:
			p, v = value{class: classInt, text: "i32"}, reflect.ValueOf(int32(v.Uint()))
		}
		texts[i] = p.text
		c.add(p, v)
	}
	sig, err := s.inC(texts...)
	if err != nil {
		panic(&TypeError{name, "", s.typ, err.Error()})
	}
	return sig
}

// funcValue returns the func value in v as a pointer.
func funcValue(v reflect.Value) unsafe.Pointer {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return *(*unsafe.Pointer)(p.UnsafePointer())
}
