//go:build cgo

package trampolines

import "github.com/gangwayffi/gangway/trampolines/withcgo"

// besideCgo makes running calls and cgo exports agree. With cgo on, runtime/cgo provides the runtime's hooks, and C may
// enter Go by a function that cgo exported: that expects the goroutine in a system call.
func besideCgo() { withcgo.Install(addrTakeoverNow()) }
