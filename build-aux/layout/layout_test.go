package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckReportsAWrongOffset(t *testing.T) {
	for _, table := range tables {
		t.Run(table.dir, func(t *testing.T) {
			dir := t.TempDir()
			if err := run("", dir, false); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, table.dir, "*.go"))
			if len(files) == 0 {
				t.Skip("no range covers the toolchain")
			}
			if err := run("", dir, true); err != nil {
				t.Fatalf("check of what was just written: %v", err)
			}
			offsets, err := readFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			wrong := table.fields[len(table.fields)/2].constant()
			offsets[wrong]++
			if err := table.writeFile(files[0], &table.ranges[0], []string{"test"}, offsets); err != nil {
				t.Fatal(err)
			}
			if err := run("", dir, true); err == nil {
				t.Fatalf("check accepts a wrong %s", wrong)
			}
			if err := os.Remove(files[0]); err != nil {
				t.Fatal(err)
			}
			if err := run("", dir, true); err == nil {
				t.Fatal("check accepts a missing file")
			}
		})
	}
}

func TestCompareReportsAMissingOffset(t *testing.T) {
	for _, table := range tables {
		want, got := map[string]int64{}, map[string]int64{}
		for _, f := range table.fields {
			want[f.constant()], got[f.constant()] = 8, 8
		}
		missing := table.fields[1].constant()
		delete(want, missing)
		got[missing] = 0
		if n := table.compare("go1.99", "layout.go", want, got); n != 1 {
			t.Fatalf("%s: %d differences, want 1", table.dir, n)
		}
	}
}

func TestConstants(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range tables {
		here := map[string]bool{} // each package has constants of its own
		for _, f := range table.fields {
			if here[f.constant()] {
				t.Errorf("%s is the constant of two fields", f.constant())
			}
			here[f.constant()], seen[f.constant()] = true, true
		}
	}
	for _, name := range []string{"g_sched_sp", "func_sizeof", "func_nameOff", "pcHeader_textStart"} {
		if !seen[name] {
			t.Errorf("no field has the constant %s", name)
		}
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
