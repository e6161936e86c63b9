package jit

import "github.com/gangwayffi/gangway/trampolines"

// stackGuard is where g has the limit of the goroutine's stack.
const stackGuard = 16

// stackSmall is how far below that limit a function may go without a check for more (internal/abi.StackSmall).
const stackSmall = 128

// Morestack returns the address of the runtime's function that a stack check calls when the stack is too small: by
// CALL, with nothing pushed since the entry and all arguments in memory. It returns with a larger stack, elsewhere.
func Morestack() uintptr { return trampolines.Asm.Morestack }

// A Builder collects machine code along with the ranges that the runtime wants to know. What SP, Line, Map and Preempt
// say holds for what is emitted afterwards. The zero value is not usable.
type Builder struct {
	code   []byte
	ranges []Range
	now    Range // End is not used
	grow   int   // where the jump of the stack check has its displacement, 0 for none
	frame  int32 // what Enter has reserved

	// For Function.
	ArgWords, LocalWords int
	Maps                 []Map
}

// NewBuilder returns a Builder at the entry of a function: SP delta 0, line 0, stack map 0, not to be preempted.
func NewBuilder() *Builder { return &Builder{} }

// Emit appends instructions.
func (b *Builder) Emit(code ...byte) { b.code = append(b.code, code...) }

// Emit32 appends a 32-bit number, Emit64 one of 64 bits, as instructions have them.
func (b *Builder) Emit32(v uint32) { b.Emit(byte(v), byte(v>>8), byte(v>>16), byte(v>>24)) }

// Emit64 appends a 64-bit number.
func (b *Builder) Emit64(v uint64) {
	b.Emit32(uint32(v))
	b.Emit32(uint32(v >> 32))
}

// Len returns the offset of what is emitted next.
func (b *Builder) Len() int { return len(b.code) }

// Patch32 makes the 32-bit displacement at offset at, the last bytes of its instruction, lead to offset target.
func (b *Builder) Patch32(at, target int) {
	v := uint32(target - at - 4)
	b.code[at], b.code[at+1], b.code[at+2], b.code[at+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

// set ends the range up to here, and goes on with another.
func (b *Builder) set(now Range) {
	end := uint32(len(b.code))
	if now != b.now && end > b.last() {
		r := b.now
		r.End = end
		b.ranges = append(b.ranges, r)
	}
	b.now = now
}

func (b *Builder) last() uint32 {
	if len(b.ranges) == 0 {
		return 0
	}
	return b.ranges[len(b.ranges)-1].End
}

// SP says how many bytes have been pushed since the entry.
func (b *Builder) SP(bytes int) { r := b.now; r.SP = int32(bytes); b.set(r) }

// Line says which line of the file this is.
func (b *Builder) Line(line int) { r := b.now; r.Line = int32(line); b.set(r) }

// Map says which stack map is in force.
func (b *Builder) Map(i int) { r := b.now; r.Map = int32(i); b.set(r) }

// Preempt says whether the runtime may stop the code between any two instructions.
func (b *Builder) Preempt(may bool) { r := b.now; r.Preempt = may; b.set(r) }

// StackCheck emits, at the entry of a function, the check that the stack has room for frame bytes, those that Enter
// takes and 8 more, and for what a small Go function needs below them. Grow emits the other half.
func (b *Builder) StackCheck(frame int) {
	if frame <= stackSmall {
		b.Emit(0x49, 0x3b, 0x66, stackGuard) // cmp rsp, [r14+stackGuard]
	} else {
		b.Emit(0x4c, 0x8d, 0xa4, 0x24) // lea r12, [rsp-(frame-stackSmall)]
		b.Emit32(uint32(stackSmall - frame))
		b.Emit(0x4d, 0x3b, 0x66, stackGuard) // cmp r12, [r14+stackGuard]
	}
	b.Emit(0x0f, 0x86) // jbe grow
	b.grow = len(b.code)
	b.Emit32(0)
}

// Enter emits the beginning of a frame: it saves BP, points BP to it, and takes that many bytes below, a multiple of 8.
func (b *Builder) Enter(bytes int) {
	b.Emit(0x55) // push rbp
	b.SP(8)
	b.Emit(0x48, 0x89, 0xe5) // mov rbp, rsp
	b.frame = int32(bytes)
	if bytes > 0 {
		b.Emit(0x48, 0x81, 0xec) // sub rsp, bytes
		b.Emit32(uint32(bytes))
		b.SP(8 + bytes)
	}
}

// Leave emits the end of what Enter began, and RET. What is emitted next may be in the frame again, if SP says so.
func (b *Builder) Leave() {
	if b.frame > 0 {
		b.Emit(0x48, 0x81, 0xc4) // add rsp, bytes
		b.Emit32(uint32(b.frame))
		b.SP(8)
	}
	b.Emit(0x5d) // pop rbp
	b.SP(0)
	b.Emit(0xc3) // ret
}

// Integer registers of Go's convention, in its order: the REX prefix and the ModRM byte of a move to or from
// [rsp+disp8].
var spills = [intRegisters][2]byte{
	{0x48, 0x44}, {0x48, 0x5c}, {0x48, 0x4c}, {0x48, 0x7c}, {0x48, 0x74}, {0x4c, 0x44}, {0x4c, 0x4c}, {0x4c, 0x54}, {0x4c, 0x5c},
}

// move emits a move of the first registers to (0) or from the words above the return address.
func (b *Builder) move(ints, floats int, from byte) {
	at := byte(8)
	for i := 0; i < ints; i++ {
		b.Emit(spills[i][0], 0x89+2*from, spills[i][1], 0x24, at)
		at += 8
	}
	for i := 0; i < floats; i++ {
		b.Emit(0xf2)
		if i >= 8 {
			b.Emit(0x44)
		}
		b.Emit(0x0f, 0x11-from, byte(0x44+i%8*8), 0x24)
		b.Emit(at)
		at += 8
	}
}

// Grow emits, behind the code, where the stack check goes when the stack is too small: it puts the first integer and
// float registers, which hold the arguments, into the words above the return address, the integers first, calls
// Morestack, gets them back and begins anew. It uses stack map map_, whose Args bits say which of these words are
// pointers. For functions without arguments on the stack, each of whose arguments is 8 bytes or a string, slice or the
// like: the caller keeps that much room. At most 15 registers.
func (b *Builder) Grow(ints, floats, map_ int) {
	r := b.now
	r.SP, r.Map, r.Preempt = 0, int32(map_), false
	b.set(r)
	b.Patch32(b.grow, len(b.code))
	b.move(ints, floats, 0)
	b.Emit(0x49, 0xbc) // mov r12, morestack
	b.Emit64(uint64(Morestack()))
	b.Emit(0x41, 0xff, 0xd4) // call r12
	b.move(ints, floats, 1)
	b.Emit(0xe9) // jmp to the entry
	b.Emit32(0)
	b.Patch32(len(b.code)-4, 0)
}

// Function returns what was emitted as a function.
func (b *Builder) Function(name, file string) *Function {
	last := b.now
	last.End = uint32(len(b.code))
	ranges := append([]Range(nil), b.ranges...)
	if last.End > b.last() {
		ranges = append(ranges, last)
	}
	return &Function{Name: name, File: file, Code: append([]byte(nil), b.code...), Ranges: ranges, ArgWords: b.ArgWords,
		LocalWords: b.LocalWords, Maps: b.Maps}
}
