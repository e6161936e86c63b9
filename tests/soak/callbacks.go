package main

// The operations in which C calls Go back, which returns, panics or exits, and the functions that are called.

import (
	"errors"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func turn(v vector, p pair) vector { return vector{v.y, v.z + float32(p.n), v.x + float32(p.d)} }

func enlarge(b big, s small) big {
	for i := range b.v {
		b.v[i] += int64(s.a) * int64(i)
	}
	b.s = s
	return b
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

// enteredCallback closes a callback while another goroutine calls it.
func (s *site) enteredCallback() {
	if s.depth > 2 {
		return
	}
	k := int64(s.r.intn(1000))
	c := s.opened(func(x int64) int64 { return x - k })
	code, call := c.Pointer(), s.call
	got := make(chan any, 1)
	go func() {
		n := k
		v := recovered(func() { n = call(code, 5) })
		if v == nil {
			v = n
		}
		got <- v
	}()
	for i := s.r.intn(4); i > 0; i-- {
		s.spin(uint32(s.r.intn(20)))
	}
	s.closed(c)
	v := <-got
	if _, ok := v.(*gangway.ClosedCallError); !ok {
		s.check(v == any(5-k), "a callback that was closed meanwhile: %v", v)
	}
}
