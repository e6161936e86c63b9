//go:build go1.28

package trampolines

// layoutKnown tells whether a layout file covers this Go release. The newest one serves to assemble the code; the safe
// road does not use it.
const layoutKnown = false
