package trampolines

import (
	"sync/atomic"
	"unsafe"
)

// AutoState says how the calls of one C function are made. It mirrors struct gw_auto in bridge/call.h, where the
// policy is. It must never be freed while C may use it: bound functions share one per C function, and package gangway
// keeps those that are out of use.
// The zero value is a function of which nothing is known yet.
type AutoState struct {
	mode    uint32
	shorts  uint32
	penalty uint32
	fixed   uint32 // not 0: mode never changes
	since   uint64
}

const (
	AutoProbing  = 0
	AutoRunning  = 1
	AutoBlocking = 2
	AutoClosed   = 3
)

// States that never change: for Fast, for Blocking, and for functions of a closed library.
var (
	StateFast     = &AutoState{mode: AutoRunning, fixed: 1}
	StateBlocking = &AutoState{mode: AutoBlocking, fixed: 1}
	StateClosed   = &AutoState{mode: AutoClosed, fixed: 1}
)

// Mode returns AutoProbing, AutoRunning, AutoBlocking or AutoClosed.
func (s *AutoState) Mode() uint32 { return atomic.LoadUint32(&s.mode) }

// Forget makes s that of a function of which nothing is known. A call that is still under way may note something of its
// own.
func (s *AutoState) Forget() {
	atomic.StoreUint32(&s.shorts, 0)
	atomic.StoreUint32(&s.penalty, 0)
	atomic.StoreUint32(&s.mode, AutoProbing)
}

// autoSegment tells the policy how long C has taken since the scheduler was told of a call of s's function: from its
// start when it was a Blocking one, from the take-over when it was a running one. Called by callEnd, as Go code.
func autoSegment(s *AutoState, cycles uintptr, taken bool) {
	switch {
	case s == StateFast:
	case taken:
		Call(Core.AutoTaken, uintptr(unsafe.Pointer(s)), cycles, 0, 0, 0, 0)
	default:
		Call(Core.AutoNote, uintptr(unsafe.Pointer(s)), cycles, 0, 0, 0, 0)
	}
}

// autoCallback is autoSegment for C that has come to a callback. It also decides how the call goes on afterwards.
// Called by callbackGo, as Go code, on a locked thread.
func autoCallback(s *AutoState, cycles uintptr) {
	f := currentCallback()
	running := Asm.incall + 1
	autoSegment(s, cycles, f.mark == running)
	if s != StateFast {
		f.mark = running
		if s.Mode() != AutoRunning {
			f.mark = running + 2
		}
	}
}

// stackPreempt is what the scheduler puts into g.stackguard0 to ask a goroutine to make way; during a system call it is
// there, too.
const stackPreempt = -1314
