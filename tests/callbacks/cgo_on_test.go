//go:build cgo

package callbacks_test

// cgoOn tells whether runtime/cgo serves the runtime instead of Gangway's own support.
const cgoOn = true
