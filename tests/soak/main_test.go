package main

import (
	"os"
	"testing"
)

// TestMain serves the child as well, which is the same program.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// For a moment, in every configuration that the tests are run in; tests/soak.sh goes on for longer.
func TestSoak(t *testing.T) {
	if err := supervise(1); err != nil {
		t.Fatal(err)
	}
}
