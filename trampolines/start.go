package trampolines

import (
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// The start of a program: which road its calls take (start.go), whether the runtime is as expected (start_layout.go),
// and the signal handler in front of the runtime's (start_signals.go).

// secure is not 0 when the program has rights that its caller has not. GANGWAY_ROAD does not count then; the runtime
// itself goes by GODEBUG all the same.
var secure uintptr

// Secure tells whether the environment is not to be believed.
func Secure() bool { return secure != 0 }

// Init order matters: nothing may call C before road is set, except through runtime.cgocall.
func init() {
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

// preemptionOff returns the GODEBUG setting that keeps the runtime from sending SIGURG, or "". It can only come from
// the environment: the go command builds no program with a default for one of these (//go:debug, as of Go 1.27).
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

// failed is the reason for the safe road when a check has found something wrong.
func failed(err error) string { return "start-up check on " + runtime.Version() + ": " + err.Error() }
