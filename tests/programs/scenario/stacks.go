package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/trace"
	"sync/atomic"
	"time"

	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() {
	scenarios["coroutines-thread"] = coroutinesOnThread
	scenarios["coroutines-nested"] = coroutinesNested
	scenarios["bottom"] = bottomOfStack
	scenarios["thread-sizes"] = threadSizes
	scenarios["shrink"] = shrink
	scenarios["deep"] = deep
}

// work is what callbacks on switched stacks do: the stack of the goroutine moves, the collector runs, others come in
// between, and C is called again.
func work(x int64) int64 {
	k := int(x)
	equal("stack contents", testlib.Grow(40, k, &k), 2*k)
	switch x % 5 {
	case 1:
		runtime.GC()
	case 2:
		runtime.Gosched()
	case 3:
		time.Sleep(time.Microsecond)
	case 4:
		equal("gt_add", bind[func(int32, int32) int32]("gt_add")(int32(x), 1), int32(x)+1)
	}
	return x
}

// C's threads call Go from coroutines: each from near the top of its stack and from further down, in turn. A thread
// whose first call comes from a coroutine is one whose stack the runtime has to guess.
func coroutinesOnThread() {
	run := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_coroutines_on_thread")
	fn := testlib.MustCallback(work)
	for _, size := range []uint64{48 << 10, 64 << 10, 96 << 10, 256 << 10, 1 << 20} {
		for i := int32(0); i < 4; i++ {
			n := 1 + i/2*3
			sum := int64(40*n) * int64(40*n-1) / 2
			equal(fmt.Sprint("sum on stacks of ", size), run(fn, n, 40, size, i%2), sum)
		}
	}
}

// Callbacks in callbacks on coroutines, each further down.
func coroutinesNested() {
	run := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_coroutines_on_thread")
	below := bind[func(uintptr, int64, uint64) int64]("gt_call_below")
	var fn uintptr
	var depth int64
	fn = testlib.MustCallback(func(x int64) int64 {
		if depth == 40 {
			return x
		}
		depth++
		r := below(fn, x, 1500)
		depth--
		runtime.GC()
		return work(r)
	})
	for own := int32(0); own < 2; own++ {
		equal("sum", run(fn, 10, 1, 256<<10, own), int64(10*9/2))
	}
}

// C's threads with stacks from the smallest that pthreads allow and Go's own work fits, to large ones.
func threadSizes() {
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	fn := testlib.MustCallback(work)
	for _, size := range []uint64{32 << 10, 48 << 10, 64 << 10, 1 << 20, 64 << 20, 1 << 30} {
		for i := 0; i < 3; i++ {
			equal(fmt.Sprint("sum on stacks of ", size), threads(fn, 3, 10, size, 0), int64(30*29/2))
		}
	}
}

// C that has used up all but little of its stack when the collector comes, and the tracer looks.
func bottomOfStack() {
	spin := bind[func(*int32, int64, uint32) int64]("gt_spin_at_bottom")
	for _, tracing := range []bool{false, true} {
		if tracing {
			check(trace.Start(io.Discard) == nil, "trace.Start")
		}
		for _, left := range []int64{600, 1 << 10, 1500, 2 << 10, 3 << 10, 4 << 10, 6 << 10, 8 << 10, 9 << 10, 12 << 10, 32 << 10} {
			inside := new(int32)
			done := make(chan int64)
			go func() {
				runtime.LockOSThread()
				done <- spin(inside, left, 20000)
			}()
			for atomic.LoadInt32(inside) == 0 {
				runtime.Gosched()
			}
			runtime.GC()
			n := <-done
			check(0 < n && n <= left, "%d bytes, not %d", n, left)
		}
	}
	trace.Stop()
}

// The goroutine's stack grows in a callback, and shrinks while C has a callback open on it.
func shrink() {
	call := bind[func(uintptr, int64, int32) int64]("gt_call_deep")
	inner := testlib.MustCallback(func(x int64) int64 {
		runtime.GC()
		return x
	})
	var local [100]int64
	fn := testlib.MustCallback(func(x int64) int64 {
		k := 3
		equal("stack contents", testlib.Grow(1000, k, &k), 2*k)
		before := stackSize()
		for i := 0; i < 4; i++ {
			runtime.GC() // halves the stack when three quarters are free
			equal("result", call(inner, int64(i), 3), int64(i))
		}
		check(stackSize() < before, "stacks of %d bytes, %d before", stackSize(), before)
		equal("stack contents", testlib.Grow(100, k, &k), 2*k)
		return x + local[7]
	})
	for i := int64(0); i < 10; i++ {
		local[7] = i
		done := make(chan int64)
		go func() { done <- call(fn, 2*i, 2) }()
		equal("result", <-done, 3*i)
	}
}

func stackSize() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

// Go calls C calls Go, hundreds deep, with collections at the bottom and every frame checked on the way back.
func deep() {
	call := bind[func(uintptr, int64) int64]("gt_call_i64")
	depth := int64(500)
	var fn uintptr
	fn = testlib.MustCallback(func(x int64) int64 {
		k := int(x)
		if x == 0 {
			runtime.GC()
			equal("stack contents", testlib.Grow(1000, k, &k), 2*k)
			return 0
		}
		r := call(fn, x-1)
		equal("stack contents", testlib.Grow(1, k, &k), 2*k)
		return x + r
	})
	for i := 0; i < 3; i++ {
		equal("sum", call(fn, depth), depth*(depth+1)/2)
		done := make(chan int64)
		go func() { done <- call(fn, depth) }()
		equal("sum", <-done, depth*(depth+1)/2)
	}
}
