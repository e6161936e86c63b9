package main

import (
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	scenarios["pointers"] = func() { pointers(true) }
	scenarios["pointers-unchecked"] = func() { pointers(false) }
	scenarios["pointers-stored"] = pointersStored
}

type node struct {
	next  *node
	value int64
}

type flat struct{ a, b int64 }

type view struct {
	data *flat
	n    int64
}

type deepView struct{ root *node }

var global struct {
	number int64
	node   node
}

// pointers passes C all kinds of pointers, good and bad. C does nothing with them.
func pointers(checked bool) {
	if os.Getenv("GANGWAY_CHECK") != "" {
		integers()
	}
	bad := func(what string, part string, f func()) {
		defer func() {
			v := recover()
			if !checked {
				check(v == nil, "%s: %v", what, v)
				return
			}
			err, _ := v.(error)
			var found *gangway.PointerError
			check(errors.As(err, &found), "%s: %v is no *PointerError", what, v)
			check(found.Part == part && found.N == 1 && found.Func != "", "%s: %v", what, found)
		}()
		f()
	}
	const keep = "gt_errno_keep" // returns its argument
	toNode := bind[func(*node) int64](keep)
	toFlat := bind[func(*flat) int64](keep)
	anything := bind[func(unsafe.Pointer) int64](keep)
	nodes := bind[func([]*node) int64](keep)
	bytes := bind[func([]byte) int64](keep)
	text := bind[func(string) int64](keep)
	byValue := bind[func(view) int64](keep)
	deeper := bind[func(deepView) int64](keep)
	variadic := bind[func(...any) int64](keep)

	leaf := &node{value: 1}
	list := &node{next: leaf}
	numbers := &flat{1, 2}
	// What is allowed.
	toNode(nil)
	toNode(leaf)
	toFlat(numbers)
	anything(unsafe.Pointer(numbers))
	anything(nil)
	nodes(nil)
	nodes([]*node{nil, nil})
	bytes([]byte("bytes"))
	text("text")
	byValue(view{numbers, 1})
	byValue(view{})
	deeper(deepView{leaf})
	variadic(numbers, int32(1), "text"[0], unsafe.Pointer(numbers))
	toNode(&global.node)
	outside := (*node)(testlib.Pointer(uintptr(symbolOf("gt_spin"))))
	toNode(&node{next: outside})
	// What is not.
	bad("a list", "argument", func() { toNode(list) })
	bad("a list, as unsafe.Pointer", "argument", func() { anything(unsafe.Pointer(list)) })
	bad("a list on the stack", "argument", func() {
		here := node{next: leaf}
		toNode(&here)
	})
	bad("a slice", "argument", func() { nodes([]*node{nil, leaf}) })
	bad("a slice, beyond its length", "argument", func() { nodes([]*node{nil, leaf}[:1]) })
	bad("a struct by value", "argument", func() { deeper(deepView{list}) })
	bad("a variadic argument", "argument", func() { variadic(list) })
	global.node.next = leaf
	bad("a global variable", "argument", func() { toNode(&global.node) })
	global.node.next = nil

	// Results of callbacks.
	call := bind[func(uintptr, *flat) *flat]("gt_call_pointer")
	good := testlib.MustCallback(func(p *flat) *flat { return (*flat)(unsafe.Pointer(outside)) })
	check(unsafe.Pointer(call(good, nil)) == unsafe.Pointer(outside), "another result")
	wrong := testlib.MustCallback(func(p *flat) *flat { return p })
	bad("a result", "result", func() { call(wrong, numbers) })
	passed := bind[func(func(*flat) *flat, *flat) *flat]("gt_call_pointer")
	bad("a func's result", "result", func() { passed(func(p *flat) *flat { return p }, numbers) })
	passed(func(p *flat) *flat { return nil }, numbers)
}

// integers passes C's integers where Go has declared pointers.
func integers() {
	bad := func(what, part string, f func()) {
		defer func() {
			err, _ := recover().(error)
			var found *gangway.PointerError
			check(errors.As(err, &found) && found.Part == part && found.N == 1, "%s: %v", what, err)
			check(strings.Contains(found.Error(), "4095 is no pointer"), "%s: %v", what, found)
		}()
		f()
	}
	// The stack must not move while such a pointer is there.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	k := 1
	check(testlib.Grow(64, k, &k) == 2*k, "stack contents")

	const n = leastPointer - 1
	returned := bind[func(uintptr) unsafe.Pointer]("gt_errno_keep")
	bad("a result", "result", func() { returned(n) })
	check(returned(leastPointer) == testlib.Pointer(leastPointer), "another result")
	check(returned(0) == nil, "another result")
	call := bind[func(uintptr, uintptr) int64]("gt_call_user")
	fn := testlib.MustCallback(func(p unsafe.Pointer) int64 { return 1 })
	bad("an argument of a callback", "argument", func() { call(fn, n) })
	check(call(fn, uintptr(gangway.NewHandle(1))) == 1, "a handle is refused")
	type user struct {
		data unsafe.Pointer
		n    int64
	}
	inStruct := testlib.MustCallback(func(u user) int64 { return u.n })
	pair := bind[func(uintptr, uintptr, int64) int64]("gt_call_user_pair")
	bad("in a struct", "argument", func() { pair(inStruct, n, 2) })
	check(pair(inStruct, 0, 2) == 2, "another result")
}

const leastPointer = 4096

func symbolOf(name string) gangway.Symbol {
	s, err := testlib.MustOpen().Symbol(name)
	check(err == nil, "%v", err)
	return s
}

// pointersStored stores a Go pointer in C's memory: the build with cgocheck2 finds that.
func pointersStored() {
	allocate := gangway.MustFunc[func(uintptr) unsafe.Pointer](gangway.Process(), "malloc", mode)
	place := (*node)(allocate(64))
	*place = node{}
	place.next = (*node)(unsafe.Pointer(symbolPointer()))
	os.Stdout.WriteString("C's own pointer is stored\n")
	place.next = &node{value: 2}
}

func symbolPointer() unsafe.Pointer { return testlib.Pointer(uintptr(symbolOf("gt_spin"))) }
