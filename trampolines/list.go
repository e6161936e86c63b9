package trampolines

import (
	"runtime"
	"unsafe"
)

// ListParam is the parameter ...any of a variadic function. The plan of its BoundFunc takes it for a slice, so that the
// collector sees that; calls use plans of ListTypes.
type ListParam struct {
	Types        ListTypes
	At           Place
	Ints, Floats uint32 // registers of the parameters before it
	StackArgs    uint32 // bytes of them on the stack
}

// ListTypes knows the types of arguments.
type ListTypes interface {
	// Plan returns a plan for a call with these arguments after the others, whose parameters are uintptr, float64 and
	// string, and the classes of the arguments. ok is false when there is none.
	Plan(list []any) (plan uintptr, classes ListClasses, ok bool)
}

// ListClasses holds what the arguments of a list are, four bits each.
type ListClasses [ListMax / 16]uint64

// ListMax is how long a list can be.
const ListMax = 64

// A ListClass says how a value in an interface becomes an argument by C's promotions.
type ListClass uint8

// What Plan calls uintptr, then float64, then string.
const (
	ListU8 ListClass = iota
	ListI8
	ListU16
	ListI16
	ListU32
	ListI32
	ListWord    // 64 bits, or a slice, whose first word is the pointer
	ListPointer // the interface holds the pointer itself
	ListFloat32
	ListFloat64
	ListString
)

// Set sets the class of argument i.
func (c *ListClasses) Set(i int, class ListClass) { c[i/16] |= uint64(class) << (i % 16 * 4) }

func (c *ListClasses) at(i int) ListClass { return ListClass(c[i/16] >> (i % 16 * 4) & 15) }

// A listCall holds the registers and stack arguments of a call, given out as Go's convention does: what does not fit the
// registers that are left goes to the stack.
type listCall struct {
	regs         GoRegs
	ints, floats uint32
	at           uint32 // words of stack taken
	stack        [maxListStack]uintptr
}

const (
	maxListStack = 2*ListMax + maxListFixed
	maxListFixed = 32 // words of stack that the parameters before the list take
)

// word returns where the next integer goes, or the next n together.
func (c *listCall) word(n uint32) unsafe.Pointer {
	if c.ints+n <= uint32(len(c.regs.Ints)) {
		c.ints += n
		return unsafe.Pointer(&c.regs.Ints[c.ints-n])
	}
	c.at += n
	return unsafe.Pointer(&c.stack[c.at-n])
}

func (c *listCall) float() *float64 {
	if c.floats < uint32(len(c.regs.Floats)) {
		c.floats++
		return &c.regs.Floats[c.floats-1]
	}
	c.at++
	return (*float64)(unsafe.Pointer(&c.stack[c.at-1]))
}

// ListFits returns whether lists can follow so many bytes of stack arguments.
func ListFits(stackArgs uint32) bool { return stackArgs/8 <= maxListFixed }

// boundList makes the call of a variadic function; false when there is no plan, and nothing has been done.
func boundList(f *BoundFunc, args *PlanArgs) bool {
	l := &f.List
	list := *(*[]any)(args.words(f, l.At))
	plan, classes, ok := l.Types.Plan(list)
	if !ok {
		return false
	}
	c := listCall{regs: args.regs}
	c.fill(f, args, list, &classes, nil)
	stack := unsafe.Pointer(&c.stack)
	if planCall(f, plan, &c.regs, stack) != 0 {
		// Nothing was called: the strings are too long.
		copies := make([]terminatedCopy, 0, len(f.Strings)+len(list))
		c.fill(f, args, list, &classes, &copies)
		planCall(f, plan, &c.regs, stack)
		for _, s := range copies {
			s.release()
		}
	}
	runtime.KeepAlive(list)
	args.regs = c.regs
	return true
}

// fill lays out the arguments: those of args, then the list. Strings are replaced by terminated copies where copies holds them.
func (c *listCall) fill(f *BoundFunc, args *PlanArgs, list []any, classes *ListClasses, copies *[]terminatedCopy) {
	l := &f.List
	c.ints, c.floats, c.at = l.Ints, l.Floats, l.StackArgs/8
	copy(c.stack[:c.at], unsafe.Slice((*uintptr)(args.words(f, onStack)), c.at))
	for _, p := range f.Strings {
		if copies != nil {
			*copies = append(*copies, terminated(c.words(p)))
		}
	}
	for i := range list {
		data := (*[2]unsafe.Pointer)(unsafe.Pointer(&list[i]))[1]
		switch class := classes.at(i); class {
		case ListFloat32:
			*c.float() = float64(*(*float32)(data))
		case ListFloat64:
			*c.float() = *(*float64)(data)
		case ListString:
			words := c.word(2)
			*(*[2]uintptr)(words) = *(*[2]uintptr)(data)
			if copies != nil {
				*copies = append(*copies, terminated(words))
			}
		default:
			*(*uintptr)(c.word(1)) = listWord(class, data)
		}
	}
}

// words returns where the parameter at p is.
func (c *listCall) words(p Place) unsafe.Pointer {
	if offset, ok := p.OnStack(); ok {
		return unsafe.Pointer(&c.stack[offset/8])
	}
	return unsafe.Pointer(&c.regs.Ints[p])
}

func listWord(class ListClass, data unsafe.Pointer) uintptr {
	switch class {
	case ListU8:
		return uintptr(*(*uint8)(data))
	case ListI8:
		return uintptr(*(*int8)(data))
	case ListU16:
		return uintptr(*(*uint16)(data))
	case ListI16:
		return uintptr(*(*int16)(data))
	case ListU32:
		return uintptr(*(*uint32)(data))
	case ListI32:
		return uintptr(*(*int32)(data))
	case ListPointer:
		return uintptr(data)
	}
	return *(*uintptr)(data)
}
