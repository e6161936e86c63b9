package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	scenarios["during-init"] = duringInit
	scenarios["cancelled"] = cancelled
	scenarios["linger"] = linger
	scenarios["under-fire"] = underFire
	scenarios["locked-exit"] = lockedExit
	scenarios["goroutines"] = goroutines
	scenarios["kept"] = kept
	scenarios["goexit"] = goexit
	scenarios["stray-crash"] = strayCrash
	scenarios["error-calls-c"] = errorCallsC
	scenarios["at-exit"] = atExit
	scenarios["destructors"] = destructors
	scenarios["ids"] = ids
}

// C's threads call Go while package initialisers run: they get in when main.init is done, and calls on the main thread
// work at once.
var (
	initDone      int32
	earlyCalls    int64
	calledTooSoon int32
	mainInInit    int64
)

func init() {
	if len(os.Args) < 2 || os.Args[1] != "during-init" {
		return
	}
	l := testlib.MustOpen()
	early := testlib.MustCallback(func(x int64) int64 {
		if atomic.LoadInt32(&initDone) == 0 {
			atomic.StoreInt32(&calledTooSoon, 1)
		}
		atomic.AddInt64(&earlyCalls, 1)
		return x
	})
	linger := gangway.MustFunc[func(uintptr, int64, int32, uint32) int32](l, "gt_linger")
	for i := 0; i < 4; i++ {
		if r := linger(early, 0, 3, 0); r != 0 {
			panic(r)
		}
	}
	for _, m := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", m.Option)
		mainInInit += call(testlib.MustCallback(func(x int64) int64 {
			runtime.GC()
			done := make(chan int64)
			go func() { done <- x }()
			return <-done
		}), 10)
	}
	gangway.MustFunc[func(uint32)](l, "gt_sleep")(50000)
	atomic.StoreInt32(&initDone, 1)
}

func duringInit() {
	equal("calls in init", mainInInit, int64(10*len(testlib.Modes)))
	testlib.Eventually(func() bool { return atomic.LoadInt64(&earlyCalls) == 12 })
	equal("calls before main.init was done", atomic.LoadInt32(&calledTooSoon), int32(0))
}

// Threads that are cancelled in C, between callbacks, and call Go once more while they clean up.
func cancelled() {
	run := bind[func(uintptr) int64]("gt_thread_cancelled")
	fn := testlib.MustCallback(func(x int64) int64 {
		runtime.Gosched()
		return x
	})
	before := 0
	for i := 0; i < 100; i++ {
		equal("sum", run(fn), int64(3))
		if i == 5 {
			before = testlib.Threads()
		}
		if i%20 == 0 {
			runtime.GC()
		}
	}
	check(testlib.Threads() <= before+10, "%d threads, %d before", testlib.Threads(), before)
}

// A callback starts a thread that outlives it and its goroutine, and calls Go later; the thread starts others in its turn.
func linger() {
	start := bind[func(uintptr, int64, int32, uint32) int32]("gt_linger")
	call := bind[func(uintptr, int64) int64]("gt_call_i64")
	var served int64
	var later uintptr
	later = testlib.MustCallback(func(x int64) int64 {
		if x == 102 {
			equal("gt_linger", start(later, 200, 2, 500), int32(0))
		}
		atomic.AddInt64(&served, 1)
		return x
	})
	fn := testlib.MustCallback(func(x int64) int64 { return int64(start(later, 100, 4, 1000)) })
	for i := 0; i < 20; i++ {
		done := make(chan int64)
		go func() { done <- call(fn, 0) }()
		equal("gt_linger", <-done, int64(0))
	}
	testlib.Eventually(func() bool {
		runtime.GC()
		return atomic.LoadInt64(&served) == 20*6
	})
}

// Signals hit a thread on its way into Go and out, with and without a g.
func underFire() {
	run := bind[func(uintptr, int32, int32) int64]("gt_thread_under_fire")
	fn := testlib.MustCallback(func(x int64) int64 { return x })
	for _, sig := range []syscall.Signal{syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPROF, syscall.SIGWINCH} {
		for i := 0; i < 10; i++ {
			equal("sum", run(fn, 20, int32(sig)), int64(190))
		}
	}
}

// A goroutine that ends while it is locked takes its thread with it, after calls, callbacks and panics through C; the
// thread ends as C's threads do. One that is not locked leaves it.
func lockedExit() {
	mark := bind[func() int32]("gt_mark_thread")
	ended := bind[func() int32]("gt_marked_ended")
	call := bind[func(uintptr, int64) int64]("gt_call_i64")
	lock := testlib.MustCallback(func(x int64) int64 {
		runtime.LockOSThread()
		return x
	})
	bad := testlib.MustCallback(func(x int64) int64 { panic(x) })
	leave := testlib.MustCallback(func(x int64) int64 { runtime.Goexit(); return x })
	ways := []func(){
		func() { runtime.LockOSThread(); equal("mark", mark(), int32(0)) },
		func() { equal("call", call(lock, 1), int64(1)); equal("mark", mark(), int32(0)) },
		func() {
			runtime.LockOSThread()
			equal("mark", mark(), int32(0))
			func() {
				defer func() { recover() }()
				call(bad, 1)
			}()
		},
		func() {
			runtime.LockOSThread()
			equal("mark", mark(), int32(0))
			call(leave, 1)
		},
	}
	want := int32(0)
	for i := 0; i < 5; i++ {
		for _, f := range ways {
			done := make(chan bool)
			f := f
			go func() {
				defer close(done)
				// The main thread is never ended: leave it to others.
				if syscall.Gettid() == os.Getpid() {
					runtime.LockOSThread()
					go func() { f(); done <- true }()
					<-done
					runtime.UnlockOSThread()
					return
				}
				f()
			}()
			<-done
			want++
			testlib.Eventually(func() bool { return ended() == want })
		}
	}
}

// The number of goroutines, in a program that has none but its own, and in a callback on C's thread.
func goroutines() {
	runtime.GC()
	base := runtime.NumGoroutine()
	seen := func() int {
		buf := make([]byte, 1<<20)
		return strings.Count(string(buf[:runtime.Stack(buf, true)]), "\ngoroutine ") + 1
	}
	check(seen() == base, "%d stacks of %d goroutines", seen(), base)
	fn := testlib.MustCallback(func(x int64) int64 {
		check(runtime.NumGoroutine() == base+1 && seen() == base+1, "%d goroutines, %d stacks in a callback on C's thread, %d before", runtime.NumGoroutine(), seen(), base)
		return x
	})
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	for i := 0; i < 5; i++ {
		equal("sum", threads(fn, 1, 3, 0, 0), int64(3))
		check(runtime.NumGoroutine() == base && seen() == base, "%d goroutines, %d before", runtime.NumGoroutine(), base)
	}
}

// However often C's threads call, and however many there have been one after the other, the runtime makes no new M for
// them.
func kept() {
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	fn := testlib.MustCallback(func(x int64) int64 { return x })
	equal("sum", threads(fn, 2, 100, 0, 0), int64(200*199/2))
	made := pprof.Lookup("threadcreate").Count()
	for i := 0; i < 50; i++ {
		equal("sum", threads(fn, 2, 100, 0, 0), int64(200*199/2))
	}
	// A few for the goroutines of the program itself, should the scheduler think so.
	if n := pprof.Lookup("threadcreate").Count(); n > made+5 {
		check(false, "%d threads made for 100 of C's", n-made)
	}
}

// Goexit in a callback on a thread that Go did not make: there is no goroutine to end.
func goexit() {
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	fn := testlib.MustCallback(func(x int64) int64 { runtime.Goexit(); return x })
	threads(fn, 1, 1, 0, 0)
	check(false, "survived")
}

// A thread that has never been in Go crashes in C.
func strayCrash() {
	bind[func() int32]("gt_thread_crash")()
	check(false, "survived")
}

// A panic whose error calls C for its text, which calls back.
func errorCallsC() { panic(errorFromC{}) }

type errorFromC struct{}

func (errorFromC) Error() string {
	fn := testlib.MustCallback(func(x int64) int64 { return 2 * x })
	return fmt.Sprint("the answer of C is ", bind[func(uintptr, int64) int64]("gt_call_i64")(fn, 21))
}

// C's exit runs what was registered with atexit, which calls Go.
func atExit() {
	fn := testlib.MustCallback(func(x int64) int64 {
		runtime.GC()
		fmt.Println("called at exit:", x)
		fmt.Println("OK")
		return 0
	})
	equal("atexit", bind[func(uintptr) int32]("gt_at_exit")(fn), int32(0))
	gangway.MustFunc[func(int32)](gangway.Process(), "exit", mode)(0)
}

// C's exit runs what was registered with atexit, then the destructors of libraries.
func destructors() {
	fn := testlib.MustCallback(func(x int64) int64 {
		fmt.Println("called at exit:", x)
		return 0
	})
	equal("atexit", bind[func(uintptr) int32]("gt_at_exit")(fn), int32(0))
	bind[func()]("gt_speak_at_unload")()
	gangway.MustFunc[func(int32)](gangway.Process(), "exit", mode)(0)
}

// Ids change on all threads, again and again, while others come and go, wait in C and call from there. To be run as root.
// (No new thread of C's enters Go meanwhile: on its way in it blocks all signals and may have to wait for the scheduler,
// glibc waits for it with the lock that new threads need, and the scheduler for a new thread. cgo hangs as well.)
func ids() {
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	call := bind[func(uintptr, int64) int64]("gt_call_i64")
	sleep := bind[func(uint32)]("gt_sleep")
	fn := testlib.MustCallback(func(x int64) int64 { runtime.Gosched(); return x })
	for i := 0; i < 3; i++ {
		go func() {
			for {
				sleep(200)
				equal("call", call(fn, 5), int64(5))
			}
		}()
	}
	inC, err := testlib.MustOpen().Symbol("gt_errno_keep") // int64_t f(int64_t), without Go
	check(err == nil, "%v", err)
	during(func() {
		equal("sum", threads(uintptr(inC), 4, 5, 0, 0), int64(190))
		done := make(chan bool)
		go func() {
			runtime.LockOSThread()
			done <- true
		}()
		<-done
		exec.Command("/bin/true").Run()
	}, func() {
		for i, end := 0, time.Now().Add(300*time.Millisecond); time.Now().Before(end) || i < 50; i++ {
			check(syscall.Setegid(i%2) == nil, "Setegid")
			equal("egid", syscall.Getegid(), i%2)
			check(syscall.Seteuid(i%2) == nil, "Seteuid")
			equal("euid", syscall.Geteuid(), i%2)
			check(syscall.Seteuid(0) == nil, "Seteuid")
		}
	})
}
