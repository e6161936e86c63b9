package calls_test

import (
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

// No wait ends because the runtime wants something: not with EINTR, and not early. Each wait meets a collection; with Auto
// each begins as a running call. GANGWAY_WAITS says how many waits of each kind, 20 by default. The roads without Gangway's
// signal handler are as cgo, where a wait ends if the runtime sends the signal just before it: 1 of 1,000 or so.
func TestWaits(t *testing.T) {
	l := testlib.Lib(t)
	rounds := 20
	if s := os.Getenv("GANGWAY_WAITS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("GANGWAY_WAITS: %v", err)
		}
		rounds = n
	}
	name := gangway.MustFunc[func(uint32) string](l, "gt_wait_name")
	relative := gangway.MustFunc[func(uint32) int32](l, "gt_wait_relative")
	ticks := gangway.MustFunc[func(uint32) int32](l, "gt_wait_ticks")
	road, _ := gangway.CurrentRoad()
	for _, mode := range testlib.Modes {
		wait := gangway.MustFunc[func(kind, us uint32) int32](l, "gt_wait", mode.Option)
		for kind := uint32(0); name(kind) != ""; kind++ {
			kind, mode := kind, mode
			t.Run(mode.Name+"/"+name(kind), func(t *testing.T) {
				const us = 2000
				before := gangway.Takeovers()
				late, interrupted := time.Duration(0), 0
				stop := testlib.Collect()
				defer stop()
				// On a busy machine a collection may come late.
				running := road == gangway.RoadFast && (mode.Name == "Auto" || mode.Name == "Fast")
				for i := 0; i < rounds || running && gangway.Takeovers() == before; i++ {
					if mode.Name == "Auto" && road == gangway.RoadFast {
						s := state(wait)
						s.Forget()
						testlib.Eventually(func() bool { wait(kind, 0); return s.Mode() == trampolines.AutoRunning })
					}
					begin := time.Now()
					errno := syscall.Errno(wait(kind, us))
					took := time.Since(begin)
					if errno == syscall.EINTR {
						interrupted++
					} else if errno != 0 {
						t.Fatalf("wait %d: %v", i, errno)
					} else if took < us*time.Microsecond && ticks(kind) == 0 {
						t.Errorf("wait %d ended after %v", i, took)
					}
					if took > late {
						late = took
					}
				}
				taken := gangway.Takeovers() - before
				t.Logf("%d waits, %d taken over, the longest %v, time-out relative: %v", rounds, taken, late, relative(kind) != 0)
				if interrupted > 0 {
					report := t.Errorf
					if road != gangway.RoadFast {
						report = t.Logf
					}
					report("%d of %d ended with EINTR", interrupted, rounds)
				}
			})
		}
	}
}
