//go:build cgo || !gangway_nohooks

package trampolines

// hooksElsewhere: the runtime's hooks are ours or those of runtime/cgo.
const hooksElsewhere = false
