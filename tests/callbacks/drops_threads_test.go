//go:build !go1.21

package callbacks_test

// keepsThreads: a thread that C made stays known to the Go runtime between callbacks.
const keepsThreads = false
