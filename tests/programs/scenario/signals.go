package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	scenarios["urg"] = urg
	scenarios["quit"] = quit
	scenarios["replaced"] = replaced
	scenarios["masked"] = masked
	scenarios["pipe"] = brokenPipe
	scenarios["stdout"] = brokenStdout
	scenarios["child"] = sigchld
	scenarios["eintr"] = eintr
	scenarios["stacks"] = signalStacks
	scenarios["early"] = earlyHandler
	scenarios["early-crash"] = earlyHandlerCrash
	scenarios["outside"] = crashFromOutside
	scenarios["prof-stray"] = strayProf
	scenarios["in-c"] = signalInC
	scenarios["flagless"] = flagless
}

// taken checks that a collection ends while C waits for it.
func taken(what string) {
	wait := bind[func(*testlib.Gate) int32]("gt_gate_spin")
	gate := testlib.NewGate()
	done := make(chan int32)
	go func() { done <- wait(gate) }()
	gate.Wait(1)
	runtime.GC()
	equal(what+": calls inside", gate.Inside(), int32(1))
	gate.Open()
	equal(what, <-done, int32(1))
}

// Everything that os/signal can do to SIGURG, in every order: calls can be taken over all the same.
func urg() {
	taken("at first")
	ch := make(chan os.Signal, 10)
	raise := bind[func(int32) int32]("gt_raise")
	notified := func(what string) {
		for len(ch) > 0 {
			<-ch
		}
		signal.Notify(ch, syscall.SIGURG)
		taken(what + ", Notify")
		raise(int32(syscall.SIGURG))
		<-ch
		syscall.Kill(os.Getpid(), syscall.SIGURG)
		<-ch
	}
	for i := 0; i < 3; i++ {
		signal.Ignore(syscall.SIGURG)
		taken("Ignore")
		raise(int32(syscall.SIGURG))
		check(signal.Ignored(syscall.SIGURG), "not ignored")
		notified("Ignore")
		signal.Reset(syscall.SIGURG)
		taken("Reset")
		notified("Reset")
		signal.Stop(ch)
		taken("Stop")
		signal.Ignore()
		taken("Ignore all")
		signal.Reset()
		taken("Reset all")
		notified("Reset all")
		signal.Stop(ch)
	}
}

// Ignore, Notify and Reset of SIGQUIT, whose reports need Gangway's handler as well.
func quit() {
	ch := make(chan os.Signal, 10)
	raise := bind[func(int32) int32]("gt_raise")
	for i := 0; i < 3; i++ {
		signal.Ignore(syscall.SIGQUIT)
		raise(int32(syscall.SIGQUIT))
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		out, err := exec.Command("/bin/sh", "-c", "kill -QUIT $$; echo alive").Output()
		check(err == nil && string(out) == "alive\n", "a child does not inherit SIG_IGN: %q, %v", out, err)
		signal.Notify(ch, syscall.SIGQUIT)
		raise(int32(syscall.SIGQUIT))
		<-ch
		signal.Stop(ch)
		signal.Reset(syscall.SIGQUIT)
	}
	os.Stdout.WriteString("before the report\n")
	callerOfRaise(raise)
}

//go:noinline
func callerOfRaise(raise func(int32) int32) {
	raise(int32(syscall.SIGQUIT))
	calls++
}

var calls int

// C puts handlers of its own in the place of Go's, after the start, and goes on to Go's from there.
func replaced() {
	replace := bind[func(int32, int32) int32]("gt_replace_handler")
	count := bind[func(int32) int32]("gt_replaced_count")
	raise := bind[func(int32) int32]("gt_raise")
	for _, sig := range []syscall.Signal{syscall.SIGURG, syscall.SIGPROF, syscall.SIGSEGV, syscall.SIGUSR1} {
		equal("gt_replace_handler", replace(int32(sig), 1), int32(0))
	}
	taken("with C's handlers in front")
	road, _ := gangway.CurrentRoad()
	check(count(int32(syscall.SIGURG)) > 0 || road != gangway.RoadFast || mode != gangway.Fast(), "C's handler was not asked")
	func() {
		defer func() { check(recover() != nil, "no panic") }()
		*nilPointer = 1
	}()
	equal("SIGSEGV seen by C", count(int32(syscall.SIGSEGV)), int32(1))
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR2)
	raise(int32(syscall.SIGUSR2))
	<-ch
	raise(int32(syscall.SIGPROF))
	equal("SIGPROF seen by C", count(int32(syscall.SIGPROF)), int32(1))
}

var nilPointer *int

// C that blocks signals: around callbacks, on threads of its own, and while a collection wants the call.
func masked() {
	call := bind[func(uintptr, int64) int64]("gt_call_masked")
	thread := bind[func(uintptr, int64) int64]("gt_thread_masked")
	gate := bind[func(*testlib.Gate, int32) int32]("gt_gate_masked")
	fn := testlib.MustCallback(func(x int64) int64 {
		k := int(x)
		equal("stack contents", testlib.Grow(30, k, &k), 2*k)
		runtime.GC()
		runtime.Gosched()
		return x
	})
	for i := int64(0); i < 5; i++ {
		equal("masked", call(fn, i), i)
		equal("masked, on C's thread", thread(fn, i), i)
	}
	// A collection waits for a running call that cannot be asked, and goes on afterwards; it does not wait for others.
	g := testlib.NewGate()
	done := make(chan int32, 1)
	go func() { done <- gate(g, 100) }()
	for g.Inside() == 0 && len(done) == 0 { // on a busy machine 100 ms may pass unseen
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	<-done
	taken("after masks")
}

// A pipe that nobody reads: C gets EPIPE.
func brokenPipe() {
	write := bind[func() int32]("gt_write_broken_pipe")
	for i := 0; i < 20; i++ {
		equal("write", write(), -int32(syscall.EPIPE))
	}
	fn := testlib.MustCallback(func(x int64) int64 { return int64(write()) })
	equal("write in a callback", bind[func(uintptr, int64) int64]("gt_call_i64")(fn, 0), -int64(syscall.EPIPE))
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	fn = testlib.MustCallback(func(x int64) int64 {
		r, w, err := os.Pipe()
		check(err == nil, "%v", err)
		r.Close()
		_, err = w.Write([]byte("x"))
		check(errors.Is(err, syscall.EPIPE), "%v", err)
		w.Close()
		return 1
	})
	equal("Go's writes on C's threads", threads(fn, 4, 5, 0, 0), int64(20))
}

// Standard output that nobody reads ends a Go program by SIGPIPE, in a callback too.
func brokenStdout() {
	call := bind[func(uintptr)]("gt_call")
	call(testlib.MustCallback(func() {
		for i := 0; i < 100; i++ {
			os.Stdout.WriteString(strings.Repeat("x", 1000) + "\n")
			time.Sleep(10 * time.Millisecond)
		}
	}))
}

// Children end while goroutines are in C: SIGCHLD interrupts nothing that it should not.
func sigchld() {
	ch := make(chan os.Signal, 100)
	signal.Notify(ch, syscall.SIGCHLD)
	sleep := bind[func(uint32)]("gt_sleep")
	spin := bind[func(uint32) uint64]("gt_spin")
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 30; i++ {
				sleep(500)
				spin(500)
			}
		}()
	}
	for i := 0; i < 10; i++ {
		check(exec.Command("/bin/true").Run() == nil, "true failed")
		<-ch
	}
	wg.Wait()
	equal("raise", bind[func(int32) int32]("gt_raise")(int32(syscall.SIGCHLD)), int32(0))
	<-ch
	equal("fork in C", bind[func(int32) int32]("gt_fork_exit")(7), int32(7))
	<-ch
}

// Handlers without SA_RESTART: system calls of Go's and C's are interrupted, and Go's go on.
func eintr() {
	clear := bind[func(int32) int32]("gt_clear_restart")
	for _, sig := range []syscall.Signal{syscall.SIGURG, syscall.SIGWINCH, syscall.SIGCHLD} {
		equal("gt_clear_restart", clear(int32(sig)), int32(0))
	}
	spin := bind[func(uint32) uint64]("gt_spin")
	during(func() {
		spin(300)
		runtime.GC()
		syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	}, func() {
		r, w, err := os.Pipe()
		check(err == nil, "%v", err)
		check(syscall.SetNonblock(int(r.Fd()), false) == nil && syscall.SetNonblock(int(w.Fd()), false) == nil, "SetNonblock")
		go func() {
			for i := 0; i < 20; i++ {
				time.Sleep(time.Millisecond)
				_, err := w.Write(make([]byte, 1<<17))
				check(err == nil, "write: %v", err)
			}
			w.Close()
		}()
		n, err := io.Copy(io.Discard, r)
		check(n == 20<<17 && err == nil, "read %d, %v", n, err)
		for i := 0; i < 5; i++ {
			out, err := exec.Command("/bin/echo", "x").Output()
			check(string(out) == "x\n" && err == nil, "echo: %q, %v", out, err)
		}
	})
	taken("without SA_RESTART")
}

// Threads with and without a signal stack of their own crash in Go, and recover.
func signalStacks() {
	run := bind[func(uintptr, int64, int32) int64]("gt_thread_signal_stack")
	fn := testlib.MustCallback(func(x int64) (r int64) {
		defer func() {
			if recover() != nil {
				r = x
			}
		}()
		*nilPointer = 1
		return -1
	})
	for i := int64(0); i < 20; i++ {
		equal("result", run(fn, i, int32(i%2)), i)
	}
}

// C had a handler for SIGSEGV before the Go runtime began (tests/scenarios preloads it): Go's faults are Go's, C's are C's.
func earlyHandler() {
	for i := 0; i < 3; i++ {
		func() {
			defer func() { check(recover() != nil, "no panic") }()
			*nilPointer = 1
		}()
		fn := testlib.MustCallback(func() {
			defer func() { check(recover() != nil, "no panic in a callback") }()
			*nilPointer = 1
		})
		bind[func(uintptr)]("gt_call")(fn)
	}
	taken("with an early handler")
}

// The handler says so, and ends the process with status 5.
func earlyHandlerCrash() {
	earlyHandler()
	bind[func()]("gt_segfault")()
	check(false, "survived")
}

// A signal of a crash from outside while goroutines make calls: a report, and no hang.
func crashFromOutside() {
	add := bind[func(int32, int32) int32]("gt_add")
	started := make(chan bool)
	for i := 0; i < 2; i++ {
		go func() {
			for i := int32(0); ; i++ {
				add(i, 1)
				if i == 1000 {
					started <- true
				}
			}
		}()
	}
	<-started
	<-started
	syscall.Kill(os.Getpid(), syscall.SIGSEGV)
	select {}
}

// Profiling signals on threads of C's that have never been in Go, before C was ever called with a callback.
func strayProf() {
	raise := bind[func(int32) int32]("gt_thread_raise")
	for _, sig := range []syscall.Signal{syscall.SIGPROF, syscall.SIGURG, syscall.SIGCHLD, syscall.SIGWINCH} {
		equal("gt_thread_raise", raise(int32(sig)), int32(0))
	}
	ch := make(chan os.Signal, 1000)
	signal.Notify(ch, syscall.SIGUSR1)
	equal("gt_thread_raise", raise(int32(syscall.SIGUSR1)), int32(0))
	<-ch
}

// A signal hits C: which and how, GW_SIGNAL says (gt_send). With the preloaded library of tests/scenarios it says how
// often C's handler has run.
func signalInC() {
	var sig, how int32
	_, err := fmt.Sscan(os.Getenv("GW_SIGNAL"), &sig, &how)
	check(err == nil, "GW_SIGNAL: %v", err)
	send := bind[func(sig, how int32) int32]("gt_send")
	equal("gt_send", senderOfSignal(send, sig, how), int32(0))
	var count func(int32) int32
	if gangway.Process().Bind("gw_early_count", &count) == nil {
		fmt.Printf("C's handler ran %d times\n", count(sig))
	}
}

//go:noinline
func senderOfSignal(send func(sig, how int32) int32, sig, how int32) int32 {
	r := send(sig, how)
	calls++
	return r
}

// Handlers without SA_ONSTACK: from before Go's start (Go's stands before it), of a library's constructor, of a call;
// they get the flag. GANGWAY_CHECK=signals names the latter two.
func flagless() {
	if lib := os.Getenv("GW_OPEN"); lib != "" {
		l, err := gangway.Open(lib)
		check(err == nil, "%v", err)
		fmt.Println("opened")
		check(l.Close() == nil, "Close")
	}
	install := bind[func(int32) int32]("gt_handler_flagless")
	equal("gt_handler_flagless", install(int32(syscall.SIGWINCH)), int32(0))
	time.Sleep(500 * time.Millisecond)
	fmt.Println("installed")
	var sigaction func(sig int32, set, old *[19]uint64) int32
	check(gangway.Process().Bind("sigaction", &sigaction) == nil, "sigaction")
	for _, sig := range []syscall.Signal{syscall.SIGWINCH, syscall.SIGUSR2} {
		var sa [19]uint64
		equal("sigaction", sigaction(int32(sig), nil, &sa), int32(0))
		sa[17] |= 0x08000000
		equal("sigaction", sigaction(int32(sig), &sa, nil), int32(0))
	}
	raise := bind[func(int32) int32]("gt_raise")
	count := bind[func() int64]("gt_handler_count")
	n := count()
	equal("gt_raise", raise(int32(syscall.SIGWINCH)), int32(0))
	equal("signals", count(), n+1)
}
