//go:build cgo

// Program archive is a library for a C program (tests/scenarios/c/host.c): Go, with Gangway, inside C.
package main

import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func main() {}

// Work makes calls of every kind, with callbacks, panics and collections.
//
//export Work
func Work(n int32) int32 {
	testlib.Watch("program archive", 90)
	for _, m := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64) int64](testlib.MustOpen(), "gt_call_i64", m.Option)
		threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](testlib.MustOpen(), "gt_threads", m.Option)
		var fn uintptr
		fn = testlib.MustCallback(func(x int64) int64 {
			k := int(x)
			if testlib.Grow(20, k, &k) != 2*k {
				panic("stack contents")
			}
			if x == 100 {
				panic(x)
			}
			if x > 0 {
				return x + call(fn, x-1)
			}
			runtime.GC()
			return 0
		})
		if r := call(fn, int64(n)); r != int64(n)*int64(n+1)/2 {
			return -1
		}
		func() {
			defer func() { recover() }()
			call(fn, 100)
		}()
		if r := threads(fn, 2, 3, 0, 0); r != 1+3+6+10+15 {
			return -2
		}
	}
	return n
}

// Taken waits in C for a collection.
//
//export Taken
func Taken() int32 {
	wait := gangway.MustFunc[func(*testlib.Gate) int32](testlib.MustOpen(), "gt_gate_spin", gangway.Fast())
	gate := testlib.NewGate()
	done := make(chan int32)
	go func() { done <- wait(gate) }()
	gate.Wait(1)
	runtime.GC()
	gate.Open()
	return <-done
}

// Preempted collects while a goroutine is in a loop without calls.
//
//export Preempted
func Preempted() int32 {
	var stop, inside int32
	done := make(chan int32)
	go func() {
		for atomic.StoreInt32(&inside, 1); atomic.LoadInt32(&stop) == 0; {
		}
		done <- 1
	}()
	for atomic.LoadInt32(&inside) == 0 {
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	atomic.StoreInt32(&stop, 1)
	return <-done
}

// Road returns the road of calls.
//
//export Road
func Road() int32 {
	road, why := gangway.CurrentRoad()
	fmt.Println(road, why)
	return int32(road)
}

// Notified asks for SIGIO and waits for it.
//
//export Notified
func Notified() int32 {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGIO)
	defer signal.Reset(syscall.SIGIO)
	syscall.Kill(os.Getpid(), syscall.SIGIO)
	select {
	case <-ch:
		return 1
	case <-time.After(100 * time.Second):
		return 0
	}
}

// Faults recovers from a nil pointer.
//
//export Faults
func Faults() (r int32) {
	defer func() {
		if recover() != nil {
			r = 1
		}
	}()
	*nilPointer = 1
	return 0
}

var nilPointer *int
