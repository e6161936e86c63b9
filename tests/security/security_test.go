// Package security_test checks what an attacker would look for: memory that is writable and executable, executable stacks,
// libraries from the current directory, an environment that steers a program with more rights than its caller.
package security_test

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

const variable = "GANGWAY_SECURITY" // what a process of this program does

func TestMain(m *testing.M) {
	switch os.Getenv(variable) {
	case "":
		os.Exit(m.Run())
	case "filter":
		os.Setenv(variable, "work")
		forbidWritableCode()
		exe, err := os.Executable()
		if err == nil {
			err = syscall.Exec(exe, os.Args, os.Environ())
		}
		panic(err)
	case "work":
		work()
		fmt.Println("OK")
	case "violate":
		forbidWritableCode()
		_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		fmt.Println("mmap:", err)
	}
}

// forbidWritableCode makes the kernel end this process, from now on and whatever programs it becomes, when it asks for memory
// that is writable and executable at once.
func forbidWritableCode() {
	const (
		loadWord   = 0x20 // BPF_LD | BPF_W | BPF_ABS
		jumpEqual  = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
		and        = 0x54 // BPF_ALU | BPF_AND | BPF_K
		give       = 0x06 // BPF_RET | BPF_K
		allow      = 0x7fff0000
		kill       = 0x80000000 // SECCOMP_RET_KILL_PROCESS
		number     = 0          // offsets in struct seccomp_data
		protection = 16 + 8*2   // the third argument of mmap and mprotect, low word
		wx         = syscall.PROT_WRITE | syscall.PROT_EXEC
		pkey       = 329 // SYS_PKEY_MPROTECT
	)
	filter := []syscall.SockFilter{
		{Code: loadWord, K: number},
		{Code: jumpEqual, K: syscall.SYS_MMAP, Jt: 3},
		{Code: jumpEqual, K: syscall.SYS_MPROTECT, Jt: 2},
		{Code: jumpEqual, K: pkey, Jt: 1},
		{Code: give, K: allow},
		{Code: loadWord, K: protection},
		{Code: and, K: wx},
		{Code: jumpEqual, K: wx, Jf: 1},
		{Code: give, K: kill},
		{Code: give, K: allow},
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	const setNoNewPrivileges, setSeccomp, modeFilter = 38, 22, 2
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivileges, 1, 0, 0, 0, 0); errno != 0 {
		panic(errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setSeccomp, modeFilter, uintptr(unsafe.Pointer(&program))); errno != 0 {
		panic(errno)
	}
	runtime.KeepAlive(filter)
}

// watch reads the memory map until it is told to stop.
func watch(stop *int32) (maps int) {
	for ; maps == 0 || atomic.LoadInt32(stop) == 0; maps++ {
		for _, m := range testlib.Mappings() {
			writable, executable := strings.Contains(m.Perms, "w"), strings.Contains(m.Perms, "x")
			if writable && executable {
				panic(fmt.Sprintf("%#x-%#x %s %s is writable and executable", m.Start, m.End, m.Perms, m.Name))
			}
			if executable && strings.HasPrefix(m.Name, "[stack") {
				panic("the stack is executable")
			}
		}
	}
	return maps
}

type (
	s24 struct {
		a    int64
		b    float64
		c, d int32
	}
	s64 struct{ v [8]int64 }
	s16 struct {
		x int64
		y float64
	}
)

// work does everything that makes memory executable, and calls through it, while others watch.
func work() {
	var stop int32
	var wg sync.WaitGroup
	maps := make([]int, 2)
	for i := range maps {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			maps[i] = watch(&stop)
		}(i)
	}
	path, err := testlib.Path()
	must(err)
	end := time.Now().Add(500 * time.Millisecond)
	for round := 0; round < 3 || time.Now().Before(end); round++ {
		l, err := gangway.Open(path)
		must(err)
		option := testlib.Modes[round%len(testlib.Modes)].Option
		call := gangway.MustFunc[func(uintptr, int64) int64](l, "gt_call_i64", option)
		threads := gangway.MustFunc[func(fn uintptr, n, calls int32, stack uint64, alt int32) int64](l, "gt_threads", option)
		mix := gangway.MustFunc[func(func(int64) int64, s24, s64, int32, float32, string) s16](l, "gt_struct_mix", option)
		back := gangway.MustFunc[func(uintptr, int32) s16](l, "gt_struct_back", option)
		// A type that there was none of: a plan and its machine code.
		fresh := reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.ArrayOf(17+round%50, reflect.TypeOf(int64(0)))}})
		noop := reflect.New(reflect.FuncOf([]reflect.Type{fresh}, nil, false))
		must(l.Bind("gt_noop", noop.Interface(), option))
		noop.Elem().Call([]reflect.Value{reflect.Zero(fresh)})
		if r := mix(func(x int64) int64 { runtime.GC(); return x }, s24{1, 2, 3, 4}, s64{}, 5, 6, "seven"); r != (s16{18, 8}) {
			panic(r)
		}
		var all []*gangway.Callback
		for i := int64(0); i < 300; i++ {
			k := i
			c, err := gangway.NewCallback(func(x int64) int64 { return x + k })
			must(err)
			if n := call(c.Pointer(), 1); n != 1+k {
				panic(n)
			}
			all = append(all, c)
		}
		c, err := gangway.NewCallback(func(s s24, b s64, k int8, f float32, p unsafe.Pointer) s16 { return s16{s.a + b.v[1], s.b} })
		must(err)
		if r := back(c.Pointer(), 2); r != (s16{0 + 1 + 1 + 2, 0.5}) {
			panic(r)
		}
		if n := threads(all[0].Pointer(), 2, 3, 0, 0); n != 15 {
			panic(n)
		}
		func() {
			defer func() { recover() }()
			bad, err := gangway.NewCallback(func(x int64) int64 { panic(x) })
			must(err)
			all = append(all, bad)
			call(bad.Pointer(), 1)
		}()
		for _, c := range append(all, c) {
			must(c.Close())
		}
		must(l.Close())
	}
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
	fmt.Println(maps, "maps")
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func self(t *testing.T, what string) testlib.Result {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return testlib.Run(t, []string{variable + "=" + what}, exe)
}

// No page is ever writable and executable: memory maps show none, and the kernel, which ends the process for asking, is not
// asked, from the program's start on.
func TestNoWritableCode(t *testing.T) {
	if r := self(t, "violate"); r.Signal != syscall.SIGSYS {
		t.Fatalf("the kernel lets memory be writable and executable: exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
	}
	if r := self(t, "filter"); r.Code != 0 || !strings.HasSuffix(r.Out, "OK\n") {
		t.Errorf("exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
	}
}

// The program that Go's linker makes with the object in it: no segment, and no stack, is writable and executable, and no code
// is relocated.
func TestProgramHeaders(t *testing.T) {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stack := false
	for _, p := range f.Progs {
		if p.Type == elf.PT_GNU_STACK {
			stack = true
		}
		if p.Flags&elf.PF_X != 0 && p.Flags&elf.PF_W != 0 {
			t.Errorf("%v: %v", p.Type, p.Flags)
		}
	}
	if !stack {
		t.Error("no PT_GNU_STACK: the stack is executable")
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_DYNAMIC {
			continue
		}
		entries := make([]elf.Dyn64, p.Filesz/16)
		if err := binary.Read(p.Open(), binary.LittleEndian, entries); err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			t.Error("nothing is linked dynamically")
		}
		for _, d := range entries {
			tag, flags := elf.DynTag(d.Tag), elf.DynFlag(d.Val)
			if tag == elf.DT_TEXTREL || tag == elf.DT_FLAGS && flags&elf.DF_TEXTREL != 0 {
				t.Errorf("%v %v: code is relocated", tag, flags)
			}
		}
	}
}

// A name without a slash is never looked for in the current directory; one with a slash is taken as it is.
func TestLibraryOfTheCurrentDirectory(t *testing.T) {
	path, err := testlib.Path()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "libgwhere.so"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	old, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(old)
	if l, err := gangway.Open("libgwhere.so"); err == nil {
		t.Errorf("%s was taken from the current directory", l.Name())
	}
	l, err := gangway.Open("./libgwhere.so")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// privileged builds program secure and returns a copy that anybody may run, in a directory that anybody may enter.
func privileged(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make programs with more rights than their caller's")
	}
	built := testlib.Build(t, "secure")
	dir, err := os.MkdirTemp("", "gangway-secure")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	data, err := os.ReadFile(built)
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	path := filepath.Join(dir, "secure")
	if err == nil {
		err = os.WriteFile(path, data, 0o755)
	}
	if err == nil {
		err = os.Chmod(path, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

const nobody = 65534

// as runs a program as somebody, with GANGWAY_ROAD=blocking, and returns what it prints.
func as(t *testing.T, path string, id uint32) string {
	t.Helper()
	cmd := exec.Command(path)
	cmd.Dir = filepath.Dir(path)
	cmd.Env = append(os.Environ(), "GANGWAY_ROAD=blocking")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "OK\n") {
		t.Fatalf("%s as %d: %v\n%s", path, id, err, out)
	}
	return string(out)
}

// A program with more rights than its caller does not do as the caller's environment says, wherever the rights come from.
func TestEnvironmentOfPrivilegedPrograms(t *testing.T) {
	path := privileged(t)
	if out := as(t, path, nobody); !strings.Contains(out, "\nroad blocking: asked for by GANGWAY_ROAD=blocking\n") ||
		!strings.Contains(out, "\nsecure 0\n") {
		t.Fatalf("without more rights: %s", out)
	}
	check := func(how, out string) {
		t.Helper()
		if !strings.Contains(out, "\nsecure 1\n") {
			t.Skipf("%s gives no rights here: a file system mounted with nosuid, or a process that may get no new privileges: %s", how, out)
		}
		if strings.Contains(out, "GANGWAY_ROAD") || strings.Contains(out, "road blocking") {
			t.Errorf("%s: %s", how, out)
		}
	}
	t.Run("set-user-ID", func(t *testing.T) {
		if err := os.Chmod(path, 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
		out := as(t, path, nobody)
		check("set-user-ID", out)
		if !strings.Contains(out, fmt.Sprintf("uid %d euid 0 ", nobody)) {
			t.Error(out)
		}
	})
	t.Run("set-group-ID", func(t *testing.T) {
		if err := os.Chmod(path, 0o755|os.ModeSetgid); err != nil {
			t.Fatal(err)
		}
		check("set-group-ID", as(t, path, nobody))
	})
	t.Run("capabilities", func(t *testing.T) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		// struct vfs_cap_data: revision 2, effective; CAP_NET_RAW permitted.
		value := []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		if err := syscall.Setxattr(path, "security.capability", value, 0); err != nil {
			t.Skipf("this file system or container takes no file capabilities: %v", err)
		}
		out := as(t, path, nobody)
		check("capabilities", out)
		if !strings.Contains(out, fmt.Sprintf("uid %d euid %d ", nobody, nobody)) {
			t.Error(out)
		}
	})
}
