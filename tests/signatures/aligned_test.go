package signatures_test

import (
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// A C function may store a result in memory, and read an argument there, as their types are aligned, which is more than Go's
// memory is.
func TestValuesInMemoryAreAligned(t *testing.T) {
	type large struct {
		_ struct{} `gangway:"mem2560@256"`
		V [2560]byte
	}
	type argument struct {
		_ struct{} `gangway:"{i64@64}"`
		V [8]int64
	}
	regs := testlib.Captured(t)
	var kept []any
	for _, mode := range testlib.Modes {
		f := gangway.MustFunc[func(int64, argument, int64) large](testlib.MustOpen(), "gt_capture", mode.Option)
		for i := int64(0); i < 100; i++ {
			r := f(1, argument{V: [8]int64{i}}, 3)
			kept = append(kept, &r)
			if to := regs.Ints[0]; to%256 != 0 {
				t.Fatalf("%s: the result is stored at %#x", mode.Name, to)
			}
			if regs.Ints[1] != 1 || regs.Ints[2] != 3 || regs.Stack[0] != uint64(i) || (regs.RSP+8)%64 != 0 {
				t.Fatalf("%s: %x, %x, on the stack %x at %#x", mode.Name, regs.Ints[1], regs.Ints[2], regs.Stack[0], regs.RSP+8)
			}
		}
	}
}
