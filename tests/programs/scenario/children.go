package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	scenarios["fork"] = fork
	scenarios["exec-mask"] = execMask
}

// C forks, and its children work, while other goroutines call, collect and are called.
func fork() {
	exit := bind[func(int32) int32]("gt_fork_exit")
	execute := bind[func(string) int32]("gt_fork_exec")
	system := bind[func(string) int32]("gt_system")
	call := bind[func(uintptr, int64) int64]("gt_call_i64")
	spin := bind[func(uint32) uint64]("gt_spin")
	inside := testlib.MustCallback(func(x int64) int64 { return int64(exit(int32(x))) })
	during(func() {
		spin(200)
		runtime.GC()
		call(testlib.MustCallback(func(x int64) int64 { return x }), 1)
	}, func() {
		for i := int32(0); i < 5; i++ {
			equal("fork", exit(i), i)
			equal("fork and exec", execute(fmt.Sprint("exit ", i)), i)
			equal("system", system(fmt.Sprint("exit ", i)), i)
			equal("fork in a callback", call(inside, int64(i)), int64(i))
		}
	})
}

// Children begin with no signal blocked and no handler, wherever they are started from. (From a callback on a thread
// whose signals C has blocked they inherit that, as with cgo.)
func execMask() {
	look := func(where string) {
		out, err := exec.Command("/bin/cat", "/proc/self/status").Output()
		check(err == nil, "%v", err)
		for _, line := range strings.Split(string(out), "\n") {
			for _, field := range []string{"SigBlk:", "SigCgt:"} {
				if strings.HasPrefix(line, field) {
					// cat catches nothing, and glibc's own signals are not asked about.
					check(strings.TrimLeft(strings.TrimSpace(line[len(field):]), "0") == "", "%s: %s", where, line)
				}
			}
		}
	}
	look("before")
	fn := testlib.MustCallback(func(x int64) int64 { look("in a callback"); return x })
	bind[func(uintptr, int64) int64]("gt_call_i64")(fn, 1)
	equal("threads", bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")(fn, 2, 2, 0, 0), int64(0+1+2+3))
	gate := testlib.NewGate()
	go bind[func(*testlib.Gate) int32]("gt_gate_sleep")(gate)
	gate.Wait(1)
	look("during a call")
	gate.Open()
}
