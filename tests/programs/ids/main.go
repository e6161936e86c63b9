// Program ids changes user and group ids, which must reach all threads, C's own too. To be run as root.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// everywhere checks that a field of /proc/self/task/*/status is the same on all threads.
func everywhere(step, field, want string) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	if len(tasks) < 8 {
		panic(fmt.Sprint(len(tasks), " threads only"))
	}
	for _, task := range tasks {
		text, err := os.ReadFile("/proc/self/task/" + task.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		for _, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, field+":") && strings.Join(strings.Fields(line)[1:], " ") != want {
				panic(step + ": thread " + task.Name() + " has " + line + ", not " + want)
			}
		}
	}
}

func check(step string, err error) {
	if err != nil {
		panic(step + ": " + err.Error())
	}
}

func main() {
	l := testlib.MustOpen()
	fn := testlib.MustCallback(func(x int64) int64 { return x })
	if r := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")(fn, 4, 1000); r != 0 {
		panic(r)
	}
	for i := 0; i < 4; i++ {
		gate := testlib.NewGate()
		go gangway.MustFunc[func(*testlib.Gate)](l, "gt_gate_sleep", testlib.Modes[i].Option)(gate)
		gate.Wait(1)
	}
	time.Sleep(10 * time.Millisecond)
	check("Setgroups", syscall.Setgroups([]int{100, 200}))
	everywhere("Setgroups", "Groups", "100 200")
	check("Setegid", syscall.Setegid(11))
	everywhere("Setegid", "Gid", "0 11 0 11")
	check("Setregid", syscall.Setregid(12, 13))
	everywhere("Setregid", "Gid", "12 13 13 13")
	check("Setresgid", syscall.Setresgid(14, 15, 16))
	everywhere("Setresgid", "Gid", "14 15 16 15")
	check("Setgid", syscall.Setgid(17))
	everywhere("Setgid", "Gid", "17 17 17 17")
	check("Seteuid", syscall.Seteuid(21))
	everywhere("Seteuid", "Uid", "0 21 0 21")
	check("Seteuid", syscall.Seteuid(0))
	check("Setreuid", syscall.Setreuid(0, 22))
	everywhere("Setreuid", "Uid", "0 22 22 22")
	check("Seteuid", syscall.Seteuid(0))
	check("Setresuid", syscall.Setresuid(23, 24, 0))
	everywhere("Setresuid", "Uid", "23 24 0 24")
	check("Seteuid", syscall.Seteuid(0))
	check("Setuid", syscall.Setuid(25))
	everywhere("Setuid", "Uid", "25 25 25 25")
	if err := syscall.Setuid(0); err != syscall.EPERM {
		panic(fmt.Sprint("Setuid(0) without privileges: ", err))
	}
	fmt.Println("OK")
}
