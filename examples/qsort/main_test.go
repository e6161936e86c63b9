package main

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
)

func TestRun(t *testing.T) {
	n := 1000000
	if testing.Short() {
		n = 20000
	}
	var out bytes.Buffer
	if err := run(&out, n); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("qsort sorted %d numbers with a Go comparator as sort.Slice does\n", n); out.String() != want {
		t.Errorf("output is %q, want %q", out.String(), want)
	}
}

func TestSmall(t *testing.T) {
	for n := 0; n < 4; n++ {
		numbers := []int64{3, 1, 2}[:n]
		if err := sortByC(numbers, func(a, b int64) bool { return a < b }); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < n; i++ {
			if numbers[i-1] > numbers[i] {
				t.Errorf("%d numbers are sorted as %v", n, numbers)
			}
		}
	}
}

// TestCollection: the comparator runs the collector and panics in the end; the panic leaves qsort.
func TestCollection(t *testing.T) {
	numbers := make([]int64, 1000)
	for i := range numbers {
		numbers[i] = int64(len(numbers) - i)
	}
	calls := 0
	defer func() {
		if r := recover(); r != "enough" || calls != 200 {
			t.Errorf("recovered %v after %d calls, want enough after 200", r, calls)
		}
	}()
	err := sortByC(numbers, func(a, b int64) bool {
		if calls++; calls == 200 {
			panic("enough")
		}
		if calls%10 == 0 {
			runtime.GC()
		}
		return a < b
	})
	t.Errorf("sortByC returned %v", err)
}
