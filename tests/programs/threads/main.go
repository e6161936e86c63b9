// Program threads makes running calls on every kind of thread that there is, and collects meanwhile: that works only where
// the runtime knows the bounds of the thread's stack. It also says which road it is on.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// The main goroutine stays on the main thread.
func init() { runtime.LockOSThread() }

var (
	spin func(*testlib.Gate) int32
	id   func() int32
	deep func(fn uintptr, x int64, frames int32) int64
)

// wait makes a running call that ends when a collection has been completed, and one deep in C's stack.
func wait(kind string) {
	before := gangway.Takeovers()
	for i := 0; i < 3; i++ {
		gate := testlib.NewGate()
		go func() {
			gate.Wait(1)
			runtime.GC()
			gate.Open()
		}()
		if n := spin(gate); n != 1 {
			panic(n)
		}
	}
	if n := deep(leaf, 7, frames); n != 7 {
		panic(n)
	}
	if road, _ := gangway.CurrentRoad(); road == gangway.RoadFast && gangway.Takeovers() == before {
		panic(kind + ": no call was taken over")
	}
	fmt.Println(kind, "thread", id())
}

var leaf uintptr

// frames is how many kilobytes of C's stack lie between two callbacks. Go 1.20 and earlier, as with cgo, take the stack of
// a foreign thread to end 32 kB below where it came to Go, and what of the runtime runs on it needs a part of that: how much
// hangs on whether a P was free, for instance.
var frames int32 = 30

func main() {
	l := testlib.MustOpen()
	testlib.Watch("program threads", 90) // less than testlib.Run waits
	spin = gangway.MustFunc[func(*testlib.Gate) int32](l, "gt_gate_spin", gangway.Fast())
	id = gangway.MustFunc[func() int32](l, "gt_thread_id", gangway.Fast())
	deep = gangway.MustFunc[func(uintptr, int64, int32) int64](l, "gt_call_deep", gangway.Fast())
	leaf = testlib.MustCallback(func(x int64) int64 { return x })
	road, why := gangway.CurrentRoad()
	if v := runtime.Version(); strings.HasPrefix(v, "go1.19") || strings.HasPrefix(v, "go1.20") {
		frames = 5
	}
	fmt.Println("road:", road, "because:", why)
	if int(id()) != os.Getpid() {
		panic("not on the main thread")
	}
	wait("main")
	done := make(chan bool)
	run := func(kind string) {
		wait(kind)
		done <- true
	}
	// A thread that the runtime starts for a goroutine.
	go run("goroutine")
	<-done
	// Threads started while goroutines are locked to theirs: the template thread makes them.
	for i := 0; i < 4; i++ {
		go func() {
			runtime.LockOSThread()
			go run("template")
			time.Sleep(time.Millisecond)
			run("locked")
		}()
		<-done
		<-done
	}
	// Threads that C makes, with stacks of several sizes.
	fn := testlib.MustCallback(func(x int64) int64 { wait("foreign"); return x })
	threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](l, "gt_threads", gangway.Blocking())
	own := gangway.MustFunc[func(uintptr, int64, uint64) int64](l, "gt_thread_on_own_stack", gangway.Blocking())
	for _, stack := range []uint64{0, 1 << 17, 1 << 24} {
		if n := threads(fn, 1, 3, stack, 0); n != 3 {
			panic(n)
		}
	}
	if n := own(fn, 5, 1<<18); n != 5 {
		panic(n)
	}
	fmt.Println("OK")
}
