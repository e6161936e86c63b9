package jit

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// A Range says what holds from the end of the range before it, or from the function's entry, to End.
type Range struct {
	End  uint32 // offset in the code of the byte behind the range
	SP   int32  // bytes pushed since the entry when an instruction of the range begins: a multiple of 8
	Line int32  // in the function's file
	Map  int32  // the index of the stack map in force; for a call, that of the range with the call's last byte

	// Preempt lets the runtime stop the code between any two instructions of the range, not only where it calls Go.
	// Unset for code that uses the upper halves of vector registers.
	Preempt bool
}

// A Map is a stack map: for each word whether it holds a Go pointer, bit 0 of byte 0 for the word at the lowest
// address. Missing bytes are 0. Pointers makes such bits.
type Map struct {
	Args   []byte // the words from the return address upwards
	Locals []byte // the words that end below the saved BP
}

// Pointers returns the bits of a map's row in which the words with these indexes are pointers.
func Pointers(indexes ...int) []byte {
	var bits []byte
	for _, i := range indexes {
		for len(bits) <= i/8 {
			bits = append(bits, 0)
		}
		bits[i/8] |= 1 << (i % 8)
	}
	return bits
}

// A Function describes a function to be added to an arena. See the package comment for what its code must keep to;
// a Builder makes one along with the code.
type Function struct {
	Name   string  // with a dot in it, as in "package.name"; not beginning with runtime. or reflect. or the like
	File   string  // "": none, and no lines either
	Code   []byte  // position-independent
	Ranges []Range // sorted; the last one ends with the code

	// Stack maps all have ArgWords and LocalWords words. Without any, there is an empty one.
	ArgWords   int // from the return address upwards: room for stack arguments, results and spilled registers
	LocalWords int // that end below the saved BP; words below them are scalars
	Maps       []Map
}

// An Arena is memory for registered functions, of a fixed size. Its methods may be called from several goroutines at
// once.
type Arena struct {
	name    string
	c       uintptr // gw_jit_arena, for good
	mu      sync.Mutex
	entries []*Entry
}

// NewArena makes an arena for at most that many bytes of code and functions, whose memory is taken as functions fill
// it. Have few arenas: the runtime looks through them one by one for each address that it looks up. name is for errors.
// The error is an *Error.
func NewArena(name string, code, functions int) (*Arena, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	if err := noNUL("arena", name); err != nil {
		return nil, err
	}
	if code < 0 || functions < 0 {
		return nil, &Error{ErrInvalid, fmt.Sprintf("arena %s: %d bytes of code and %d functions", name, code, functions)}
	}
	out, cname := trampolines.Escape(new(uintptr)), trampolines.Terminated(name)
	err := checked(func() uintptr {
		return trampolines.CallBlocking(trampolines.Core.JitArenaNew, uintptr(unsafe.Pointer(out)),
			uintptr(unsafe.Pointer(cname)), uintptr(code), uintptr(functions), 0, 0)
	})
	runtime.KeepAlive(cname)
	if err != nil {
		return nil, err
	}
	return &Arena{name: name, c: *out}, nil
}

func noNUL(what, s string) error {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return &Error{ErrInvalid, fmt.Sprintf("%s %q: a NUL byte in a name", what, s)}
		}
	}
	return nil
}

// cRange mirrors gw_jit_range, cFunction gw_jit_function in gangway_jit.h.
type cRange struct {
	end           uint32
	sp, line, row int32
	preempt       uint32
}

type cFunction struct {
	name, file         *byte
	code               *byte
	codeSize           uintptr
	ranges             *cRange
	rangeCount         uintptr
	mapCount           uintptr
	argWords           uintptr
	localWords         uintptr
	argMaps, localMaps *byte
}

// forC returns f as C has it. What it points to lies in the heap.
func (f *Function) forC() (*cFunction, error) {
	for _, name := range []string{f.Name, f.File} {
		if err := noNUL("function", name); err != nil {
			return nil, err
		}
	}
	if f.ArgWords < 0 || f.LocalWords < 0 {
		return nil, &Error{ErrInvalid, fmt.Sprintf("function %s: %d argument and %d local words", f.Name, f.ArgWords, f.LocalWords)}
	}
	c := trampolines.Escape(&cFunction{
		name: trampolines.Terminated(f.Name), codeSize: uintptr(len(f.Code)), rangeCount: uintptr(len(f.Ranges)),
		mapCount: uintptr(len(f.Maps)), argWords: uintptr(f.ArgWords), localWords: uintptr(f.LocalWords),
	})
	if f.File != "" {
		c.file = trampolines.Terminated(f.File)
	}
	code := append([]byte(nil), f.Code...)
	ranges := make([]cRange, len(f.Ranges))
	for i, r := range f.Ranges {
		ranges[i] = cRange{end: r.End, sp: r.SP, line: r.Line, row: r.Map}
		if r.Preempt {
			ranges[i].preempt = 1
		}
	}
	if len(code) > 0 {
		c.code = trampolines.Escape(&code[0])
	}
	if len(ranges) > 0 {
		c.ranges = trampolines.Escape(&ranges[0])
	}
	maps := f.Maps
	if len(maps) == 0 {
		maps = make([]Map, 1)
		c.mapCount = 1
	}
	var err error
	if c.argMaps, err = f.rows("argument", f.ArgWords, maps, func(m *Map) []byte { return m.Args }); err != nil {
		return nil, err
	}
	c.localMaps, err = f.rows("local", f.LocalWords, maps, func(m *Map) []byte { return m.Locals })
	return c, err
}

// rows returns the bits of all maps, a row of whole bytes for each.
func (f *Function) rows(what string, words int, maps []Map, bits func(m *Map) []byte) (*byte, error) {
	size := (words + 7) / 8
	all := make([]byte, size*len(maps)+1)
	for i := range maps {
		b := bits(&maps[i])
		if len(b) > size {
			return nil, &Error{ErrInvalid, fmt.Sprintf("function %s: map %d has %d bytes of %s bits, for %d words", f.Name, i, len(b),
				what, words)}
		}
		copy(all[size*i:], b)
	}
	return trampolines.Escape(&all[0]), nil
}

// Add copies f's code to the arena and registers it. From then on it may run. The error is an *Error: of kind
// ErrInvalid when something about f is not acceptable, with the range or map and the reason; ErrFull when the arena has
// no room, which leaves it as it was; ErrClosed.
func (a *Arena) Add(f *Function) (*Entry, error) {
	c, err := f.forC()
	if err != nil {
		return nil, err
	}
	out := trampolines.Escape(new(uintptr))
	a.mu.Lock()
	defer a.mu.Unlock()
	err = checked(func() uintptr {
		return trampolines.Call(trampolines.Core.JitAdd, a.c, uintptr(unsafe.Pointer(c)), uintptr(unsafe.Pointer(out)), 0, 0, 0)
	})
	runtime.KeepAlive(c)
	if err != nil {
		return nil, err
	}
	e := &Entry{arena: a, name: f.Name, addr: *out}
	// The runtime's word for it: another registrar may have cut the arena off its list.
	if found := runtime.FuncForPC(e.addr); found == nil || found.Entry() != e.addr {
		e.erase()
		return nil, &Error{ErrUnavailable, fmt.Sprintf("function %s: the runtime does not find it: something else has changed its "+
			"list of modules", f.Name)}
	}
	a.entries = append(a.entries, e)
	return e, nil
}

// Used returns how many bytes of code and functions the arena holds, retired ones too.
func (a *Arena) Used() (code, functions int) {
	out := trampolines.Escape(new([2]uintptr))
	trampolines.Call(trampolines.Core.JitArenaUsed, a.c, uintptr(unsafe.Pointer(&out[0])), uintptr(unsafe.Pointer(&out[1])), 0, 0, 0)
	return int(out[0]), int(out[1])
}

// Close retires all functions of the arena and takes no more. The memory of their code is given back when no call of
// any is under way any more, unless a function's address or a direct func value was handed out. A second Close is an
// error of kind ErrClosed.
func (a *Arena) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := checked(func() uintptr { return trampolines.Call(trampolines.Core.JitArenaClose, a.c, 0, 0, 0, 0, 0) })
	if err != nil {
		return err
	}
	for _, e := range a.entries {
		e.Retire() // an error is that it is retired
	}
	a.entries = nil
	return nil
}
