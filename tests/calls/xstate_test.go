package calls_test

import (
	"io"
	"runtime/trace"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A take-over changes no register and no word of the red zone: wherever the handler's stack is, C's own included, with and
// without the state of AVX-512, and when a wait goes on afterwards.
func TestRegistersDuringTakeover(t *testing.T) {
	l := testlib.Lib(t)
	testlib.OnlyFast(t, "other roads have no take-over")
	// The runtime uses more of the system stack then.
	if err := trace.Start(io.Discard); err != nil {
		t.Fatal(err)
	}
	defer trace.Stop()
	const wait, noStack, handler, send, raise, others = 1, 2, 4, 8, 16, 32
	hold := gangway.MustFunc[func(how uint32, components uint64, ms uint32) int64](l, "gt_xstate", gangway.Fast())
	for _, how := range []struct {
		name string
		bits uint32
	}{
		{"running", send},
		{"running, no signal stack", send | noStack},
		{"running, C's handler, no signal stack", send | handler | noStack},
		{"C's handler without SA_ONSTACK", raise | handler},
		{"C's handler, open to other signals", send | handler | others},
		{"waiting", wait},
		{"waiting, no signal stack", wait | noStack},
	} {
		how := how
		t.Run(how.name, func(t *testing.T) {
			for name, components := range map[string]uint64{"x87": 1, "SSE": 3, "AVX": 7, "AVX-512": 0xe7} {
				before := gangway.Takeovers()
				// On a busy machine a collection may come late. With others, SIGURG may hit the handler of SIGUSR2 each time.
				for i := 0; i < 10 || gangway.Takeovers() == before && how.bits&others == 0; i++ {
					// SIGURG should not hit Go code while C's handler has no SA_ONSTACK.
					stop := func() int { return 0 }
					if how.bits&raise == 0 {
						stop = testlib.Collect()
					}
					if n := hold(how.bits, components, 3); n != 0 {
						t.Errorf("%s: %d differences", name, n)
					}
					stop()
				}
			}
		})
	}
}
