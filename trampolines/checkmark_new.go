//go:build go1.26

package trampolines

// checkmarkStopsPreemption: GODEBUG=gccheckmark=1 implies asyncpreemptoff=1 since Go 1.26.
const checkmarkStopsPreemption = true
