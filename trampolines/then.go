package trampolines

import (
	"math"
	"unsafe"
)

// ThenMax is how many arguments a function that Then asks for can have.
const ThenMax = 5

// Where in callbackFrame.floats Then puts what thenReturn finds.
const (
	thenFn       = 1
	thenReturnPC = 2
	thenArgs     = 3
)

// The floats are the end of the frame, so that thenReturn finds them within 128 bytes.
const _ = -(unsafe.Sizeof(callbackFrame{}) ^ (unsafe.Offsetof(callbackFrame{}.floats) + 64))

// pushed is what lies between a callbackFrame and the return address to C: callbackEntry's six registers.
const pushed = 6 * 8

// Then makes the callback that this goroutine is in call a C function when Go has been left. False when it is in none.
func Then(fn uintptr, args []uintptr) bool {
	f := innermostCallback()
	if f == nil {
		return false
	}
	put := func(i int, v uintptr) { f.floats[i] = math.Float64frombits(uint64(v)) }
	back := (*uintptr)(unsafe.Add(unsafe.Pointer(f), unsafe.Sizeof(*f)+pushed))
	if *back != Asm.thenReturn {
		put(thenReturnPC, *back)
		*back = Asm.thenReturn
	}
	put(thenFn, fn)
	for i, a := range args {
		put(thenArgs+i, a)
	}
	return true
}

// innermostCallback returns the frame of the callback that this goroutine is in, nil when it is in none.
func innermostCallback() (f *callbackFrame) {
	eachCaller(func(function, _ string, _ int) bool {
		if !begins(function) {
			return true
		}
		if function == here+"trampolines.callbackForeignRun" {
			p := Call(Core.CallbackInnermost, 0, 0, 0, 0, 0, 0)
			f = *(**callbackFrame)(unsafe.Pointer(&p))
		} else {
			f = currentCallback()
		}
		return false
	})
	return f
}
