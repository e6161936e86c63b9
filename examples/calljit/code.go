package main

import (
	"fmt"
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// A code is machine code in memory of its own.
type code struct{ addr, size uintptr }

// newCode makes bytes executable. The memory is writable first and executable then, never both.
func newCode(bytes []byte) (code, error) {
	c := code{size: uintptr(len(bytes)+4095) &^ 4095}
	addr, errno := gangway.RawSyscall(syscall.SYS_MMAP, 0, c.size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON, ^uintptr(0), 0)
	if errno != 0 {
		return c, fmt.Errorf("mmap: %w", errno)
	}
	c.addr = addr
	copy(unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), len(bytes)), bytes)
	_, errno = gangway.RawSyscall(syscall.SYS_MPROTECT, c.addr, c.size, syscall.PROT_READ|syscall.PROT_EXEC, 0, 0, 0)
	if errno != 0 {
		c.free()
		return c, fmt.Errorf("mprotect: %w", errno)
	}
	return c, nil
}

func (c code) free() { gangway.RawSyscall(syscall.SYS_MUNMAP, c.addr, c.size, 0, 0, 0, 0) }

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

// goroutineStackCode follows the gate's protocol.
var goroutineStackCode = []byte{
	// outer:
	0x48, 0x8b, 0x4c, 0x24, gateSteps + 8, // mov rcx, [rsp + steps]
	// inner:
	0x48, 0x8d, 0x44, 0x80, 0x01, // lea rax, [rax + rax*4 + 1]
	0x48, 0xff, 0xc9, //    dec  rcx
	0x75, 0xf6, //          jnz  inner
	0x48, 0x8b, 0x5c, 0x24, gateN + 8, // mov rbx, [rsp + n]
	0x31, 0xc9, //          xor  ecx, ecx             function 0, visit(rax, rbx)
	0x48, 0x8d, 0x15, 0x01, 0x00, 0x00, 0x00, // lea rdx, [rip + resume]
	0xc3, //                ret                       to the gate, which calls it
	// resume:
	0x48, 0xff, 0x4c, 0x24, gateN + 8, // dec qword [rsp + n]
	0x75, 0xdb, //          jnz  outer
	0x31, 0xd2, //          xor  edx, edx             finished; the result is in rax
	0xc3, //                ret
}
