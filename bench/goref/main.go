// Implementation "go": a Go function that is not inlined, to see what a call costs in Go itself, and what it costs to
// find one by its address; and, beside the latency rows of others, what they are where goroutines sleep in Go.
package main

import (
	"runtime"
	"time"

	"github.com/gangwayffi/gangway/bench/child"
)

//go:noinline
func call0() int64 { return child.Call0Result }

//go:noinline
func call2(a, b int32) int32 { return a + b }

//go:noinline
func call3(a, b, c float64) float64 { return a*b + c }

func main() {
	const impl = "go"
	sleep := func(us int64) { time.Sleep(time.Duration(us) * time.Microsecond) }
	child.Serve(append(child.Latency(impl, sleep, sleep), []child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: runCall0},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: runCall2},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: runCall3},
		{Row: "lookup1", Impl: impl, CheckN: child.CheckN, Run: runLookup},
		{Row: "lookup1000", Impl: impl, CheckN: child.CheckN, Run: runLookup},
		{Row: "lookup10000", Impl: impl, CheckN: child.CheckN, Run: runLookup},
	}...))
}

func runCall0(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += call0()
	}
	took := time.Since(start)
	child.Check("call0", sum == child.Call0Result*int64(n))
	return took
}

func runCall2(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(call2(int32(i&1023), 7))
	}
	took := time.Since(start)
	child.Check("call2", sum == child.Sum(n, child.Call2Rest))
	return took
}

func runCall3(n int) time.Duration {
	var sum float64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += call3(2, 3, 4)
	}
	took := time.Since(start)
	child.Check("call3", sum == 10*float64(n))
	return took
}

func runLookup(n int) time.Duration {
	var here [1]uintptr
	runtime.Callers(1, here[:])
	found := 0
	start := time.Now()
	for i := 0; i < n; i++ {
		if runtime.FuncForPC(here[0]) != nil {
			found++
		}
	}
	took := time.Since(start)
	child.Check("lookup", found == n)
	return took
}
