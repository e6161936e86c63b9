// Package faults_test lets what Gangway asks of the system fail, one request after the other: memory, pages, their
// protection, threads, address space. Each time there must be an error that says so, and the next try must succeed. The
// work is done by processes of their own, with c/faults.c preloaded, which fails on demand.
package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

const variable = "GANGWAY_FAULTS" // what a child does

func TestMain(m *testing.M) {
	if what := strings.Fields(os.Getenv(variable)); len(what) > 0 {
		n := 0
		if len(what) > 1 {
			n, _ = strconv.Atoi(what[1])
		}
		children[what[0]](n)
		fmt.Println("OK")
		return
	}
	os.Exit(m.Run())
}

var children = map[string]func(n int){
	"walk": walkAll, "first": first, "start": start, "threads": threads, "processes": processes, "space": space,
}

func library() string {
	dir, err := testlib.Path()
	if err != nil {
		panic(err)
	}
	return filepath.Join(filepath.Dir(dir), "..", "faults", "c", "libgwfaults.so")
}

// run lets a child do something, with the library preloaded.
func run(t *testing.T, what string, env ...string) testlib.Result {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return testlib.Run(t, append(env, variable+"="+what, "LD_PRELOAD="+library()), exe)
}

func runOK(t *testing.T, what string, env ...string) {
	t.Helper()
	if r := run(t, what, env...); r.Code != 0 || !strings.HasSuffix(strings.TrimSpace(r.Out), "OK") {
		t.Fatalf("%s %q: exit status %d (%v)\n%s", what, env, r.Code, r.Signal, r.Out)
	}
}

func assert(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

var (
	arm    func(n int64) bool // gf_arm
	memory func() int64
)

// prepare makes this thread one that creates no threads by itself, which the walk is not about, and loads libgwfaults.so,
// which is loaded already, without the process's library.
func prepare() *gangway.Library {
	runtime.LockOSThread()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	test := testlib.MustOpen()
	faults, err := gangway.Open(library())
	assert(err == nil, "%v", err)
	assert(faults.Bind("gf_arm", &arm) == nil && faults.Bind("gf_memory", &memory) == nil, "no gf_arm")
	for i := 0; i < 100; i++ {
		arm(0)
	}
	return test
}

// faulty does attempt with the nth request failing. met: there were so many.
func faulty(n int64, attempt func() error) (err error, met bool) {
	defer func() {
		met = arm(0)
		if v := recover(); v != nil {
			e, ok := v.(error)
			assert(ok, "fault %d: a panic with %v", n, v)
			err = e
		}
	}()
	arm(n)
	return attempt(), false
}

// saysWhy tells whether an error is about what failed.
func saysWhy(err error) bool {
	text := err.Error()
	for _, words := range []string{"memory", "mmap", "mprotect", "Cannot allocate"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// walk does attempt with the first request failing, then the second, and so on.
func walk(name string, attempt func() error) {
	n := int64(1)
	survived := 0
	for ; ; n++ {
		err, met := faulty(n, attempt)
		if !met {
			assert(err == nil, "%s: %v", name, err)
			break
		}
		if err == nil {
			survived++
		} else {
			assert(saysWhy(err), "%s, fault %d: %v", name, n, err)
		}
		err = attempt()
		assert(err == nil, "%s, after fault %d: %v", name, n, err)
	}
	fmt.Printf("%s: %d faults, %d of them survived\n", name, n-1, survived)
	assert(n > 1, "%s asks for nothing", name)
}

// Types that no signature was made of yet.
var types int

func newStruct() reflect.Type {
	types++
	return reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.TypeOf(int64(0))},
		{Name: "B", Type: reflect.ArrayOf(1+types, reflect.TypeOf(byte(0)))},
	})
}

// An attempt that fails, of one that everything is known of, loses no memory.
func flat(name string, attempt func() error) {
	rounds := func() {
		for i := 0; i < 20; i++ {
			for n := int64(1); ; n++ {
				if _, met := faulty(n, attempt); !met {
					break
				}
			}
		}
	}
	rounds()
	before := memory()
	rounds()
	after := memory()
	assert(after <= before+1024, "%s: C holds %d bytes, %d before", name, after, before)
}

// attempts returns what the walk goes over. again: with types that are known.
func attempts(test *gangway.Library, again bool) map[string]func() error {
	path, err := testlib.Path()
	assert(err == nil, "%v", err)
	var call func(uintptr)
	assert(test.Bind("gt_call", &call) == nil, "gt_call")
	known := newStruct()
	structType := func() reflect.Type {
		if again {
			return known
		}
		return newStruct()
	}
	typ := func(params, results []reflect.Type) reflect.Type { return reflect.FuncOf(params, results, false) }
	int64Type := reflect.TypeOf(int64(0))
	return map[string]func() error{
		"a library": func() error {
			l, err := gangway.Open("libgwnone.so.1", path)
			if err != nil {
				return err
			}
			defer l.Close()
			var add func(int32, int32) int32
			if err := l.Bind("gt_add", &add); err != nil {
				return err
			}
			assert(add(3, 4) == 7, "gt_add")
			return nil
		},
		"a function": func() error {
			s := structType()
			fn := reflect.New(typ([]reflect.Type{s, int64Type, reflect.TypeOf("")}, nil))
			if err := test.Bind("gt_noop", fn.Interface()); err != nil {
				return err
			}
			fn.Elem().Call([]reflect.Value{reflect.Zero(s), reflect.ValueOf(int64(1)), reflect.ValueOf("text")})
			return nil
		},
		"a variadic function": func() error {
			var noop func(int32, ...any)
			if err := test.Bind("gt_noop", &noop); err != nil {
				return err
			}
			noop(1, 2.5, "text", reflect.Zero(structType()).Interface())
			return nil
		},
		"a func": func() error {
			f := typ([]reflect.Type{structType()}, []reflect.Type{int64Type})
			fn := reflect.New(typ([]reflect.Type{f}, nil))
			if err := test.Bind("gt_noop", fn.Interface()); err != nil {
				return err
			}
			fn.Elem().Call([]reflect.Value{reflect.MakeFunc(f, nil)})
			return nil
		},
		"a callback": func() error {
			called := false
			fn := reflect.MakeFunc(typ([]reflect.Type{structType(), int64Type}, []reflect.Type{int64Type}), func([]reflect.Value) []reflect.Value {
				called = true
				return []reflect.Value{reflect.ValueOf(int64(1))}
			})
			c, err := gangway.NewCallback(fn.Interface())
			if err != nil {
				return err
			}
			call(c.Pointer())
			assert(called, "not called")
			return c.Close()
		},
		"300 callbacks": func() error {
			var all []*gangway.Callback
			defer func() {
				for _, c := range all {
					assert(c.Close() == nil, "Close")
				}
			}()
			for i := 0; i < 300; i++ {
				called := false
				c, err := gangway.NewCallback(func() { called = true })
				if err != nil {
					return err
				}
				all = append(all, c)
				call(c.Pointer())
				assert(called, "not called")
			}
			return nil
		},
	}
}

func walkAll(int) {
	test := prepare()
	open := gangway.Callbacks()
	for name, attempt := range attempts(test, false) {
		if name != "300 callbacks" {
			walk(name, attempt)
		}
	}
	// While thunks of closed callbacks are not enough yet, each attempt maps new pages.
	walk("300 callbacks", attempts(test, false)["300 callbacks"])
	for name, attempt := range attempts(test, true) {
		flat(name, attempt)
	}
	// Those that were lent for a func argument are closed by the collector.
	for i := 0; i < 1000 && gangway.Callbacks() > open; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	assert(gangway.Callbacks() == open, "%d callbacks open, %d before", gangway.Callbacks(), open)
}

func TestEveryRequestFailsOnce(t *testing.T) { runOK(t, "walk") }

// first does everything for the first time in a process, with the nth request failing, and then again.
func first(n int) {
	test := prepare()
	met := false
	for _, attempt := range []func() error{
		func() error {
			var abs func(int32) int32
			if err := gangway.Process().Bind("abs", &abs); err != nil {
				return err
			}
			assert(abs(-3) == 3, "abs")
			return nil
		},
		attempts(test, false)["a callback"],
		attempts(test, false)["a func"],
	} {
		var err error
		var now bool
		if !met {
			if err, now = faulty(int64(n), attempt); now {
				assert(err == nil || saysWhy(err), "fault %d: %v", n, err)
			}
			met = now
		}
		if !now {
			assert(err == nil, "%v", err)
		}
		err = attempt()
		assert(err == nil, "after fault %d: %v", n, err)
	}
	if !met {
		fmt.Println("no more faults")
	}
}

func TestFirstUseFails(t *testing.T) {
	for n := 1; ; n++ {
		r := run(t, fmt.Sprint("first ", n))
		if r.Code != 0 || !strings.HasSuffix(strings.TrimSpace(r.Out), "OK") {
			t.Fatalf("fault %d: exit status %d (%v)\n%s", n, r.Code, r.Signal, r.Out)
		}
		if strings.Contains(r.Out, "no more faults") {
			if n < 5 {
				t.Errorf("only %d faults", n-1)
			}
			return
		}
	}
}

// start is a program of no demands.
func start(int) {
	var abs func(int32) int32
	called := false
	c, err := gangway.NewCallback(func() { called = true })
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	if err := gangway.Process().Bind("abs", &abs); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	assert(abs(-3) == 3 && c.Pointer() != 0 && !called, "abs")
}

// A program whose start lacks memory runs, or says what it lacks.
func TestStartWithoutMemory(t *testing.T) {
	if withCgo {
		t.Skip("with cgo on it is runtime/cgo that starts, and it takes for granted that pthread_getattr_np finds memory")
	}
	most := 40
	if testing.Short() {
		most = 8
	}
	for n := 1; n <= most; n++ {
		r := run(t, "start", fmt.Sprint("GANGWAY_FAULT_MALLOC=", n))
		ok := r.Code == 0 && strings.HasSuffix(strings.TrimSpace(r.Out), "OK")
		said := strings.Contains(r.Out, "memory") || strings.Contains(r.Out, "pthread_create failed")
		if !ok && (!said || r.Signal == syscall.SIGSEGV) {
			t.Errorf("without its malloc %d: exit status %d (%v)\n%s", n, r.Code, r.Signal, r.Out)
		}
	}
}

// threads needs a number of threads at once.
func threads(n int) {
	l := testlib.MustOpen()
	sleep := gangway.MustFunc[func(*testlib.Gate) int32](l, "gt_gate_sleep", gangway.Blocking())
	gate := testlib.NewGate()
	done := make(chan bool)
	for i := 0; i < n; i++ {
		go func() { sleep(gate); done <- true }()
	}
	gate.Wait(int32(n))
	gate.Open()
	for i := 0; i < n; i++ {
		<-done
	}
}

func TestThreadsFail(t *testing.T) {
	// The system's trouble passes: nobody notices.
	runOK(t, "threads 10", "GANGWAY_FAULT_THREADS=10")
	// It does not.
	if r := run(t, "threads 10", "GANGWAY_FAULT_THREADS=1000000"); !diedWithoutThreads(r) {
		t.Errorf("without threads: exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
	}
}

// processes needs more threads than its user may have.
func processes(int) {
	path, err := testlib.Path()
	assert(err == nil, "%v", err)
	os.Setenv("GANGWAY_TESTLIB", path)
	testlib.MustOpen()
	// The limit is on all processes of the user, and does not hold for root.
	const nobody = 65534
	limit(6 /* RLIMIT_NPROC */, 1)
	if os.Getuid() == 0 {
		assert(syscall.Setuid(nobody) == nil, "setuid")
	}
	threads(50)
}

// limit sets a soft limit, at most the hard one, which is left alone.
func limit(what int, n uint64) {
	var l syscall.Rlimit
	err := syscall.Getrlimit(what, &l)
	if l.Cur = n; n > l.Max {
		l.Cur = l.Max
	}
	if err == nil {
		err = syscall.Setrlimit(what, &l)
	}
	assert(err == nil, "limit %d: %v", what, err)
}

// diedWithoutThreads tells whether a program ended as Go's programs do when C aborts, and said why.
func diedWithoutThreads(r testlib.Result) bool {
	return r.Code == 2 && strings.Contains(r.Out, "pthread_create failed: Resource temporarily unavailable") &&
		strings.Contains(r.Out, "SIGABRT")
}

func TestOutOfThreads(t *testing.T) {
	if r := run(t, "processes"); !diedWithoutThreads(r) {
		t.Errorf("without threads: exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
	}
}

// roomAgain is what space says when something has been unmapped meanwhile.
const roomAgain = "address space again"

// space runs out of address space, and goes on when there is some again.
func space(int) {
	test := prepare()
	call := gangway.MustFunc[func(uintptr)](test, "gt_call")
	room := make([]*gangway.Callback, 0, 1<<20)
	statm, err := os.ReadFile("/proc/self/statm")
	assert(err == nil, "%v", err)
	pages, err := strconv.ParseUint(strings.Fields(string(statm))[0], 10, 64)
	assert(err == nil, "%v", err)
	limit(syscall.RLIMIT_AS, pages*4096+16384)
	for err == nil && len(room) < cap(room) {
		var c *gangway.Callback
		if c, err = gangway.NewCallback(func() {}); err == nil {
			room = append(room, c)
		}
	}
	assert(err != nil, "%d callbacks without address space", len(room))
	assert(saysWhy(err), "%v", err)
	_, opened := gangway.Open("libm.so.6")
	if opened == nil {
		fmt.Println(roomAgain)
		os.Exit(1)
	}
	assert(strings.Contains(opened.Error(), "libm.so.6"), "opened: %v", opened)
	call(room[0].Pointer())
	limit(syscall.RLIMIT_AS, ^uint64(0))
	called := false
	c, err := gangway.NewCallback(func() { called = true })
	assert(err == nil, "%v", err)
	call(c.Pointer())
	assert(called, "not called")
	l, err := gangway.Open("libm.so.6")
	assert(err == nil, "%v", err)
	cos := gangway.MustFunc[func(float64) float64](l, "cos")
	assert(cos(0) == 1, "cos")
	for _, c := range append(room, c) {
		assert(c.Close() == nil, "Close")
	}
}

// The Go runtime needs memory and threads of its own, now and then, and ends the program when it gets none; what it unmaps
// makes room. Another try then.
func TestOutOfAddressSpace(t *testing.T) {
	for tries := 0; ; tries++ {
		r := run(t, "space")
		if r.Code == 0 && strings.HasSuffix(strings.TrimSpace(r.Out), "OK") {
			return
		}
		again := diedWithoutThreads(r)
		for _, words := range []string{"fatal error: runtime: cannot allocate memory", "fatal error: runtime: out of memory", "runtime: out of memory: cannot allocate ", roomAgain} {
			again = again || strings.HasPrefix(r.Out, words)
		}
		if !again || tries == 20 {
			t.Fatalf("exit status %d (%v)\n%s", r.Code, r.Signal, r.Out)
		}
	}
}
