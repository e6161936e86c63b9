package child

import (
	"runtime"
	"strconv"
	"sync"
	"time"
)

// most is how many functions or callbacks the curves go up to; the points are powers of ten.
const most = 1000000

// BoundCurve returns the curve of calls against how many bound functions there are, up to limit: each call is of
// another one of them. bind binds bench_call0 to another func value each time.
func BoundCurve(impl string, limit int, bind func() func() int64) (benches []Bench) {
	var functions []func() int64 // made when first needed
	for count := 10; count <= most && count <= limit; count *= 10 {
		count, step := count, step(count)
		benches = append(benches, Bench{Row: "bound/" + strconv.Itoa(count), Impl: impl, CheckN: CheckN,
			Run: func(n int) time.Duration {
				for len(functions) < count {
					functions = append(functions, bind())
				}
				var sum int64
				at := 0
				start := time.Now()
				for i := 0; i < n; i++ {
					sum += functions[at]()
					if at += step; at >= count {
						at -= count
					}
				}
				took := time.Since(start)
				Check("bound", sum == Call0Result*int64(n))
				return took
			}})
	}
	return benches
}

// Live returns the curve of callbacks against how many there are, up to limit: each one called is another one of
// them. make makes a callback of Successor; many is bench_callbacks_many.
func Live(impl string, limit int, make func() uintptr, many func(cbs *uintptr, count, step,
	n int64) int64) (benches []Bench) {
	var pointers []uintptr
	for count := 10; count <= most && count <= limit; count *= 10 {
		count, step := count, step(count)
		benches = append(benches, Bench{Row: "live/" + strconv.Itoa(count), Impl: impl, CheckN: CheckN,
			Run: func(n int) time.Duration {
				for len(pointers) < count {
					pointers = append(pointers, make())
				}
				start := time.Now()
				sum := many(&pointers[0], int64(count), int64(step), int64(n))
				took := time.Since(start)
				Check("live", sum == SuccessorSum(n))
				return took
			}})
	}
	return benches
}

// step returns what to add to an index to take the next of count, a power of ten: it has no factor in common with
// count, and neighbours lie far apart.
func step(count int) int {
	s := count*6/10 + 1
	for s%2 == 0 || s%5 == 0 {
		s++
	}
	return s
}

// AtOnce returns the curves of calls against goroutines and against cores that call at once. The time of an operation
// is that of all of them, by how many calls they make together. calls makes n calls.
func AtOnce(impl string, calls func(n int) time.Duration) (benches []Bench) {
	add := func(row string, count, procs int) {
		benches = append(benches, Bench{Row: row + "/" + strconv.Itoa(count), Impl: impl, Threads: true,
			CheckN: CheckN * count,
			Run:    func(n int) time.Duration { return atOnce(n, count, procs, calls) }})
	}
	for count := 1; count <= 10000; count *= 10 {
		add("goroutines", count, runtime.NumCPU())
	}
	for cores := 1; cores < runtime.NumCPU(); cores *= 2 {
		add("cores", cores, cores)
	}
	add("cores", runtime.NumCPU(), runtime.NumCPU())
	return benches
}

// atOnce has count goroutines on procs processors make n calls together, and returns how long that took from when all
// of them were there. Fewer calls than goroutines are as many as those.
func atOnce(n, count, procs int, calls func(n int) time.Duration) time.Duration {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	each := n/count + 1
	var there, done sync.WaitGroup
	there.Add(count)
	done.Add(count)
	begin := make(chan bool)
	for i := 0; i < count; i++ {
		go func() {
			there.Done()
			<-begin
			calls(each)
			done.Done()
		}()
	}
	there.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	return time.Since(start) * time.Duration(n) / time.Duration(each*count)
}
