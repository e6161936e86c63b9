package main

// The operations with threads that C started.

import (
	"syscall"

	"github.com/gangwayffi/gangway"
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
