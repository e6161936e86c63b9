package main

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// A State is a Lua interpreter. One goroutine at a time may use it.
type State struct {
	l         uintptr // lua_State
	callbacks []*gangway.Callback
}

// A Function is a Go function that Lua calls. Values are nil, bool, float64 and string.
type Function func(args []any) (any, error)

var lua struct {
	newState   func() uintptr
	openLibs   func(l uintptr)
	close      func(l uintptr)
	loadString func(l uintptr, code string) int32
	pcall      func(l uintptr, args, results, handler int32, ctx, k uintptr) int32
	closure    func(l, fn uintptr, n int32)
	setGlobal  func(l uintptr, name string)
	top        func(l uintptr) int32
	setTop     func(l uintptr, i int32)
	typeOf     func(l uintptr, i int32) int32
	toBoolean  func(l uintptr, i int32) int32
	toNumber   func(l uintptr, i int32, ok *int32) float64
	toString   func(l uintptr, i int32, n *uint) *byte
	pushNil    func(l uintptr)
	pushBool   func(l uintptr, b int32)
	pushNumber func(l uintptr, x float64)
	pushString func(l uintptr, s string, n uint) uintptr

	raise gangway.Symbol // lua_error: it does not return but jumps to lua_pcallk
}

// Types of values (lua.h).
const (
	typeNone    = -1
	typeNil     = 0
	typeBoolean = 1
	typeNumber  = 3
	typeString  = 4
)

const multipleResults = -1

func load() error {
	l, err := gangway.Open("liblua5.4.so.0", "liblua5.4.so", "liblua.so.5.4")
	if err != nil {
		return err
	}
	for name, fn := range map[string]any{
		"luaL_newstate": &lua.newState, "luaL_openlibs": &lua.openLibs, "lua_close": &lua.close,
		"luaL_loadstring": &lua.loadString,
		"lua_pcallk":      &lua.pcall, "lua_pushcclosure": &lua.closure, "lua_setglobal": &lua.setGlobal, "lua_gettop": &lua.top,
		"lua_settop": &lua.setTop, "lua_type": &lua.typeOf, "lua_toboolean": &lua.toBoolean, "lua_tonumberx": &lua.toNumber,
		"lua_tolstring": &lua.toString, "lua_pushnil": &lua.pushNil, "lua_pushboolean": &lua.pushBool,
		"lua_pushnumber": &lua.pushNumber, "lua_pushlstring": &lua.pushString,
	} {
		if err := l.Bind(name, fn); err != nil {
			return err
		}
	}
	lua.raise, err = l.Symbol("lua_error")
	return err
}

// NewState returns an interpreter with Lua's own libraries.
func NewState() (*State, error) {
	if lua.raise == 0 {
		if err := load(); err != nil {
			return nil, err
		}
	}
	s := &State{l: lua.newState()}
	if s.l == 0 {
		return nil, errors.New("no memory for Lua")
	}
	lua.openLibs(s.l)
	return s, nil
}

// Close ends the interpreter.
func (s *State) Close() {
	lua.close(s.l)
	for _, c := range s.callbacks {
		c.Close()
	}
}

// Register makes fn a global function of Lua's. An error that it returns is one that Lua code may catch with pcall.
func (s *State) Register(name string, fn Function) error {
	c, err := gangway.NewCallback(func(l uintptr) int32 { return call(l, fn) })
	if err != nil {
		return err
	}
	s.callbacks = append(s.callbacks, c)
	lua.closure(s.l, c.Pointer(), 0)
	lua.setGlobal(s.l, name)
	return nil
}

// call is a lua_CFunction: it returns how many results it has pushed. An error goes onto Lua's stack, and lua_error
// takes it from there when this function and its deferred ones have returned. From Go, lua_error must not be called: it
// jumps.
func call(l uintptr, fn Function) int32 {
	args := make([]any, lua.top(l))
	for i := range args {
		args[i] = value(l, int32(i+1))
	}
	result, err := fn(args)
	if err != nil {
		push(l, err.Error())
		gangway.Then(lua.raise, l)
		return 0
	}
	push(l, result)
	return 1
}

// Run runs Lua code and returns what it returns. The error is Lua's or that of a Go function.
func (s *State) Run(code string) ([]any, error) {
	bottom := lua.top(s.l)
	defer lua.setTop(s.l, bottom)
	status := lua.loadString(s.l, code)
	if status == 0 {
		status = lua.pcall(s.l, 0, multipleResults, 0, 0, 0)
	}
	if status != 0 {
		return nil, fmt.Errorf("%v", value(s.l, -1))
	}
	var results []any
	for i := bottom + 1; i <= lua.top(s.l); i++ {
		results = append(results, value(s.l, i))
	}
	return results, nil
}

// value returns the value at index i of Lua's stack.
func value(l uintptr, i int32) any {
	switch t := lua.typeOf(l, i); t {
	case typeNone, typeNil:
		return nil
	case typeBoolean:
		return lua.toBoolean(l, i) != 0
	case typeNumber:
		return lua.toNumber(l, i, nil)
	case typeString:
		var n uint
		p := lua.toString(l, i, &n)
		return string(unsafe.Slice(p, n))
	default:
		return fmt.Sprintf("a Lua value of type %d", t)
	}
}

func push(l uintptr, v any) {
	switch v := v.(type) {
	case nil:
		lua.pushNil(l)
	case bool:
		b := int32(0)
		if v {
			b = 1
		}
		lua.pushBool(l, b)
	case float64:
		lua.pushNumber(l, v)
	case string:
		lua.pushString(l, v, uint(len(v)))
	default:
		s := fmt.Sprint(v)
		lua.pushString(l, s, uint(len(s)))
	}
}
