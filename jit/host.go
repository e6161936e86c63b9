package jit

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/gangwayffi/gangway/trampolines"
)

// hostLayout mirrors struct gw_jit_layout in bridge/jit.h. What a release lacks is at all ones.
type hostLayout [32]uint32

// What bridge/jit.h and the Builder take to be the same in all releases; a constant that differs does not compile.
const (
	_ = -(uintptr(functab_sizeof) ^ 8 | functab_entryoff | functab_funcoff ^ 4)
	_ = -(uintptr(findfuncbucket_sizeof) ^ 20 | findfuncbucket_idx | findfuncbucket_subbuckets ^ 4)
	_ = -(uintptr(stackmap_n) | stackmap_nbit ^ 4 | stackmap_bytedata ^ 8)
	_ = -(uintptr(func_entryOff) | g_stackguard0 ^ stackGuard)
)

func layoutHere() hostLayout {
	text, line := pcHeader_textStart, func_startLine
	return hostLayout{
		moduledata_sizeof, moduledata_pcHeader, moduledata_funcnametab, moduledata_cutab, moduledata_filetab, moduledata_pctab,
		moduledata_pclntable, moduledata_ftab, moduledata_findfunctab, moduledata_minpc, moduledata_maxpc, moduledata_text,
		moduledata_etext, moduledata_gofunc, moduledata_bad, moduledata_next,

		pcHeader_sizeof, pcHeader_nfunc, uint32(text), pcHeader_funcnameOffset, pcHeader_pctabOffset, pcHeader_pclnOffset,

		func_sizeof, func_nameOff, func_args, func_pcsp, func_pcfile, func_pcln, func_npcdata, func_cuOffset, uint32(line),
		func_nfuncdata,
	}
}

// host mirrors struct gw_jit_host, known struct gw_jit_known.
type host struct {
	layout hostLayout
	first  unsafe.Pointer // the module that this package is in
	last   uintptr
}

type known struct {
	pc    uintptr
	entry uintptr
	name  *byte
	file  *byte
	line  int32
	self  *known
}

// landmark is the function that the start-up check looks for. It has pointers among its arguments and its locals while
// it calls, so that it has stack maps.
//
//go:noinline
func landmark(k *known) *known {
	self := k.self
	k.here()
	self.line = 0
	return k
}

// here sets k.pc to the call in its caller.
//
//go:noinline
func (k *known) here() {
	var pcs [1]uintptr
	runtime.Callers(2, pcs[:])
	k.pc = pcs[0] - 1
}

// registration is why functions cannot be registered, nil when they can. Found out when the program starts, for C code
// that uses gangway_jit.h.
var registration = register()

// Available returns nil when functions can be registered with the Go runtime in this process, else an error of kind
// ErrUnavailable that says why not: the Go release is not known, the runtime's tables are not where they should be, or
// the process is on the safe road.
func Available() error { return registration }

func register() error {
	if reason := trampolines.NoRegistration(); reason != "" {
		return &Error{ErrUnavailable, "calls take the safe road: " + reason}
	}
	if layoutGo == "" {
		return &Error{ErrUnavailable, "the module data of " + runtime.Version() + " is not known"}
	}
	h := trampolines.Escape(&host{layoutHere(), trampolines.FirstModule, trampolines.Asm.LastModule})
	k := trampolines.Escape(&known{})
	k.self = k
	landmark(k)
	f := runtime.FuncForPC(k.pc)
	file, line := f.FileLine(k.pc)
	k.entry, k.name, k.file, k.line = f.Entry(), trampolines.Terminated(f.Name()), trampolines.Terminated(file), int32(line)
	set := func() uintptr {
		return trampolines.Call(trampolines.Core.JitHostSet, uintptr(unsafe.Pointer(h)), uintptr(unsafe.Pointer(k)), 0, 0, 0, 0)
	}
	err := checked(set)
	if last := trampolines.LastModule(); err != nil && last != h.first {
		// This package may have come with a plugin, and trampolines before it. Arenas follow the plugin's
		// module as well.
		h.first = last
		err = checked(set)
	}
	runtime.KeepAlive(h)
	runtime.KeepAlive(k)
	if err != nil {
		return &Error{ErrUnavailable, fmt.Sprintf("start-up check on %s: %s", runtime.Version(), err.(*Error).Text)}
	}
	return nil
}
