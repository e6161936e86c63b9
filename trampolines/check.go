package trampolines

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
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
			road, roadReason = RoadSafe, fmt.Sprintf("start-up check on %s: %v", runtime.Version(), err)
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
		asked = os.Getenv("GANGWAY_ROAD")
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
		return RoadSafe, fmt.Sprintf("start-up check on %s: %v", runtime.Version(), err)
	}
	roadChecked = true
	switch {
	case asked == "blocking":
		return RoadBlocking, "asked for by GANGWAY_ROAD=blocking"
	case asked != "" && asked != "fast":
		return RoadSafe, fmt.Sprintf("GANGWAY_ROAD=%s is none of fast, blocking, safe", asked)
	}
	if hooksElsewhere && asked != "fast" {
		return RoadBlocking, "built with the tag gangway_nohooks: other callbacks expect system calls"
	}
	if setting := preemptionOff(); setting != "" {
		return RoadBlocking, "GODEBUG " + setting + ": the runtime sends no SIGURG"
	}
	return RoadFast, "layout " + layoutGo + ", checked at start-up"
}

// preemptionOff returns the GODEBUG setting that keeps the runtime from sending SIGURG, or "".
// The environment overrides what the binary was built with, setting by setting, the last one counts.
func preemptionOff() string {
	all := os.Getenv("GODEBUG")
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "DefaultGODEBUG" {
				all = s.Value + "," + all
			}
		}
	}
	found := map[string]string{}
	for _, s := range strings.Split(all, ",") {
		if k, v, ok := strings.Cut(s, "="); ok {
			found[strings.TrimSpace(k)] = v
		}
	}
	if v, ok := found["asyncpreemptoff"]; ok && v != "0" {
		return "asyncpreemptoff=" + v
	}
	if v, ok := found["gccheckmark"]; ok && v != "0" && checkmarkStopsPreemption {
		return "gccheckmark=" + v
	}
	return ""
}

// snapshot mirrors struct gw_snapshot in bridge/call.h: g and m as they were during a call by runtime.cgocall.
type snapshot struct {
	g, m   uintptr
	gBytes [256]byte
	mBytes [704]byte
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

// goid returns the number of this goroutine.
func goid() (id uint64) {
	var text [64]byte
	fmt.Sscanf(string(text[:runtime.Stack(text[:], false)]), "goroutine %d ", &id)
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
		return fmt.Errorf("g.m at %d is no pointer", g_m)
	}
	g0, gsignal := peek(m+m_g0), peek(m+m_gsignal)
	if !readable(g0) || peek(g0+g_m) != m {
		return fmt.Errorf("m.g0 at %d does not lead back to m", m_g0)
	}
	if !readable(gsignal) || peek(gsignal+g_m) != m {
		return fmt.Errorf("m.gsignal at %d does not lead back to m", m_gsignal)
	}
	if peek(m+m_curg) != g {
		return fmt.Errorf("m.curg at %d is not the current goroutine", m_curg)
	}
	if s := peek(g0 + g_sched_sp); s <= peek(g0+g_stack_lo) || s > peek(g0+g_stack_hi) {
		return fmt.Errorf("g0.sched.sp at %d is outside g0's stack", g_sched_sp)
	}

	// How a g begins for C (struct gw_stack_bounds in bridge/bridge.h). What follows stackguard0 is stackguard1: both are where
	// the stack checks of compiled code look.
	if g_stack_lo != 0 || g_stack_hi != 8 || g_stackguard0 != 16 {
		return fmt.Errorf("g.stack at %d and %d and g.stackguard0 at %d are not how a g begins", g_stack_lo, g_stack_hi, g_stackguard0)
	}
	if guard := peek(g0 + g_stackguard0); guard <= peek(g0+g_stack_lo) || guard >= peek(g0+g_sched_sp) {
		return fmt.Errorf("g0.stackguard0 at %d is not inside g0's stack", g_stackguard0)
	}

	if uint64(peek(g+g_goid)) != goid() || peek(g0+g_goid) != 0 {
		return fmt.Errorf("g.goid at %d is not the number of the goroutine", g_goid)
	}
	// The next two words serve us in a g0, which is in no list and never waits.
	if g_schedlink != g_goid+8 || g_waitsince != g_schedlink+8 || peek(g0+g_schedlink) != 0 || peek(g0+g_waitsince) != 0 {
		return fmt.Errorf("g.schedlink at %d and g.waitsince at %d are not where a g0 has nothing", g_schedlink, g_waitsince)
	}

	idle := func() error {
		if peek(g+g_syscallsp) != 0 {
			return fmt.Errorf("g.syscallsp at %d is set outside a system call", g_syscallsp)
		}
		if peek8(m+m_incgo) != 0 {
			return fmt.Errorf("m.incgo at %d is set outside a call", m_incgo)
		}
		return nil
	}
	if err := idle(); err != nil {
		return err
	}

	if n := peek32(m + m_lockedInt); n != 1 && !(n == 0 && opensPlugin()) || peek(m+m_lockedg) != g || peek(g+g_lockedm) != m {
		return fmt.Errorf("m.lockedInt at %d is %d during init, m.lockedg at %d, g.lockedm at %d", m_lockedInt, n, m_lockedg, g_lockedm)
	}
	external := peek32(m + m_lockedExt)
	runtime.LockOSThread()
	locked := peek32(m + m_lockedExt)
	runtime.UnlockOSThread()
	if locked != external+1 || peek32(m+m_lockedExt) != external {
		return fmt.Errorf("m.lockedExt at %d does not count locks", m_lockedExt)
	}

	// Every m has one in a program with C.
	callers := peek(m + m_cgoCallers)
	if !readable(callers) {
		return fmt.Errorf("m.cgoCallers at %d is no pointer", m_cgoCallers)
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
		return fmt.Errorf("m.cgoCallers at %d is not emptied by a call", m_cgoCallers)
	}
	gWord := func(off uintptr) uintptr { return *(*uintptr)(unsafe.Pointer(&during.gBytes[off])) }
	if during.mBytes[m_incgo] != 1 {
		return fmt.Errorf("m.incgo at %d is not set during a call", m_incgo)
	}
	if n := *(*uint32)(unsafe.Pointer(&during.mBytes[m_ncgo])); n != ncgo+1 || peek32(m+m_ncgo) != ncgo {
		return fmt.Errorf("m.ncgo at %d does not count calls", m_ncgo)
	}
	// The stack as it was then: a collection may have shrunk it since, to another place.
	lo, hi := gWord(g_stack_lo), gWord(g_stack_hi)
	inStack := func(p uintptr) bool { return lo < p && p <= hi }
	if size := hi - lo; size < 2048 || size > 1<<40 || size&(size-1) != 0 {
		return fmt.Errorf("g.stack at %d and %d is no stack, whose size is a power of two", g_stack_lo, g_stack_hi)
	}
	if !inStack(gWord(g_syscallsp)) {
		return fmt.Errorf("g.syscallsp at %d is not a stack address during a system call", g_syscallsp)
	}
	// A collection that has looked at the stack meanwhile leaves the usual limit, a little above the stack's end.
	if guard := gWord(g_stackguard0); int(guard) != stackPreempt && (guard <= lo || guard > lo+8192 || guard > hi) {
		return fmt.Errorf("g.stackguard0 at %d is not %d during a system call", g_stackguard0, stackPreempt)
	}
	if !inStack(gWord(g_sched_sp)) {
		return fmt.Errorf("g.sched.sp at %d is not a stack address during a call", g_sched_sp)
	}
	if bp := gWord(g_sched_bp); bp != 0 && !inStack(bp) {
		return fmt.Errorf("g.sched.bp at %d is not a stack address during a call", g_sched_bp)
	}
	if f := runtime.FuncForPC(gWord(g_syscallpc)); f == nil || f.Name() != "runtime.cgocall" {
		return fmt.Errorf("g.syscallpc at %d does not hold the position of cgocall during a system call", g_syscallpc)
	}
	pc := gWord(g_sched_pc)
	if f := runtime.FuncForPC(pc); f == nil || f.Name() != "runtime.systemstack_switch" {
		return fmt.Errorf("g.sched.pc at %d does not hold the position of asmcgocall during a call", g_sched_pc)
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
	_, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGURG))
	if now := peek32(p); now > 1 || errno != 0 {
		poke32(p, was)
		return fmt.Errorf("m.signalPending at %d is not cleared by SIGURG", m_signalPending)
	}
	if now := peek32(m + m_preemptGen); now == generation {
		return fmt.Errorf("m.preemptGen at %d does not count SIGURG", m_preemptGen)
	}
	return nil
}
