//go:build !go1.28

package trampolines

// layoutKnown tells whether a layout file covers this Go release.
const layoutKnown = true
