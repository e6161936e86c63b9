package main

// gate runs the machine code at code on the goroutine stack, with x, n and steps, and makes the calls of Go that it asks
// for. It returns the code's result. Contract: gate_amd64.s. The noescape is a promise for the functions in j.funcs: they
// do not keep j, which may lie on the stack.
//
//go:noescape
func gate(code uintptr, j *job, x, n, steps int64) int64

// Where the machine code finds its words: offsets in the gate's frame. Seen from the code they are 8 higher, because its
// return address comes first.
const (
	gateN     = 40
	gateSteps = 48
)

// dispatch is the Go side of the gate: it makes the call that the machine code asked for. A wrong number is a Go panic,
// which unwinds through the gate.
func dispatch(j *job, which uintptr, x, i int64) int64 {
	return j.funcs[which](j, x, i)
}
