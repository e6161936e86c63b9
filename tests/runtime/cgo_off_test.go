//go:build !cgo

package runtime_test

// cgoOn: threads are made by runtime/cgo.
const cgoOn = false
