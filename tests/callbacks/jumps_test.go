package callbacks_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// C jumps past the Go frames of callbacks of all kinds: the call in which it does that returns, the one in which it goes on
// calls back again, and so does a thread of C's, or that ends. Each ends with the same report.
func TestJumpPastCallback(t *testing.T) {
	program := testlib.Build(t, "jumps")
	places := []string{"call", "loop", "thread"}
	if cgo, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err != nil {
		t.Fatal(err)
	} else if strings.TrimSpace(string(cgo)) != "1" { // else runtime/cgo looks after threads that end
		places = append(places, "end", "kept")
	}
	for _, where := range places {
		for kind := 0; kind < 6; kind++ {
			for _, mode := range testlib.Modes {
				r := testlib.Run(t, nil, program, where, fmt.Sprint(kind), mode.Name)
				name := fmt.Sprintf("gangway: C has left the callback main.thrower%d ", kind%5)
				if r.Code != 2 || !strings.Contains(r.Out, name) || !strings.Contains(r.Out, "goroutine ") {
					t.Fatalf("%s, kind %d, %s: exit status %d\n%s", where, kind, mode.Name, r.Code, r.Out)
				}
			}
		}
	}
}

// A callback on a coroutine's stack yields, and C calls Go from the stack that it comes back to, before the coroutine
// goes on. That is no jump, though the second callback lies above the first.
func TestYieldInCallback(t *testing.T) {
	testlib.OnlyFast(t, "the runtime ends the program when C switches stacks in a Safe call")
	l := testlib.Lib(t)
	for _, mode := range testlib.Modes {
		if mode.Name == "Safe" {
			continue
		}
		yield := gangway.MustFunc[func()](l, "gt_yield", mode.Option)
		do := func(x int64) int64 {
			if x == 1 {
				yield()
			}
			return x
		}
		for kind, fn := range []any{
			do,
			func(x, _, _ int64) int64 { return do(x) },
			func(x, _, _, _, _ int64) int64 { return do(x) },
			func(x int64, _ int32, s string) int64 { return do(x) },
		} {
			c := testlib.Callback(t, fn)
			for _, name := range []string{"gt_yielding", "gt_yielding_on_thread"} {
				f := gangway.MustFunc[func(uintptr, int64) int64](l, name, mode.Option)
				for n := int64(1); n < 50; n++ {
					if sum := f(c, n); sum != n*(n+1)/2 {
						t.Fatalf("%s, %s, kind %d: the sum to %d is %d", mode.Name, name, kind, n, sum)
					}
				}
			}
		}
	}
}
