package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A state is what the process holds while nothing runs. Sizes are in bytes.
type state struct {
	resident  int64 // memory, of the whole process
	heap      int64 // Go's live objects
	malloc    int64 // what C has from malloc
	threads   int
	goroutine int
	callbacks int
	code      int64 // executable pages that belong to no file: thunks and plans
	mappings  int
	files     int
}

func (a state) String() string {
	return fmt.Sprintf("%.1f MB resident, heap %.2f MB, malloc %.1f KB, %d threads, %d goroutines, %d callbacks, code %d KB, "+
		"%d mappings, %d files", float64(a.resident)/(1<<20), float64(a.heap)/(1<<20), float64(a.malloc)/1024, a.threads, a.goroutine,
		a.callbacks, a.code>>10, a.mappings, a.files)
}

var (
	memory     func() int64
	looseLeft  func() int32
	looseWrong func() int64
)

func bindState(s *soak) {
	for name, fn := range map[string]any{"gs_memory": &memory, "gs_loose_left": &looseLeft, "gs_loose_wrong": &looseWrong} {
		if err := s.own.Bind(name, fn, gangway.Blocking()); err != nil {
			panic(err)
		}
	}
}

// measure says what the process holds once what is on its way out has gone: threads that nobody waits for, and callbacks
// that the collector closes.
func measure(callbacks int) state {
	limit := time.Now().Add(100 * time.Second)
	for threads := -1; ; {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
		n := testlib.Threads()
		quiet := looseLeft() == 0 && n == threads && (callbacks < 0 || gangway.Callbacks() <= callbacks)
		if threads = n; quiet || time.Now().After(limit) {
			break
		}
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	a := state{
		heap:      int64(m.HeapAlloc),
		malloc:    memory(),
		threads:   testlib.Threads(),
		goroutine: runtime.NumGoroutine(),
		callbacks: gangway.Callbacks(),
	}
	for _, m := range testlib.Mappings() {
		a.mappings++
		if m.Name == "" && strings.Contains(m.Perms, "x") {
			a.code += int64(m.End - m.Start)
		}
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	a.files = len(files)
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		panic(err)
	}
	a.resident = pages * int64(os.Getpagesize())
	return a
}

// child does the work: a warm-up, after which the process holds what it needs, then epochs, after each of which it must hold
// no more.
func child() {
	seconds, err := strconv.ParseFloat(os.Getenv(childVariable), 64)
	if err != nil {
		panic(err)
	}
	seed, err := strconv.ParseInt(os.Getenv("GANGWAY_SEED"), 10, 64)
	if err != nil {
		panic(err)
	}
	j, err := mapJournal(os.NewFile(3, "journal"))
	if err != nil {
		panic(err)
	}
	s := newSoak(j, seed)
	bindState(s)
	road, why := gangway.CurrentRoad()
	fmt.Printf("soak: %s, %v road: %s; %v seconds\n", runtime.Version(), road, why, seconds)
	begin := time.Now()
	total := time.Duration(seconds * float64(time.Second))
	s.warmUp()
	s.epoch(total / 5)
	start := measure(-1)
	fmt.Printf("soak: %4.0f s: %v\n", time.Since(begin).Seconds(), start)
	now := start
	for left := total - time.Since(begin); left > 0; left = total - time.Since(begin) {
		if left > time.Minute {
			left = time.Minute
		}
		s.epoch(left)
		now = measure(start.callbacks)
		fmt.Printf("soak: %4.0f s: %v\n", time.Since(begin).Seconds(), now)
	}
	operationsDone := int64(0)
	failed := false
	for i := range operations {
		n := atomic.LoadInt64(&s.done[i])
		if operationsDone += n; n == 0 {
			fmt.Printf("soak: operation %q did not happen\n", operations[i].name)
			failed = true
		}
	}
	fmt.Printf("soak: %d operations, %d take-overs in %.0f s\n", operationsDone, gangway.Takeovers(), time.Since(begin).Seconds())
	if n := looseWrong(); n != 0 {
		fmt.Printf("soak: %d wrong results on loose threads\n", n)
		failed = true
	}
	for _, what := range now.more(start) {
		fmt.Println("soak: not flat:", what)
		failed = true
	}
	if failed {
		os.Exit(1)
	}
	fmt.Println("soak: OK")
}

// warmUp does every operation in every mode, so that everything that is made once has been made, and opens as many callbacks
// as will ever be open at a time, or wait for their address to be used again.
func (s *soak) warmUp() {
	r := random(1)
	for round := 0; round < 100; round++ {
		for op := range operations {
			s.do(&site{soak: s, functions: s.modes[round%len(s.modes)], r: &r, op: op})
		}
	}
	var all []*gangway.Callback
	for i := 0; i < 3000; i++ {
		c, err := gangway.NewCallback(func(x int64) int64 { return x })
		if err != nil {
			panic(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		c.Close()
	}
}

// epoch lets the workers work, collecting all the time.
func (s *soak) epoch(d time.Duration) {
	atomic.StoreInt32(&s.stop, 0)
	var wg sync.WaitGroup
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func(w int) {
			defer wg.Done()
			s.work(w)
		}(w)
	}
	for end := time.Now().Add(d); time.Now().Before(end); {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	atomic.StoreInt32(&s.stop, 1)
	wg.Wait()
}

// more says what a holds beyond what it held before.
func (a state) more(before state) []string {
	var found []string
	exceeds := func(what string, now, then, slack int64) {
		if now > then+slack {
			found = append(found, fmt.Sprintf("%s: %d, %d after the warm-up, %d more are allowed", what, now, then, slack))
		}
	}
	exceeds("bytes resident", a.resident, before.resident, 16<<20)
	exceeds("bytes of Go's heap", a.heap, before.heap, 1<<20)
	exceeds("bytes from malloc", a.malloc, before.malloc, 32<<10)
	exceeds("threads", int64(a.threads), int64(before.threads), 10)
	exceeds("goroutines", int64(a.goroutine), int64(before.goroutine), 0)
	exceeds("callbacks", int64(a.callbacks), int64(before.callbacks), 0)
	// A thunk is used again by callbacks of its own kind, and rests for 1,024 Closes: how many there are follows the most that
	// each kind has had among so many.
	exceeds("bytes of code", a.code, before.code, 16<<10)
	exceeds("mappings", int64(a.mappings), int64(before.mappings), 30)
	exceeds("files", int64(a.files), int64(before.files), 0)
	return found
}
