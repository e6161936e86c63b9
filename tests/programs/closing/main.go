// Closes callbacks that threads have entered and in which they wait for a processor, with collections meanwhile. What they
// have come to is still there: the calls give what they would have given before Close. Run it with GODEBUG=clobberfree=1.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// entering mirrors struct entering in tests/clib/entering.c.
type entering struct {
	ready, start  int32
	entered, done int32
	result        int64
}

type (
	pairs struct {
		n int64
		d float64
	}
	large struct{ bytes [2048]byte }
)

// kinds make a callback of each kind; all of them return k+5 for what entering.c calls them with.
var kinds = []func(k int64) any{
	func(k int64) any { return func(x int64) int64 { return x + k } },
	func(k int64) any { return func(a, b, c, d, e int64) int64 { return e + k } },
	func(k int64) any { return func(x float64) float64 { return x + float64(k) } },
	func(k int64) any { return func(p pairs, x float64) pairs { return pairs{int64(x) + k, p.d} } },
	func(k int64) any { return func(l large) int64 { return int64(l.bytes[0]) + 1 + k } },
	func(k int64) any { return func(s string) int64 { return int64(len(s)) + k } },
}

var lib = testlib.MustOpen()

var (
	prepare = gangway.MustFunc[func(fn uintptr, kind int32) *entering](lib, "gt_entering", gangway.Fast())
	thread  = gangway.MustFunc[func() int32](lib, "gt_enter_thread")
	here    = gangway.MustFunc[func()](lib, "gt_enter_here", gangway.Blocking())
)

// sleeps tells whether a thread waits in the kernel. It makes no system call that the scheduler knows of, and so keeps the
// processor.
func sleeps(tid int32) bool {
	path := append([]byte("/proc/self/task/"+strconv.Itoa(int(tid))+"/stat"), 0)
	fd, _, errno := syscall.RawSyscall(syscall.SYS_OPEN, uintptr(unsafe.Pointer(&path[0])), syscall.O_RDONLY, 0)
	if errno != 0 {
		return false // it has ended
	}
	var text [128]byte
	n, _, _ := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
	syscall.RawSyscall(syscall.SYS_CLOSE, fd, 0, 0)
	_, state, _ := strings.Cut(string(text[:n]), ") ")
	return strings.HasPrefix(state, "S")
}

// one closes a callback when it has been entered. waited tells whether it had not returned by then.
func one(kind int, k int64, foreign bool) (waited bool) {
	c, err := gangway.NewCallback(kinds[kind](k))
	if err != nil {
		panic(err)
	}
	e := prepare(c.Pointer(), int32(kind))
	if !foreign {
		go here()
	} else if err := thread(); err != 0 {
		panic(err)
	}
	for atomic.LoadInt32(&e.ready) == 0 {
		time.Sleep(10 * time.Microsecond)
	}
	var running, stop int32
	var busy sync.WaitGroup
	for i := 0; i < 2; i++ {
		busy.Add(1)
		go func() {
			atomic.AddInt32(&running, 1)
			for atomic.LoadInt32(&stop) == 0 {
			}
			busy.Done()
		}()
	}
	for atomic.LoadInt32(&running) == 0 {
		runtime.Gosched()
	}
	atomic.StoreInt32(&e.start, 1)
	for atomic.LoadInt32(&e.entered) == 0 {
	}
	for atomic.LoadInt32(&e.done) == 0 && !sleeps(e.entered) {
	}
	c.Close()
	waited = atomic.LoadInt32(&e.done) == 0
	runtime.GC()
	atomic.StoreInt32(&stop, 1)
	busy.Wait()
	for atomic.LoadInt32(&e.done) == 0 {
		time.Sleep(time.Millisecond)
	}
	if e.result != k+5 {
		fmt.Printf("kind %d, foreign %v: result %d, not %d\n", kind, foreign, e.result, k+5)
		os.Exit(1)
	}
	return waited
}

func main() {
	const rounds = 100
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(2)
	for kind := range kinds {
		for _, foreign := range []bool{true, false} {
			for k := int64(1); !one(kind, k, foreign); k++ {
				if k == rounds {
					fmt.Printf("kind %d, foreign %v: no thread waited in a callback in %d rounds\n", kind, foreign, rounds)
					os.Exit(1)
				}
			}
		}
	}
	fmt.Println("OK")
}
