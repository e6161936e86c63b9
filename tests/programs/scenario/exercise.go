package main

import (
	"runtime"
	"sync"
	"time"

	"github.com/gangwayffi/gangway/tests/testlib"
)

func init() { scenarios["exercise"] = exercise }

// exercise is a bit of everything, for programs that are built or run in an unusual way.
func exercise() {
	add := bind[func(int32, int32) int32]("gt_add")
	call := bind[func(uintptr, int64, int32) int64]("gt_call_deep")
	threads := bind[func(uintptr, int32, int32, uint64, int32) int64]("gt_threads")
	spin := bind[func(uint32) uint64]("gt_spin")
	sleep := bind[func(uint32)]("gt_sleep")
	user := bind[func(uintptr, *[4]int64) int64]("gt_call_user")
	var fn uintptr
	fn = testlib.MustCallback(func(x int64) int64 {
		k := int(x)
		equal("stack contents", testlib.Grow(k%50, k, &k), 2*k)
		switch {
		case x == 1000:
			panic(x)
		case x%7 == 0:
			runtime.Gosched()
		case x%11 == 0:
			time.Sleep(10 * time.Microsecond)
		}
		if x%8 == 0 {
			return 1
		}
		return 1 + call(fn, x-1, int32(x%3))
	})
	seen := testlib.MustCallback(func(p *[4]int64) int64 {
		p[1]++
		return p[2]
	})
	var wg sync.WaitGroup
	for g := 0; g < 4; g++ {
		g := g
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := int64(0); i < 60; i++ {
				equal("gt_add", add(int32(i), 1), int32(i)+1)
				equal("depth", call(fn, i, 1), i%8+1)
				func() {
					defer func() { equal("recovered", recover(), any(int64(1000))) }()
					call(fn, 1000, 2)
				}()
				numbers := &[4]int64{1, 2, 3, 4}
				check(user(seen, numbers) == 3 && numbers[1] == 3, "%v", numbers)
				spin(uint32(i) * 5)
				sleep(uint32(i) * 5)
				if i%20 == int64(g) {
					equal("sum", threads(fn, 3, 8, 0, 0), int64(3*36))
					runtime.GC()
				}
			}
		}()
	}
	wg.Wait()
	taken("in the end")
}
