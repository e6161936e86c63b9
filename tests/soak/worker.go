package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A random generator that is cheap to make: each callback has one.
type random uint64

func (r *random) intn(n int) int {
	*r = *r*6364136223846793005 + 1442695040888963407
	return int(uint64(*r>>33) % uint64(n))
}

// The structs of c/soak.c and c/plugin.c.
type (
	small struct {
		a int8
		b int16
		c float32
	}
	vector struct{ x, y, z float32 }
	pair   struct {
		n int64
		d float64
	}
	big struct {
		v [5]int64
		s small
	}
)

// functions are the C functions, bound in one mode.
type functions struct {
	mode     string
	ints     func(a, b, c, d, e, f int64) int64
	i8       func(int8) int8
	u16      func(uint16) uint16
	bool     func(bool) bool
	float    func(float32) float32
	doubles  func(a, b, c, d, e, f, g, h float64) float64
	many     manyFunc
	pointer  func(*[4]int64) *[4]int64
	errno    func(int32, int64) (int64, syscall.Errno)
	spin     func(uint32) uint64
	sleep    func(uint32)
	gate     func(*testlib.Gate) int32
	gateCall func(*testlib.Gate, uintptr, int64) int64
	call     func(fn uintptr, x int64) int64
	callN    func(fn uintptr, n int32) int64
	deep     func(fn uintptr, x int64, frames int32) int64
	threads  func(fn uintptr, n, calls int32, stack uint64, alt int32) int64
	attached func(host unsafe.Pointer, fn uintptr, statuses *[4]int32) int32

	mix       func(small, vector, pair, big, int32) pair
	grow      func(big, small) big
	fold      func(fn uintptr, v vector, p pair, n int32) vector
	bigBack   func(fn uintptr, b big, s small) int64
	sum       func(n int32, rest ...any) float64
	scale     func(gangway.LongDouble, float64) gangway.LongDouble
	times     func(a, b complex128) complex128
	negate    func(gangway.Int128) gangway.Int128
	hash      func(string) uint64
	word      func(int32) string
	total     func([]int32, uint64) int64
	apply     func(func(int64) int64, int64) int64
	applyPair func(func(pair, string) float64, pair, string) float64
	loose     func(fn uintptr, x int64, calls int32) int32
}

type manyFunc func(i0 int64, f0 float64, i1 int64, f1 float64, i2 int64, f2 float64, i3 int64, f3 float64, i4 int64, f4 float64,
	i5 int64, f5 float64, i6 int8, f6 float64, i7 uint16, f7 float64, i8 int32, f8 float32, i9 bool, f9 float64, f10 float32,
	f11 float64) float64

func bind(test, own *gangway.Library, mode string, o gangway.Option) *functions {
	f := &functions{mode: mode}
	for l, names := range map[*gangway.Library]map[string]any{
		test: {
			"gt_ints6": &f.ints, "gt_id_i8": &f.i8, "gt_id_u16": &f.u16, "gt_id_bool": &f.bool, "gt_id_float": &f.float,
			"gt_doubles8": &f.doubles, "gt_mixed22": &f.many, "gt_id_pointer": &f.pointer, "gt_errno_set": &f.errno,
			"gt_spin": &f.spin, "gt_sleep": &f.sleep, "gt_gate_spin": &f.gate, "gt_gate_call": &f.gateCall, "gt_call_i64": &f.call,
			"gt_call_n": &f.callN, "gt_call_deep": &f.deep, "gt_threads": &f.threads, "gt_thread_attached": &f.attached,
		},
		own: {
			"gs_mix": &f.mix, "gs_grow": &f.grow, "gs_fold": &f.fold, "gs_big_back": &f.bigBack, "gs_sum": &f.sum,
			"gs_scale": &f.scale, "gs_times": &f.times, "gs_negate": &f.negate, "gs_hash": &f.hash, "gs_word": &f.word,
			"gs_total": &f.total, "gs_apply": &f.apply, "gs_apply_pair": &f.applyPair, "gs_loose": &f.loose,
		},
	} {
		for name, fn := range names {
			if err := l.Bind(name, fn, o); err != nil {
				panic(err)
			}
		}
	}
	return f
}

// A soak is the whole run.
type soak struct {
	test, own *gangway.Library
	plugin    string // path
	modes     []*functions
	journal   *journal
	done      []int64 // how often each operation was done
	stop      int32
	rand      [workers]random
	step      [workers]int64

	back    uintptr // callback: int64 to int64, random operations, then answer(x)
	plain   uintptr // callback that returns its argument
	bad     uintptr // callback that panics with its argument
	exit    uintptr // callback that calls Goexit
	turn    uintptr // callback: vector and pair to vector
	badTurn uintptr // the same, which panics
	enlarge uintptr // callback: big and small to big
}

func newSoak(j *journal, seed int64) *soak {
	s := &soak{test: testlib.MustOpen(), journal: j, done: make([]int64, len(operations))}
	path, err := testlib.Path()
	if err != nil {
		panic(err)
	}
	dir := filepath.Join(filepath.Dir(path), "..", "soak", "c")
	s.plugin = filepath.Join(dir, "libgwplugin.so")
	if s.own, err = gangway.Open(filepath.Join(dir, "libgwsoak.so")); err != nil {
		panic(err)
	}
	for _, mode := range testlib.Modes {
		s.modes = append(s.modes, bind(s.test, s.own, mode.Name, mode.Option))
	}
	for w := range s.rand {
		s.rand[w] = random(seed + int64(w)*7919)
	}
	s.back = testlib.MustCallback(s.called)
	s.plain = testlib.MustCallback(func(x int64) int64 { return x })
	s.bad = testlib.MustCallback(func(x int64) int64 { panic(x) })
	s.exit = testlib.MustCallback(func(x int64) int64 { runtime.Goexit(); return 0 })
	s.turn = testlib.MustCallback(turn)
	s.badTurn = testlib.MustCallback(func(v vector, p pair) vector { panic(p) })
	s.enlarge = testlib.MustCallback(enlarge)
	return s
}

func answer(x int64) int64 { return 3*x + 1 }

func turn(v vector, p pair) vector { return vector{v.y, v.z + float32(p.n), v.x + float32(p.d)} }

func enlarge(b big, s small) big {
	for i := range b.v {
		b.v[i] += int64(s.a) * int64(i)
	}
	b.s = s
	return b
}

// A site is where an operation runs: on which worker, and below how many callbacks.
type site struct {
	*soak
	*functions
	r      *random
	worker int
	depth  int
	op     int
}

// check ends the process when a result is wrong.
func (s *site) check(ok bool, format string, args ...any) {
	if ok {
		return
	}
	fmt.Printf("soak: FAILED: worker %d, step %d, %s below %d callbacks, %s: %s\n", s.worker,
		atomic.LoadInt64(&s.journal[s.worker].step), operations[s.op].name, s.depth, s.mode, fmt.Sprintf(format, args...))
	os.Exit(1)
}

// one does an operation at random.
func (s *soak) one(r *random, worker, depth int) {
	at := site{soak: s, functions: s.modes[r.intn(len(s.modes))], r: r, worker: worker, depth: depth, op: r.intn(len(operations))}
	s.do(&at)
}

func (s *soak) do(at *site) {
	j := &s.journal[at.worker]
	atomic.StoreInt64(&j.op, int64(at.op))
	atomic.StoreInt64(&j.deep, int64(at.depth))
	operations[at.op].run(at)
	atomic.AddInt64(&s.done[at.op], 1)
}

// called is what s.back calls: depth, worker and a seed are in x.
func (s *soak) called(x int64) int64 {
	r := random(x)
	local := x
	p := &local
	worker, depth := int(x>>8&0xff), int(x&0xff)
	for i := r.intn(3); i >= 0; i-- {
		s.one(&r, worker, depth)
	}
	if *p != x || local != x {
		panic("a variable of a callback has changed")
	}
	return answer(x)
}

func (s *site) argument() int64 {
	return int64(s.depth+1) | int64(s.worker)<<8 | int64(s.r.intn(1<<30))<<16
}

// work goes on until s.stop.
func (s *soak) work(worker int) {
	for atomic.LoadInt32(&s.stop) == 0 {
		s.step[worker]++
		atomic.StoreInt64(&s.journal[worker].step, s.step[worker])
		s.one(&s.rand[worker], worker, 0)
	}
}

// recovered runs f and returns what it panicked with.
func recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// ended runs f on a goroutine of its own and waits for its end.
func ended(f func()) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		f()
	}()
	wg.Wait()
}

type operation struct {
	name string
	run  func(*site)
}

// operations is filled by init: what they do when they fail refers to it.
var operations []operation

func init() {
	operations = []operation{
		{"integers", (*site).integers},
		{"floats", (*site).floats},
		{"many arguments", (*site).manyArguments},
		{"pointers", (*site).pointers},
		{"errno", (*site).errnos},
		{"structs", (*site).structs},
		{"large structs", (*site).largeStructs},
		{"wide scalars", (*site).wideScalars},
		{"strings", (*site).strings},
		{"variadic", (*site).variadic},
		{"slices", (*site).slices},
		{"funcs", (*site).funcs},
		{"callback", (*site).callback},
		{"callback again", (*site).callback},
		{"deep callback", (*site).deepCallback},
		{"struct callback", (*site).structCallback},
		{"panic", (*site).panics},
		{"panic with structs", (*site).panicsWithStructs},
		{"Goexit", (*site).goexit},
		{"own callback", (*site).ownCallback},
		{"own struct callback", (*site).ownStructCallback},
		{"closed callback", (*site).closedCallback},
		{"library", (*site).library},
		{"rebound", (*site).rebound},
		{"threads", (*site).cThreads},
		{"loose thread", (*site).looseThread},
		{"attached thread", (*site).attachedThread},
		{"long call", (*site).longCall},
		{"take-over", (*site).takeOver},
		{"collector", (*site).collector},
	}
}

func (s *site) integers() {
	for k := int64(0); k < 20; k++ {
		s.check(s.ints(k, 1, 2, 3, 4, 5) == k+3+10+21+44+65, "gt_ints6")
		s.check(s.i8(int8(k-10)) == int8(k-10), "gt_id_i8")
		s.check(s.u16(uint16(60000+k)) == uint16(60000+k), "gt_id_u16")
		s.check(s.bool(k&1 == 0) == (k&1 == 0), "gt_id_bool")
	}
}

func (s *site) floats() {
	x := float64(s.r.intn(1000))
	s.check(s.doubles(x, 1, 2, 3, 4, 5, 6, 7) == x+3+10+21+44+65+102+133, "gt_doubles8")
	s.check(s.float(float32(x)) == float32(x), "gt_id_float")
}

func (s *site) manyArguments() {
	x := float64(s.r.intn(1000))
	got := s.many(1, 2, -3, 4, 5, -6, 7, 8, 9, -10, 11, 12, -13, 14, 60000, 16, -17, 18, true, 20, 21, x)
	want := 1 + 2*2 + 3*-3 + 5*4 + 7*5 + 11*-6 + 13*7 + 17*8 + 19*9 + 23*-10 + 29*11 + 31*12 + 37*-13 + 41*14 + 43*60000 +
		47*16 + 53*-17 + 59*18 + 61 + 67*20 + 71*21 + 73*x
	s.check(got == want, "gt_mixed22: %v, not %v", got, want)
}

func (s *site) pointers() {
	p := &[4]int64{1, 2, 3, int64(s.depth)}
	if s.r.intn(50) == 0 {
		runtime.GC()
	}
	q := s.pointer(p)
	s.check(q == p && q[3] == int64(s.depth), "gt_id_pointer")
}

func (s *site) errnos() {
	e := s.r.intn(130)
	n, errno := s.errno(int32(e), int64(e))
	s.check(n == int64(e) && errno == syscall.Errno(e), "gt_errno_set: %d, %d, not %d", n, errno, e)
}

// values returns structs with small integers in them, so that floats are exact.
func (s *site) values() (small, vector, pair, big) {
	i := func() int { return s.r.intn(200) - 100 }
	t := small{int8(i()), int16(100 * i()), float32(i())}
	b := big{s: small{int8(i()), int16(i()), float32(i())}}
	for k := range b.v {
		b.v[k] = int64(i()) << 33
	}
	return t, vector{float32(i()), float32(i()), float32(i())}, pair{int64(i()), float64(i()) / 4}, b
}

func (s *site) structs() {
	t, v, p, b := s.values()
	k := int32(s.r.intn(1000))
	got := s.mix(t, v, p, b, k)
	want := pair{int64(t.a) + 3*int64(t.b) + 5*p.n + 11*int64(b.s.b) + int64(k),
		float64(t.c) + float64(v.x+2*v.y+3*v.z) + p.d + float64(b.s.c)}
	for i, x := range b.v {
		want.n += 7 * int64(i+1) * x
	}
	s.check(got == want, "gs_mix: %v, not %v", got, want)
}

func (s *site) largeStructs() {
	t, _, _, b := s.values()
	s.check(s.grow(b, t) == enlarge(b, t), "gs_grow")
}

func (s *site) wideScalars() {
	x := float64(s.r.intn(1000)) / 8
	s.check(s.scale(gangway.NewLongDouble(x), 3).Float64() == 3*x, "gs_scale")
	a, b := complex(x, 2), complex(1, -x)
	s.check(s.times(a, b) == complex(x+2*x, 2-x*x), "gs_times")
	n := int64(s.r.intn(1 << 30))
	s.check(s.negate(gangway.Int128{Lo: uint64(n), Hi: 0}) == negated(n), "gs_negate")
}

func negated(n int64) gangway.Int128 {
	if n == 0 {
		return gangway.Int128{}
	}
	return gangway.Int128{Lo: uint64(-n), Hi: -1}
}

var words = [...]string{"", "one", "twenty-two", "three hundred and thirty-three", ""}

func (s *site) strings() {
	length := s.r.intn(64)
	if s.r.intn(50) == 0 {
		length = 5000 // more than the system stack takes
	}
	text := make([]byte, length)
	h := uint64(1469598103934665603)
	for i := range text {
		text[i] = byte(1 + s.r.intn(255))
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	s.check(s.hash(string(text)) == h, "gs_hash")
	i := s.r.intn(5)
	s.check(s.word(int32(i)) == words[i], "gs_word(%d)", i)
}

func (s *site) variadic() {
	n := s.r.intn(6)
	var rest []any
	want := 0.0
	for i := 0; i < n; i++ {
		x, y := int64(s.r.intn(1000)), float64(s.r.intn(1000))/2
		rest = append(rest, x, y)
		want += float64(int64(i+1)*x) + y
	}
	got := s.sum(int32(n), rest...)
	s.check(got == want, "gs_sum: %v, not %v", got, want)
}

func (s *site) slices() {
	v := make([]int32, s.r.intn(40))
	want := int64(0)
	for i := range v {
		v[i] = int32(s.r.intn(1000) - 500)
		want += int64(i+1) * int64(v[i])
	}
	s.check(s.total(v, uint64(len(v))) == want, "gs_total")
}

func (s *site) funcs() {
	k := int64(s.r.intn(1000))
	s.check(s.apply(func(x int64) int64 { return 2*x + k }, 5) == 2*(10+k)+k, "gs_apply")
	s.check(s.apply(nil, 5) == -1, "gs_apply of nil")
	got := s.applyPair(func(p pair, text string) float64 {
		s.growStack()
		return float64(p.n+k) + p.d + float64(len(text))
	}, pair{3, 0.5}, "twelve bytes")
	s.check(got == float64(15+k)+0.5, "gs_apply_pair")
	v := recovered(func() { s.apply(func(x int64) int64 { panic(k) }, 5) })
	s.check(v == any(k), "a panic in a func: %v", v)
}

func (s *site) growStack() {
	k := s.r.intn(100)
	s.check(testlib.Grow(s.r.intn(100), k, &k) == 2*k, "contents of the stack")
}

func (s *site) callback() {
	if s.depth >= 5 {
		return
	}
	x := s.argument()
	s.check(s.call(s.back, x) == answer(x), "gt_call_i64")
}

func (s *site) deepCallback() {
	x := int64(s.r.intn(1 << 30))
	s.check(s.deep(s.plain, x, int32(s.r.intn(8))) == x, "gt_call_deep")
	s.check(s.callN(s.plain, 10) == 45, "gt_call_n")
}

func (s *site) structCallback() {
	t, v, p, b := s.values()
	n := s.r.intn(5)
	want := v
	for i := 0; i < n; i++ {
		want = turn(want, pair{p.n + int64(i), p.d})
	}
	s.check(s.fold(s.turn, v, p, int32(n)) == want, "gs_fold")
	e := enlarge(b, t)
	sum := int64(e.s.b)
	for i, x := range e.v {
		sum += int64(i+1) * x
	}
	s.check(s.bigBack(s.enlarge, b, t) == sum, "gs_big_back")
}

func (s *site) panics() {
	x := int64(s.r.intn(1000))
	v := recovered(func() { s.deep(s.bad, x, int32(s.r.intn(3))) })
	s.check(v == any(x), "recovered %v, not %d", v, x)
}

func (s *site) panicsWithStructs() {
	_, v, p, _ := s.values()
	got := recovered(func() { s.fold(s.badTurn, v, p, 3) })
	s.check(got == any(p), "recovered %v, not %v", got, p)
}

func (s *site) goexit() {
	deferred := false
	ended(func() {
		defer func() { deferred = true }()
		s.deep(s.exit, 1, int32(s.r.intn(3)))
		s.check(false, "Goexit returned")
	})
	s.check(deferred, "no deferred call")
}

func (s *site) closed(c *gangway.Callback) {
	err := c.Close()
	s.check(err == nil, "Close: %v", err)
}

func (s *site) opened(fn any) *gangway.Callback {
	c, err := gangway.NewCallback(fn)
	s.check(err == nil, "NewCallback: %v", err)
	return c
}

func (s *site) ownCallback() {
	k := int64(s.r.intn(1000))
	c := s.opened(func(x int64) int64 { return x - k })
	s.check(s.call(c.Pointer(), 5) == 5-k, "a callback of its own")
	s.closed(c)
}

func (s *site) ownStructCallback() {
	t, v, p, b := s.values()
	k := float32(s.r.intn(100))
	c := s.opened(func(v vector, p pair) vector { s.growStack(); return vector{v.x + k, v.y, v.z + float32(p.n)} })
	s.check(s.fold(c.Pointer(), v, p, 1) == vector{v.x + k, v.y, v.z + float32(p.n)}, "a struct callback of its own")
	s.closed(c)
	c = s.opened(func(b big, t small) big { b.s.b += t.b; return big{s: b.s} })
	s.check(s.bigBack(c.Pointer(), b, t) == int64(b.s.b+t.b), "a large struct callback of its own")
	s.closed(c)
}

func (s *site) closedCallback() {
	c := s.opened(func(x int64) int64 { return x })
	code := c.Pointer()
	s.closed(c)
	// Others close callbacks at the same time; 1,024 of those in between would be many.
	v := recovered(func() { s.call(code, 5) })
	e, ok := v.(*gangway.ClosedCallError)
	s.check(ok && e.Name != "", "a call after Close: %v", v)
	err := c.Close()
	s.check(errors.Is(err, gangway.ErrClosed), "second Close: %v", err)
}

// library loads the plugin, which others may have loaded at the time, uses it and unloads it.
func (s *site) library() {
	l, err := gangway.Open(s.plugin)
	s.check(err == nil, "Open: %v", err)
	o := testlib.Modes[s.r.intn(len(testlib.Modes))].Option
	var table func(int32) int64
	var swap func(pair, float32) pair
	var call func(uintptr, int64) int64
	for name, fn := range map[string]any{"gp_table": &table, "gp_swap": &swap, "gp_call": &call} {
		err := l.Bind(name, fn, o)
		s.check(err == nil, "Bind: %v", err)
	}
	for i := int32(0); i < 20; i++ {
		s.check(table(i) == 3*int64(i), "gp_table(%d)", i)
	}
	s.check(swap(pair{3, 8}, 0.5) == pair{8, 3.5}, "gp_swap")
	s.check(call(s.plain, 40) == 43, "gp_call")
	err = l.Close()
	s.check(err == nil, "Close: %v", err)
	_, ok := recovered(func() { table(1) }).(*gangway.ClosedCallError)
	s.check(ok, "a call after Close")
	_, ok = recovered(func() { swap(pair{}, 0) }).(*gangway.ClosedCallError)
	s.check(ok, "a call with structs after Close")
	_, err = gangway.Open(s.plugin + ".none")
	s.check(err != nil, "a library that is not there was opened")
}

// rebound binds functions once more that are bound already.
func (s *site) rebound() {
	o := testlib.Modes[s.r.intn(len(testlib.Modes))].Option
	add, err := gangway.Func[func(int32, int32) int32](s.test, "gt_add", o)
	s.check(err == nil && add(3, 4) == 7, "gt_add, bound anew: %v", err)
	grow, err := gangway.Func[func(big, small) big](s.own, "gs_grow", o)
	t, _, _, b := s.values()
	s.check(err == nil && grow(b, t) == enlarge(b, t), "gs_grow, bound anew: %v", err)
}

func (s *site) cThreads() {
	if s.depth > 1 || s.r.intn(10) != 0 {
		return
	}
	n, calls := int32(1+s.r.intn(3)), int32(1+s.r.intn(4))
	sum := int64(n*calls) * int64(n*calls-1) / 2
	got := s.threads(s.plain, n, calls, 0, int32(s.r.intn(2)))
	s.check(got == sum, "gt_threads: %d, not %d", got, sum)
}

// looseThread starts a thread that calls Go when this call has long returned.
func (s *site) looseThread() {
	if s.depth > 0 || s.r.intn(10) != 0 {
		return
	}
	err := s.loose(s.plain, int64(s.r.intn(1000)), int32(1+s.r.intn(5)))
	s.check(err == 0, "gs_loose: %v", syscall.Errno(err))
}

func (s *site) attachedThread() {
	if s.depth > 1 || s.r.intn(10) != 0 {
		return
	}
	statuses := new([4]int32)
	err := s.attached(gangway.Host(), s.plain, statuses)
	s.check(err == 0 && statuses[0] == 0 && statuses[1] == 0, "gt_thread_attached: %d, %v", err, *statuses)
}

// longCall makes a call that lasts, asleep or awake: long enough for the scheduler to want the processor back.
func (s *site) longCall() {
	us := uint32(s.r.intn(400))
	if s.r.intn(20) == 0 {
		us = uint32(s.r.intn(30000))
	}
	us >>= uint(s.depth)
	if s.r.intn(2) == 0 {
		s.spin(us)
	} else {
		s.sleep(us)
	}
}

// takeOver makes a call that waits awake for a collection, which has to take it over; then C calls back, or not.
func (s *site) takeOver() {
	if s.depth > 1 || s.r.intn(10) != 0 {
		return
	}
	gate := testlib.NewGate()
	go func() {
		gate.Wait(1)
		runtime.GC()
		gate.Open()
	}()
	switch s.r.intn(3) {
	case 0:
		n := s.gate(gate)
		s.check(n == 1, "gt_gate_spin: %d", n)
	case 1:
		n := s.gateCall(gate, s.plain, 21)
		s.check(n == 42, "gt_gate_call: %d", n)
	case 2:
		v := recovered(func() { s.gateCall(gate, s.bad, 21) })
		s.check(v == any(int64(21)), "a panic after a take-over: %v", v)
	}
}

// collector makes garbage, and now and then has it collected, in the middle of things.
func (s *site) collector() {
	type node struct {
		next *node
		v    [6]int
	}
	var list *node
	n := 20 + s.r.intn(100)
	for i := 0; i < n; i++ {
		list = &node{list, [6]int{i, i, i, i, i, i}}
	}
	switch s.r.intn(60) {
	case 0:
		runtime.GC()
	case 1:
		buf := make([]byte, 1<<16)
		runtime.Stack(buf, true)
	case 2:
		runtime.GOMAXPROCS(1 + s.r.intn(6))
	case 3:
		debug.FreeOSMemory()
	case 4:
		time.Sleep(time.Millisecond)
	}
	for ; list != nil; list = list.next {
		n--
		s.check(list.v == [6]int{n, n, n, n, n, n}, "a live object was overwritten")
	}
}
