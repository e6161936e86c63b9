package trampolines

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

func peek(p uintptr) uintptr
func peek32(p uintptr) uint32
func peek8(p uintptr) uint8
func poke32(p uintptr, v uint32)

// secure is not 0 when the program has rights that its caller has not. GANGWAY_ROAD does not count then; the runtime itself
// goes by GODEBUG all the same.
var secure uintptr

// Secure tells whether the environment is not to be believed.
func Secure() bool { return secure != 0 }

// Init order matters: nothing may call C before road is set, except through runtime.cgocall.
func init() {
	linkCore()
	if Core.size != unsafe.Sizeof(*Core) {
		panic("gangway: the object of the C core is not that of this version of package trampolines")
	}
	// A package that came with a plugin is initialised on any goroutine.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtimeCgocall(Core.CallSetup, uintptr(unsafe.Pointer(&secure)))
	road, roadReason = chooseRoad()
	if road == RoadFast {
		install := callRegs{fn: Core.SignalInstall, ints: [6]uintptr{Asm.signalEntry, Asm.signalIgnored,
			uintptr(cgoSigaction), handlerOfRuntime(), Asm.handlersBefore}}
		if safeCall(&install, nil); uint32(install.rax) == 0 {
			road, roadReason = RoadBlocking, "no signal handler of the runtime to stand in front of"
		} else if err := checkSignalPending(); err != nil {
			safeCall(&callRegs{fn: Core.SignalRemove}, nil)
			road, roadReason = RoadSafe, failed(err)
		} else {
			action := Core.SignalAction
			cgoSigaction = *(*unsafe.Pointer)(unsafe.Pointer(&action))
		}
		besideCgo()
	}
}

// cgoSigaction is the runtime's: the C function by which it sets and asks for signal handlers, or nil when it does so
// itself. Gangway's keeps its own handler in front of what os/signal has the runtime install later.
//
//go:linkname cgoSigaction _cgo_sigaction
var cgoSigaction unsafe.Pointer

// handlerOfRuntime returns the runtime's signal handler, 0 if there is none. It may not be the one of SIGURG: another Go runtime
// in this process (a library in Go, in a program in Go or beside another one) puts its own in the place of ours, and drops
// what was for us. The runtime tells nobody what its handler is; it lies not far from runtime.goexit, and is known by its name.
func handlerOfRuntime() uintptr {
	const near = 1 << 22
	var now [4]uintptr // the kernel's struct sigaction
	RawSyscall(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGURG), 0, uintptr(unsafe.Pointer(&now)), 8, 0, 0)
	if isHandler(now[0]) {
		return now[0]
	}
	for d := uintptr(0); d < near; d += 16 {
		for _, pc := range [...]uintptr{goexitPC + d, goexitPC - d} {
			if isHandler(pc) {
				return runtime.FuncForPC(pc).Entry()
			}
		}
	}
	return 0
}

// isHandler tells whether pc is in what the runtime sets as signal handler when C is in the process.
func isHandler(pc uintptr) bool {
	f := runtime.FuncForPC(pc)
	return f != nil && f.Name() == "runtime.cgoSigtramp"
}

// roadChecked tells whether the layout has passed the start-up check.
var roadChecked bool

// chooseRoad decides how this process makes its calls, and says why.
func chooseRoad() (uint32, string) {
	asked := ""
	if secure == 0 {
		asked, _ = syscall.Getenv("GANGWAY_ROAD")
	}
	switch {
	case asked == "safe":
		return RoadSafe, "asked for by GANGWAY_ROAD=safe"
	case sanitized != "":
		return RoadSafe, "built with " + sanitized
	case !layoutKnown:
		return RoadSafe, "the layout of " + runtime.Version() + " is not known"
	}
	if err := checkLayout(); err != nil {
		return RoadSafe, failed(err)
	}
	roadChecked = true
	switch {
	case asked == "blocking":
		return RoadBlocking, "asked for by GANGWAY_ROAD=blocking"
	case asked != "" && asked != "fast":
		return RoadSafe, "GANGWAY_ROAD=" + asked + " is none of fast, blocking, safe"
	}
	if hooksElsewhere && asked != "fast" {
		return RoadBlocking, "built with the tag gangway_nohooks: other callbacks expect system calls"
	}
	if setting := preemptionOff(); setting != "" {
		return RoadBlocking, "GODEBUG " + setting + ": the runtime sends no SIGURG"
	}
	return RoadFast, "layout " + layoutGo + ", checked at start-up"
}

// preemptionOff returns the GODEBUG setting that keeps the runtime from sending SIGURG, or "". It can only come from the
// environment: the go command builds no program with a default for one of these (//go:debug, as of Go 1.27).
func preemptionOff() string {
	settings, _ := syscall.Getenv("GODEBUG")
	if v, ok := last(settings, "asyncpreemptoff"); ok && v != "0" {
		return "asyncpreemptoff=" + v
	}
	if v, ok := last(settings, "gccheckmark"); ok && v != "0" && checkmarkStopsPreemption {
		return "gccheckmark=" + v
	}
	return ""
}

// last returns the last value that key has in a list of settings.
func last(settings, key string) (value string, ok bool) {
	for _, s := range strings.Split(settings, ",") {
		if k, v, isSetting := strings.Cut(s, "="); isSetting && strings.TrimSpace(k) == key {
			value, ok = v, true
		}
	}
	return value, ok
}

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

// failed is the reason for the safe road when a check has found something wrong.
func failed(err error) string { return "start-up check on " + runtime.Version() + ": " + err.Error() }

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

// checkLayout compares the offsets of layout_go*.go with how this process behaves. Runs in init: on the main goroutine, which
// the runtime has locked to its thread with the internal lock, or on the one that opens a plugin. It is locked to its thread
// by LockOSThread.
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

	// How a g begins for C (struct gw_stack_bounds in bridge/bridge.h). What follows stackguard0 is stackguard1: both are where
	// the stack checks of compiled code look.
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

// checkSignalPending checks the offsets of m.signalPending and m.preemptGen: the runtime clears the one and counts the
// other up when it gets a SIGURG. Only while nothing turns that off.
//
// Our handler is in front by then, so that this goes to the runtime's own handler, whoever else has one.
//
// Collections and the monitor may want to preempt this thread meanwhile. They send a SIGURG after they have changed the
// field from 0 to 1; the mark is neither, so it stays until a SIGURG has come, and until then they send none. What they do
// after that tells nothing.
func checkSignalPending() error {
	const mark = 7
	m := peek(getg() + g_m)
	p := m + m_signalPending
	was, generation := peek32(p), peek32(m+m_preemptGen)
	poke32(p, mark)
	_, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGURG))
	if now := peek32(p); now > 1 || errno != 0 {
		poke32(p, was)
		return wrong("m.signalPending", m_signalPending, "is not cleared by SIGURG")
	}
	if now := peek32(m + m_preemptGen); now == generation {
		return wrong("m.preemptGen", m_preemptGen, "does not count SIGURG")
	}
	return nil
}
