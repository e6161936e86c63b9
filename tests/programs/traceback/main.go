// Program traceback uses runtime.SetCgoTraceback with C functions that invent frames.
// Usage: traceback WHAT MODE
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func symbol(name string) unsafe.Pointer {
	s, err := testlib.MustOpen().Symbol(name)
	if err != nil {
		panic(err)
	}
	return testlib.Pointer(uintptr(s))
}

func main() {
	what, mode := os.Args[1], os.Args[2]
	l := testlib.MustOpen()
	option := map[string]gangway.Option{"Auto": gangway.Auto(), "Blocking": gangway.Blocking(), "Fast": gangway.Fast(), "Safe": gangway.Safe()}[mode]
	runtime.SetCgoTraceback(0, symbol("gt_traceback"), symbol("gt_context"), symbol("gt_symbolizer"))
	contexts := gangway.MustFunc[func() int64](l, "gt_context_count", gangway.Blocking())
	switch what {
	case "crash":
		gangway.MustFunc[func()](l, "gt_segfault", option)()
	case "profile":
		burn := gangway.MustFunc[func(uint32) uint64](l, "gt_burn", option)
		for i := 0; i < 20; i++ {
			var buf bytes.Buffer
			if err := pprof.StartCPUProfile(&buf); err != nil {
				panic(err)
			}
			burn(200)
			pprof.StopCPUProfile()
			z, err := gzip.NewReader(&buf)
			if err != nil {
				panic(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				panic(err)
			}
			if bytes.Contains(text, []byte("gt_invented_leaf")) && bytes.Contains(text, []byte("gt_invented_root")) {
				fmt.Println("OK")
				return
			}
		}
		fmt.Println("no C frames in the profile")
	case "earlier":
		// A signal hits a call; a dump during the next one, on the same thread, shows nothing of that.
		raise := gangway.MustFunc[func(int32) int32](l, "gt_raise", option)
		wait := gangway.MustFunc[func(*testlib.Gate) int32](l, "gt_gate_sleep", option)
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", option)
		in := func(f func(gate *testlib.Gate)) {
			gate, done := testlib.NewGate(), make(chan bool)
			go func() {
				runtime.LockOSThread()
				raise(int32(syscall.SIGURG))
				f(gate)
				done <- true
			}()
			gate.Wait(1)
			buf := make([]byte, 1<<16)
			buf = buf[:runtime.Stack(buf, true)]
			gate.Open()
			<-done
			c, call := bytes.Contains(buf, []byte("gt_invented")), bytes.Contains(buf, []byte("main.main.func"))
			if c || !call {
				panic(string(buf))
			}
		}
		in(func(gate *testlib.Gate) { wait(gate) })
		inner := testlib.MustCallback(func(x int64) int64 {
			raise(int32(syscall.SIGURG))
			return x
		})
		gates := make(chan *testlib.Gate, 1)
		outer := testlib.MustCallback(func(x int64) int64 {
			call(inner, x)
			wait(<-gates)
			return x
		})
		in(func(gate *testlib.Gate) {
			gates <- gate
			call(outer, 1)
		})
		fmt.Println("OK")
	case "callbacks":
		// Contexts are made and taken back around callbacks; tracebacks in the middle work.
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", option)
		threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](l, "gt_threads", option)
		var fn uintptr
		collect := false
		fn = testlib.MustCallback(func(x int64) int64 {
			if x%8 == 0 {
				buf := make([]byte, 1<<16)
				runtime.Stack(buf, false)
				if collect {
					runtime.GC()
				}
				return 1
			}
			return 1 + call(fn, x-1)
		})
		for i := int64(0); i < 50; i++ {
			collect = true
			if n := call(fn, i); n != i%8+1 {
				panic(n)
			}
			// Go 1.26 and 1.27 may lose a minute when a thread of C's ends during a collection; with cgo as well.
			collect = false
			if n := threads(fn, 2, 8, 0, 0); n != 2*36 {
				panic(n)
			}
		}
		if n := contexts(); n != 0 {
			panic(fmt.Sprint(n, " contexts were not taken back"))
		}
		fmt.Println("OK")
	}
}
