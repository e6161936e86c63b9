//go:build msan

package trampolines

// sanitized names the instrumentation that must see every call: runtime.cgocall tells it.
const sanitized = "-msan"
