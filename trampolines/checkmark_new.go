//go:build go1.25

package trampolines

// checkmarkStopsPreemption: GODEBUG=gccheckmark=1 implies asyncpreemptoff=1 since Go 1.25.
const checkmarkStopsPreemption = true
