// Package exercise is what plugins with Gangway do.
package exercise

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/jit"
	"github.com/gangwayffi/gangway/tests/jitcode"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

// Run makes calls in every mode, callbacks, threads and machine code. enter is a C function of the plugin: it calls an
// export of cgo, which returns its argument. others are callbacks of whoever came before. It returns one for those after.
func Run(name string, enter uintptr, others []uintptr) uintptr {
	road, why := gangway.CurrentRoad()
	fmt.Println(name, road, why)
	before := handler()
	library := testlib.MustOpen()
	address, err := library.Symbol("gt_call_i64")
	check(err == nil, "%v", err)
	var fn uintptr
	for _, m := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, int64) int64](library, "gt_call_i64", m.Option)
		threads := gangway.MustFunc[func(uintptr, int32, int32, uint64, int32) int64](library, "gt_threads", m.Option)
		var export func(int64) int64
		err := gangway.Bind(gangway.Symbol(enter), &export, m.Option)
		check(err == nil, "%v", err)
		fn = testlib.MustCallback(func(x int64) int64 {
			k := int(x)
			check(testlib.Grow(20, k, &k) == 2*k, "stack contents")
			if x == 100 {
				panic(x)
			}
			if x > 0 {
				return x + call(fn, x-1)
			}
			runtime.GC()
			return export(0)
		})
		for _, f := range append(others, fn) {
			equal("callbacks", call(f, 10), 55)
			equal("a thread's", threads(f, 2, 3, 0, 0), 1+3+6+10+15)
			equal("Call", int64(trampolines.Call(uintptr(address), f, 4, 0, 0, 0, 0)), 10)
			equal("CallBlocking", int64(trampolines.CallBlocking(uintptr(address), f, 4, 0, 0, 0, 0)), 10)
			func() {
				defer func() { check(recover() == any(int64(100)), "the panic is lost") }()
				call(f, 100)
			}()
		}
		equal("export", export(7), 7)
	}
	if road == gangway.RoadFast {
		taken(library)
	}
	machineCode(name)
	check(handler() == before, "the handler of SIGURG is another one")
	return fn
}

// taken waits in C for a collection.
func taken(library *gangway.Library) {
	wait := gangway.MustFunc[func(*testlib.Gate) int32](library, "gt_gate_spin", gangway.Fast())
	before := trampolines.Takeovers()
	gate := testlib.NewGate()
	done := make(chan int32)
	go func() { done <- wait(gate) }()
	gate.Wait(1)
	runtime.GC()
	gate.Open()
	<-done
	check(trampolines.Takeovers() > before, "nothing was taken over")
}

// machineCode registers a function with the runtime, in an arena that stays.
func machineCode(name string) {
	if err := jit.Available(); err != nil {
		fmt.Println(name, err)
		return
	}
	arena, err := jit.NewArena("jit."+name, 4096, 1)
	check(err == nil, "%v", err)
	entry, err := arena.Add(jitcode.Recurse("jit." + name + ".recurse"))
	check(err == nil, "%v", err)
	var recurse func(uintptr, unsafe.Pointer, func(uintptr)) unsafe.Pointer
	err = entry.Func(&recurse)
	check(err == nil, "%v", err)
	p := unsafe.Pointer(new([8]int))
	check(recurse(100, p, func(uintptr) { runtime.GC() }) == p, "a pointer is lost")
	fmt.Println(name, "registers")
}

// handler returns C's view of the handler of SIGURG.
func handler() uintptr {
	sigaction := gangway.MustFunc[func(sig int32, set uintptr, old *[32]uintptr) int32](gangway.Process(), "sigaction")
	old := new([32]uintptr)
	check(sigaction(23, 0, old) == 0, "sigaction")
	return old[0]
}

func check(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

func equal(what string, got, want int64) { check(got == want, "%s: %d, not %d", what, got, want) }
