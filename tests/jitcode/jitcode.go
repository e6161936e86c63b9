// Package jitcode is machine code for the tests of package jit: small functions that a compiler might make.
package jitcode

import "github.com/gangwayffi/gangway/jit"

// Probe is func(p unsafe.Pointer, cb func(uintptr), scalar uintptr) (p unsafe.Pointer, diff, scalar uintptr). It keeps p, a
// pointer to a word of its own frame, and scalar in its frame, calls cb(scalar), and returns what is there: p, the distance
// of the pointer from the word, and scalar, read through the pointer. With p not in the stack map, it does not keep p alive.
//
//	32  nothing
//	24  scalar
//	16  address of scalar
//	 8  p
//	 0  the callee's spill area      <- SP
func Probe(name string, mapped bool) *jit.Function {
	b := jit.NewBuilder()
	b.Line(9)
	b.Preempt(true)
	b.StackCheck(48)
	b.Enter(40)
	b.Line(10)
	b.Emit(0x48, 0x89, 0x44, 0x24, 8)  // mov [rsp+8], rax
	b.Emit(0x48, 0x89, 0x4c, 0x24, 24) // mov [rsp+24], rcx
	b.Emit(0x48, 0x8d, 0x54, 0x24, 24) // lea rdx, [rsp+24]
	b.Emit(0x48, 0x89, 0x54, 0x24, 16) // mov [rsp+16], rdx
	b.Map(1)
	b.Emit(0x48, 0x89, 0xda)       // mov rdx, rbx
	b.Emit(0x48, 0x89, 0xc8)       // mov rax, rcx
	b.Emit(0x31, 0xdb, 0x31, 0xc9) // xor ebx, ebx; xor ecx, ecx
	b.Line(11)
	b.Emit(0xff, 0x12) // call [rdx]
	b.Line(12)
	b.Emit(0x48, 0x8b, 0x44, 0x24, 8)  // mov rax, [rsp+8]
	b.Emit(0x48, 0x8b, 0x5c, 0x24, 16) // mov rbx, [rsp+16]
	b.Emit(0x48, 0x8b, 0x0b)           // mov rcx, [rbx]
	b.Emit(0x48, 0x8d, 0x54, 0x24, 24) // lea rdx, [rsp+24]
	b.Emit(0x48, 0x29, 0xd3)           // sub rbx, rdx
	b.Leave()
	b.Grow(3, 0, 0)
	b.ArgWords, b.LocalWords = 3, 5
	locals := jit.Pointers(1, 2)
	if !mapped {
		locals = jit.Pointers(2)
	}
	b.Maps = []jit.Map{{Args: jit.Pointers(0, 1)}, {Locals: locals}}
	return b.Function(name, "/jit/probe.src")
}

// Recurse is func(n uintptr, p unsafe.Pointer, leaf func(uintptr)) unsafe.Pointer: it calls itself n deep, with p in every
// frame, then leaf(0), and returns p. A frame that has lost p traps.
func Recurse(name string) *jit.Function {
	b := jit.NewBuilder()
	b.Line(1)
	b.Preempt(true)
	b.StackCheck(48)
	b.Enter(40)
	b.Emit(0x48, 0x89, 0x5c, 0x24, 24) // mov [rsp+24], rbx
	b.Emit(0x48, 0x89, 0x4c, 0x24, 32) // mov [rsp+32], rcx
	b.Map(1)
	b.Emit(0x48, 0x85, 0xc0)             // test rax, rax
	b.Emit(0x0f, 0x84, 0, 0, 0, 0)       // jz leaf
	leaf := b.Len() - 4                  //
	b.Emit(0x48, 0xff, 0xc8)             // dec rax
	b.Emit(0xe8, 0, 0, 0, 0)             // call this function
	b.Patch32(b.Len()-4, 0)              //
	b.Emit(0x48, 0x3b, 0x44, 0x24, 24)   // cmp rax, [rsp+24]
	b.Emit(0x74, 2, 0x0f, 0x0b)          // je +2; ud2
	b.Emit(0xe9, 0, 0, 0, 0)             // jmp done
	done := b.Len() - 4                  //
	b.Patch32(leaf, b.Len())             // leaf:
	b.Emit(0x31, 0xc0, 0x31, 0xdb)       // xor eax, eax; xor ebx, ebx
	b.Emit(0x48, 0x89, 0xca, 0x31, 0xc9) // mov rdx, rcx; xor ecx, ecx
	b.Line(2)
	b.Emit(0xff, 0x12) // call [rdx]
	b.Line(3)
	b.Patch32(done, b.Len())           // done:
	b.Emit(0x48, 0x8b, 0x44, 0x24, 24) // mov rax, [rsp+24]
	b.Leave()
	b.Grow(3, 0, 0)
	b.ArgWords, b.LocalWords = 3, 5
	b.Maps = []jit.Map{{Args: jit.Pointers(1, 2)}, {Locals: jit.Pointers(3, 4)}}
	return b.Function(name, "/jit/recurse.src")
}

// Spin is func(n uintptr, stop *int32, p unsafe.Pointer) unsafe.Pointer: n turns of a loop, fewer when *stop is set, that
// holds stop and p in registers only. It returns p.
func Spin(name string, preempt bool) *jit.Function {
	b := jit.NewBuilder()
	b.Preempt(preempt)
	b.Enter(0)
	b.Line(20)
	b.Emit(0x83, 0x3b, 0)    // loop: cmp dword [rbx], 0
	b.Emit(0x75, 5)          // jnz end
	b.Emit(0x48, 0xff, 0xc8) // dec rax
	b.Emit(0x75, 0xf6)       // jnz loop
	b.Emit(0x48, 0x89, 0xc8) // end: mov rax, rcx
	b.Leave()
	return b.Function(name, "/jit/spin.src")
}

// Load is func(p unsafe.Pointer) uintptr: what is at p.
func Load(name string) *jit.Function {
	b := jit.NewBuilder()
	b.Enter(0)
	b.Line(30)
	b.Emit(0x48, 0x8b, 0x00) // mov rax, [rax]
	b.Leave()
	return b.Function(name, "/jit/load.src")
}

// Call is func(cb func()) with a frame of so many bytes.
func Call(name string, frame int) *jit.Function {
	b := jit.NewBuilder()
	b.Line(40)
	b.Preempt(true)
	b.StackCheck(frame + 8)
	b.Enter(frame)
	b.Map(1)                 // whether cb was spilled is not known here
	b.Emit(0x48, 0x89, 0xc2) // mov rdx, rax
	b.Emit(0xff, 0x12)       // call [rdx]
	b.Leave()
	b.Grow(1, 0, 0)
	b.ArgWords, b.Maps = 1, []jit.Map{{Args: jit.Pointers(0)}, {}}
	return b.Function(name, "/jit/call.src")
}
