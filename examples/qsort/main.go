// Qsort: the C library's qsort sorts a million integers in Go memory with a comparator written in Go: some twenty
// million calls from C to Go. Checked against sort.Slice.
package main

import (
	"fmt"
	"io"
	"math/rand"
	"os"
	"sort"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
var qsort = gangway.MustFunc[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort")

// sortByC sorts numbers. less is called by C, with pointers into numbers or into memory of qsort's own.
func sortByC(numbers []int64, less func(a, b int64) bool) error {
	if len(numbers) == 0 {
		return nil
	}
	compare, err := gangway.NewCallback(func(a, b *int64) int32 {
		switch {
		case less(*a, *b):
			return -1
		case less(*b, *a):
			return 1
		}
		return 0
	})
	if err != nil {
		return err
	}
	defer compare.Close()
	qsort(unsafe.Pointer(&numbers[0]), uintptr(len(numbers)), unsafe.Sizeof(numbers[0]), compare.Pointer())
	return nil
}

// run sorts n random numbers, the same ones each time.
func run(w io.Writer, n int) error {
	random := rand.New(rand.NewSource(1))
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = random.Int63n(int64(n)) - int64(n)/2 // with equal ones among them
	}
	want := append([]int64(nil), numbers...)
	compared := 0
	err := sortByC(numbers, func(a, b int64) bool {
		compared++
		return a < b
	})
	if err != nil {
		return err
	}
	sort.Slice(want, func(i, j int) bool { return want[i] < want[j] })
	for i := range want {
		if numbers[i] != want[i] {
			return fmt.Errorf("number %d is %d, sort.Slice says %d", i, numbers[i], want[i])
		}
	}
	if compared < n {
		return fmt.Errorf("C called Go %d times for %d numbers", compared, n)
	}
	fmt.Fprintf(w, "qsort sorted %d numbers with a Go comparator as sort.Slice does\n", n)
	return nil
}

func main() {
	if err := run(os.Stdout, 1000000); err != nil {
		fmt.Fprintln(os.Stderr, "qsort:", err)
		os.Exit(1)
	}
}
