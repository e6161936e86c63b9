package main

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(&out, file); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^libz compressed \d+ bytes to \d+, crc32 [0-9a-f]{8}, adler32 [0-9a-f]{8}, as Go has it\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("output is %q", out.String())
	}
}

// TestKnownText: the well-known check values of CRC-32 and Adler-32.
func TestKnownText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(&out, file); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "crc32 cbf43926, adler32 091e01de") {
		t.Errorf("output is %q, want the checksums cbf43926 and 091e01de", out.String())
	}
}

func TestSizes(t *testing.T) {
	z, err := openLibz()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewSource(1))
	for _, n := range []int{0, 1, 1000, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 20} {
		data := make([]byte, n)
		random.Read(data)
		for i := range data {
			data[i] &= 0x1f
		}
		if _, err := z.check(data); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestErrors: C's statuses become errors.
func TestErrors(t *testing.T) {
	z, err := openLibz()
	if err != nil {
		t.Fatal(err)
	}
	packed, err := z.compress(bytes.Repeat([]byte("gangway"), 1000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.expand(packed, 10); err == nil || !strings.Contains(err.Error(), "-5") {
		t.Errorf("too small a buffer gives %v, want status -5 (Z_BUF_ERROR)", err)
	}
	packed[len(packed)-1] ^= 1
	if _, err := z.expand(packed, 7000); err == nil || !strings.Contains(err.Error(), "-3") {
		t.Errorf("a wrong checksum gives %v, want status -3 (Z_DATA_ERROR)", err)
	}
	if err := run(&bytes.Buffer{}, filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that does not exist is no error")
	}
}
