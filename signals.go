package gangway

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// checking tells whether the environment asks for a check: GANGWAY_CHECK holds the word, among others between commas.
// Not in privileged programs.
func checking(word string) bool {
	if trampolines.Secure() {
		return false
	}
	for _, w := range strings.Split(os.Getenv("GANGWAY_CHECK"), ",") {
		if w == word {
			return true
		}
	}
	return false
}

// checkSignals: GANGWAY_CHECK=signals asks for a word about each handler of C's without SA_ONSTACK.
var checkSignals = checking("signals")

// Calls of C, and threads of its own, may install handlers at any time.
func init() {
	if !checkSignals {
		return
	}
	reportHandlers()
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			reportHandlers()
		}
	}()
}

// reported are the handlers that reportHandlers has said something about, by signal.
var reported struct {
	sync.Mutex
	handlers [65]uintptr
}

// reportHandlers says on standard error which signal handlers lack SA_ONSTACK, each once.
func reportHandlers() {
	const onStack = 0x08000000
	reported.Lock()
	defer reported.Unlock()
	for sig := uintptr(1); sig <= 64; sig++ {
		var sa struct{ handler, flags, restorer, mask uintptr } // the kernel's struct sigaction
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, sig, 0, uintptr(unsafe.Pointer(&sa)), 8, 0, 0)
		const ignored = 1 // SIG_IGN; 0 is SIG_DFL
		flagless := errno == 0 && sa.handler > ignored && sa.flags&onStack == 0
		if !flagless || reported.handlers[sig] == sa.handler {
			continue
		}
		reported.handlers[sig] = sa.handler
		fmt.Fprintf(os.Stderr, "gangway: the handler of signal %d (%v) at %s lacks SA_ONSTACK: "+
			"where the signal hits Go code, it runs on a goroutine's small stack\n",
			sig, syscall.Signal(sig), codeAt(sa.handler))
	}
}

// codeAt names an address by the file that is mapped there, and the offset in it.
func codeAt(address uintptr) string {
	maps, _ := os.ReadFile("/proc/self/maps")
	for _, line := range strings.Split(string(maps), "\n") {
		var low, high, offset uintptr
		var rights, device, inode, file string
		n, _ := fmt.Sscanf(line, "%x-%x %s %x %s %s %s", &low, &high, &rights, &offset, &device, &inode, &file)
		if n == 7 && low <= address && address < high {
			return fmt.Sprintf("%s+%#x", filepath.Base(file), address-low+offset)
		}
	}
	return fmt.Sprintf("%#x", address)
}
