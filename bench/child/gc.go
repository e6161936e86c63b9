package child

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// The latency rows: collections, and goroutines that wake up, while every other goroutine is in C.
const (
	waiters    = 8
	waitUS     = 20000
	shortCalls = 200              // in the mixed rows, between two long ones
	warmUp     = 5                // long calls of each goroutine before the first collection
	gcInterval = time.Millisecond // between collections, so that they meet the goroutines at any instant
	nap        = 200 * time.Microsecond
)

// Latency returns the latency rows. Of n collections, the longest by the wall clock ("gc-wall") and by how long it
// stopped the program ("gc-stop"), while eight goroutines are in calls of wait that take 20 ms; and the same with a C
// function that mostly returns at once and sometimes takes so long ("gc-mixed-wall", "gc-mixed-stop"). Beside the
// same goroutines, of n times that one wakes up from a short sleep, how late it was at most ("late", "late-mixed").
// always and sometimes call two different C functions, each of which waits so many microseconds.
func Latency(impl string, always, sometimes func(us int64)) []Bench {
	row := func(name string, wait func(us int64), shorts int, event func() time.Duration) Bench {
		return Bench{Row: name, Impl: impl, Threads: true, CheckN: 2, Events: func(n int) (events []time.Duration) {
			whileWaiting(wait, shorts, func() {
				for i := 0; i < n; i++ {
					events = append(events, event())
				}
			})
			return events
		}}
	}
	return []Bench{
		row("gc-wall", always, 0, collectionWall),
		row("gc-stop", always, 0, collectionStop),
		row("gc-mixed-wall", sometimes, shortCalls, collectionWall),
		row("gc-mixed-stop", sometimes, shortCalls, collectionStop),
		row("late", always, 0, late),
		row("late-mixed", sometimes, shortCalls, late),
	}
}

// whileWaiting runs f on a goroutine of its own, not the pinned one, while the waiters wait.
func whileWaiting(wait func(us int64), shorts int, f func()) {
	var warm, done sync.WaitGroup
	var stop int32
	warm.Add(waiters)
	done.Add(waiters)
	for i := 0; i < waiters; i++ {
		go func() {
			defer done.Done()
			for calls := 1; atomic.LoadInt32(&stop) == 0; calls++ {
				for j := 0; j < shorts; j++ {
					wait(0)
				}
				wait(waitUS)
				if calls == warmUp {
					warm.Done()
				}
			}
		}()
	}
	finished := make(chan bool)
	go func() {
		warm.Wait()
		f()
		close(finished)
	}()
	<-finished
	atomic.StoreInt32(&stop, 1)
	done.Wait()
}

func collectionWall() time.Duration {
	time.Sleep(gcInterval)
	start := time.Now()
	runtime.GC()
	return time.Since(start)
}

// collectionStop collects and returns for how long in all that stopped the program.
func collectionStop() time.Duration {
	time.Sleep(gcInterval)
	runtime.GC()
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	return stats.Pause[0]
}

// late sleeps and returns by how much it woke up too late.
func late() time.Duration {
	start := time.Now()
	time.Sleep(nap)
	return time.Since(start) - nap
}
