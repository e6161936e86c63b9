package gangway

import (
	"strconv"

	"github.com/gangwayffi/gangway/trampolines"
)

// Then makes the running callback call the C function fn when its Go function has returned and Go has been left, before
// C goes on where it called the callback. It is for C functions that do not return but jump to a place further up in C
// (longjmp): lua_error, png_error, the error_exit of libjpeg. A call of such a function from Go would jump past Go
// frames, and ends the program with a report.
//
//	func callback(L uintptr) int32 { // a lua_CFunction
//		if err := work(); err != nil {
//			pushString(L, err.Error())
//			gangway.Then(luaError, L) // a Symbol
//			return 0
//		}
//		return 1
//	}
//
// Call it from the callback's Go function, or from what that calls, on the same goroutine. Deferred functions have run
// when fn is called. The last Then counts; a panic or Goexit that leaves the callback cancels it. Should fn return, the
// callback returns the result of its Go function.
//
// fn has up to five parameters, all of them integers or pointers. What pointers lead to must be there when Go has been
// left: memory of C's, or of Go's that is pinned (runtime.Pinner) or else outlives the call by which Go called C.
//
// fn must not throw a C++ exception: none passes the return out of a callback. (Lua built as C++ throws.)
//
// It panics when the goroutine is in no callback, fn is 0 or there are too many arguments.
func Then(fn Symbol, args ...uintptr) {
	switch {
	case fn == 0:
		panic("gangway: Then: the symbol is nil")
	case len(args) > trampolines.ThenMax:
		panic("gangway: Then: " + strconv.Itoa(len(args)) + " arguments, more than " + strconv.Itoa(trampolines.ThenMax))
	case !trampolines.Then(uintptr(fn), args):
		panic("gangway: Then: the goroutine is in no callback")
	}
}
