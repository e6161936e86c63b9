package main

// The C functions and their structs, how they are bound, and the operations that load and bind.

import (
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

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
	mode       string
	ints       func(a, b, c, d, e, f int64) int64
	i8         func(int8) int8
	u16        func(uint16) uint16
	bool       func(bool) bool
	float      func(float32) float32
	doubles    func(a, b, c, d, e, f, g, h float64) float64
	many       manyFunc
	pointer    func(*[4]int64) *[4]int64
	errno      func(int32, int64) (int64, syscall.Errno)
	spin       func(uint32) uint64
	sleep      func(uint32)
	wait       func(kind, us uint32) int32
	hold       func(how uint32, components uint64, ms uint32) int64
	gate       func(*testlib.Gate) int32
	gateCall   func(*testlib.Gate, uintptr, int64) int64
	call       func(fn uintptr, x int64) int64
	callN      func(fn uintptr, n int32) int64
	deep       func(fn uintptr, x int64, frames int32) int64
	threads    func(fn uintptr, n, calls int32, stack uint64, alt int32) int64
	coroutines func(fn uintptr, n, calls int32, size uint64, own int32) int64
	attached   func(host unsafe.Pointer, fn uintptr, statuses *[4]int32) int32

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
			"gt_spin": &f.spin, "gt_sleep": &f.sleep, "gt_wait": &f.wait, "gt_xstate": &f.hold,
			"gt_gate_spin": &f.gate, "gt_gate_call": &f.gateCall, "gt_call_i64": &f.call,
			"gt_call_n": &f.callN, "gt_call_deep": &f.deep, "gt_threads": &f.threads, "gt_thread_attached": &f.attached,
			"gt_coroutines_on_thread": &f.coroutines,
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
