// Program jit puts registered machine code through what the runtime does to goroutines. It is run with GODEBUG and GOGC
// settings that make mistakes visible, and built in several ways.
// Usage: jit SCENARIO...
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/jit"
	"github.com/gangwayffi/gangway/tests/jitcode"
)

type (
	probeFunc   = func(unsafe.Pointer, func(uintptr), uintptr) (unsafe.Pointer, uintptr, uintptr)
	recurseFunc = func(uintptr, unsafe.Pointer, func(uintptr)) unsafe.Pointer
	spinFunc    = func(uintptr, *int32, unsafe.Pointer) unsafe.Pointer
	loadFunc    = func(unsafe.Pointer) uintptr
)

var (
	arena    *jit.Arena
	probe    probeFunc // direct
	counted  probeFunc // the same, counted
	blind    probeFunc // does not say that p is a pointer
	recurse  recurseFunc
	spin     spinFunc
	stubborn spinFunc // not to be preempted
	load     loadFunc
)

func main() {
	var err error
	arena, err = jit.NewArena("jit", 1<<20, 4096)
	fail(err)
	entry := add(arena, jitcode.Probe("jit.probe", true))
	fail(entry.Direct(&probe))
	fail(entry.Func(&counted))
	fail(add(arena, jitcode.Probe("jit.blind", false)).Direct(&blind))
	fail(add(arena, jitcode.Recurse("jit.recurse")).Direct(&recurse))
	fail(add(arena, jitcode.Spin("jit.spin", true)).Direct(&spin))
	fail(add(arena, jitcode.Spin("jit.stubborn", false)).Direct(&stubborn))
	fail(add(arena, jitcode.Load("jit.load")).Direct(&load))
	scenarios := map[string]func(){
		"slot": slot, "control": control, "caller": caller, "counted": countedValues, "recurse": recursion, "names": namesAndLines,
		"unwind": unwind, "fault": fault, "park": park, "preempt": preempt, "load": underLoad, "edges": edges, "crash": crash,
	}
	for _, name := range os.Args[1:] {
		start := time.Now()
		scenarios[name]()
		fmt.Println(name, time.Since(start).Round(time.Millisecond))
	}
	fmt.Println("OK")
}

func fail(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func want(ok bool, format string, a ...any) {
	if !ok {
		fmt.Printf(format+"\n", a...)
		os.Exit(1)
	}
}

func add(a *jit.Arena, f *jit.Function) *jit.Entry {
	e, err := a.Add(f)
	fail(err)
	return e
}

// An object shows when it was freed, or overwritten.
type object struct {
	words [40]uint64
	next  *object
}

func newObject(seed uint64) *object {
	o := &object{}
	for i := range o.words {
		o.words[i] = seed + uint64(i)
	}
	if seed&1 == 0 {
		o.next = newObject(seed + 1)
	}
	return o
}

func (o *object) intact(seed uint64) bool {
	for i := range o.words {
		if o.words[i] != seed+uint64(i) {
			return false
		}
	}
	return seed&1 == 1 || o.next != nil && o.next.intact(seed+1)
}

//go:noinline
func deep(n int) int {
	var pad [256]byte
	pad[n&255] = 1
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(pad[n&255])
}

var garbage [][]byte

// collect runs the collector, and fills what it has freed.
func collect(n int) {
	for i := 0; i < n; i++ {
		for k := 0; k < 200; k++ {
			garbage = append(garbage, make([]byte, 384))
		}
		garbage = nil
		runtime.GC()
	}
}

// callProbe keeps no reference to the object while the machine code runs.
//
//go:noinline
func callProbe(f probeFunc, seed uint64, cb func(uintptr), scalar uintptr) (*object, uintptr, uintptr) {
	p, distance, s := f(unsafe.Pointer(newObject(seed)), cb, scalar)
	return (*object)(p), distance, s
}

// fresh runs f on a goroutine whose stack starts small.
func fresh(f func()) {
	done := make(chan bool)
	go func() { defer close(done); f() }()
	<-done
}

// checkProbe calls f while collections happen and the stack moves.
func checkProbe(f probeFunc) {
	fresh(func() {
		x := 0
		here := uintptr(unsafe.Pointer(&x))
		o, distance, s := callProbe(f, 1000, func(v uintptr) {
			want(v == 42, "argument %d", v)
			collect(2)
			deep(5000)
			collect(2)
		}, 42)
		want(distance == 0 && s == 42, "the pointer into the frame is off by %d, the scalar is %d", distance, s)
		want(o.intact(1000), "the object was lost")
		want(here != uintptr(unsafe.Pointer(&x)), "the stack did not move")
	})
}

// slot: a word that the map names keeps its object alive, and is adjusted when the stack moves.
func slot() {
	for i := 0; i < 3; i++ {
		checkProbe(probe)
	}
}

// control: the same code without the bit in the map loses the object.
func control() {
	lost := false
	fresh(func() {
		o, _, _ := callProbe(blind, 1000, func(uintptr) { collect(4) }, 42)
		lost = !o.intact(1000)
	})
	want(lost, "the object survives without a bit in the map: clobberfree=1 is missing")
}

// caller: the word points to a variable of the Go caller, on the stack.
func caller() {
	fresh(func() {
		var v struct {
			pad [3]uint64
			p   *object
		}
		v.pad[1], v.p = 77, newObject(8000)
		before := uintptr(unsafe.Pointer(&v))
		p, distance, _ := probe(unescaped(unsafe.Pointer(&v)), func(uintptr) { collect(1); deep(5000); collect(1) }, 5)
		after := uintptr(unsafe.Pointer(&v))
		want(before != after, "the stack did not move")
		want(distance == 0 && uintptr(p) == after && v.pad[1] == 77 && v.p.intact(8000), "the variable at %x is %x", after, p)
	})
}

// unescaped hides that p's variable is used elsewhere, so that it stays on the stack.
func unescaped(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}

// countedValues: the registers of a counted call travel through memory; pointers in them, to the stack too, stay true.
func countedValues() {
	for i := 0; i < 3; i++ {
		checkProbe(counted)
	}
	fresh(func() {
		var v [4]uint64
		v[2] = 99
		p, _, _ := counted(unescaped(unsafe.Pointer(&v)), func(uintptr) { deep(5000); collect(1) }, 5)
		want(uintptr(p) == uintptr(unsafe.Pointer(&v)) && v[2] == 99, "a result that points to the stack is off")
	})
}

// recursion: frames without end, made by morestack, and scanned.
func recursion() {
	n := uintptr(100000)
	fresh(func() {
		o := (*object)(recurse(n, unsafe.Pointer(newObject(2000)), func(uintptr) { collect(2) }))
		want(o.intact(2000), "the object was lost")
	})
}

// namesAndLines: Callers and debug.Stack.
func namesAndLines() {
	var names []string
	var text string
	fresh(func() {
		callProbe(probe, 1000, func(uintptr) {
			pcs := make([]uintptr, 20)
			frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
			for {
				f, more := frames.Next()
				names = append(names, fmt.Sprintf("%s:%s:%d", f.Function, f.File, f.Line))
				if !more {
					break
				}
			}
			text = string(debug.Stack())
		}, 1)
	})
	all := strings.Join(names, " ")
	at := strings.Index(all, "jit.probe:/jit/probe.src:11")
	want(at > 0 && strings.Contains(all[at:], "main.callProbe:"), "Callers: %s", all)
	want(strings.Contains(text, "\njit.probe(") && strings.Contains(text, "\t/jit/probe.src:11 "), "Stack: %s", text)
}

// unwind: panics and Goexit pass through, direct and counted, and leave nothing behind.
func unwind() {
	for i := 0; i < 60; i++ {
		f := probe
		if i%2 == 0 {
			f = counted
		}
		fresh(func() {
			var got any
			func() {
				defer func() { got = recover() }()
				callProbe(f, 1000, func(uintptr) {
					if i%4 < 2 {
						deep(3000)
					}
					panic("up")
				}, 1)
			}()
			want(got == "up", "recovered %v", got)
			collect(1)
			ran := false
			fresh(func() {
				defer func() { ran = true }()
				callProbe(f, 1000, func(uintptr) { runtime.Goexit() }, 1)
				ran = false
			})
			want(ran, "Goexit")
		})
	}
}

// fault: a nil load in machine code is a Go panic.
func fault() {
	for i := 0; i < 50; i++ {
		fresh(func() {
			defer func() {
				e, ok := recover().(runtime.Error)
				want(ok && strings.Contains(e.Error(), "nil pointer dereference"), "recovered %v", e)
				collect(1)
			}()
			load(nil)
			want(false, "nothing happened")
		})
	}
}

// park: goroutines wait below machine code while their stacks shrink.
func park() {
	const n = 40
	var parked, finished sync.WaitGroup
	release := make(chan bool)
	var bad int32
	for i := 0; i < n; i++ {
		parked.Add(1)
		finished.Add(1)
		seed := uint64(4000 + 2*i)
		f := probe
		if i%2 == 0 {
			f = counted
		}
		go func() {
			defer finished.Done()
			o, distance, s := callProbe(f, seed, func(uintptr) {
				deep(300) // the stack is far too large now, and shrinks
				parked.Done()
				<-release
				deep(2000)
			}, uintptr(seed))
			if distance != 0 || s != uintptr(seed) || !o.intact(seed) {
				atomic.AddInt32(&bad, 1)
			}
		}()
	}
	parked.Wait()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	collect(6)
	runtime.ReadMemStats(&after)
	close(release)
	finished.Wait()
	want(bad == 0, "%d of %d calls went wrong", bad, n)
	want(after.StackInuse < before.StackInuse, "no stack has shrunk")
}

// preempt: a collection begins and ends during one call that spins on the only P, if the code allows it.
func preempt() {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, c := range []struct {
		f     spinFunc
		want  bool
		turns uintptr // half a minute, unless it is stopped; many time slices
	}{{spin, true, 1 << 36}, {stubborn, false, 1 << 28}} {
		moment, stop := new(int32), new(int32) // moment is 1 during the call, 2 after it
		done := make(chan bool)
		go func() {
			defer close(done)
			o := newObject(6000)
			atomic.StoreInt32(moment, 1)
			o = (*object)(c.f(c.turns, stop, unsafe.Pointer(o)))
			atomic.StoreInt32(moment, 2)
			want(o.intact(6000), "the object in a register was lost")
		}()
		during := 0
		for atomic.LoadInt32(moment) < 2 {
			before := atomic.LoadInt32(moment)
			runtime.GC()
			if before == 1 && atomic.LoadInt32(moment) == 1 {
				during++
				atomic.StoreInt32(stop, 1)
			}
			runtime.Gosched()
		}
		<-done
		want((during > 0) == c.want, "%d collections began and ended during the call, allowed: %v", during, c.want)
	}
}

// underLoad: functions are registered, called and retired while others unwind and collect.
func underLoad() {
	var stop int32
	var workers sync.WaitGroup
	work := func(f func()) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for atomic.LoadInt32(&stop) == 0 {
				f()
			}
		}()
	}
	for i := 0; i < 3; i++ {
		pcs := make([]uintptr, 64)
		work(func() {
			o, distance, _ := callProbe(probe, 1000, func(uintptr) { runtime.Callers(0, pcs); deep(100); runtime.Gosched() }, 7)
			want(distance == 0 && o.intact(1000), "a call under load went wrong")
		})
	}
	work(func() { runtime.GC(); time.Sleep(2 * time.Millisecond) })
	a, err := jit.NewArena("load", 1<<20, 2000)
	fail(err)
	n := 0
	for start := time.Now(); time.Since(start) < 400*time.Millisecond && n < 2000; n++ {
		name := fmt.Sprintf("jit.load%d", n)
		e := add(a, jitcode.Probe(name, true))
		var f probeFunc
		fail(e.Func(&f))
		inside, leave := make(chan bool), make(chan bool)
		done := make(chan bool)
		go func() {
			defer close(done)
			o, distance, s := callProbe(f, 1000, func(uintptr) {
				var pc [1]uintptr
				runtime.Callers(2, pc[:])
				want(runtime.FuncForPC(pc[0]).Name() == name, "%s is called %s", name, runtime.FuncForPC(pc[0]).Name())
				close(inside)
				<-leave
			}, 9)
			want(distance == 0 && s == 9 && o.intact(1000), "a call during Retire went wrong")
		}()
		<-inside
		fail(e.Retire())
		close(leave)
		<-done
		func() {
			defer func() {
				_, ok := recover().(*jit.RetiredError)
				want(ok, "%s was called after Retire", name)
			}()
			f(nil, nil, 0)
		}()
	}
	fail(a.Close())
	atomic.StoreInt32(&stop, 1)
	workers.Wait()
	want(n > 10, "%d functions in all that time", n)
}

// edges: preemption finds prologues and epilogues at every instruction.
func edges() {
	var stop int32
	var workers sync.WaitGroup
	for i := 0; i < 2; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for atomic.LoadInt32(&stop) == 0 {
				o := (*object)(recurse(30, unsafe.Pointer(newObject(2000)), func(uintptr) {}))
				want(o.intact(2000), "the object was lost")
				for k := 0; k < 1000; k++ {
					spin(1, new(int32), nil)
				}
			}
		}()
	}
	n := 0
	for start := time.Now(); time.Since(start) < 500*time.Millisecond || n < 20; n++ {
		runtime.GC()
	}
	atomic.StoreInt32(&stop, 1)
	workers.Wait()
}

// crash: nobody recovers; the report names the function and its line.
func crash() {
	callProbe(probe, 1000, func(uintptr) { panic("nobody recovers this") }, 1)
}
