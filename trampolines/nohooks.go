//go:build !cgo && gangway_nohooks

package trampolines

// hooksElsewhere: another package of the program provides the runtime's hooks. Its callbacks enter Go through
// runtime.cgocallback, which expects every call to C to be a system call.
const hooksElsewhere = true

// besideCgo has nothing to do, see nocgo.go.
func besideCgo() {}
