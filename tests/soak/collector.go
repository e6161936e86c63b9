package main

// The operations that last, that a collection takes over, or that have garbage collected in the middle of things.

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

// longCall makes a call that lasts, asleep or awake: long enough for the scheduler to want the processor back.
func (s *site) longCall() {
	us := uint32(s.r.intn(400))
	if s.r.intn(20) == 0 {
		us = uint32(s.r.intn(30000))
	}
	us >>= uint(s.depth)
	if s.r.intn(2) == 0 {
		s.spin(us)
	} else {
		s.sleep(us)
	}
}

// waits waits in the kernel: EINTR must not come of anything that the runtime does. Auto, which would learn that the function
// waits, begins anew.
func (s *site) waits() {
	road, _ := gangway.CurrentRoad()
	if s.depth > 1 {
		return
	}
	if road == gangway.RoadFast && s.mode == "Auto" {
		state := (*(**trampolines.BoundFunc)(unsafe.Pointer(&s.wait))).State
		state.Forget()
		for i := 0; i < 100 && state.Mode() == trampolines.AutoProbing; i++ {
			s.wait(0, 0)
		}
	}
	kind := uint32(s.r.intn(kinds))
	errno := syscall.Errno(s.wait(kind, uint32(1+s.r.intn(2000))))
	s.check(errno == 0 || errno == syscall.EINTR && road != gangway.RoadFast, "wait of kind %d: %v", kind, errno)
}

// kinds is how many kinds of waits there are in libgwtest.
const kinds = 21

// registers holds registers, running or waiting, while signals come, on threads with and without a signal stack.
func (s *site) registers() {
	if s.depth > 1 || s.r.intn(5) != 0 {
		return
	}
	const wait, noStack, send = 1, 2, 8
	how := []uint32{send, send | noStack, wait, wait | noStack}[s.r.intn(4)]
	road, _ := gangway.CurrentRoad()
	if road != gangway.RoadFast {
		how &^= wait // it may end with EINTR there
	}
	n := s.hold(how, 0xe7, 1)
	s.check(n == 0, "registers: %d differences in way %d", n, how)
}

// takeOver makes a call that waits awake for a collection, which has to take it over; then C calls back, or not.
func (s *site) takeOver() {
	if s.depth > 1 || s.r.intn(10) != 0 {
		return
	}
	gate := testlib.NewGate()
	go func() {
		gate.Wait(1)
		runtime.GC()
		gate.Open()
	}()
	switch s.r.intn(3) {
	case 0:
		n := s.gate(gate)
		s.check(n == 1, "gt_gate_spin: %d", n)
	case 1:
		n := s.gateCall(gate, s.plain, 21)
		s.check(n == 42, "gt_gate_call: %d", n)
	case 2:
		v := recovered(func() { s.gateCall(gate, s.bad, 21) })
		s.check(v == any(int64(21)), "a panic after a take-over: %v", v)
	}
}

// collector makes garbage, and now and then has it collected, in the middle of things.
func (s *site) collector() {
	type node struct {
		next *node
		v    [6]int
	}
	var list *node
	n := 20 + s.r.intn(100)
	for i := 0; i < n; i++ {
		list = &node{list, [6]int{i, i, i, i, i, i}}
	}
	switch s.r.intn(60) {
	case 0:
		runtime.GC()
	case 1:
		buf := make([]byte, 1<<16)
		runtime.Stack(buf, true)
	case 2:
		runtime.GOMAXPROCS(1 + s.r.intn(6))
	case 3:
		debug.FreeOSMemory()
	case 4:
		time.Sleep(time.Millisecond)
	}
	for ; list != nil; list = list.next {
		n--
		s.check(list.v == [6]int{n, n, n, n, n, n}, "a live object was overwritten")
	}
}
