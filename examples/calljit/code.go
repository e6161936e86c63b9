package main

import "github.com/gangwayffi/gangway/jit"

// systemStackCode is, by the System V convention,
//
//	int64_t code(int64_t (*visit)(int64_t x, int64_t i), int64_t x, int64_t n, int64_t steps)
var systemStackCode = []byte{
	0x53,       //          push rbx                  three pushes also align the stack for the call
	0x55,       //          push rbp
	0x41, 0x54, //          push r12
	0x48, 0x89, 0xfb, //    mov  rbx, rdi             visit
	0x48, 0x89, 0xf0, //    mov  rax, rsi             x
	0x48, 0x89, 0xd5, //    mov  rbp, rdx             n
	0x49, 0x89, 0xcc, //    mov  r12, rcx             steps
	// outer:
	0x4c, 0x89, 0xe1, //    mov  rcx, r12
	// inner:
	0x48, 0x8d, 0x44, 0x80, 0x01, // lea rax, [rax + rax*4 + 1]
	0x48, 0xff, 0xc9, //    dec  rcx
	0x75, 0xf6, //          jnz  inner
	0x48, 0x89, 0xc7, //    mov  rdi, rax
	0x48, 0x89, 0xee, //    mov  rsi, rbp
	0xff, 0xd3, //          call rbx                  rax = visit(x, n)
	0x48, 0xff, 0xcd, //    dec  rbp
	0x75, 0xe6, //          jnz  outer
	0x41, 0x5c, //          pop  r12
	0x5d, //                pop  rbp
	0x5b, //                pop  rbx
	0xc3, //                ret
}

// gateCode follows the protocol of jit.Code.Run, with function 0 as visit, and n and steps in its words.
var gateCode = []byte{
	// outer:
	0x48, 0x8b, 0x4c, 0x24, jit.WordsAt + 8, // mov rcx, [rsp + steps]
	// inner:
	0x48, 0x8d, 0x44, 0x80, 0x01, // lea rax, [rax + rax*4 + 1]
	0x48, 0xff, 0xc9, //    dec  rcx
	0x75, 0xf6, //          jnz  inner
	0x48, 0x8b, 0x5c, 0x24, jit.WordsAt, // mov rbx, [rsp + n]
	0x31, 0xc9, //          xor  ecx, ecx             function 0, visit(rax, rbx)
	0x48, 0x8d, 0x15, 0x01, 0x00, 0x00, 0x00, // lea rdx, [rip + resume]
	0xc3, //                ret                       to the gate, which calls it
	// resume:
	0x48, 0xff, 0x4c, 0x24, jit.WordsAt, // dec qword [rsp + n]
	0x75, 0xdb, //          jnz  outer
	0x31, 0xd2, //          xor  edx, edx             finished; the result is in rax
	0xc3, //                ret
}

// registeredCode is the Go function
//
//	func(visit func(x, i int64) int64, x, n, steps int64) int64
//
// The words of its frame, below the saved BP: steps, n, visit, and two for visit to spill its arguments to.
func registeredCode() *jit.Function {
	const frame, steps, n, visit = 40, 32, 24, 16
	b := jit.NewBuilder()
	b.Line(1)
	b.Preempt(true)
	b.StackCheck(frame + 8)
	b.Enter(frame)
	b.Emit(0x48, 0x89, 0x44, 0x24, visit) // mov [rsp+visit], rax
	b.Emit(0x48, 0x89, 0xd8)              // mov rax, rbx                 x
	b.Emit(0x48, 0x89, 0x4c, 0x24, n)     // mov [rsp+n], rcx
	b.Emit(0x48, 0x89, 0x7c, 0x24, steps) // mov [rsp+steps], rdi
	b.Map(1)                              // from here on visit is a pointer
	outer := b.Len()
	b.Line(2)
	b.Emit(0x48, 0x8b, 0x4c, 0x24, steps)                           // mov rcx, [rsp+steps]
	b.Emit(0x48, 0x8d, 0x44, 0x80, 1, 0x48, 0xff, 0xc9, 0x75, 0xf6) // inner: lea rax, [rax+rax*4+1]; dec rcx; jnz inner
	b.Line(3)
	b.Emit(0x48, 0x8b, 0x5c, 0x24, n)     // mov rbx, [rsp+n]
	b.Emit(0x48, 0x8b, 0x54, 0x24, visit) // mov rdx, [rsp+visit]
	b.Emit(0xff, 0x12)                    // call [rdx]                   rax = visit(rax, rbx)
	b.Emit(0x48, 0xff, 0x4c, 0x24, n)     // dec qword [rsp+n]
	b.Emit(0x0f, 0x85, 0, 0, 0, 0)        // jnz outer
	b.Patch32(b.Len()-4, outer)
	b.Leave()
	b.Grow(4, 0, 0)
	// Map 0 is for Grow: visit, the first argument, is in the first word above the return address.
	b.ArgWords, b.LocalWords = 4, frame/8
	b.Maps = []jit.Map{{Args: jit.Pointers(0)}, {Locals: jit.Pointers(visit / 8)}}
	return b.Function("calljit.registered", "calljit.txt")
}
