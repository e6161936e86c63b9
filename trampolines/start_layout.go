package trampolines

import (
	"errors"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

func peek(p uintptr) uintptr
func peek32(p uintptr) uint32
func peek8(p uintptr) uint8
func poke32(p uintptr, v uint32)

// snapshot mirrors struct gw_snapshot in bridge/call.h: g and m as they were during a call by runtime.cgocall.
type snapshot struct {
	g, m   uintptr
	gBytes [256]byte
	mBytes [704]byte
}

// at names a field and its offset.
func at(field string, offset int) string { return field + " at " + strconv.Itoa(offset) }

// wrong is the error that the field is not, or does not do, what it should at this offset.
func wrong(field string, offset int, what string) error {
	return errors.New(at(field, offset) + " " + what)
}

// readable tells whether p may be the address of a runtime structure: aligned, and in mapped memory.
func readable(p uintptr) bool {
	if p == 0 || p%8 != 0 {
		return false
	}
	var vec [2]byte
	page := p &^ uintptr(4095)
	r := RawSyscall(syscall.SYS_MINCORE, page, 8192, uintptr(unsafe.Pointer(&vec)), 0, 0, 0)
	return r == 0
}

// goid returns the number of this goroutine: a stack trace begins with "goroutine 1 [".
func goid() (id uint64) {
	var text [64]byte
	for _, c := range text[len("goroutine "):runtime.Stack(text[:], false)] {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}

// opensPlugin tells whether this goroutine is in plugin.Open.
func opensPlugin() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	for {
		frame, more := frames.Next()
		if frame.Function == "plugin.Open" {
			return true
		}
		if !more {
			return false
		}
	}
}

// checkLayout compares the offsets of layout_go*.go with how this process behaves. Runs in init: on the main goroutine,
// which the runtime has locked to its thread with the internal lock, or on the one that opens a plugin. It is locked to
// its thread by LockOSThread.
func checkLayout() error {
	g := getg()
	m := peek(g + g_m)
	if !readable(m) {
		return wrong("g.m", g_m, "is no pointer")
	}
	g0, gsignal := peek(m+m_g0), peek(m+m_gsignal)
	if !readable(g0) || peek(g0+g_m) != m {
		return wrong("m.g0", m_g0, "does not lead back to m")
	}
	if !readable(gsignal) || peek(gsignal+g_m) != m {
		return wrong("m.gsignal", m_gsignal, "does not lead back to m")
	}
	if peek(m+m_curg) != g {
		return wrong("m.curg", m_curg, "is not the current goroutine")
	}
	if s := peek(g0 + g_sched_sp); s <= peek(g0+g_stack_lo) || s > peek(g0+g_stack_hi) {
		return wrong("g0.sched.sp", g_sched_sp, "is outside g0's stack")
	}

	// How a g begins for C (struct gw_stack_bounds in bridge/bridge.h). What follows stackguard0 is stackguard1:
	// both are where the stack checks of compiled code look.
	if g_stack_lo != 0 || g_stack_hi != 8 || g_stackguard0 != 16 {
		return errors.New(at("g.stack", g_stack_lo) + " and " + strconv.Itoa(g_stack_hi) + " and " + at("g.stackguard0", g_stackguard0) +
			" are not how a g begins")

	}
	if guard := peek(g0 + g_stackguard0); guard <= peek(g0+g_stack_lo) || guard >= peek(g0+g_sched_sp) {
		return wrong("g0.stackguard0", g_stackguard0, "is not inside g0's stack")
	}

	if uint64(peek(g+g_goid)) != goid() || peek(g0+g_goid) != 0 {
		return wrong("g.goid", g_goid, "is not the number of the goroutine")
	}
	// The next two words serve us in a g0, which is in no list and never waits.
	if g_schedlink != g_goid+8 || g_waitsince != g_schedlink+8 || peek(g0+g_schedlink) != 0 || peek(g0+g_waitsince) != 0 {
		return errors.New(at("g.schedlink", g_schedlink) + " and " + at("g.waitsince", g_waitsince) + " are not where a g0 has nothing")

	}

	idle := func() error {
		if peek(g+g_syscallsp) != 0 {
			return wrong("g.syscallsp", g_syscallsp, "is set outside a system call")
		}
		if peek8(m+m_incgo) != 0 {
			return wrong("m.incgo", m_incgo, "is set outside a call")
		}
		return nil
	}
	if err := idle(); err != nil {
		return err
	}

	if n := peek32(m + m_lockedInt); n != 1 && !(n == 0 && opensPlugin()) || peek(m+m_lockedg) != g || peek(g+g_lockedm) != m {
		return errors.New(at("m.lockedInt", m_lockedInt) + " is " + strconv.Itoa(int(n)) + " during init, " + at("m.lockedg", m_lockedg) +
			", " + at("g.lockedm", g_lockedm))

	}
	external := peek32(m + m_lockedExt)
	runtime.LockOSThread()
	locked := peek32(m + m_lockedExt)
	runtime.UnlockOSThread()
	if locked != external+1 || peek32(m+m_lockedExt) != external {
		return wrong("m.lockedExt", m_lockedExt, "does not count locks")
	}

	// Every m has one in a program with C.
	callers := peek(m + m_cgoCallers)
	if !readable(callers) {
		return wrong("m.cgoCallers", m_cgoCallers, "is no pointer")
	}
	was := peek32(callers)
	if peek(callers) == 0 {
		poke32(callers, 1)
	}

	ncgo := peek32(m + m_ncgo)
	s := snapshot{g: g, m: m}
	during := new(snapshot)
	*during = s
	runtimeCgocall(Core.Snapshot, uintptr(unsafe.Pointer(during)))
	if peek(callers) != 0 {
		poke32(callers, was)
		return wrong("m.cgoCallers", m_cgoCallers, "is not emptied by a call")
	}
	gWord := func(off uintptr) uintptr { return *(*uintptr)(unsafe.Pointer(&during.gBytes[off])) }
	if during.mBytes[m_incgo] != 1 {
		return wrong("m.incgo", m_incgo, "is not set during a call")
	}
	if n := *(*uint32)(unsafe.Pointer(&during.mBytes[m_ncgo])); n != ncgo+1 || peek32(m+m_ncgo) != ncgo {
		return wrong("m.ncgo", m_ncgo, "does not count calls")
	}
	// The stack as it was then: a collection may have shrunk it since, to another place.
	lo, hi := gWord(g_stack_lo), gWord(g_stack_hi)
	inStack := func(p uintptr) bool { return lo < p && p <= hi }
	if size := hi - lo; size < 2048 || size > 1<<40 || size&(size-1) != 0 {
		return errors.New(at("g.stack", g_stack_lo) + " and " + strconv.Itoa(g_stack_hi) + " is no stack, whose size is a power of two")

	}
	if !inStack(gWord(g_syscallsp)) {
		return wrong("g.syscallsp", g_syscallsp, "is not a stack address during a system call")
	}
	// A collection that has looked at the stack meanwhile leaves the usual limit, a little above the stack's end.
	if guard := gWord(g_stackguard0); int(guard) != stackPreempt && (guard <= lo || guard > lo+8192 || guard > hi) {
		return wrong("g.stackguard0", g_stackguard0, "is not "+strconv.Itoa(stackPreempt)+" during a system call")

	}
	if !inStack(gWord(g_sched_sp)) {
		return wrong("g.sched.sp", g_sched_sp, "is not a stack address during a call")
	}
	if bp := gWord(g_sched_bp); bp != 0 && !inStack(bp) {
		return wrong("g.sched.bp", g_sched_bp, "is not a stack address during a call")
	}
	if f := runtime.FuncForPC(gWord(g_syscallpc)); f == nil || f.Name() != "runtime.cgocall" {
		return wrong("g.syscallpc", g_syscallpc, "does not hold the position of cgocall during a system call")
	}
	pc := gWord(g_sched_pc)
	if f := runtime.FuncForPC(pc); f == nil || f.Name() != "runtime.systemstack_switch" {
		return wrong("g.sched.pc", g_sched_pc, "does not hold the position of asmcgocall during a call")
	}
	return idle()
}
