package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gangwayffi/gangway/jit"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	want := `road a: code on the system stack called Go 50 times, the stack moved, the result is right
road b: code behind a gate called Go 50 times, the stack moved, the result is right
road c: registered code called Go 50 times, the stack moved, the result is right
`
	if err := jit.Available(); err != nil {
		want = want[:strings.Index(want, "road c")] + "road c: registered code is closed here: " + err.Error() + "\n"
	}
	if out.String() != want {
		t.Errorf("output is\n%swant\n%s", out.String(), want)
	}
}

// TestSignals runs all roads, several goroutines each, under collections without end, a CPU profile, and SIGURG for all
// threads again and again: signals find the machine code at every instruction.
func TestSignals(t *testing.T) {
	rounds, steps := 10, int64(200000)
	if testing.Short() {
		rounds = 2
	}
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	var stop, collections, signals uint64
	var disturbers, workers sync.WaitGroup
	disturb := func(f func()) {
		disturbers.Add(1)
		go func() {
			defer disturbers.Done()
			for atomic.LoadUint64(&stop) == 0 {
				f()
			}
		}()
	}
	disturb(func() {
		runtime.GC()
		atomic.AddUint64(&collections, 1)
	})
	disturb(func() {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Error(err)
			return
		}
		for _, task := range tasks {
			// A thread may be gone by now; that is no error here.
			if tid, err := strconv.Atoi(task.Name()); err == nil &&
				syscall.Tgkill(syscall.Getpid(), tid, syscall.SIGURG) == nil {
				atomic.AddUint64(&signals, 1)
			}
		}
	})
	for i := 0; i < 6; i++ {
		name, road := "a", onSystemStack
		switch {
		case i%3 == 1:
			name, road = "b", behindTheGate
		case i%3 == 2 && jit.Available() == nil:
			name, road = "c", registered
		}
		workers.Add(1)
		go func() {
			defer workers.Done()
			for r := 0; r < rounds; r++ {
				x, n := int64(r), int64(10)
				got, j, err := road(x, n, steps)
				j.moves++ // which may be 0 when the stack was large already
				if err == nil {
					err = j.check(x, n, steps, got)
				}
				if err != nil {
					t.Errorf("road %s, round %d: %v", name, r, err)
				}
			}
		}()
	}
	workers.Wait()
	atomic.StoreUint64(&stop, 1)
	disturbers.Wait()
	if collections == 0 || signals == 0 {
		t.Errorf("%d collections and %d signals, want some", collections, signals)
	}
	t.Logf("%d collections, %d signals", collections, signals)
}
