//go:build go1.22

package runtime_test

const newTracer = true
