package trampolines

import (
	"runtime"
	"strconv"
	"strings"
	_ "unsafe" // for go:linkname
)

// leftSlot is the slot of callbackLeft's callback, reportLeft.
var leftSlot staticSlot

func init() {
	leftSlot.record = &CallbackRecord{run: callbackRunLeft, call: callLeft}
	storePointer(Core.CallbackReportHook, Asm.callbackReport)
}

func callbackRunLeft(f *callbackFrame, c uintptr, r *CallbackRecord, a, b uintptr) {
	callLeft(f, c, r, a, b)
}

func callLeft(*callbackFrame, uintptr, *CallbackRecord, uintptr, uintptr) { reportLeft() }

//go:linkname throw runtime.throw
func throw(s string)

// reportLeft ends the program because C has jumped past the Go frames of a callback. It runs as a callback of the call
// that was the last one there, so that the callback is the one in which this is nested.
func reportLeft() {
	name, own := "", true
	eachCaller(func(function, file string, line int) bool {
		switch {
		case begins(function) && own:
			own = false
		case begins(function):
			return false
		case own || ours(function):
		default:
			name = function + " (" + file + ":" + strconv.Itoa(line) + ")"
		}
		return true
	})
	throw("gangway: C has left the callback " + name + " by a jump past its Go frames (longjmp, pthread_exit): " +
		"use gangway.Then for functions that jump")
}

// ours tells whether a function may lie between a callback and its Go function, or between Go code and the C function
// that it calls.
func ours(function string) bool {
	for _, prefix := range []string{"runtime.", "reflect.", "trampolines."} {
		if strings.HasPrefix(function, prefix) || strings.HasPrefix(function, here+prefix) {
			return true
		}
	}
	return strings.HasPrefix(function, strings.TrimSuffix(here, "/")+".")
}

// here is the path of the module, with a slash, as functions' names begin with it.
var here = func() string {
	pc, _, _, _ := runtime.Caller(0)
	name := runtime.FuncForPC(pc).Name()
	return name[:strings.LastIndex(name, "trampolines.")]
}()

// eachCaller calls f for the callers of its caller, the innermost first, until it returns false.
func eachCaller(f func(function, file string, line int) bool) {
	var pcs [32]uintptr
	for skip := 3; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for frames, more := runtime.CallersFrames(pcs[:n]), n > 0; more; {
			var frame runtime.Frame
			frame, more = frames.Next()
			if !f(frame.Function, frame.File, frame.Line) {
				return
			}
		}
		if n < len(pcs) {
			return
		}
	}
}

// begins tells whether a function is where the Go side of a callback begins.
func begins(function string) bool {
	return strings.HasPrefix(function, here+"trampolines.callbackRun") || function == here+"trampolines.callbackForeignRun"
}
