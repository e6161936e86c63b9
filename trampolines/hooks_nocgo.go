//go:build !cgo && !gangway_nohooks

package trampolines

// setCrosscall2 is the value of runtime.set_crosscall2; see hooks_amd64.s.
func setCrosscall2()
