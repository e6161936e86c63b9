package differential_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

func sumOf(s string) uint64 {
	sum := uint64(0)
	for i := 0; i < len(s); i++ {
		sum = 31*sum + uint64(s[i])
	}
	return sum
}

// Of every length around what fits C's stack, alone and together; part of a longer Go string; not UTF-8.
func TestStrings(t *testing.T) {
	l := library(t)
	long := strings.Repeat("0123456789abcde\xff", 2000)
	for _, mode := range testlib.Modes {
		length := gangway.MustFunc[func(string) uint64](l, "gd_length", mode.Option)
		sum := gangway.MustFunc[func(string) uint64](l, "gd_sum", mode.Option)
		join := gangway.MustFunc[func(a, b string) string](l, "gd_join", mode.Option)
		for _, n := range []int{0, 1, 7, 8, 9, 2047, 2048, 4094, 4095, 4096, 4097, 5000, 20000} {
			s := long[1 : 1+n]
			if got := length(s); got != uint64(n) {
				t.Errorf("%s: the length of %d bytes is %d", mode.Name, n, got)
			}
			if got := sum(s); got != sumOf(s) {
				t.Errorf("%s: %d bytes arrived as others", mode.Name, n)
			}
			for _, m := range []int{0, 1, 2048, 4095, 5000} {
				if got := join(s, long[3:3+m]); got != s+long[3:3+m] {
					t.Errorf("%s: strings of %d and %d bytes: %d bytes came back", mode.Name, n, m, len(got))
				}
			}
		}
		if n := length("ab\x00cd"); n != 2 {
			t.Errorf("%s: to C, a string ends at the NUL: length %d", mode.Name, n)
		}
		if n := length(long + "\x00" + long); n != uint64(len(long)) {
			t.Errorf("%s: to C, a long string ends at the NUL: length %d", mode.Name, n)
		}

		// A result is a copy: the next call overwrites what it was made of.
		first := join("first", " call")
		if second := join("the second", " one"); first != "first call" || second != "the second one" {
			t.Errorf("%s: results %q and %q", mode.Name, first, second)
		}
		none := gangway.MustFunc[func() string](l, "gd_no_string", mode.Option)
		if s := none(); s != "" {
			t.Errorf("%s: NULL became %q", mode.Name, s)
		}
		fails := gangway.MustFunc[func(string, int32) (string, syscall.Errno)](l, "gd_fails", mode.Option)
		for _, n := range []int{0, 12, 6000} {
			if s, err := fails(long[:n], int32(syscall.ENOTDIR)); s != long[:n] || err != syscall.ENOTDIR {
				t.Errorf("%s: %d bytes and %v", mode.Name, len(s), err)
			}
		}

		// The eighth argument: on C's stack, in Go's last registers.
		late := gangway.MustFunc[func(a, b, c, d, e, f, g int64, s string) uint64](l, "gd_late_string", mode.Option)
		for _, n := range []int{0, 100, 9000} {
			if got := late(1, 2, 3, 4, 5, 6, 7, long[:n]); got != uint64(n)+28 {
				t.Errorf("%s: %d bytes as the eighth argument: %d", mode.Name, n, got)
			}
		}
	}
}

func TestStringsOfCallbacks(t *testing.T) {
	l := library(t)
	var kept []string
	fn := testlib.Callback(t, func(s string) int64 {
		kept = append(kept, s)
		testlib.Grow(20, 0, new(int))
		return int64(len(s))
	})
	long := strings.Repeat("x", 5000)
	for _, mode := range testlib.Modes {
		call := gangway.MustFunc[func(uintptr, string) int64](l, "gd_with_string", mode.Option)
		null := gangway.MustFunc[func(uintptr) int64](l, "gd_with_no_string", mode.Option)
		kept = nil
		for _, s := range []string{"", "one", long} {
			if n := call(fn, s); n != int64(len(s)) {
				t.Errorf("%s: the length of %d bytes is %d", mode.Name, len(s), n)
			}
		}
		if n := null(fn); n != 0 {
			t.Errorf("%s: the length of NULL is %d", mode.Name, n)
		}
		if len(kept) != 4 || kept[0] != "" || kept[1] != "one" || kept[2] != long || kept[3] != "" {
			t.Errorf("%s: the callback saw other strings", mode.Name)
		}
	}
}
