package calls_test

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func TestRawSyscall(t *testing.T) {
	testlib.Lib(t)
	if n, err := gangway.RawSyscall(syscall.SYS_GETPID, 0, 0, 0, 0, 0, 0); int(n) != os.Getpid() || err != 0 {
		t.Errorf("getpid: %d, %v", n, err)
	}
	if n, err := gangway.RawSyscall(syscall.SYS_CLOSE, ^uintptr(0), 0, 0, 0, 0, 0); n != ^uintptr(0) || err != syscall.EBADF {
		t.Errorf("close(-1): %#x, %v", n, err)
	}
	// mmap takes six arguments.
	p, err := gangway.RawSyscall(syscall.SYS_MMAP, 0, 8192, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON, ^uintptr(0), 0)
	if err != 0 {
		t.Fatalf("mmap: %v", err)
	}
	*(*int)(testlib.Pointer(p + 8000)) = 1
	if _, err := gangway.RawSyscall(syscall.SYS_MUNMAP, p, 8192, 0, 0, 0, 0); err != 0 {
		t.Errorf("munmap: %v", err)
	}
	// All six arrive: the file offset is the last.
	name := t.TempDir() + "/file"
	if err := os.WriteFile(name, append(make([]byte, 4096), "second page"...), 0o644); err != nil {
		t.Fatal(err)
	}
	f, ferr := os.Open(name)
	if ferr != nil {
		t.Fatal(ferr)
	}
	defer f.Close()
	p, err = gangway.RawSyscall(syscall.SYS_MMAP, 0, 4096, syscall.PROT_READ, syscall.MAP_PRIVATE, f.Fd(), 4096)
	if err != 0 {
		t.Fatalf("mmap: %v", err)
	}
	if s := string(unsafe.Slice((*byte)(testlib.Pointer(p)), 11)); s != "second page" {
		t.Errorf("mapped %q", s)
	}
	gangway.RawSyscall(syscall.SYS_MUNMAP, p, 4096, 0, 0, 0, 0)
}

// Go's environment reaches C's. (The other direction is not promised: Go has its own copy.)
func TestEnvironment(t *testing.T) {
	testlib.Lib(t)
	getenv := gangway.MustFunc[func(*byte) *byte](gangway.Process(), "getenv")
	get := func(name string) (string, bool) {
		p := getenv(&append([]byte(name), 0)[0])
		if p == nil {
			return "", false
		}
		var b []byte
		for ; *p != 0; p = (*byte)(unsafe.Add(unsafe.Pointer(p), 1)) {
			b = append(b, *p)
		}
		return string(b), true
	}
	if err := os.Setenv("GW_TEST_VARIABLE", "one"); err != nil {
		t.Fatal(err)
	}
	if s, _ := get("GW_TEST_VARIABLE"); s != "one" {
		t.Errorf("C sees %q after Setenv", s)
	}
	os.Setenv("GW_TEST_VARIABLE", "")
	if s, ok := get("GW_TEST_VARIABLE"); s != "" || !ok {
		t.Errorf("C sees %q, %v after Setenv of nothing", s, ok)
	}
	if err := os.Unsetenv("GW_TEST_VARIABLE"); err != nil {
		t.Fatal(err)
	}
	if s, ok := get("GW_TEST_VARIABLE"); ok {
		t.Errorf("C sees %q after Unsetenv", s)
	}
	if s, _ := get("PATH"); s != os.Getenv("PATH") {
		t.Errorf("C's PATH is %q", s)
	}
}
