package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	const want = `road a: code on the system stack called Go 50 times, the stack moved, the result is right
road b: code on the goroutine stack called Go 50 times, the stack moved, the result is right
`
	if out.String() != want {
		t.Errorf("output is\n%swant\n%s", out.String(), want)
	}
}

// TestSignals runs both roads, several goroutines each, under collections without end, a CPU profile, and SIGURG for all
// threads again and again: signals find the machine code at every instruction.
func TestSignals(t *testing.T) {
	rounds, steps := 10, int64(200000)
	if testing.Short() {
		rounds = 2
	}
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	var stop, collections, signals uint64
	var disturbers, workers sync.WaitGroup
	disturb := func(f func()) {
		disturbers.Add(1)
		go func() {
			defer disturbers.Done()
			for atomic.LoadUint64(&stop) == 0 {
				f()
			}
		}()
	}
	disturb(func() {
		runtime.GC()
		atomic.AddUint64(&collections, 1)
	})
	disturb(func() {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Error(err)
			return
		}
		for _, task := range tasks {
			// A thread may be gone by now; that is no error here.
			if tid, err := strconv.Atoi(task.Name()); err == nil && syscall.Tgkill(syscall.Getpid(), tid, syscall.SIGURG) == nil {
				atomic.AddUint64(&signals, 1)
			}
		}
	})
	for i := 0; i < 4; i++ {
		name, road := "a", onSystemStack
		if i%2 != 0 {
			name, road = "b", onGoroutineStack
		}
		workers.Add(1)
		go func() {
			defer workers.Done()
			for r := 0; r < rounds; r++ {
				x, n := int64(r), int64(10)
				got, j, err := road(x, n, steps)
				j.moves++ // which may be 0 when the stack was large already
				if err == nil {
					err = j.check(x, n, steps, got)
				}
				if err != nil {
					t.Errorf("road %s, round %d: %v", name, r, err)
				}
			}
		}()
	}
	workers.Wait()
	atomic.StoreUint64(&stop, 1)
	disturbers.Wait()
	if collections == 0 || signals == 0 {
		t.Errorf("%d collections and %d signals, want some", collections, signals)
	}
	t.Logf("%d collections, %d signals", collections, signals)
}

// start runs machine code that follows the gate's protocol, with visit replaced by f.
func start(t *testing.T, machine []byte, f func(j *job, x, i int64) int64, x, n int64) (int64, job) {
	t.Helper()
	c, err := newCode(machine)
	if err != nil {
		t.Fatal(err)
	}
	defer c.free()
	j := job{funcs: [2]func(*job, int64, int64) int64{f, add}}
	return gate(c.addr, &j, x, n, 1), j
}

// TestRequests: a request names its function.
func TestRequests(t *testing.T) {
	machine := []byte{
		0x48, 0x8b, 0x5c, 0x24, gateN + 8, // mov rbx, [rsp + n]
		0xb9, 0x01, 0x00, 0x00, 0x00, // mov ecx, 1
		0x48, 0x8d, 0x15, 0x01, 0x00, 0x00, 0x00, // lea rdx, [rip + resume]
		0xc3,       //       ret
		0x31, 0xd2, //       xor edx, edx
		0xc3, //             ret
	}
	got, j := start(t, machine, visit, 40, 2)
	if got != 42 || j.calls != 1 {
		t.Errorf("add through the gate is %d in %d calls, want 42 in 1", got, j.calls)
	}
	machine[6] = 2 // no such function
	defer func() {
		if e, ok := recover().(runtime.Error); !ok || !strings.Contains(e.Error(), "index out of range") {
			t.Errorf("recovered %v, want an index error", e)
		}
	}()
	start(t, machine, visit, 40, 2)
}

// TestTraceback: while Go runs, the stack is one of Go frames down to its beginning, the gate among them.
func TestTraceback(t *testing.T) {
	var names []string
	start(t, goroutineStackCode, func(j *job, x, i int64) int64 {
		pcs := make([]uintptr, 64)
		frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
		for {
			f, more := frames.Next()
			names = append(names, f.Function)
			if !more {
				return x
			}
		}
	}, 1, 1)
	all := strings.Join(names, " ")
	dispatch, gate, test := strings.Index(all, ".dispatch"), strings.Index(all, ".gate"), strings.LastIndex(all, ".TestTraceback")
	if dispatch < 0 || gate < dispatch || test < gate || names[len(names)-1] != "runtime.goexit" {
		t.Errorf("the stack is %s", all)
	}
}

// TestPanic: a panic of the Go function unwinds through the gate, a thousand times.
func TestPanic(t *testing.T) {
	for i := 0; i < 1000; i++ {
		func() {
			defer func() {
				if r := recover(); r != "up" {
					t.Fatalf("recovered %v, want up", r)
				}
			}()
			start(t, goroutineStackCode, func(*job, int64, int64) int64 { panic("up") }, 1, 1)
		}()
	}
}

// TestFault: a fault of the machine code is a Go panic.
func TestFault(t *testing.T) {
	machine := []byte{
		0x31, 0xc0, //       xor eax, eax
		0x48, 0x8b, 0x00, // mov rax, [rax]
		0x31, 0xd2, //       xor edx, edx
		0xc3, //             ret
	}
	for i := 0; i < 100; i++ {
		err := func() (err error) {
			defer func() {
				if e, ok := recover().(runtime.Error); ok {
					err = e
				}
				runtime.GC()
			}()
			start(t, machine, visit, 1, 1)
			return nil
		}()
		if err == nil || !strings.Contains(err.Error(), "nil pointer dereference") {
			t.Fatalf("the fault became %v, want a panic for a nil pointer", err)
		}
	}
}

// TestNeverWritableAndExecutable looks at the mapping of a code.
func TestNeverWritableAndExecutable(t *testing.T) {
	c, err := newCode(goroutineStackCode)
	if err != nil {
		t.Fatal(err)
	}
	defer c.free()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(maps), "\n") {
		var lo, hi uintptr
		var perm string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &lo, &hi, &perm); n == 3 && lo <= c.addr && c.addr < hi {
			if !strings.HasPrefix(perm, "r-x") {
				t.Errorf("code is mapped %s, want r-x", perm)
			}
			return
		}
	}
	t.Error("no mapping for the code")
}
