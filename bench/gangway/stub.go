package main

import (
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/bench/child"
)

// What the stubs call.
var symCall0, symCall2, symCall3, symSteady gangway.Symbol

func stubCall0() int64
func stubSteady() int64
func stubCall2(a, b int32) int32
func stubCall3(a, b, c float64) float64

// stubs returns the rows of assembly stubs, called as functions, not through func values.
func stubs(lib *gangway.Library) []child.Bench {
	for name, sym := range map[string]*gangway.Symbol{
		"bench_call0": &symCall0, "bench_steady": &symSteady, "bench_call2": &symCall2, "bench_call3": &symCall3,
	} {
		var err error
		*sym, err = lib.Symbol(name)
		child.Fail(err)
	}
	const impl = "gangway-stub"
	return []child.Bench{
		{Row: "call0", Impl: impl, CheckN: child.CheckN, Run: runStubCall0},
		{Row: "call2", Impl: impl, CheckN: child.CheckN, Run: runStubCall2},
		{Row: "call3", Impl: impl, CheckN: child.CheckN, Run: runStubCall3},
		{Row: "steady", Impl: impl, CheckN: child.CheckN, Run: runStubSteady},
	}
}

func runStubCall0(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += stubCall0()
	}
	took := time.Since(start)
	child.Check("call0", sum == child.Call0Result*int64(n))
	return took
}

func runStubSteady(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += stubSteady()
	}
	took := time.Since(start)
	child.Check("steady", sum == child.SteadyResult*int64(n))
	return took
}

func runStubCall2(n int) time.Duration {
	var sum int64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += int64(stubCall2(int32(i&1023), 7))
	}
	took := time.Since(start)
	child.Check("call2", sum == child.Sum(n, child.Call2Rest))
	return took
}

func runStubCall3(n int) time.Duration {
	var sum float64
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += stubCall3(2, 3, 4)
	}
	took := time.Since(start)
	child.Check("call3", sum == 10*float64(n))
	return took
}
