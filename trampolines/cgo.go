//go:build cgo

package trampolines

// With cgo on, runtime/cgo provides the runtime's hooks.
import _ "runtime/cgo"
