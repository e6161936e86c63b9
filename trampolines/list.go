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
	// Plan returns a plan for a call with these arguments after the others, whose parameters are uintptr, float64
	// and string, and the classes of the arguments. ok is false when there is none.
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

// A listCall holds the registers and stack arguments of a call, given out as Go's convention does: what does not fit
// the registers that are left goes to the stack.
type listCall struct {
	regs         *GoRegs // of the boundArgs: those of the list take the places of the slice and behind it
	ints, floats uint32
	at           uint32  // words of stack taken
	room         uintptr // for strings
	stack        []uintptr
}

const (
	maxListStack = 2*ListMax + maxListFixed
	maxListFixed = 32 // words of stack that the parameters before the list take

	fewListStack = 16 // words of stack that most calls can do with: they have no more to clear
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
func boundList(f *BoundFunc, args *boundArgs) bool {
	l := &f.List
	list := *(*[]any)(args.words(l.At))
	plan, classes, ok := l.Types.Plan(list)
	if !ok {
		return false
	}
	if int(l.StackArgs/8)+2*len(list) <= fewListStack {
		var stack [fewListStack]uintptr
		callList(f, args, list, ShapeOf(plan).Code, &classes, stack[:])
	} else {
		var stack [maxListStack]uintptr
		callList(f, args, list, ShapeOf(plan).Code, &classes, stack[:])
	}
	return true
}

// callList makes the call of boundList, with the stack arguments in stack.
func callList(f *BoundFunc, args *boundArgs, list []any, code uintptr, classes *ListClasses, stack []uintptr) {
	c := listCall{regs: &args.regs, room: stringsMax, stack: stack}
	if c.fill(f, args, list, classes, nil) {
		boundEnter(f, code, c.regs, unsafe.Pointer(&stack[0]))
	} else {
		copies := make([]terminatedCopy, 0, len(f.Strings)+len(list))
		c.fill(f, args, list, classes, &copies)
		boundEnter(f, code, c.regs, unsafe.Pointer(&stack[0]))
		for _, s := range copies {
			s.release()
		}
	}
	runtime.KeepAlive(list)
}

// fill lays out the arguments: those of args, then the list. Strings are replaced by terminated copies where copies
// holds them; else it returns whether the machine code has room for them.
func (c *listCall) fill(f *BoundFunc, args *boundArgs, list []any, classes *ListClasses,
	copies *[]terminatedCopy) (fits bool) {
	l := &f.List
	c.ints, c.floats, c.at = l.Ints, l.Floats, l.StackArgs/8
	copy(c.stack[:c.at], unsafe.Slice((*uintptr)(args.words(onStack)), c.at))
	fits = true
	for _, p := range f.Strings {
		fits = c.string(c.words(p), copies) && fits
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
			fits = c.string(words, copies) && fits
		default:
			*(*uintptr)(c.word(1)) = listWord(class, data)
		}
	}
	return fits
}

// string prepares a string argument: a copy, or room in the machine code's frame.
func (c *listCall) string(words unsafe.Pointer, copies *[]terminatedCopy) (fits bool) {
	if copies == nil {
		return takeString(&c.room, words)
	}
	*copies = append(*copies, terminated(words))
	return true
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
