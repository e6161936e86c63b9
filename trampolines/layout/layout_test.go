package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckReportsAWrongOffset(t *testing.T) {
	dir := t.TempDir()
	if err := run("", dir, false); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	if len(files) == 0 {
		t.Skip("the toolchain is newer than all ranges")
	}
	if err := run("", dir, true); err != nil {
		t.Fatalf("check of what was just written: %v", err)
	}
	offsets, err := readFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	offsets["m_incgo"]++
	if err := writeFile(files[0], &ranges[0], []string{"test"}, offsets); err != nil {
		t.Fatal(err)
	}
	if err := run("", dir, true); err == nil {
		t.Fatal("check accepts a wrong m_incgo")
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if err := run("", dir, true); err == nil {
		t.Fatal("check accepts a missing file")
	}
}

func TestCompareReportsAMissingOffset(t *testing.T) {
	want, got := map[string]int64{}, map[string]int64{}
	for _, f := range fields {
		want[f.constant()], got[f.constant()] = 8, 8
	}
	delete(want, "m_g0")
	got["m_g0"] = 0
	if n := compare("go1.99", "layout.go", want, got); n != 1 {
		t.Fatalf("%d differences, want 1", n)
	}
}

func TestMinorOf(t *testing.T) {
	for version, want := range map[string]int{"go1.19.8": 19, "go1.24": 24, "go1.25rc1": 25} {
		if got, err := minorOf(version); err != nil || got != want {
			t.Errorf("minorOf(%q) = %d, %v", version, got, err)
		}
	}
	if _, err := minorOf("devel +abcdef"); err == nil {
		t.Error("minorOf accepts a development version")
	}
}
