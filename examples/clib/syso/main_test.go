package main

import (
	"bytes"
	"debug/elf"
	"os"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"testing"

	"github.com/gangwayffi/gangway"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	const want = "clib, linked in: 3 users, 4 C threads each, 5000 calls of Go from every thread, the sums are right\n"
	if out.String() != want {
		t.Errorf("output is %q, want %q", out.String(), want)
	}
}

// TestThreads: threads come and go, and Go collects garbage meanwhile.
func TestThreads(t *testing.T) {
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
		if err := use(callback, 8, 5); err != nil {
			t.Fatal(err)
		}
	}
	if err := use(callback, 0, 1); err == nil || !strings.Contains(err.Error(), "gw_status 1") {
		t.Errorf("no threads give %v, want gw_status 1 (GW_EINVAL)", err)
	}
}

// TestImports: imports_nocgo.go lists what the object needs, no more and no less.
func TestImports(t *testing.T) {
	object, err := elf.Open("clib_linux_amd64.syso")
	if err != nil {
		t.Fatalf("%v; run make, which builds it", err)
	}
	defer object.Close()
	symbols, err := object.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var needs, lists []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" && s.Name != "_GLOBAL_OFFSET_TABLE_" {
			needs = append(needs, s.Name)
		}
	}
	source, err := os.ReadFile("imports_nocgo.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^//go:cgo_import_dynamic (\w+) `).FindAllSubmatch(source, -1) {
		lists = append(lists, string(m[1]))
	}
	sort.Strings(needs)
	sort.Strings(lists)
	if strings.Join(needs, " ") != strings.Join(lists, " ") {
		t.Errorf("the object needs %v, imports_nocgo.go lists %v", needs, lists)
	}
}

// TestHeader: the copy of gangway_amd64.h is the original.
func TestHeader(t *testing.T) {
	ours, err := os.ReadFile("gangway_amd64.h")
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile("../../../trampolines/gangway_amd64.h")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours, original) {
		t.Error("gangway_amd64.h differs from trampolines/gangway_amd64.h; copy it again")
	}
}
