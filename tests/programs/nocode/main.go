// Program nocode calls C where the system grants no memory for code, as SELinux and sandboxes do: calls go through
// libffi, and what cannot be had says so. Libraries load.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

type filter struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

// refuse makes mmap(2) and mprotect(2) with PROT_EXEC fail in all threads, but for private mappings of files.
func refuse() error {
	const (
		load, equal, anyOf, ret = 0x20, 0x15, 0x45, 0x06 // BPF_LD BPF_W BPF_ABS; BPF_JMP BPF_JEQ, BPF_JSET; BPF_RET
		prot, flags             = 16 + 2*8, 16 + 3*8     // in struct seccomp_data: args[2], args[3]
		allow, eacces           = 0x7fff0000, 0x00050000 | uint32(syscall.EACCES)
	)
	rules := []filter{
		{load, 0, 0, 0},
		{equal, 0, 2, syscall.SYS_MPROTECT},
		{load, 0, 0, prot},
		{anyOf, 5, 6, syscall.PROT_EXEC},
		{equal, 0, 5, syscall.SYS_MMAP},
		{load, 0, 0, prot},
		{anyOf, 0, 3, syscall.PROT_EXEC},
		{load, 0, 0, flags},
		{anyOf, 0, 1, syscall.MAP_SHARED | syscall.MAP_ANON},
		{ret, 0, 0, eacces},
		{ret, 0, 0, allow},
	}
	program := struct {
		n     uint16
		rules *filter
	}{uint16(len(rules)), &rules[0]}
	const noNewPrivs, sysSeccomp, setModeFilter, tsync = 38, 317, 1, 1
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	if _, _, errno := syscall.RawSyscall(sysSeccomp, setModeFilter, tsync, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return errno
	}
	if _, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON); err == nil {
		return fmt.Errorf("the system grants executable memory all the same")
	}
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func must(ok bool, what string, is ...any) {
	if !ok {
		check(fmt.Errorf("%s: %v", what, is))
	}
}

type quotient struct{ Q, R int64 }

func main() {
	// Once more from the start: memory for code that was there before would serve.
	if os.Getenv("GANGWAY_NOCODE") == "" {
		check(refuse())
		check(syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), "GANGWAY_NOCODE=1")))
	}
	c, err := gangway.Open("libc.so.6")
	check(err)
	m, err := gangway.Open("libm.so.6")
	check(err)
	var pow func(x, y float64) float64
	var frexp func(x float64, exponent *int32) float64
	var ldiv func(a, b int64) quotient
	var strlen func(s string) uint64
	var snprintf func(b *byte, n uint64, format string, more ...any) int32
	var chdir func(path string) (int32, syscall.Errno)
	check(m.Bind("pow", &pow))
	check(m.Bind("frexp", &frexp))
	check(c.Bind("ldiv", &ldiv))
	check(c.Bind("strlen", &strlen))
	check(c.Bind("snprintf", &snprintf))
	check(c.Bind("chdir", &chdir))
	must(pow(2, 10) == 1024, "pow", pow(2, 10))
	exponent := new(int32)
	must(frexp(10, exponent) == 0.625 && *exponent == 4, "frexp", *exponent)
	must(ldiv(-17, 5) == quotient{-3, -2}, "ldiv", ldiv(-17, 5))
	must(strlen("twelve bytes") == 12, "strlen", strlen("twelve bytes"))
	b := make([]byte, 100)
	n := snprintf(&b[0], 100, "%d %g %s", 42, 2.5, "words")
	must(string(b[:n]) == "42 2.5 words", "snprintf", string(b[:n]))
	status, errno := chdir("/nowhere/at/all")
	must(status == -1 && errno == syscall.ENOENT, "chdir", status, errno)
	callback, err := gangway.NewCallback(func(a, b float64) float64 { return a + b })
	must(callback == nil && err != nil, "NewCallback", callback, err)
	must(strings.Contains(err.Error(), "memory") || strings.Contains(err.Error(), "executable"), "NewCallback", err)
	fmt.Println("OK")
}
