//go:build !cgo && !gangway_nohooks

package trampolines

// hooksElsewhere: the runtime's hooks are ours (hooks_amd64.s).
const hooksElsewhere = false

// besideCgo has nothing to do: without cgo, C enters Go by callbackEntry alone.
func besideCgo() {}

// setCrosscall2 is the value of runtime.set_crosscall2; see hooks_amd64.s.
func setCrosscall2()
