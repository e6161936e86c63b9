package main

// The workers: what they share, their loop, and the table of the operations.

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A random generator that is cheap to make: each callback has one.
type random uint64

func (r *random) intn(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(uint64(*r>>33) % uint64(n))
}

// A soak is the whole run.
type soak struct {
	test, own *gangway.Library
	plugin    string // path
	modes     []*functions
	journal   *journal
	done      []int64 // how often each operation was done
	stop      int32
	rand      [workers]random
	step      [workers]int64

	back    uintptr // callback: int64 to int64, random operations, then answer(x)
	plain   uintptr // callback that returns its argument
	stacks  uintptr // the same, which moves the stack and collects
	bad     uintptr // callback that panics with its argument
	exit    uintptr // callback that calls Goexit
	turn    uintptr // callback: vector and pair to vector
	badTurn uintptr // the same, which panics
	enlarge uintptr // callback: big and small to big
}

func newSoak(j *journal, seed int64) *soak {
	s := &soak{test: testlib.MustOpen(), journal: j, done: make([]int64, len(operations))}
	path, err := testlib.Path()
	if err != nil {
		panic(err)
	}
	dir := filepath.Join(filepath.Dir(path), "..", "soak", "c")
	s.plugin = filepath.Join(dir, "libgwplugin.so")
	if s.own, err = gangway.Open(filepath.Join(dir, "libgwsoak.so")); err != nil {
		panic(err)
	}
	for _, mode := range testlib.Modes {
		s.modes = append(s.modes, bind(s.test, s.own, mode.Name, mode.Option))
	}
	for w := range s.rand {
		s.rand[w] = random(seed + int64(w)*7919)
	}
	s.back = testlib.MustCallback(s.called)
	s.plain = testlib.MustCallback(func(x int64) int64 { return x })
	s.stacks = testlib.MustCallback(s.onStacks)
	s.bad = testlib.MustCallback(func(x int64) int64 { panic(x) })
	s.exit = testlib.MustCallback(func(x int64) int64 { runtime.Goexit(); return 0 })
	s.turn = testlib.MustCallback(turn)
	s.badTurn = testlib.MustCallback(func(v vector, p pair) vector { panic(p) })
	s.enlarge = testlib.MustCallback(enlarge)
	return s
}

func answer(x int64) int64 { return 3*x + 1 }

// A site is where an operation runs: on which worker, and below how many callbacks.
type site struct {
	*soak
	*functions
	r      *random
	worker int
	depth  int
	op     int
}

// check ends the process when a result is wrong.
func (s *site) check(ok bool, format string, args ...any) {
	if ok {
		return
	}
	fmt.Printf("soak: FAILED: worker %d, step %d, %s below %d callbacks, %s: %s\n", s.worker,
		atomic.LoadInt64(&s.journal[s.worker].step), operations[s.op].name, s.depth, s.mode, fmt.Sprintf(format, args...))
	os.Exit(1)
}

// one does an operation at random.
func (s *soak) one(r *random, worker, depth int) {
	at := site{soak: s, functions: s.modes[r.intn(len(s.modes))], r: r, worker: worker, depth: depth, op: r.intn(len(operations))}
	s.do(&at)
}

func (s *soak) do(at *site) {
	j := &s.journal[at.worker]
	atomic.StoreInt64(&j.op, int64(at.op))
	atomic.StoreInt64(&j.deep, int64(at.depth))
	operations[at.op].run(at)
	atomic.AddInt64(&s.done[at.op], 1)
}

// called is what s.back calls: depth, worker and a seed are in x.
func (s *soak) called(x int64) int64 {
	r := random(x)
	local := x
	p := &local
	worker, depth := int(x>>8&0xff), int(x&0xff)
	for i := r.intn(3); i >= 0; i-- {
		s.one(&r, worker, depth)
	}
	if *p != x || local != x {
		panic("a variable of a callback has changed")
	}
	return answer(x)
}

func (s *site) argument() int64 {
	return int64(s.depth+1) | int64(s.worker)<<8 | int64(s.r.intn(1<<30))<<16
}

// work goes on until s.stop.
func (s *soak) work(worker int) {
	for atomic.LoadInt32(&s.stop) == 0 {
		s.step[worker]++
		atomic.StoreInt64(&s.journal[worker].step, s.step[worker])
		s.one(&s.rand[worker], worker, 0)
	}
}

// recovered runs f and returns what it panicked with.
func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// ended runs f on a goroutine of its own and waits for its end.
func ended(f func()) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		f()
	}()
	wg.Wait()
}

type operation struct {
	name string
	run  func(*site)
}

// operations is filled by init: what they do when they fail refers to it.
var operations []operation

func init() {
	operations = []operation{
		{"integers", (*site).integers},
		{"floats", (*site).floats},
		{"many arguments", (*site).manyArguments},
		{"pointers", (*site).pointers},
		{"errno", (*site).errnos},
		{"structs", (*site).structs},
		{"large structs", (*site).largeStructs},
		{"wide scalars", (*site).wideScalars},
		{"strings", (*site).strings},
		{"variadic", (*site).variadic},
		{"slices", (*site).slices},
		{"funcs", (*site).funcs},
		{"callback", (*site).callback},
		{"callback again", (*site).callback},
		{"deep callback", (*site).deepCallback},
		{"struct callback", (*site).structCallback},
		{"panic", (*site).panics},
		{"panic with structs", (*site).panicsWithStructs},
		{"Goexit", (*site).goexit},
		{"own callback", (*site).ownCallback},
		{"own struct callback", (*site).ownStructCallback},
		{"closed callback", (*site).closedCallback},
		{"entered callback", (*site).enteredCallback},
		{"library", (*site).library},
		{"rebound", (*site).rebound},
		{"threads", (*site).cThreads},
		{"loose thread", (*site).looseThread},
		{"attached thread", (*site).attachedThread},
		{"stacks of C's", (*site).switched},
		{"long call", (*site).longCall},
		{"take-over", (*site).takeOver},
		{"wait", (*site).waits},
		{"registers", (*site).registers},
		{"collector", (*site).collector},
	}
}
