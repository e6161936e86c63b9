package main

import (
	"bytes"
	"context"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	scenarios["heap"] = heapProfile
	scenarios["labels"] = labels
	scenarios["not-in-go"] = notInGo
}

var allocated [][]byte

//go:noinline
func allocatesInCallback() { allocated = append(allocated, make([]byte, 1<<16)) }

//go:noinline
func callerAboveC(f func()) { f(); calls++ }

// stackShows tells whether a sample of the profile has these functions on its stack, the innermost first.
func stackShows(profile []byte, functions ...string) bool {
	samples, err := testlib.Samples(profile)
	check(err == nil, "%v", err)
	for _, s := range samples {
		k := 0
		for _, name := range s.Stack {
			if k < len(functions) && strings.HasSuffix(name, "."+functions[k]) {
				k++
			}
		}
		if k == len(functions) {
			return true
		}
	}
	return false
}

// Profiles of the heap and of goroutines show the Go callers above C, for callbacks on both kinds of threads.
func heapProfile() {
	runtime.MemProfileRate = 1
	call := bind[func(uintptr)]("gt_call")
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	waiting, release := make(chan bool), make(chan bool)
	fn := testlib.MustCallback(func() {
		allocatesInCallback()
		waiting <- true
		<-release
	})
	go callerAboveC(func() { call(fn) })
	<-waiting
	foreign := testlib.MustCallback(func(x int64) int64 { callerAboveC(func() { call(fn) }); return x })
	go threads(foreign, 1, 1, 0, 0)
	<-waiting
	runtime.GC()
	runtime.GC()
	for name, want := range map[string][]string{
		"heap":      {"allocatesInCallback", "callerAboveC"},
		"allocs":    {"allocatesInCallback", "callerAboveC"},
		"goroutine": {"chanrecv1", "callerAboveC"},
	} {
		var buf bytes.Buffer
		check(pprof.Lookup(name).WriteTo(&buf, 0) == nil, "%s", name)
		check(stackShows(buf.Bytes(), want...), "the %s profile does not show %v", name, want)
	}
	release <- true
	release <- true
}

// Labels of the profiler stay with a goroutine through calls and callbacks, and go to those that it starts there.
func labels() {
	call := bind[func(uintptr, int64) int64]("gt_call_i64")
	raise := bind[func(int32) int32]("gt_raise")
	pprof.Do(context.Background(), pprof.Labels("who", "me"), func(context.Context) {
		fn := testlib.MustCallback(func(x int64) int64 {
			raise(int32(syscall.SIGPROF))
			return x
		})
		var buf bytes.Buffer
		check(pprof.StartCPUProfile(&buf) == nil, "StartCPUProfile")
		for i := int64(0); i < 50; i++ {
			equal("result", call(fn, i), i)
		}
		pprof.StopCPUProfile()
		samples, err := testlib.Samples(buf.Bytes())
		check(err == nil && len(samples) > 0, "%d samples, %v", len(samples), err)
		waiting, release := make(chan bool), make(chan bool)
		start := testlib.MustCallback(func(x int64) int64 {
			go func() {
				waiting <- true
				<-release
			}()
			return x
		})
		equal("result", call(start, 1), int64(1))
		<-waiting
		buf.Reset()
		check(pprof.Lookup("goroutine").WriteTo(&buf, 1) == nil && strings.Contains(buf.String(), `"who":"me"`), "no label in\n%s", buf.String())
		release <- true
	})
}

// The number of goroutines that are in C, as the runtime counts them (Go 1.26), after it has stopped the world once: a running
// call is one as soon as anybody asks for its processor.
func notInGo() {
	const n = 5
	sample := []metrics.Sample{{Name: "/sched/goroutines/not-in-go:goroutines"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindBad {
		return // not counted before Go 1.26
	}
	wait := bind[func(*testlib.Gate) int32]("gt_gate_spin")
	gate := testlib.NewGate()
	for i := 0; i < n; i++ {
		go wait(gate)
	}
	gate.Wait(n)
	var m runtime.MemStats
	for end := time.Now().Add(10 * time.Second); ; {
		runtime.ReadMemStats(&m)
		metrics.Read(sample)
		if sample[0].Value.Uint64() == n {
			break
		}
		check(time.Now().Before(end), "%d goroutines in C, not %d", sample[0].Value.Uint64(), n)
	}
	gate.Open()
}
