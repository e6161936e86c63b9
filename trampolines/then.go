package trampolines

import "unsafe"

// ThenMax is how many arguments a function that Then asks for can have.
const ThenMax = 5

// Where in callbackFrame.then Then puts what thenReturn finds.
const (
	thenFn       = 0
	thenReturnPC = 1
	thenArgs     = 2
)

// then is the end of the frame, so that thenReturn finds it within 128 bytes.
const _ = -(unsafe.Sizeof(callbackFrame{}) ^ (unsafe.Offsetof(callbackFrame{}.then) + 8*(thenArgs+ThenMax)))

// pushed is what lies between a callbackFrame and the return address to C: callbackEntry's six registers.
const pushed = 6 * 8

// Then makes the callback that this goroutine is in call a C function when Go has been left. False when it is in none.
func Then(fn uintptr, args []uintptr) bool {
	f := innermostCallback()
	if f == nil {
		return false
	}
	back := (*uintptr)(unsafe.Add(unsafe.Pointer(f), unsafe.Sizeof(*f)+pushed))
	if *back != Asm.thenReturn {
		f.then[thenReturnPC] = *back
		*back = Asm.thenReturn
	}
	f.then[thenFn] = fn
	copy(f.then[thenArgs:], args)
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
