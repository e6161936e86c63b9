package trampolines

import (
	"math/bits"
	"sync"
	"unsafe"
)

// Strings that are too long for the system stack are copied into memory of Go's heap that serves one call after the
// other. (Memory from malloc would be lost when a panic in a callback leaves the call.) Sizes are powers of two; beyond
// the largest every copy has memory of its own.
const smallestCopy, largestCopy = 12, 20

var copyPools [largestCopy - smallestCopy + 1]sync.Pool // of unsafe.Pointer

// A terminatedCopy is the copy of a string for C, with a zero byte behind it.
type terminatedCopy struct {
	p    unsafe.Pointer
	pool *sync.Pool // nil: memory of its own
}

// terminated replaces a string on the way to C by a terminated copy, and returns that. The memory is the copy's until
// it is released; what is not, because a panic leaves the call, the collector takes.
func terminated(words unsafe.Pointer) terminatedCopy {
	s := *(*string)(words)
	var c terminatedCopy
	if size := bits.Len(uint(len(s))); size > largestCopy {
		c.p = unsafe.Pointer(&make([]byte, len(s)+1)[0])
	} else {
		if size < smallestCopy {
			size = smallestCopy
		}
		c.pool = &copyPools[size-smallestCopy]
		if p, ok := c.pool.Get().(unsafe.Pointer); ok {
			c.p = p
		} else {
			c.p = unsafe.Pointer(&make([]byte, 1<<size)[0])
		}
	}
	b := unsafe.Slice((*byte)(c.p), len(s)+1)
	b[copy(b, s)] = 0
	w := (*[2]uintptr)(words)
	w[0], w[1] = uintptr(c.p), goTerminated
	return c
}

// release gives the memory back, when C is done with it.
func (c terminatedCopy) release() {
	if c.pool != nil {
		c.pool.Put(c.p)
	}
}
