package faults_test

import (
	"testing"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// Without memory for code, calls go through libffi.
func TestWithoutMemoryForCode(t *testing.T) {
	testlib.RunOK(t, nil, testlib.Build(t, "nocode"))
}
