package jit_test

import (
	"bytes"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/jit"
	"github.com/gangwayffi/gangway/tests/jitcode"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

//go:linkname moduledataverify1 runtime.moduledataverify1
func moduledataverify1(module unsafe.Pointer)

// The runtime's own check, which ends the program when it finds something, has nothing against an arena.
func TestTheRuntimeVerifiesArenas(t *testing.T) {
	a := newArena(t, 100000, 100)
	last := trampolines.Asm.LastModule
	module := **(**unsafe.Pointer)(unsafe.Pointer(&last))
	for i := 0; i < 100; i++ {
		moduledataverify1(module)
		add(t, a, jitcode.Probe("jit.verified", true))
	}
	moduledataverify1(module)
}

// processorTime returns what this process has used.
func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

//go:noinline
func spinsInCode(spin func(uintptr, *int32, unsafe.Pointer) unsafe.Pointer, stop *int32) {
	spin(1<<27, stop, nil)
}

// A CPU profile names the machine code and its callers.
func TestProfile(t *testing.T) {
	var spin func(uintptr, *int32, unsafe.Pointer) unsafe.Pointer
	if err := add(t, newArena(t, 4096, 1), jitcode.Spin("jit.profiled", true)).Direct(&spin); err != nil {
		t.Fatal(err)
	}
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		t.Fatal(err)
	}
	for start := processorTime(t); processorTime(t)-start < 400*time.Millisecond; { // profiles count that, at 100 Hz
		spinsInCode(spin, new(int32))
	}
	pprof.StopCPUProfile()
	samples, err := testlib.Samples(profile.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var good int64
	for _, s := range samples {
		for i, name := range s.Stack {
			if name != "jit.profiled" { // which runtime.asyncPreempt may be on top of
				continue
			}
			if len(s.Stack) < i+3 || !strings.HasSuffix(s.Stack[i+1], ".spinsInCode") || !strings.HasSuffix(s.Stack[i+2], ".TestProfile") {
				t.Errorf("the callers of jit.profiled are %v", s.Stack)
			}
			good += s.Count
		}
	}
	if good < 3 {
		t.Errorf("%d samples of jit.profiled in\n%v", good, samples)
	}
}

//go:noinline
func waitsInCode(probe func(unsafe.Pointer, func(uintptr), uintptr) (unsafe.Pointer, uintptr, uintptr), wait func(uintptr)) {
	probe(nil, wait, 1)
}

// The block profile and the execution tracer unwind by frame pointers in newer releases.
func TestBlockProfileAndTrace(t *testing.T) {
	var probe func(unsafe.Pointer, func(uintptr), uintptr) (unsafe.Pointer, uintptr, uintptr)
	if err := add(t, newArena(t, 4096, 1), jitcode.Probe("jit.blocked", true)).Direct(&probe); err != nil {
		t.Fatal(err)
	}
	runtime.SetBlockProfileRate(1)
	defer runtime.SetBlockProfileRate(0)
	var events bytes.Buffer
	if err := trace.Start(&events); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 5; i++ {
		var done sync.WaitGroup
		done.Add(1)
		go func() {
			defer done.Done()
			c := make(chan int)
			waitsInCode(probe, func(uintptr) {
				go func() { time.Sleep(time.Millisecond); c <- 1 }()
				<-c
			})
		}()
		done.Wait()
	}
	trace.Stop()
	for _, name := range []string{"jit.blocked", "/jit/probe.src", "waitsInCode"} {
		if !bytes.Contains(events.Bytes(), []byte(name)) {
			t.Errorf("%s is not in the trace", name)
		}
	}
	var profile bytes.Buffer
	if err := pprof.Lookup("block").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	_, above, found := strings.Cut(profile.String(), "jit.blocked")
	if !found || !strings.Contains(above, "waitsInCode") {
		t.Errorf("jit.blocked and its caller are not in the block profile:\n%s", profile.String())
	}
}

// Arenas are made, filled and retired by several goroutines at once.
func TestConcurrentArenas(t *testing.T) {
	newArena(t, 1, 1)
	var all sync.WaitGroup
	for g := 0; g < 4; g++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < 5; i++ {
				a, err := jit.NewArena("concurrent", 65536, 100)
				if err != nil {
					t.Error(err)
					return
				}
				for k := 0; k < 50; k++ {
					e, err := a.Add(small("jit.concurrent", 0xc3))
					if err != nil {
						t.Error(err)
						return
					}
					var f func(int) int
					if err := e.Func(&f); err != nil || f(k) != k {
						t.Error(err)
						return
					}
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
}
