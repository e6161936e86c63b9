//go:build cgo

package trampolines

import (
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines/withcgo"
)

// hooksElsewhere: the runtime's hooks are those of runtime/cgo, which expects what Gangway does.
const hooksElsewhere = false

// cgoBindM is the runtime's (Go 1.21 and later): the C function that ties an m to a thread that Go did not make, when
// the thread first enters Go.
//
//go:linkname cgoBindM _cgo_bindm
var cgoBindM unsafe.Pointer

// bindMNext is what it was.
var bindMNext unsafe.Pointer

// besideCgo makes running calls and cgo exports agree. With cgo on, runtime/cgo provides the runtime's hooks, and C may
// enter Go by a function that cgo exported: that expects the goroutine in a system call.
//
// A thread that C made may enter Go there without coming by callbackForeignRun: what that clears is cleared as the
// thread gets its m. (Go 1.19 and 1.20 have no such place, see package gangway.)
func besideCgo() {
	withcgo.Install(Asm.takeoverNow)
	if cgoBindM != nil {
		clear := addrBindMClear()
		bindMNext, cgoBindM = cgoBindM, *(*unsafe.Pointer)(unsafe.Pointer(&clear))
	}
}

func addrBindMClear() uintptr

// bindMClear is called by C; see cgo_amd64.s.
func bindMClear()
