package trampolines

import _ "unsafe" // for go:linkname

// CheckPointer panics when what v, an argument of a C function, leads to holds Go pointers that are not pinned: what
// cgo calls for pointers. With element true, v is a *T, and one T is all that C looks at; with nil, an unsafe.Pointer
// leads to the whole object.
//
//go:linkname CheckPointer runtime.cgoCheckPointer
//go:noescape
func CheckPointer(v, element any)

// CheckResult panics when v, the result of a callback, is or holds a Go pointer that is not pinned.
//
//go:linkname CheckResult runtime.cgoCheckResult
//go:noescape
func CheckResult(v any)
