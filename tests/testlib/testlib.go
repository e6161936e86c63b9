// Package testlib is what Gangway's Go tests share: the C library of tests/clib, seeds, time limits, and programs that run
// as processes of their own.
package testlib

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// TB is the part of testing.TB that this package uses; programs do without package testing.
type TB interface {
	Helper()
	Name() string
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	Cleanup(func())
	TempDir() string
}

// Path returns where libgwtest.so is: GANGWAY_TESTLIB, or beside the tests' directories, where make builds it.
func Path() (string, error) {
	if p := os.Getenv("GANGWAY_TESTLIB"); p != "" {
		return p, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		for _, sub := range []string{"clib", "tests/clib"} {
			p := filepath.Join(dir, sub, "libgwtest.so")
			if _, err := os.Stat(p); err == nil {
				return p, nil
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("libgwtest.so, the C library of the tests, is not in tests/clib: run make, or set GANGWAY_TESTLIB")
		}
		dir = parent
	}
}

var library struct {
	once sync.Once
	lib  *gangway.Library
	err  error
}

func open() (*gangway.Library, error) {
	library.once.Do(func() {
		var path string
		if path, library.err = Path(); library.err == nil {
			library.lib, library.err = gangway.Open(path)
		}
	})
	return library.lib, library.err
}

// MustOpen is Lib for programs.
func MustOpen() *gangway.Library {
	l, err := open()
	if err != nil {
		panic(err)
	}
	return l
}

// Lib returns libgwtest.so, which is never closed, and gives the test 250 seconds, or GANGWAY_WATCH: then the
// process ends, with the stacks of all goroutines and threads if the runtime can still print them.
func Lib(t TB) *gangway.Library {
	t.Helper()
	l, err := open()
	if err != nil {
		t.Fatalf("%v", err)
	}
	seconds := 250
	if s := os.Getenv("GANGWAY_WATCH"); s != "" {
		if seconds, err = strconv.Atoi(s); err != nil {
			t.Fatalf("GANGWAY_WATCH: %v", err)
		}
	}
	debug.SetTraceback("crash")
	Watch(t.Name(), int32(seconds))
	t.Cleanup(func() { Watch("", 0) })
	return l
}

var bounded sync.Once

// Watch ends the process when Watch is not called again within so many seconds; 0 ends the watch. What Go itself may lose
// in a collection is bounded from now on: boundMonitor.
func Watch(what string, seconds int32) {
	bounded.Do(boundMonitor)
	watch := gangway.MustFunc[func(*byte, int32) int32](MustOpen(), "gt_watch", gangway.Fast())
	name := append([]byte(what), 0)
	if r := watch(&name[0], seconds); r != 0 {
		panic(fmt.Sprintf("gt_watch: %d", r))
	}
}

// Pointer turns an address outside Go's heap into a pointer.
func Pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// Seed returns GANGWAY_SEED or a new seed, and prints it so that a failure, or a crash, can be replayed.
func Seed(name string) int64 {
	seed := time.Now().UnixNano() % 1e9
	if s := os.Getenv("GANGWAY_SEED"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic("GANGWAY_SEED: " + err.Error())
		}
		seed = n
	}
	fmt.Printf("%s: GANGWAY_SEED=%d\n", name, seed)
	return seed
}

// Rand returns a random generator with Seed.
func Rand(t TB) *rand.Rand { return rand.New(rand.NewSource(Seed(t.Name()))) }

// OnlyFast skips a test that is about running calls on the other roads.
func OnlyFast(t TB, why string) {
	t.Helper()
	if road, reason := gangway.CurrentRoad(); road != gangway.RoadFast {
		t.Skipf("%s; this is the %v road: %s", why, road, reason)
	}
}

// Modes are the ways to make a call of a bound function.
var Modes = []struct {
	Name   string
	Option gangway.Option
}{
	{"Auto", gangway.Auto()}, {"Blocking", gangway.Blocking()}, {"Fast", gangway.Fast()}, {"Safe", gangway.Safe()},
}

// Callback makes a callback that is closed when the test ends, and returns its C function pointer.
func Callback(t TB, fn any) uintptr {
	t.Helper()
	c, err := gangway.NewCallback(fn)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c.Pointer()
}

// MustCallback is Callback for programs; it stays open.
func MustCallback(fn any) uintptr {
	c, err := gangway.NewCallback(fn)
	if err != nil {
		panic(err)
	}
	return c.Pointer()
}

// Gate holds C calls (gt_gate_*) until it is opened. C reads and writes it: it must lie in the heap or in a variable of
// the package, whose addresses do not change.
type Gate struct{ inside, open int32 }

// NewGate returns a closed gate in the heap.
func NewGate() *Gate {
	g := new(Gate)
	gateSink.Store(g)
	return g
}

var gateSink atomic.Value

// Open lets the calls return.
func (g *Gate) Open() { atomic.StoreInt32(&g.open, 1) }

// Wait returns when n calls are inside.
func (g *Gate) Wait(n int32) {
	for atomic.LoadInt32(&g.inside) < n {
		time.Sleep(time.Millisecond)
	}
}

// Inside returns how many calls are inside.
func (g *Gate) Inside() int32 { return atomic.LoadInt32(&g.inside) }

// Collect collects without end. stop ends that and returns how many times it was.
func Collect() (stop func() int) {
	stopped := make(chan bool)
	collected := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stopped:
				collected <- n
				return
			default:
				runtime.GC()
				n++
			}
		}
	}()
	return func() int {
		close(stopped)
		return <-collected
	}
}

// Eventually waits until cond holds. The watchdog of Lib ends it when that never happens.
func Eventually(cond func() bool) {
	for pause := time.Microsecond; !cond(); {
		time.Sleep(pause)
		if pause < 10*time.Millisecond {
			pause *= 2
		}
	}
}

// Grow uses the given number of kilobytes of the goroutine's stack and returns a sum of n that is right if every frame
// kept its contents. p points to a variable further up the stack.
//
//go:noinline
func Grow(kilobytes int, n int, p *int) int {
	var a [100]int
	for i := range a {
		a[i] = n + i
	}
	if kilobytes > 0 {
		if got := Grow(kilobytes-1, n+1, p); got != n+1+*p {
			return -1 << 60
		}
	}
	for i := range a {
		if a[i] != n+i {
			return -1 << 61
		}
	}
	return n + *p
}

// Churn allocates, collects if asked to, and checks what it allocated.
func Churn(r *rand.Rand, collect bool) {
	type node struct {
		next *node
		v    [6]int
	}
	var list *node
	n := 20 + r.Intn(50)
	for i := 0; i < n; i++ {
		list = &node{list, [6]int{i, i + 1, i + 2, i + 3, i + 4, i + 5}}
	}
	if collect {
		runtime.GC()
	}
	for i := n - 1; i >= 0; i-- {
		if list.v != [6]int{i, i + 1, i + 2, i + 3, i + 4, i + 5} {
			panic("a live object was overwritten")
		}
		list = list.next
	}
	if list != nil {
		panic("a live object was overwritten")
	}
}
