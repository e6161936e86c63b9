// Program exit ends while C's threads call Go and goroutines wait in C.
// Usage: exit HOW
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func main() {
	l := testlib.MustOpen()
	var calls int64
	end := func() {
		fmt.Println("OK")
		os.Exit(0)
	}
	exitFromForeign := len(os.Args) == 2 && os.Args[1] == "foreign"
	fn := testlib.MustCallback(func(x int64) int64 {
		n := atomic.AddInt64(&calls, 1)
		switch {
		case n%100 == 0:
			runtime.GC()
		case n == 777 && exitFromForeign:
			end()
		}
		return 0
	})
	start := gangway.MustFunc[func(uintptr, int32, uint32) int32](l, "gt_background_start")
	if r := start(fn, 8, 20); r != 0 {
		panic(r)
	}
	for _, mode := range testlib.Modes {
		for _, name := range []string{"gt_gate_sleep", "gt_gate_spin"} {
			gate := testlib.NewGate()
			go gangway.MustFunc[func(*testlib.Gate)](l, name, mode.Option)(gate)
			gate.Wait(1)
		}
	}
	for atomic.LoadInt64(&calls) < 200 || exitFromForeign {
		time.Sleep(time.Millisecond)
	}
	switch os.Args[1] {
	case "return":
		fmt.Println("OK")
	case "exit":
		end()
	case "goroutine":
		go end()
		select {}
	case "callback":
		gangway.MustFunc[func(uintptr)](l, "gt_call")(testlib.MustCallback(end))
	case "c":
		exit := gangway.MustFunc[func(int32)](gangway.Process(), "exit")
		fmt.Println("OK")
		exit(0)
	case "signal":
		fmt.Println("OK")
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		select {}
	}
}
