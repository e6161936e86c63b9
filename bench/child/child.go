// Package child is the part that the Go implementations of the benchmark share: a program per implementation serves
// samples to the runner.
//
// # Protocol
//
// The runner starts each program once, with the path of libbench.so, the number of a core, and, if not all are
// wanted, the names of rows, and asks it for samples in short rounds. On standard output the program writes a line
// for each benchmark it has, and then that it is ready:
//
//	bench ROW IMPLEMENTATION single|threads ALLOCATIONS
//	ready
//
// Before that it may say, in any number, which version of something it uses, and what it leaves out on this machine:
//
//	version NAME VERSION
//	left-out WHAT AND WHY
//
// ALLOCATIONS is how many pieces of Go memory an operation allocates, rounded down, or - where nobody counts: in C,
// and with "threads" unless there are to be none. By then the program has checked every benchmark; a wrong result
// ends it, and so does an allocation where there is to be none. Benchmarks count from 0. A request is
//
//	run BENCHMARK N
//
// for N operations, and the answer is
//
//	NS CALIBRATION CALIBRATION DELAY [QUANTILE=NS]...
//
// all in nanoseconds: what the sample took; what a fixed piece of work took right before and right after it; for how
// long during the sample the thread was ready to run and did not (0 for "threads", benchmarks that run on other
// threads too); quantiles of the events within the sample, for rows that are about the longest of them. The main
// goroutine, which makes the calls, is locked to its thread, and that is pinned to the core; other threads are free.
package child

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// A Bench is one implementation of one row.
type Bench struct {
	Row, Impl string
	Threads   bool // runs on other threads too
	Long      bool // an operation takes so long that there is one in a sample
	CheckN    int  // operations of the first run, which only checks
	NoAllocs  bool // an operation is to allocate nothing
	// Run performs n operations, panics by Check if a result is wrong, and returns what is to be reported: the time
	// they took.
	Run func(n int) time.Duration
	// Events stands in the place of Run where the longest of n events is to be reported; it returns how long each took.
	Events func(n int) []time.Duration
}

// Library returns the path of libbench.so.
func Library() string {
	if len(os.Args) < 3 {
		fmt.Fprintf(os.Stderr, "usage: %s LIBBENCH CORE [ROW...]\n", os.Args[0])
		os.Exit(2)
	}
	return os.Args[1]
}

// Check ends the program unless right.
func Check(row string, right bool) {
	if !right {
		Fail(fmt.Errorf("%s: wrong result", row))
	}
}

// Fail ends the program if err is not nil.
func Fail(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(1)
	}
}

// Serve checks the benchmarks and serves the runner until it closes standard input.
func Serve(benches []Bench) {
	Library()
	core, err := strconv.Atoi(os.Args[2])
	Fail(err)
	runtime.LockOSThread()
	Fail(pin(core))
	schedstat, err := os.Open("/proc/thread-self/schedstat")
	if err == nil {
		defer schedstat.Close()
	}
	benches = wanted(benches)
	for _, b := range benches {
		b.run(b.CheckN)
		kind := "single"
		if b.Threads {
			kind = "threads"
		}
		allocs := "-"
		if b.NoAllocs || !b.Threads && !b.Long {
			n := allocations(b)
			if b.NoAllocs && n != 0 {
				Fail(fmt.Errorf("%s, %s: %d allocations per operation", b.Row, b.Impl, n))
			}
			allocs = strconv.FormatUint(n, 10)
		}
		fmt.Printf("bench %s %s %s %s\n", b.Row, b.Impl, kind, allocs)
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	for {
		var i, n int
		if _, err := fmt.Fscanf(in, "run %d %d\n", &i, &n); err != nil || i < 0 || i >= len(benches) {
			return
		}
		before := calibrate()
		delay := delayed(schedstat)
		took, quantiles := benches[i].run(n)
		delay = delayed(schedstat) - delay
		after := calibrate()
		if benches[i].Threads {
			delay = 0
		}
		fmt.Printf("%d %d %d %d%s\n", took, before, after, delay, quantiles)
	}
}

// wanted returns the benchmarks of the rows that the command line names.
func wanted(all []Bench) (benches []Bench) {
	rows := os.Args[3:]
	for _, b := range all {
		named := len(rows) == 0
		for _, row := range rows {
			named = named || b.Row == row
		}
		if named {
			benches = append(benches, b)
		}
	}
	return benches
}

// Version tells the runner of a version, before Serve.
func Version(name, version string) { fmt.Printf("version %s %s\n", name, version) }

// LeftOut tells the runner, and the user, of what cannot be measured here, before Serve.
func LeftOut(what string, why error) {
	fmt.Printf("left-out %s: %v\n", what, why)
	fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", what, why)
}

// run runs b, and returns what is to be reported and the quantiles as the protocol has them.
func (b *Bench) run(n int) (took time.Duration, quantiles string) {
	if b.Events == nil {
		return b.Run(n), ""
	}
	events := b.Events(n)
	sort.Slice(events, func(i, j int) bool { return events[i] < events[j] })
	for _, q := range []struct {
		name string
		part float64
	}{{"p50", 0.50}, {"p90", 0.90}, {"p99", 0.99}} {
		quantiles += fmt.Sprintf(" %s=%d", q.name, events[int(q.part*float64(len(events)-1))])
	}
	return events[len(events)-1], quantiles
}

// allocations returns how many pieces of Go memory an operation of b allocates, rounded down as testing.AllocsPerRun
// does it. The least of a few runs counts: the runtime allocates now and then, too.
func allocations(b Bench) uint64 {
	least := ^uint64(0)
	for i := 0; i < allocationRuns && least != 0; i++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b.Run(b.CheckN)
		runtime.ReadMemStats(&after)
		if n := (after.Mallocs - before.Mallocs) / uint64(b.CheckN); n < least {
			least = n
		}
	}
	return least
}

const allocationRuns = 3

// pin lets the current thread run on one core only.
func pin(core int) error {
	var mask [128]uint64
	if core < 0 || core >= len(mask)*64 {
		return fmt.Errorf("no core %d", core)
	}
	mask[core/64] = 1 << (uint(core) % 64)
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(mask),
		uintptr(unsafe.Pointer(&mask)))
	if errno != 0 {
		return os.NewSyscallError("sched_setaffinity", errno)
	}
	return nil
}

const calibrationRounds = 1 << 13

// calibrate times a fixed piece of work that depends on nothing but the speed of the core. It is six chains side by
// side, which take all that the core can do: one alone would leave room for whoever shares the core's units, and not
// see them.
func calibrate() time.Duration {
	a, b, c, d, e, f := uint64(1), uint64(2), uint64(3), uint64(4), uint64(5), uint64(6)
	start := time.Now()
	for i := 0; i < calibrationRounds; i++ {
		a, b, c, d, e, f = xorshift(a), xorshift(b), xorshift(c), xorshift(d), xorshift(e), xorshift(f)
	}
	took := time.Since(start)
	Check("calibration", a != 0 && b != 0 && c != 0 && d != 0 && e != 0 && f != 0)
	return took
}

func xorshift(x uint64) uint64 {
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	return x
}

// delayed returns for how long the thread has been ready to run without running, 0 where the kernel does not tell.
func delayed(schedstat *os.File) (waited int64) {
	if schedstat == nil {
		return 0
	}
	var text [64]byte
	n, _ := schedstat.ReadAt(text[:], 0)
	var ran int64
	fmt.Sscan(string(text[:n]), &ran, &waited)
	return waited
}

// ModuleVersion tells the runner of the version of a module that is linked in.
func ModuleVersion(name, module string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, m := range info.Deps {
		if m.Path == module {
			Version(name, strings.TrimPrefix(m.Version, "v"))
		}
	}
}
