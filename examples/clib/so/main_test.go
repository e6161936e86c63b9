package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	const want = "clib, a shared object: 3 users, 4 C threads each, 5000 calls of Go from every thread, " +
		"the sums are right\n"
	if out.String() != want {
		t.Errorf("output is %q, want %q", out.String(), want)
	}
}

// TestThreads: threads come and go, and Go collects garbage meanwhile.
func TestThreads(t *testing.T) {
	clib, err := open()
	if err != nil {
		t.Fatal(err)
	}
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	callback, err := gangway.NewCallback(func(user gangway.Handle, a int64, b float64) float64 {
		if a%10 == 0 {
			runtime.GC()
		}
		return user.Value().(*tally).add(a, b)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer callback.Close()
	for i := 0; i < rounds; i++ {
		if err := use(clib, callback, 8, 5); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrors(t *testing.T) {
	clib, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if err := use(clib, new(gangway.Callback), 0, 1); err == nil || !strings.Contains(err.Error(), "gw_status 1") {
		t.Errorf("no threads give %v, want gw_status 1 (GW_EINVAL)", err)
	}
	t.Setenv("GANGWAY_CLIB", "/nowhere/libclib.so")
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "/nowhere/libclib.so: ") ||
		!strings.Contains(err.Error(), "run make") {
		t.Errorf("a library that is not there gives %v", err)
	}
}
