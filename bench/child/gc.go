package child

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// The gc rows: collections while every other goroutine is in C.
const (
	waiters    = 8
	waitUS     = 20000
	shortCalls = 200              // in the mixed rows, between two long ones
	warmUp     = 5                // long calls of each goroutine before the first collection
	gcInterval = time.Millisecond // between collections, so that they meet the goroutines at any instant
)

// Collections returns the four gc rows: the longest of n collections, by the wall clock ("gc-wall") and by how long it
// stopped the program ("gc-stop"), while eight goroutines are in calls of wait that take 20 ms; and the same with a C
// function that mostly returns at once and sometimes takes so long ("gc-mixed-wall", "gc-mixed-stop").
// always and sometimes call two different C functions, each of which waits so many microseconds.
func Collections(impl string, always, sometimes func(us int64)) []Bench {
	row := func(name string, wait func(us int64), shorts int, longest func() time.Duration) Bench {
		return Bench{Row: name, Impl: impl, Threads: true, CheckN: 2, Run: func(n int) (max time.Duration) {
			whileWaiting(wait, shorts, func() {
				for i := 0; i < n; i++ {
					time.Sleep(gcInterval)
					if d := longest(); d > max {
						max = d
					}
				}
			})
			return max
		}}
	}
	return []Bench{
		row("gc-wall", always, 0, collectionWall),
		row("gc-stop", always, 0, collectionStop),
		row("gc-mixed-wall", sometimes, shortCalls, collectionWall),
		row("gc-mixed-stop", sometimes, shortCalls, collectionStop),
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
	start := time.Now()
	runtime.GC()
	return time.Since(start)
}

// collectionStop collects and returns for how long in all that stopped the program.
func collectionStop() time.Duration {
	runtime.GC()
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	return stats.Pause[0]
}
