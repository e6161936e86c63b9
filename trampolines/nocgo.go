//go:build !cgo

package trampolines

// besideCgo has nothing to do: without cgo, C enters Go by callbackEntry alone.
func besideCgo() {}
