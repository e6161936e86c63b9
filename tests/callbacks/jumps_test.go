package callbacks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// C jumps past the Go frames of callbacks of all kinds: the call in which it does that returns, the one in which it goes on
// calls back again, and so does a thread of C's. Each ends with the same report.
func TestJumpPastCallback(t *testing.T) {
	program := testlib.Build(t, "jumps")
	for _, where := range []string{"call", "loop", "thread"} {
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
