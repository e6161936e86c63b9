package main

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/gangwayffi/gangway"
)

const want = `false no root of -4
true 4
true 3
false within: no root of -1
20097
an error that nobody catches: no root of -2
`

// need skips a test on a machine without Lua. That a function is missing or refused is a failure.
func need(t *testing.T) {
	t.Helper()
	err := load()
	var cannotOpen *gangway.OpenError
	if errors.As(err, &cannotOpen) {
		t.Skipf("this test needs Lua's library (Debian: liblua5.4-0): %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	need(t)
	for i := 0; i < 5; i++ {
		var out bytes.Buffer
		if err := run(&out); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Fatalf("output is %q, not %q", out.String(), want)
		}
	}
}

// Interpreters on several goroutines at once.
func TestMany(t *testing.T) {
	need(t)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var out bytes.Buffer
			if err := run(&out); err != nil || out.String() != want {
				t.Errorf("output is %q, not %q: %v", out.String(), want, err)
			}
		}()
	}
	wg.Wait()
}
