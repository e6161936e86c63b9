// Machine code made at run time, on the roads of package jit: implementations jit (registered, a direct func value),
// jit-counted (registered, calls counted), and, where the code calls Go, jit-a (on the system stack), jit-b (behind
// the gate) and jit-c (registered).
package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/jit"
)

var (
	call0Code = []byte{0xb8, byte(child.Call0Result), byte(child.Call0Result >> 8), byte(child.Call0Result >> 16),
		byte(child.Call0Result >> 24), 0xc3} // mov eax, Call0Result; ret
	call2Code = []byte{0x01, 0xd8, 0xc3}                                     // add eax, ebx; ret
	call3Code = []byte{0xf2, 0x0f, 0x59, 0xc1, 0xf2, 0x0f, 0x58, 0xc2, 0xc3} // mulsd xmm0, xmm1; addsd xmm0, xmm2; ret
)

func leaf(name string, code []byte) *jit.Function {
	return &jit.Function{Name: name, File: "bench", Code: code, Ranges: []jit.Range{{End: uint32(len(code)), Line: 1,
		Preempt: true}}}
}

func newArena(code, functions int) *jit.Arena {
	a, err := jit.NewArena("bench", code, functions)
	child.Fail(err)
	return a
}

func add(a *jit.Arena, f *jit.Function) *jit.Entry {
	e, err := a.Add(f)
	child.Fail(err)
	return e
}

func main() {
	child.Library() // the arguments are as for all programs
	a := newArena(1<<20, 1000)
	var benches []child.Bench
	for impl, bind := range map[string]func(e *jit.Entry, fn any) error{"jit": (*jit.Entry).Direct,
		"jit-counted": (*jit.Entry).Func} {
		var call0 func() int64
		var call2 func(a, b int32) int32
		var call3 func(a, b, c float64) float64
		child.Fail(bind(add(a, leaf("bench.call0", call0Code)), &call0))
		child.Fail(bind(add(a, leaf("bench.call2", call2Code)), &call2))
		child.Fail(bind(add(a, leaf("bench.call3", call3Code)), &call3))
		benches = append(benches,
			child.Bench{Row: "call0", Impl: impl, CheckN: child.CheckN, NoAllocs: true, Run: child.Call0("call0",
				call0, child.Call0Result)},
			child.Bench{Row: "call2", Impl: impl, CheckN: child.CheckN, NoAllocs: true, Run: child.Call2(call2)},
			child.Bench{Row: "call3", Impl: impl, CheckN: child.CheckN, NoAllocs: true, Run: child.Call3(call3)})
	}
	for impl, loop := range map[string]func(n int64) int64{"jit-a": onSystemStack(), "jit-b": behindGate(),
		"jit-c": registered(a)} {
		benches = append(benches, child.Bench{Row: "callbacks", Impl: impl, CheckN: child.CheckN,
			Run: child.Callbacks(loop)})
	}
	for _, n := range []int{1, 1000, 10000} {
		benches = append(benches, child.Bench{Row: fmt.Sprint("lookup", n), Impl: "jit", CheckN: child.CheckN,
			NoAllocs: true, Run: lookup(n)})
	}
	benches = append(benches, child.Bench{Row: "register", Impl: "jit", CheckN: child.CheckN, Run: register()})
	child.Serve(benches)
}

// All of these compute the sum of successor(i) for i below n, as bench_callbacks of libbench.so does.

func onSystemStack() func(n int64) int64 {
	c, err := jit.NewCode([]byte{
		0x53, 0x55, 0x41, 0x54, 0x41, 0x55, // push rbx; push rbp; push r12; push r13
		0x48, 0x83, 0xec, 0x08, //             sub rsp, 8
		0x48, 0x89, 0xfb, //                   mov rbx, rdi
		0x49, 0x89, 0xf4, //                   mov r12, rsi
		0x31, 0xed, //                         xor ebp, ebp            i
		0x45, 0x31, 0xed, //                   xor r13d, r13d          sum
		0x4c, 0x39, 0xe5, //                   loop: cmp rbp, r12
		0x74, 0x0d, //                         je end
		0x48, 0x89, 0xef, //                   mov rdi, rbp
		0xff, 0xd3, //                         call rbx
		0x49, 0x01, 0xc5, //                   add r13, rax
		0x48, 0xff, 0xc5, //                   inc rbp
		0xeb, 0xee, //                         jmp loop
		0x4c, 0x89, 0xe8, //                   end: mov rax, r13
		0x48, 0x83, 0xc4, 0x08, //             add rsp, 8
		0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3, // pop r13; pop r12; pop rbp; pop rbx; ret
	})
	child.Fail(err)
	callback, err := gangway.NewCallback(child.Successor)
	child.Fail(err)
	var f func(successor uintptr, n int64) int64
	child.Fail(c.Bind(&f))
	return func(n int64) int64 { return f(callback.Pointer(), n) }
}

func behindGate() func(n int64) int64 {
	const n, i, sum = jit.WordsAt, jit.WordsAt + 8, jit.WordsAt + 16
	c, err := jit.NewCode([]byte{
		0x48, 0x8b, 0x44, 0x24, i, //             loop: mov rax, [rsp+i]
		0x48, 0x3b, 0x44, 0x24, n, //             cmp rax, [rsp+n]
		0x74, 0x16, //                            je end
		0x31, 0xc9, //                            xor ecx, ecx          function 0
		0x48, 0x8d, 0x15, 0x01, 0x00, 0x00, 0x00, // lea rdx, [rip+resume]
		0xc3,                        //                            ret
		0x48, 0x01, 0x44, 0x24, sum, // resume: add [rsp+sum], rax
		0x48, 0xff, 0x44, 0x24, i, //   inc qword [rsp+i]
		0xeb, 0xde, //                  jmp loop
		0x48, 0x8b, 0x44, 0x24, sum, // end: mov rax, [rsp+sum]
		0x31, 0xd2, //                  xor edx, edx
		0xc3, //                        ret
	})
	child.Fail(err)
	successor := func(x, _ int64) int64 { return child.Successor(x) }
	return func(n int64) int64 { return c.Run(&jit.Words{n}, 0, successor) }
}

func registered(a *jit.Arena) func(n int64) int64 {
	const frame, fn, n, i, sum = 40, 32, 24, 16, 8 // and a word for the callee to spill its argument to
	b := jit.NewBuilder()
	b.Line(1)
	b.Preempt(true)
	b.StackCheck(frame + 8)
	b.Enter(frame)
	b.Emit(0x48, 0x89, 0x44, 0x24, fn) // mov [rsp+fn], rax
	b.Emit(0x48, 0x89, 0x5c, 0x24, n)  // mov [rsp+n], rbx
	b.Emit(0x31, 0xc0)                 // xor eax, eax
	b.Emit(0x48, 0x89, 0x44, 0x24, i)  // mov [rsp+i], rax
	b.Emit(0x48, 0x89, 0x44, 0x24, sum)
	b.Map(1)
	loop := b.Len()
	b.Emit(0x48, 0x8b, 0x44, 0x24, i)   // mov rax, [rsp+i]
	b.Emit(0x48, 0x3b, 0x44, 0x24, n)   // cmp rax, [rsp+n]
	b.Emit(0x0f, 0x84, 0, 0, 0, 0)      // je end
	end := b.Len() - 4                  //
	b.Emit(0x48, 0x8b, 0x54, 0x24, fn)  // mov rdx, [rsp+fn]
	b.Emit(0xff, 0x12)                  // call [rdx]
	b.Emit(0x48, 0x01, 0x44, 0x24, sum) // add [rsp+sum], rax
	b.Emit(0x48, 0xff, 0x44, 0x24, i)   // inc qword [rsp+i]
	b.Emit(0xe9, 0, 0, 0, 0)            // jmp loop
	b.Patch32(b.Len()-4, loop)
	b.Patch32(end, b.Len())
	b.Emit(0x48, 0x8b, 0x44, 0x24, sum) // end: mov rax, [rsp+sum]
	b.Leave()
	b.Grow(2, 0, 0)
	b.ArgWords, b.LocalWords = 2, frame/8
	b.Maps = []jit.Map{{Args: jit.Pointers(0)}, {Locals: jit.Pointers(fn / 8)}}
	var f func(successor func(int64) int64, n int64) int64
	child.Fail(add(a, b.Function("bench.callbacks", "bench")).Direct(&f))
	return func(n int64) int64 { return f(child.Successor, n) }
}

// lookup returns the row of what runtime.FuncForPC takes in an arena of so many functions.
func lookup(functions int) func(n int) time.Duration {
	a := newArena(functions*64, functions)
	pcs := make([]uintptr, functions)
	for i := range pcs {
		pcs[i] = add(a, leaf("bench.lookup", call2Code)).Addr() + 1
	}
	return func(n int) time.Duration {
		found := 0
		start := time.Now()
		for i, k := 0, 0; i < n; i++ {
			if runtime.FuncForPC(pcs[k]) != nil {
				found++
			}
			if k += 7; k >= len(pcs) {
				k = i % len(pcs)
			}
		}
		took := time.Since(start)
		child.Check("lookup", found == n)
		return took
	}
}

// register returns the row of what it takes to add a function. An arena is full after a million, and then another
// follows.
func register() func(n int) time.Duration {
	const functions = 1 << 20
	f := leaf("bench.registered", call2Code)
	a, left := newArena(functions*32, functions), functions
	return func(n int) time.Duration {
		start := time.Now()
		for i := 0; i < n; i++ {
			if left == 0 {
				a, left = newArena(functions*32, functions), functions
			}
			left--
			_, err := a.Add(f)
			child.Fail(err)
		}
		return time.Since(start)
	}
}
