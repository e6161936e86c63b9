package gangway

import (
	"io"
	"os"
	"strconv"
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
		for { // no time.Tick: its channel keeps what a time can be printed by in every program, too
			time.Sleep(10 * time.Millisecond)
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
		os.Stderr.WriteString("gangway: the handler of signal " + decimal(sig) + " (" + syscall.Signal(sig).String() + ") at " +
			codeAt(sa.handler) + " lacks SA_ONSTACK: where the signal hits Go code, it runs on a goroutine's small stack\n")
	}
}

// codeAt names an address by the file that is mapped there, and the offset in it.
func codeAt(address uintptr) string {
	for _, line := range strings.Split(mappings(), "\n") {
		f := strings.Fields(line) // low-high, rights, offset, device, inode, file
		if len(f) < 6 {
			continue
		}
		from, to, _ := strings.Cut(f[0], "-")
		low, high, offset := hexadecimal(from), hexadecimal(to), hexadecimal(f[2])
		if low <= address && address < high {
			return f[5][strings.LastIndexByte(f[5], '/')+1:] + "+0x" + strconv.FormatUint(uint64(address-low+offset), 16)
		}
	}
	return "0x" + strconv.FormatUint(uint64(address), 16)
}

func hexadecimal(s string) uintptr {
	n, _ := strconv.ParseUint(s, 16, 64)
	return uintptr(n)
}

// mappings returns what is mapped in this process. (os.ReadFile would keep all that a time can be printed by in every
// program, 150 kB: it asks for the file's size and gets its time.)
func mappings() string {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(f)
	return string(text)
}
