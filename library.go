package gangway

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// A Symbol is the address of a C function or of C data. It is valid while the library that it came from is loaded.
type Symbol uintptr

// A Library is a loaded C library. Its methods may be called from several goroutines at once.
type Library struct {
	name   string
	mu     sync.Mutex
	handle unsafe.Pointer // gw_library, nil after Close
	bound  map[binding]*bound
}

// A binding is what tells the functions bound through a library apart. Binding one again gives the same function, so
// that a library holds no more of them, until Close, than there are.
type binding struct {
	name     string
	variable reflect.Type // of the pointer to the variable
	mode     mode
}

type bound struct {
	fn reflect.Value // the function, as the variable holds it
	b  *trampolines.BoundFunc
}

// Open loads the first of the named libraries that can be loaded, as dlopen does with RTLD_NOW and RTLD_LOCAL: a name
// without a slash is searched for in the system's directories. Opening a library that is loaded already is cheap; each
// Open wants its own Close. The error is an *OpenError with dlerror's words for every name.
func Open(names ...string) (*Library, error) {
	if len(names) == 0 {
		return nil, &OpenError{Text: "no name given"}
	}
	cnames := make([]*byte, len(names))
	for i, n := range names {
		p, ok := cstring(n)
		if !ok {
			return nil, &OpenError{Names: names, Text: strconv.Quote(n) + " is empty or holds a NUL byte"}
		}
		cnames[i] = p
	}
	l := trampolines.Escape(&Library{})
	status, text := trampolines.Checked(func() uintptr {
		return trampolines.CallBlocking(trampolines.Core.LibraryOpen, uintptr(unsafe.Pointer(&l.handle)),
			uintptr(unsafe.Pointer(&cnames[0])), uintptr(len(cnames)), 0, 0, 0)
	})
	runtime.KeepAlive(cnames)
	if status != 0 {
		return nil, &OpenError{Names: names, Text: text}
	}
	l.name = trampolines.CString(trampolines.Call(trampolines.Core.LibraryName, uintptr(l.handle), 0, 0, 0, 0, 0))
	if checkSignals {
		reportHandlers()
	}
	return l, nil
}

// process is opened by its first use: should that fail for want of memory, the next one tries again.
var process = &Library{name: "the process"}

// Process returns the library of all that is loaded already: the C library and whatever the program was linked with.
// Closing it has no effect.
func Process() *Library { return process }

// Name returns the name under which the library was opened.
func (l *Library) Name() string { return l.name }

// Symbol returns the address of the named function or variable. The error is a *SymbolError with dlerror's words, or
// ErrClosed.
func (l *Library) Symbol(name string) (Symbol, error) {
	cname, ok := cstring(name)
	if !ok {
		return 0, &SymbolError{l.name, name, l.name + ": symbol name " + strconv.Quote(name) + " is empty or holds a NUL byte"}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.symbol(name, cname)
}

// symbol looks name up. l.mu is held.
func (l *Library) symbol(name string, cname *byte) (Symbol, error) {
	if l.handle == nil && l != process {
		return 0, ErrClosed
	}
	if l.handle == nil {
		if status, text := trampolines.Checked(func() uintptr {
			return trampolines.CallBlocking(trampolines.Core.LibraryProcess, uintptr(unsafe.Pointer(&l.handle)), 0, 0, 0, 0, 0)
		}); status != 0 {
			return 0, &SymbolError{l.name, name, text}
		}
	}
	out := trampolines.Escape(new(uintptr))
	status, text := trampolines.Checked(func() uintptr {
		return trampolines.CallBlocking(trampolines.Core.LibrarySymbol, uintptr(l.handle), uintptr(unsafe.Pointer(cname)),
			uintptr(unsafe.Pointer(out)), 0, 0, 0)
	})
	runtime.KeepAlive(cname)
	if status != 0 {
		return 0, &SymbolError{l.name, name, text}
	}
	return Symbol(*out), nil
}

// Bind makes *fn, a variable of func type, call the named C function. See Bind for types and options. Calling it after
// l.Close panics with a *ClosedCallError.
func (l *Library) Bind(name string, fn any, opts ...Option) error {
	cname, ok := cstring(name)
	if !ok {
		return &SymbolError{l.name, name, l.name + ": symbol name " + strconv.Quote(name) + " is empty or holds a NUL byte"}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	sym, err := l.symbol(name, cname)
	if err != nil {
		return err
	}
	if l == process {
		_, err := bind(sym, fn, name, l.name, opts) // never closed
		return err
	}
	key := binding{name, reflect.TypeOf(fn), lastMode(opts)}
	variable := reflect.ValueOf(fn)
	if same := l.bound[key]; same != nil && !variable.IsNil() {
		variable.Elem().Set(same.fn)
		return nil
	}
	b, err := bind(sym, fn, name, l.name, opts)
	if err != nil {
		return err
	}
	if l.bound == nil {
		l.bound = map[binding]*bound{}
	}
	l.bound[key] = &bound{reflect.ValueOf(variable.Elem().Interface()), b}
	return nil
}

// Close unloads the library, unless it was opened more often than closed. Functions bound through l panic with a
// *ClosedCallError from then on. That there is no call into the library any more, that C keeps no pointer into it, and
// that nothing else uses Symbols of it, is up to the caller, as with dlclose. A second Close returns ErrClosed.
func (l *Library) Close() error {
	if l == process {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle == nil {
		return ErrClosed
	}
	for _, f := range l.bound {
		closeBinding(f.b)
	}
	l.bound = nil
	h := l.handle
	l.handle = nil
	status, text := trampolines.Checked(func() uintptr {
		return trampolines.CallBlocking(trampolines.Core.LibraryClose, uintptr(h), 0, 0, 0, 0, 0)
	})
	if status != 0 {
		return &OpenError{Names: []string{l.name}, Text: text}
	}
	return nil
}

// cstring returns a NUL-terminated copy of s, or false when C could not tell it from another string.
func cstring(s string) (*byte, bool) {
	if s == "" || strings.IndexByte(s, 0) >= 0 {
		return nil, false
	}
	return trampolines.Terminated(s), true
}
