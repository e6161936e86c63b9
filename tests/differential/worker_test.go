package differential_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// The calls are made in a process of their own, so that one which crashes can be reported and made smaller.

// A job is what such a process is to do.
type job struct {
	Lib      string // the compiled source of the signatures
	Cdiff    string // libcdiff.so, or ""
	Progress string // a file for the index and road of the call under way
	Results  string // a file for the outcome
	Roads    []string
	Rounds   int
	Stop     bool // after the first failure
	Cases    []testCase
}

type testCase struct {
	Index int // in Lib
	Seed  int64
	Sig   *sig
}

type outcome struct {
	Failures []failure
	Calls    map[string]int // by road
	Refused  map[string]int // by reason: what Gangway or libffi does not offer
}

type failure struct {
	Case int // index in Cases
	Road string
	Text string
}

// A worker carries out a job.
type worker struct {
	job
	outcome
	lib, cdiff       *gangway.Library
	in, log          []byte
	inAt, logLen     *uint64
	arena            arena
	values           []byte // of cdiff
	run, runOnThread func(caller, fn uintptr) int32
	call             func(text *byte, fn gangway.Symbol, result, args unsafe.Pointer) int32
	ffi              func(text *byte, fixed int32, fn gangway.Symbol, result, args unsafe.Pointer) int32
	closure          func(text *byte, result, capture unsafe.Pointer) uintptr
	closureCode      func(uintptr) uintptr
	closureFree      func(uintptr) int32
	cdiffError       func() unsafe.Pointer
	r                *rand.Rand
	road             string
	trouble          []string // what Go functions saw that C called
	progress         *os.File
}

// roads are the ways of a call. Each returns what differs, or "".
var roads = []struct {
	name string
	run  func(w *worker, n int, s *sig) string
}{
	{"Go to C, Auto", goToC(gangway.Auto())},
	{"Go to C, Blocking", goToC(gangway.Blocking())},
	{"Go to C, Fast", goToC(gangway.Fast())},
	{"Go to C, Safe", goToC(gangway.Safe())},
	{"C to Go", (*worker).cToGo},
	{"C to Go on a thread of C's", (*worker).cToGoOnThread},
	{"gw_call", (*worker).gwCall},
	{"gw_closure", (*worker).gwClosure},
	{"ffi_call", (*worker).ffiCall},
}

const libffiDiffers = "libffi disagrees with the compiler and gw_call"

const jobVariable = "GANGWAY_DIFFERENTIAL_JOB"

func TestMain(m *testing.M) {
	if path := os.Getenv(jobVariable); path != "" {
		doJob(path)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func doJob(path string) {
	w := &worker{outcome: outcome{Calls: map[string]int{}, Refused: map[string]int{}}}
	text, err := os.ReadFile(path)
	must(err)
	must(json.Unmarshal(text, &w.job))
	w.progress, err = os.Create(w.Progress)
	must(err)
	w.open()
	debug.SetGCPercent(25)
	testlib.Watch("a job of TestDifferential", 300)
	open := gangway.Callbacks()
	for i, c := range w.Cases {
		c.Sig.lay()
		if w.runCase(i, c) && w.Stop {
			break
		}
	}
	runtime.GC()
	if n := gangway.Callbacks() - open; n > 200 {
		w.Failures = append(w.Failures, failure{0, "", fmt.Sprintf("%d callbacks are open at the end", n)})
	}
	text, err = json.Marshal(w.outcome)
	must(err)
	must(os.WriteFile(w.Results, text, 0o666))
}

func (w *worker) open() {
	var err error
	w.lib, err = gangway.Open(w.Lib)
	must(err)
	data := func(l *gangway.Library, name string) unsafe.Pointer {
		s, err := l.Symbol(name)
		must(err)
		return testlib.Pointer(uintptr(s))
	}
	w.in, w.log = bytesAt(data(w.lib, "gd_in"), 1<<20), bytesAt(data(w.lib, "gd_log"), 1<<20)
	w.inAt, w.logLen = (*uint64)(data(w.lib, "gd_in_at")), (*uint64)(data(w.lib, "gd_log_len"))
	w.arena = arena{uintptr(data(w.lib, "gd_arena")), 1 << 16}
	var run func(uintptr, uintptr)
	must(w.lib.Bind("gd_run", &run))
	w.run = func(c, fn uintptr) int32 { run(c, fn); return 0 }
	must(w.lib.Bind("gd_run_on_thread", &w.runOnThread))
	if w.Cdiff == "" {
		return
	}
	w.cdiff, err = gangway.Open(w.Cdiff)
	must(err)
	w.values = bytesAt(data(w.cdiff, "cdiff_arena"), 1<<20)
	must(w.cdiff.Bind("cdiff_call", &w.call))
	must(w.cdiff.Bind("cdiff_ffi", &w.ffi))
	must(w.cdiff.Bind("cdiff_closure", &w.closure))
	must(w.cdiff.Bind("cdiff_closure_code", &w.closureCode))
	must(w.cdiff.Bind("cdiff_closure_free", &w.closureFree))
	must(w.cdiff.Bind("cdiff_error", &w.cdiffError))
}

// runCase tells whether the case failed.
func (w *worker) runCase(i int, c testCase) bool {
	failed := map[string]bool{}
	for _, road := range roads {
		if len(w.Roads) > 0 && !contains(w.Roads, road.name) {
			continue
		}
		hash := fnv.New64()
		hash.Write([]byte(road.name))
		w.road, w.r = road.name, rand.New(rand.NewSource(c.Seed^int64(hash.Sum64())))
		_, err := w.progress.WriteAt([]byte(fmt.Sprintf("%d %-40s\n", i, road.name)), 0)
		must(err)
		for round := 0; round < w.Rounds; round++ {
			text := w.guarded(road.run, c.Index, c.Sig)
			if text == "" {
				continue
			}
			if road.name == "ffi_call" && !failed["gw_call"] {
				// The compiler agrees with gw_call. libffi 3.4 passes a struct of an integer and a float wrong whose integer
				// is the last one in a register.
				w.Refused[libffiDiffers]++
				break
			}
			w.Failures = append(w.Failures, failure{i, road.name, text})
			failed[road.name] = true
			break
		}
	}
	return len(failed) > 0
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// guarded turns a panic into a failure.
func (w *worker) guarded(run func(*worker, int, *sig) string, n int, s *sig) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return run(w, n, s)
}

// refused is the failure of Bind or NewCallback, unless it is about the one limit of callbacks that depends on what comes
// before a parameter.
func (w *worker) refused(what string, err error) string {
	const limit = "strings beyond the ninth integer register"
	if strings.Contains(err.Error(), limit) {
		return w.refuse(what + ": " + limit)
	}
	return what + ": " + err.Error()
}

func (w *worker) refuse(reason string) string {
	w.Refused[reason]++
	return ""
}

// begin prepares C for a call.
func (w *worker) begin(s *script) {
	copy(w.in, s.in.Bytes())
	*w.inAt, *w.logLen, w.trouble = 0, 0, nil
}

// end returns what went wrong in a call.
func (w *worker) end(s *script) string {
	w.Calls[w.road]++
	if len(w.trouble) > 0 {
		return strings.Join(w.trouble, "; ")
	}
	n := *w.logLen
	if n > uint64(len(w.log)) {
		return fmt.Sprintf("C logged %d bytes", n)
	}
	if text := s.compare(w.log[:n]); text != "" {
		return text
	}
	if int(*w.inAt) != s.in.Len() {
		return fmt.Sprintf("C took %d bytes of %d: was it called?", *w.inAt, s.in.Len())
	}
	return ""
}

func (w *worker) report(text string) { w.trouble = append(w.trouble, text) }

// pressure moves stacks and collects.
func (w *worker) pressure() {
	if w.r.Intn(6) == 0 {
		k := w.r.Intn(40)
		if testlib.Grow(k, k, &k) != 2*k {
			w.report("stack contents changed")
		}
	}
	testlib.Churn(w.r, w.r.Intn(80) == 0)
}

// takeAll is the script of a call of f with these values.
func takeAll(args, more []*value, result *value, errno bool, err uint32) *script {
	s := &script{}
	for i, a := range args {
		s.take(fmt.Sprintf("argument a%d", i), a)
	}
	for i, m := range more {
		s.expect(fmt.Sprintf("variadic argument v%d", i), m.promote())
	}
	s.give(result)
	if errno {
		s.next(err)
	}
	return s
}

func goToC(option gangway.Option) func(w *worker, n int, s *sig) string {
	return func(w *worker, n int, s *sig) string {
		sym, err := w.lib.Symbol(fmt.Sprintf("f%d", n))
		must(err)
		fn := reflect.New(s.funcType)
		if err := gangway.Bind(sym, fn.Interface(), option); err != nil {
			return w.refused("Bind", err)
		}
		calls := 2
		if w.r.Intn(20) == 0 {
			calls = 60 // Auto changes its mind
		}
		for ; calls > 0; calls-- {
			args, more, result := newValues(w.r, s.Params, w.arena), newValues(w.r, s.More, w.arena), newResult(w.r, s, w.arena)
			errno := uint32(0)
			if w.r.Intn(3) > 0 {
				errno = uint32(1 + w.r.Intn(4000))
			}
			script := takeAll(args, more, result, s.Errno, errno)
			var in []reflect.Value
			for _, v := range append(args, more...) {
				in = append(in, v.toGo(w.report, w.pressure))
			}
			w.begin(script)
			out := fn.Elem().Call(in)
			if text := w.end(script); text != "" {
				return text
			}
			if result != nil {
				if text := result.compareGo("result", out[0]); text != "" {
					return text
				}
			}
			if s.Errno {
				if got := out[len(out)-1].Interface().(syscall.Errno); got != syscall.Errno(errno) {
					return fmt.Sprintf("errno: got %d, want %d", got, errno)
				}
			}
		}
		return ""
	}
}

func (w *worker) cToGo(n int, s *sig) string { return w.callback(n, s, w.run) }

func (w *worker) cToGoOnThread(n int, s *sig) string {
	if w.r.Intn(4) > 0 && len(w.Roads) == 0 {
		return ""
	}
	return w.callback(n, s, w.runOnThread)
}

func (w *worker) callback(n int, s *sig, run func(caller, fn uintptr) int32) string {
	if !s.callable() {
		return ""
	}
	c, err := w.lib.Symbol(fmt.Sprintf("c%d", n))
	must(err)
	var in, out []reflect.Type
	for _, p := range s.Params {
		in = append(in, p.goType)
	}
	if s.Result != nil {
		out = append(out, s.Result.goType)
	}
	var args []*value
	var result *value
	calls := 0
	fn := reflect.MakeFunc(reflect.FuncOf(in, out, false), func(got []reflect.Value) []reflect.Value {
		calls++
		w.pressure()
		for i, a := range args {
			if text := a.compareGo(fmt.Sprintf("argument a%d", i), got[i]); text != "" {
				w.report(text)
			}
		}
		if result == nil {
			return nil
		}
		return []reflect.Value{result.toGo(nil, nil)}
	})
	cb, err := gangway.NewCallback(fn.Interface())
	if err != nil {
		return w.refused("NewCallback", err)
	}
	defer cb.Close()
	for again := 0; again < 2; again++ {
		calls, args, result = 0, newValues(w.r, s.Params, w.arena), newResult(w.r, s, w.arena)
		script := &script{}
		for _, a := range args {
			script.give(a)
		}
		script.expect("the result", result)
		w.begin(script)
		if err := run(uintptr(c), cb.Pointer()); err != 0 {
			return fmt.Sprintf("pthread_create: %d", err)
		}
		if text := w.end(script); text != "" {
			return text
		}
		if calls != 1 {
			return fmt.Sprintf("%d calls", calls)
		}
	}
	return ""
}

// ---- Calls from C to C ----

// hasGo tells whether there are values that C's interface does not know.
func (s *sig) hasGo() bool {
	return s.any(func(t *ctype) bool { return t.Kind == "str" || t.Kind == "slice" || t.Kind == "func" })
}

// inC puts values into C memory at the given place, each at the next multiple of 16, and returns where; and the end.
func (w *worker) inC(at int, values []*value) (addresses []uint64, end int) {
	for _, v := range values {
		copy(w.values[at:], v.mem)
		addresses = append(addresses, uint64(uintptr(unsafe.Pointer(&w.values[at]))))
		at += up(len(v.mem), 16)
	}
	return addresses, at
}

func ctext(s string) *byte { return &append([]byte(s), 0)[0] }

func (w *worker) gwCall(n int, s *sig) string {
	return w.fromC(n, s, func(fn gangway.Symbol, result, args unsafe.Pointer) int32 {
		return w.call(ctext(s.text()), fn, result, args)
	})
}

func (w *worker) ffiCall(n int, s *sig) string {
	return w.fromC(n, s, func(fn gangway.Symbol, result, args unsafe.Pointer) int32 {
		return w.ffi(ctext(s.text()), int32(len(s.Params)), fn, result, args)
	})
}

func (w *worker) fromC(n int, s *sig, call func(fn gangway.Symbol, result, args unsafe.Pointer) int32) string {
	if w.cdiff == nil || s.hasGo() {
		return ""
	}
	sym, err := w.lib.Symbol(fmt.Sprintf("f%d", n))
	must(err)
	args, more, result := newValues(w.r, s.Params, w.arena), newValues(w.r, s.More, w.arena), newResult(w.r, s, w.arena)
	script := takeAll(args, more, result, s.Errno, 0)
	for _, m := range more {
		args = append(args, m.promote())
	}
	// The result, addresses of arguments, arguments.
	addresses, _ := w.inC(1<<16, args)
	table := bytesAt(unsafe.Pointer(&w.values[1<<15]), 8*len(addresses))
	for i, a := range addresses {
		*(*uint64)(unsafe.Pointer(&table[8*i])) = a
	}
	w.begin(script)
	switch status := call(sym, unsafe.Pointer(&w.values[0]), unsafe.Pointer(&w.values[1<<15])); status {
	case 0:
	case -1:
		return w.refuse("libffi has no such types")
	default:
		return w.cdiffText()
	}
	if text := w.end(script); text != "" {
		return text
	}
	if result != nil {
		return result.compareMem("result", w.values[:len(result.mem)])
	}
	return ""
}

func (w *worker) cdiffText() string {
	p := w.cdiffError()
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(bytesAt(p, n))
}

func (w *worker) gwClosure(n int, s *sig) string {
	if w.cdiff == nil || s.hasGo() || !s.callable() {
		return ""
	}
	c, err := w.lib.Symbol(fmt.Sprintf("c%d", n))
	must(err)
	args, result := newValues(w.r, s.Params, w.arena), newResult(w.r, s, w.arena)
	script := &script{}
	for _, a := range args {
		script.give(a)
	}
	script.expect("the result", result)
	if result != nil {
		copy(w.values, result.mem)
	}
	const capture = 1 << 16
	cl := w.closure(ctext(s.text()), unsafe.Pointer(&w.values[0]), unsafe.Pointer(&w.values[capture]))
	if cl == 0 {
		return w.cdiffText()
	}
	w.begin(script)
	run := w.run
	if w.r.Intn(8) == 0 {
		run = w.runOnThread
	}
	run(uintptr(c), w.closureCode(cl))
	if calls := w.closureFree(cl); calls != 1 {
		return fmt.Sprintf("%d calls", calls)
	}
	if text := w.end(script); text != "" {
		return text
	}
	at := capture
	for i, a := range args {
		if text := a.compareMem(fmt.Sprintf("argument a%d", i), w.values[at:at+len(a.mem)]); text != "" {
			return text
		}
		at += up(len(a.mem), 16)
	}
	return ""
}

// cdiffPath returns where libcdiff.so is: GANGWAY_CDIFF, or beside libgwtest.so; "" when nowhere.
func cdiffPath() string {
	if p := os.Getenv("GANGWAY_CDIFF"); p != "" {
		return p
	}
	p, err := testlib.Path()
	if err != nil {
		return ""
	}
	p = filepath.Join(filepath.Dir(p), "libcdiff.so")
	if _, err := os.Stat(p); err != nil {
		return ""
	}
	return p
}
