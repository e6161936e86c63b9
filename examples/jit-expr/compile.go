package main

import (
	"errors"
	"unsafe"

	"github.com/gangwayffi/gangway/jit"
)

// A compiler makes the machine code of an expression: a Go function
//
//	func(a, b, c, d int64, l *cell) int64      or *cell
//
// Every operand's value is made in RAX. What has to wait for another operand waits in a slot of the frame:
//
//	slots, the next at a higher address    values that wait
//	l d c b a                              the parameters
//	2 words                                the spill area of the Go functions that are called      <- SP
//
// A slot holds a number now and a list then; so each call of Go has a stack map of its own, of the slots that hold
// lists at that point.
type compiler struct {
	*jit.Builder
	waiting []kind // what the slots hold
	maps    []uint // for each stack map the words that are pointers
	frame   int
}

const (
	spillWords = 2
	firstSlot  = spillWords + 5 // words below it
	maxWords   = 64             // so that a map's bits fit a uint
)

// depth returns how many slots the code of n needs.
func depth(n *node) int {
	most := 0
	for i, a := range n.args {
		waiting := i
		if n.op == choose {
			waiting = 0
		}
		if d := depth(a) + waiting; d > most {
			most = d
		}
	}
	return most
}

var errTooDeep = errors.New("too many values wait for others")

// compile returns the function of n. To tracebacks its file is the beginning of the text, and its lines are the places
// there.
func compile(name, text string, n *node) (*jit.Function, error) {
	words := firstSlot + depth(n)
	if words > maxWords {
		return nil, errTooDeep
	}
	c := &compiler{Builder: jit.NewBuilder(), frame: 8 * words}
	c.Line(n.at)
	c.Preempt(true)
	c.StackCheck(c.frame + 8)
	c.Enter(c.frame)
	for i := range variables {
		// mov [rsp+slot], rax rbx rcx rdi rsi
		c.Emit(0x48, 0x89, [...]byte{0x84, 0x9c, 0x8c, 0xbc, 0xb4}[i], 0x24)
		c.Emit32(uint32(8 * (spillWords + i)))
	}
	c.value(n)
	c.Leave()
	// The entry's map, 0, is of the words that the parameters are spilled to when the stack has to grow.
	c.ArgWords, c.LocalWords = len(variables), words
	c.Maps = []jit.Map{{Args: jit.Pointers(4)}}
	for _, bits := range c.maps {
		var pointers []int
		for i := 0; i < words; i++ {
			if bits>>i&1 != 0 {
				pointers = append(pointers, i)
			}
		}
		c.Maps = append(c.Maps, jit.Map{Locals: jit.Pointers(pointers...)})
	}
	c.Grow(len(variables), 0, 0)
	if len(text) > 100 {
		text = text[:100]
	}
	return c.Function(name, text), nil
}

// wait puts RAX, of that kind, into the next slot.
func (c *compiler) wait(k kind) {
	c.Emit(0x48, 0x89, 0x84, 0x24) // mov [rsp+slot], rax
	c.Emit32(uint32(8 * (firstSlot + len(c.waiting))))
	c.waiting = append(c.waiting, k)
}

// resume gets RAX back from the last slot.
func (c *compiler) resume() {
	c.waiting = c.waiting[:len(c.waiting)-1]
	c.load(firstSlot + len(c.waiting))
}

func (c *compiler) load(word int) {
	c.Emit(0x48, 0x8b, 0x84, 0x24) // mov rax, [rsp+word]
	c.Emit32(uint32(8 * word))
}

// binary leaves the first operand in RAX and the second in RCX.
func (c *compiler) binary(n *node) {
	c.value(n.args[0])
	c.wait(n.args[0].kind)
	c.value(n.args[1])
	c.Emit(0x48, 0x89, 0xc1) // mov rcx, rax
	c.resume()
	c.Line(n.at)
}

// value emits the code of n, which leaves it in RAX.
func (c *compiler) value(n *node) {
	c.Line(n.at)
	switch n.op {
	case literal:
		c.Emit(0x48, 0xb8) // mov rax, value
		c.Emit64(uint64(n.value))
	case variable:
		c.load(spillWords + int(n.value))
	case empty:
		c.Emit(0x31, 0xc0) // xor eax, eax
	case negate:
		c.value(n.args[0])
		c.Emit(0x48, 0xf7, 0xd8) // neg rax
	case add:
		c.binary(n)
		c.Emit(0x48, 0x01, 0xc8) // add rax, rcx
	case subtract:
		c.binary(n)
		c.Emit(0x48, 0x29, 0xc8) // sub rax, rcx
	case multiply:
		c.binary(n)
		c.Emit(0x48, 0x0f, 0xaf, 0xc1) // imul rax, rcx
	case less:
		c.binary(n)
		c.Emit(0x48, 0x39, 0xc8, 0x0f, 0x9c, 0xc0, 0x0f, 0xb6, 0xc0) // cmp rax, rcx; setl al; movzx eax, al
	case equal:
		c.binary(n)
		c.Emit(0x48, 0x39, 0xc8, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0) // cmp rax, rcx; sete al; movzx eax, al
	case choose:
		c.choose(n)
	case head:
		c.field(n, cellHead)
	case tail:
		c.field(n, cellTail)
	case cons:
		c.call(n, addressOf(consCell))
	case join:
		c.call(n, addressOf(joinLists))
	case sum:
		c.call(n, addressOf(sumList))
	}
}

func (c *compiler) choose(n *node) {
	c.value(n.args[0])
	c.Emit(0x48, 0x85, 0xc0, 0x0f, 0x84, 0, 0, 0, 0) // test rax, rax; jz other
	other := c.Len() - 4
	c.value(n.args[1])
	c.Emit(0xe9, 0, 0, 0, 0) // jmp end
	end := c.Len() - 4
	c.Patch32(other, c.Len())
	c.value(n.args[2])
	c.Patch32(end, c.Len())
}

// field emits a load from the cell, 0 when there is none.
func (c *compiler) field(n *node, offset byte) {
	c.value(n.args[0])
	c.Line(n.at)
	c.Emit(0x48, 0x85, 0xc0, 0x74, 0x04, 0x48, 0x8b, 0x40, offset) // test rax, rax; jz +4; mov rax, [rax+offset]
}

// call emits a call of a Go function of one or two parameters.
func (c *compiler) call(n *node, fn uintptr) {
	c.value(n.args[0])
	if len(n.args) > 1 {
		c.wait(n.args[0].kind)
		c.value(n.args[1])
		c.Emit(0x48, 0x89, 0xc3) // mov rbx, rax
		c.resume()
	}
	c.Line(n.at)
	c.Map(c.mapHere())
	c.Emit(0x48, 0xba) // mov rdx, fn
	c.Emit64(uint64(fn))
	c.Emit(0xff, 0x12) // call [rdx]
}

// mapHere returns the index of the stack map of what is in the frame now: the lists among the parameters and slots.
// What the called function gets is its own business.
func (c *compiler) mapHere() int {
	bits := uint(0)
	for i, v := range variables {
		if v.kind == list {
			bits |= 1 << (spillWords + i)
		}
	}
	for i, k := range c.waiting {
		if k == list {
			bits |= 1 << (firstSlot + i)
		}
	}
	for i, m := range c.maps {
		if m == bits {
			return i + 1
		}
	}
	c.maps = append(c.maps, bits)
	return len(c.maps)
}

// addressOf returns the address of a function's func value, which for a declared function is not in the heap: it may
// stand in machine code.
func addressOf[F any](fn F) uintptr { return *(*uintptr)(unsafe.Pointer(&fn)) }
