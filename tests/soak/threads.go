package main

// The operations with threads that C started.

import (
	"runtime"
	"strings"
	"syscall"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func (s *site) cThreads() {
	if s.depth > 1 || s.r.intn(10) != 0 {
		return
	}
	n, calls := int32(1+s.r.intn(3)), int32(1+s.r.intn(4))
	sum := int64(n*calls) * int64(n*calls-1) / 2
	got := s.threads(s.plain, n, calls, 0, int32(s.r.intn(2)))
	s.check(got == sum, "gt_threads: %d, not %d", got, sum)
}

// looseThread starts a thread that calls Go when this call has long returned.
func (s *site) looseThread() {
	if s.depth > 0 || s.r.intn(10) != 0 {
		return
	}
	err := s.loose(s.plain, int64(s.r.intn(1000)), int32(1+s.r.intn(5)))
	s.check(err == 0, "gs_loose: %v", syscall.Errno(err))
}

func (s *site) attachedThread() {
	if s.depth > 1 || s.r.intn(10) != 0 {
		return
	}
	statuses := new([4]int32)
	err := s.attached(gangway.Host(), s.plain, statuses)
	s.check(err == 0 && statuses[0] == 0 && statuses[1] == 0, "gt_thread_attached: %d, %v", err, *statuses)
}

// switched has a thread call Go from stacks of C's making, from the top and from further down. (The runtimes of early
// releases of Go 1.21 and 1.22 do not notice that C has moved to another stack.)
func (s *site) switched() {
	v := runtime.Version()
	if s.depth > 1 || s.r.intn(10) != 0 || strings.HasPrefix(v, "go1.21") || strings.HasPrefix(v, "go1.22") {
		return
	}
	n, calls := int32(1+s.r.intn(3)), int32(1+s.r.intn(20))
	sum := int64(n*calls) * int64(n*calls-1) / 2
	got := s.coroutines(s.stacks, n, calls, uint64(48+s.r.intn(200))<<10, int32(s.r.intn(2)))
	s.check(got == sum, "gt_coroutines_on_thread: %d, not %d", got, sum)
}

// onStacks is what s.stacks calls.
func (s *soak) onStacks(x int64) int64 {
	k := int(x)
	if x%16 == 5 {
		runtime.GC()
	}
	return int64(testlib.Grow(int(x%40), k, &k)) - x
}
