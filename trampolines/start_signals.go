package trampolines

import (
	"runtime"
	"syscall"
	"unsafe"
)

// cgoSigaction is the runtime's: the C function by which it sets and asks for signal handlers, or nil when it does so
// itself. Gangway's keeps its own handler in front of what os/signal has the runtime install later.
//
//go:linkname cgoSigaction _cgo_sigaction
var cgoSigaction unsafe.Pointer

// handlerOfRuntime returns the runtime's signal handler, 0 if there is none. It may not be the one of SIGURG: another
// Go runtime in this process (a library in Go, in a program in Go or beside another one) puts its own in the place of
// ours, and drops what was for us. The runtime tells nobody what its handler is; it lies not far from runtime.goexit,
// and is known by its name.
func handlerOfRuntime() uintptr {
	const near = 1 << 22
	var now [4]uintptr // the kernel's struct sigaction
	RawSyscall(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGURG), 0, uintptr(unsafe.Pointer(&now)), 8, 0, 0)
	if isHandler(now[0]) {
		return now[0]
	}
	for d := uintptr(0); d < near; d += 16 {
		for _, pc := range [...]uintptr{goexitPC + d, goexitPC - d} {
			if isHandler(pc) {
				return runtime.FuncForPC(pc).Entry()
			}
		}
	}
	return 0
}

// isHandler tells whether pc is in what the runtime sets as signal handler when C is in the process.
func isHandler(pc uintptr) bool {
	f := runtime.FuncForPC(pc)
	return f != nil && f.Name() == "runtime.cgoSigtramp"
}

// checkSignalPending checks the offsets of m.signalPending and m.preemptGen: the runtime clears the one and counts the
// other up when it gets a SIGURG. Only while nothing turns that off.
//
// Our handler is in front by then, so that this goes to the runtime's own handler, whoever else has one.
//
// Collections and the monitor may want to preempt this thread meanwhile. They send a SIGURG after they have changed the
// field from 0 to 1; the mark is neither, so it stays until a SIGURG has come, and until then they send none. What they
// do after that tells nothing.
func checkSignalPending() error {
	const mark = 7
	m := peek(getg() + g_m)
	p := m + m_signalPending
	was, generation := peek32(p), peek32(m+m_preemptGen)
	poke32(p, mark)
	_, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGURG))
	if now := peek32(p); now > 1 || errno != 0 {
		poke32(p, was)
		return wrong("m.signalPending", m_signalPending, "is not cleared by SIGURG")
	}
	if now := peek32(m + m_preemptGen); now == generation {
		return wrong("m.preemptGen", m_preemptGen, "does not count SIGURG")
	}
	return nil
}
