//go:build go1.26

package testlib

import "time"

// boundMonitor bounds how long the runtime's monitor sleeps: Go 1.26 and 1.27 may wait for it in a collection, for up to two
// minutes, see doc/trust.md. It sleeps until the next timer at most.
func boundMonitor() {
	go func() {
		for range time.Tick(100 * time.Millisecond) {
		}
	}()
}
