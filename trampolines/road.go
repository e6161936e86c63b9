package trampolines

import "sync/atomic"

// The roads that calls may take; see the package comment.
const (
	RoadFast     = 0 // running calls
	RoadBlocking = 1 // every call is Blocking: the runtime sends no SIGURG to take calls over with
	RoadSafe     = 2 // runtime.cgocall and runtime.cgocallback alone
)

// road is set once, before the first call. RoadSafe until then.
var road uint32 = RoadSafe

var roadReason = "start-up has not finished"

// takeovers counts the running calls that became system calls.
var takeovers uint64

// Road returns the road of this process and the reason for it.
func Road() (int, string) { return int(road), roadReason }

// Takeovers returns how many running calls have been taken over so far.
func Takeovers() uint64 { return atomic.LoadUint64(&takeovers) }

// takeoverWords are on g0's stack while takeover is on the goroutine's.
type takeoverWords struct {
	sp      uintptr    // of takeover
	g0sp    uintptr    // g0.sched.sp as it was
	auto    *AutoState // AUTO_STATE of the call: entersyscall's frames cover it
	waiting uintptr    // not 0 when C was waiting in the kernel
}
