//go:build !race && !msan && !asan

package trampolines

// sanitized is empty: no instrumentation has to see the calls.
const sanitized = ""
