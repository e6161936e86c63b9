// Package stress_test runs everything at once: calls of all modes, callbacks, panics and Goexit through C, C's own
// threads, collections, stack growth, signals, profiling, child processes. Every result is checked.
//
//	go test ./tests/stress -seconds 600
package stress_test

import (
	"bytes"
	"flag"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

var (
	seconds = flag.Float64("seconds", 5, "how long to run; a fifth of it with -short")
	workers = flag.Int("workers", 8, "goroutines that work")
	storm   = flag.Bool("storm", true, "send SIGURG and SIGPROF to all threads at random")
	profile = flag.Bool("profile", true, "take a CPU profile meanwhile")
)

// library is the C functions of one mode.
type library struct {
	name    string
	ints    func(a, b, c, d, e, f int64) int64
	i8      func(int8) int8
	doubles func(a, b, c, d, e, f, g, h float64) float64
	many    func(i0 int64, f0 float64, i1 int64, f1 float64, i2 int64, f2 float64, i3 int64, f3 float64, i4 int64, f4 float64,
		i5 int64, f5 float64, i6 int8, f6 float64, i7 uint16, f7 float64, i8 int32, f8 float32, i9 bool, f9 float64, f10 float32,
		f11 float64) float64
	pointer func(*[4]int64) *[4]int64
	errno   func(int32, int64) (int64, syscall.Errno)
	spin    func(uint32) uint64
	sleep   func(uint32)
	id      func() int32
	call    func(fn uintptr, x int64) int64
	callN   func(fn uintptr, n int32) int64
	deep    func(fn uintptr, x int64, frames int32) int64
	threads func(fn uintptr, n, calls int32, stack uint64, alt int32) int64
}

func bind(t *testing.T, mode string, o gangway.Option) *library {
	l := &library{name: mode}
	for name, fn := range map[string]any{
		"gt_ints6": &l.ints, "gt_id_i8": &l.i8, "gt_doubles8": &l.doubles, "gt_mixed22": &l.many, "gt_id_pointer": &l.pointer,
		"gt_errno_set": &l.errno, "gt_spin": &l.spin, "gt_sleep": &l.sleep, "gt_thread_id": &l.id, "gt_call_i64": &l.call,
		"gt_call_n": &l.callN, "gt_call_deep": &l.deep, "gt_threads": &l.threads,
	} {
		if err := testlib.Lib(t).Bind(name, fn, o); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// A random generator that is cheap to make: each callback has one.
type random uint64

func (r *random) intn(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(uint64(*r>>33) % uint64(n))
}

// stress is one run.
type stress struct {
	t       *testing.T
	libs    []*library
	back    uintptr // callback of int64 to int64: random operations, then answer(x)
	plain   uintptr // callback that returns its argument
	bad     uintptr // callback that panics with its argument
	exit    uintptr // callback that calls Goexit
	stop    int32
	ops     [operations]int64
	pinged  chan chan int
	started time.Time
}

const operations = 20

func answer(x int64) int64 { return 3*x + 1 }

func (s *stress) lib(r *random) *library { return s.libs[r.intn(len(s.libs))] }

// check fails the test; the operation goes on so that what follows is seen too.
func (s *stress) check(ok bool, what string, l *library) {
	if !ok {
		atomic.StoreInt32(&s.stop, 1)
		s.t.Errorf("%s, %s: wrong after %v", what, l.name, time.Since(s.started))
	}
}

// one makes a random operation. depth counts callbacks further up the stack.
func (s *stress) one(r *random, depth int) {
	l := s.lib(r)
	op := r.intn(operations)
	atomic.AddInt64(&s.ops[op], 1)
	switch op {
	case 0, 1:
		for k := int64(0); k < 20; k++ {
			s.check(l.ints(k, 1, 2, 3, 4, 5) == k+3+10+21+44+65, "gt_ints6", l)
			s.check(l.i8(int8(k-10)) == int8(k-10), "gt_id_i8", l)
		}
	case 2:
		x := float64(r.intn(1000))
		s.check(l.doubles(x, 1, 2, 3, 4, 5, 6, 7) == x+3+10+21+44+65+102+133, "gt_doubles8", l)
		s.check(l.many(1, 2, -3, 4, 5, -6, 7, 8, 9, -10, 11, 12, -13, 14, 60000, 16, -17, 18, true, 20, 21, x) ==
			1+2*2+3*-3+5*4+7*5+11*-6+13*7+17*8+19*9+23*-10+29*11+31*12+37*-13+41*14+43*60000+
				47*16+53*-17+59*18+61+67*20+71*21+73*x, "gt_mixed22", l)
	case 3:
		p := &[4]int64{1, 2, 3, int64(depth)}
		q := l.pointer(p)
		s.check(q == p && q[3] == int64(depth), "gt_id_pointer", l)
	case 4:
		e := r.intn(130)
		n, errno := l.errno(int32(e), int64(e))
		s.check(n == int64(e) && errno == syscall.Errno(e), "gt_errno_set", l)
	case 5:
		l.spin(uint32(r.intn(1500) >> depth))
	case 6:
		l.sleep(uint32(r.intn(400) >> depth))
	case 7, 8, 9:
		if depth < 6 {
			x := int64(depth+1) | int64(r.intn(1<<30))<<8
			s.check(l.call(s.back, x) == answer(x), "gt_call_i64", l)
		}
	case 10:
		x := int64(r.intn(1 << 30))
		frames := int32(r.intn(8))
		s.check(l.deep(s.plain, x, frames) == x, "gt_call_deep", l)
		s.check(l.callN(s.plain, 10) == 45, "gt_call_n", l)
	case 11:
		if depth < 2 && r.intn(10) == 0 {
			n, calls := int32(1+r.intn(3)), int32(1+r.intn(4))
			sum := int64(n*calls) * int64(n*calls-1) / 2
			s.check(l.threads(s.plain, n, calls, 0, int32(r.intn(2))) == sum, "gt_threads", l)
		}
	case 12:
		k := r.intn(100)
		s.check(testlib.Grow(r.intn(200), k, &k) == 2*k, "stack contents", l)
	case 13:
		s.churn(r, l)
	case 14:
		x := int64(r.intn(1000))
		s.check(recovered(func() { l.deep(s.bad, x, int32(r.intn(3))) }) == any(x), "panic", l)
	case 15:
		done := make(chan bool)
		go func() {
			defer close(done)
			l.deep(s.exit, 1, int32(r.intn(3)))
		}()
		<-done
	case 16:
		k := int64(r.intn(1000))
		c, err := gangway.NewCallback(func(x int64) int64 { return x - k })
		s.check(err == nil, "NewCallback", l)
		s.check(l.call(c.Pointer(), 5) == 5-k, "a callback of its own", l)
		s.check(c.Close() == nil, "Close", l)
	case 17:
		reply := make(chan int)
		s.pinged <- reply
		s.check(<-reply == 42, "channel", l)
	case 18:
		runtime.LockOSThread()
		id := l.id()
		for i := 0; i < 3; i++ {
			runtime.Gosched()
			s.check(l.id() == id, "locked thread", l)
		}
		runtime.UnlockOSThread()
	case 19:
		switch r.intn(60) {
		case 0:
			runtime.GC()
		case 1:
			buf := make([]byte, 1<<16)
			runtime.Stack(buf, true)
		case 2:
			s.check(exec.Command("/bin/true").Run() == nil, "/bin/true", l)
		case 3:
			runtime.GOMAXPROCS(1 + r.intn(6))
		case 4:
			debug.FreeOSMemory()
		}
	}
}

type node struct {
	next *node
	v    [6]int
}

// churn makes garbage and something that must live.
func (s *stress) churn(r *random, l *library) {
	var list *node
	n := 20 + r.intn(100)
	for i := 0; i < n; i++ {
		list = &node{list, [6]int{i, i, i, i, i, i}}
	}
	p := new([4]int64)
	for ; list != nil; list = list.next {
		n--
		if n%16 == 0 {
			p = l.pointer(p)
		}
		s.check(list.v == [6]int{n, n, n, n, n, n}, "a live object", l)
	}
}

func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// callback is what s.back calls: depth in the low bits of x, a seed above.
func (s *stress) callback(x int64) int64 {
	r := random(x)
	local := x
	p := &local
	for i := r.intn(3); i >= 0; i-- {
		s.one(&r, int(x&0xff))
	}
	s.check(*p == x && local == x, "a variable of a callback", s.libs[0])
	return answer(x)
}

func TestEverything(t *testing.T) {
	seed := testlib.Seed(t.Name())
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	limit := time.Duration(*seconds * float64(time.Second))
	if testing.Short() {
		limit /= 5
	}
	s := &stress{t: t, pinged: make(chan chan int), started: time.Now()}
	for _, mode := range testlib.Modes {
		s.libs = append(s.libs, bind(t, mode.Name, mode.Option))
	}
	testlib.Watch(t.Name(), 120+int32(limit/time.Second))
	s.back = testlib.Callback(t, s.callback)
	s.plain = testlib.Callback(t, func(x int64) int64 { return x })
	s.bad = testlib.Callback(t, func(x int64) int64 { panic(x) })
	s.exit = testlib.Callback(t, func(x int64) int64 { runtime.Goexit(); return 0 })
	open := gangway.Callbacks()
	go func() {
		for reply := range s.pinged {
			reply <- 42
		}
	}()
	if *profile {
		var buf bytes.Buffer
		if err := pprof.StartCPUProfile(&buf); err != nil {
			t.Fatal(err)
		}
		defer func() {
			pprof.StopCPUProfile()
			if buf.Len() == 0 {
				t.Error("no profile")
			}
		}()
	}
	background := gangway.MustFunc[func(uintptr, int32, uint32) int32](testlib.MustOpen(), "gt_background_start")
	if r := background(s.plain, 2, 200); r != 0 {
		t.Fatalf("gt_background_start: %d", r)
	}
	if *storm {
		start := gangway.MustFunc[func(unsafe.Pointer, int32, uint32, uint64) int32](testlib.MustOpen(), "gt_storm_start")
		if r := start(unsafe.Pointer(&stormSignals), int32(len(stormSignals)), 1000, uint64(seed)); r != 0 {
			t.Fatalf("gt_storm_start: %d", r)
		}
	}
	var wg sync.WaitGroup
	for w := 0; w < *workers; w++ {
		wg.Add(1)
		go func(r random) {
			defer wg.Done()
			for atomic.LoadInt32(&s.stop) == 0 {
				s.one(&r, 0)
			}
		}(random(seed + int64(w)*7919))
	}
	collections := 0
	for end := time.Now().Add(limit); time.Now().Before(end) && atomic.LoadInt32(&s.stop) == 0; collections++ {
		runtime.GC()
		time.Sleep(3 * time.Millisecond)
	}
	atomic.StoreInt32(&s.stop, 1)
	wg.Wait()
	sent := int64(0)
	if *storm {
		sent = gangway.MustFunc[func() int64](testlib.MustOpen(), "gt_storm_stop", gangway.Blocking())()
		if sent == 0 {
			t.Error("no signal was sent")
		}
	}
	if n := gangway.MustFunc[func() int64](testlib.MustOpen(), "gt_background_stop", gangway.Blocking())(); n == 0 {
		t.Error("no call from the background")
	}
	close(s.pinged)
	if n := gangway.Callbacks(); n != open {
		t.Errorf("%d callbacks open, not %d", n, open)
	}
	if n := testlib.Threads(); n > 200 {
		t.Errorf("%d threads", n)
	}
	ops := int64(0)
	for op, n := range s.ops {
		if ops += n; n == 0 {
			t.Errorf("operation %d did not happen", op)
		}
	}
	t.Logf("%d operations, %d collections, %d takeovers, %d signals", ops, collections, gangway.Takeovers(), sent)
}

var stormSignals = [2]int32{int32(syscall.SIGURG), int32(syscall.SIGPROF)}
