// Command reports calls C that crashes, burns time or blocks, for tests of what Go then reports of it.
//
//	reports crash|nested|profile|dump fast|auto|blocking|safe
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
}

//go:noinline
func callerOfCrash(f func()) { f() }

//go:noinline
func callerOfSort(f func(base *byte, n, size, compare uintptr), p []byte, compare uintptr) {
	f(&p[0], uintptr(len(p)), 1, compare)
}

//go:noinline
func callerOfSleep(f func(uint32) int32, us uint32) { f(us) }

func main() {
	how := map[string]gangway.Option{"fast": gangway.Fast(), "auto": gangway.Auto(), "blocking": gangway.Blocking(), "safe": gangway.Safe()}[os.Args[2]]
	path, err := testlib.Path()
	check(err)
	lib, err := gangway.Open(path)
	check(err)
	switch os.Args[1] {
	case "crash":
		var crash func()
		check(lib.Bind("gt_segfault", &crash, how))
		callerOfCrash(crash)
	case "nested":
		var crash func()
		var qsort func(base *byte, n, size, compare uintptr)
		check(lib.Bind("gt_segfault", &crash, how))
		check(gangway.Process().Bind("qsort", &qsort, how))
		compare, err := gangway.NewCallback(func(a, b *byte) int32 { callerOfCrash(crash); return 0 })
		check(err)
		callerOfSort(qsort, make([]byte, 10), compare.Pointer())
	case "profile":
		// memset over much memory is C that takes a while; the samples have to name its Go caller.
		var qsort func(base *byte, n, size, compare uintptr)
		check(gangway.Process().Bind("qsort", &qsort, how))
		compare, err := gangway.Process().Symbol("strcmp")
		check(err)
		var profile, events bytes.Buffer
		check(trace.Start(&events))
		check(pprof.StartCPUProfile(&profile))
		memory := make([]byte, 1<<20)
		for start := time.Now(); time.Since(start) < time.Second; {
			for i := range memory[:len(memory)-1] {
				memory[i] = byte(i%251) + 1
			}
			callerOfSort(qsort, memory[:1<<17], uintptr(compare))
		}
		pprof.StopCPUProfile()
		trace.Stop()
		r, err := gzip.NewReader(&profile)
		check(err)
		text, err := io.ReadAll(r)
		check(err)
		// Function names stand in the profile as they are.
		fmt.Println("profile names the caller:", bytes.Contains(text, []byte("main.callerOfSort")))
		fmt.Println("trace:", events.Len() > 0)
	case "dump":
		var usleep func(uint32) int32
		check(gangway.Process().Bind("usleep", &usleep, how))
		done := make(chan bool)
		go func() { callerOfSleep(usleep, 2000000); close(done) }()
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			b := make([]byte, 1<<20)
			if strings.Contains(string(b[:runtime.Stack(b, true)]), "main.callerOfSleep") {
				fmt.Println("dump shows the caller")
				return
			}
			select {
			case <-done:
				fmt.Println("the call ended before a dump showed it")
				os.Exit(1)
			default:
			}
		}
	}
}
