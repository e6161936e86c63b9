package main

import (
	"bytes"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	child()
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	const want = `ok: arguments and results on the stack
ok: a pointer in an argument keeps its object through a call of Go
ok: a pointer in a local word does not
ok: a pointer in a result does after GO_RESULTS_INITIALIZED, not before
ok: a stack move adjusts a pointer in an argument, not in a local word
ok: a frame that says nothing is fatal: missing stackmap
`
	if out.String() != want {
		t.Errorf("output is\n%swant\n%s", out.String(), want)
	}
}

// TestAgain: under collections all the time, many goroutines at once.
func TestAgain(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	errs := make(chan error)
	for i := 0; i < 4; i++ {
		go func() {
			var err error
			for r := 0; r < rounds && err == nil; r++ {
				if err = arguments(); err == nil {
					err = moved()
				}
			}
			errs <- err
		}()
	}
	for i := 0; i < rounds; i++ {
		for _, f := range []func() error{kept, lost, results} {
			if err := f(); err != nil {
				t.Error(err)
			}
		}
	}
	for i := 0; i < 4; i++ {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
