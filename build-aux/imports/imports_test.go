package main

import (
	"strings"
	"testing"
)

func TestNewestOfTheBaseline(t *testing.T) {
	for _, c := range []struct {
		versions string
		want     string
	}{
		{"GLIBC_2.2.5 GLIBC_2.3.2", "GLIBC_2.3.2"},
		{"GLIBC_2.2.5 GLIBC_2.34", "GLIBC_2.2.5"},
		{"GLIBC_2.17", "GLIBC_2.17"},
		{"GLIBC_2.27", ""},
		{"GLIBC_PRIVATE", ""},
		{"", ""},
	} {
		if got := newest(strings.Fields(c.versions)); got != c.want {
			t.Errorf("newest(%q) = %q, want %q", c.versions, got, c.want)
		}
	}
}

func TestGenerateRefusesNewSymbols(t *testing.T) {
	_, err := generate([]string{"memfd_create"}, map[string][]string{"memfd_create": {"GLIBC_2.27"}})
	if err == nil || !strings.Contains(err.Error(), "memfd_create") {
		t.Fatalf("error is %v, want one that names memfd_create", err)
	}
}

func TestGenerateRefusesSymbolsOfOtherLibraries(t *testing.T) {
	// librt.so.1 until glibc 2.34
	_, err := generate([]string{"timer_create"}, map[string][]string{"timer_create": {"GLIBC_2.3.3", "GLIBC_2.34"}})
	if err == nil || !strings.Contains(err.Error(), "timer_create") {
		t.Fatalf("error is %v, want one that names timer_create", err)
	}
}

func TestGenerate(t *testing.T) {
	text, err := generate([]string{"dl_iterate_phdr", "dlopen", "free", "pthread_create"}, map[string][]string{
		"dl_iterate_phdr": {"GLIBC_2.2.5"}, "dlopen": {"GLIBC_2.2.5", "GLIBC_2.34"}, "free": {"GLIBC_2.2.5"},
		"pthread_create": {"GLIBC_2.34", "GLIBC_2.2.5"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`//go:cgo_import_dynamic dl_iterate_phdr dl_iterate_phdr#GLIBC_2.2.5 "libc.so.6"`,
		`//go:cgo_import_dynamic dlopen dlopen#GLIBC_2.2.5 "libdl.so.2"`,
		`//go:cgo_import_dynamic free free#GLIBC_2.2.5 "libc.so.6"`,
		`//go:cgo_import_dynamic pthread_create pthread_create#GLIBC_2.2.5 "libpthread.so.0"`,
		`//go:cgo_import_dynamic _ _ "libdl.so.2"`,
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
}
