// Zlib: the functions of libz.so.1 compress, uncompress and checksum a real file, the one given as argument or this
// program's own executable. Checked against Go's compress/zlib, hash/crc32 and hash/adler32, in both directions.
package main

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"
	"os"

	"github.com/gangwayffi/gangway"
)

// libz is what this program uses of zlib.h. uLong is unsigned long: a Go uint; int and uInt have 32 bits. A []byte goes
// to C as a pointer to its first byte.
type libz struct {
	compressBound func(n uint) uint
	compress2     func(dest *byte, destLen *uint, source *byte, sourceLen uint, level int32) int32
	uncompress    func(dest *byte, destLen *uint, source *byte, sourceLen uint) int32
	crc32         func(crc uint, buf *byte, n uint32) uint
	adler32       func(adler uint, buf *byte, n uint32) uint
}

const zOK = 0 // Z_OK

func openLibz() (*libz, error) {
	lib, err := gangway.Open("libz.so.1", "libz.so")
	if err != nil {
		return nil, err // dlerror's words, for each name
	}
	var z libz
	for name, fn := range map[string]any{
		"compressBound": &z.compressBound,
		"compress2":     &z.compress2,
		"uncompress":    &z.uncompress,
		"crc32":         &z.crc32,
		"adler32":       &z.adler32,
	} {
		if err := lib.Bind(name, fn); err != nil {
			return nil, err
		}
	}
	return &z, nil
}

// first returns a pointer to the first byte of b; C may be given the one of an empty slice.
func first(b []byte) *byte {
	if len(b) == 0 {
		return new(byte)
	}
	return &b[0]
}

func (z *libz) compress(data []byte) ([]byte, error) {
	out := make([]byte, z.compressBound(uint(len(data))))
	n := uint(len(out))
	if status := z.compress2(first(out), &n, first(data), uint(len(data)), 6); status != zOK {
		return nil, fmt.Errorf("compress2: status %d", status)
	}
	return out[:n], nil
}

func (z *libz) expand(packed []byte, size int) ([]byte, error) {
	out := make([]byte, size)
	n := uint(size)
	if status := z.uncompress(first(out), &n, first(packed), uint(len(packed))); status != zOK {
		return nil, fmt.Errorf("uncompress: status %d", status)
	}
	return out[:n], nil
}

// sum runs one of C's checksum functions over data, piece by piece.
func sum(f func(uint, *byte, uint32) uint, start uint, data []byte) uint32 {
	const piece = 1 << 16
	for len(data) > 0 {
		n := len(data)
		if n > piece {
			n = piece
		}
		start = f(start, &data[0], uint32(n))
		data = data[n:]
	}
	return uint32(start)
}

func packByGo(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func expandByGo(packed []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// check compares C and Go on data.
func (z *libz) check(data []byte) (packed int, err error) {
	byC, err := z.compress(data)
	if err != nil {
		return 0, err
	}
	byGo, err := packByGo(data)
	if err != nil {
		return 0, err
	}
	for _, way := range []struct {
		name   string
		expand func() ([]byte, error)
	}{
		{"what C compressed, expanded by Go", func() ([]byte, error) { return expandByGo(byC) }},
		{"what C compressed, expanded by C", func() ([]byte, error) { return z.expand(byC, len(data)) }},
		{"what Go compressed, expanded by C", func() ([]byte, error) { return z.expand(byGo, len(data)) }},
	} {
		if back, err := way.expand(); err != nil {
			return 0, fmt.Errorf("%s: %w", way.name, err)
		} else if !bytes.Equal(back, data) {
			return 0, fmt.Errorf("%s is not the data", way.name)
		}
	}
	if c, g := sum(z.crc32, 0, data), crc32.ChecksumIEEE(data); c != g {
		return 0, fmt.Errorf("crc32 is %08x by C, %08x by Go", c, g)
	}
	if c, g := sum(z.adler32, 1, data), adler32.Checksum(data); c != g {
		return 0, fmt.Errorf("adler32 is %08x by C, %08x by Go", c, g)
	}
	return len(byC), nil
}

func run(w io.Writer, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	z, err := openLibz()
	if err != nil {
		return err
	}
	packed, err := z.check(data)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "libz compressed %d bytes to %d, crc32 %08x, adler32 %08x, as Go has it\n",
		len(data), packed, crc32.ChecksumIEEE(data), adler32.Checksum(data))
	return nil
}

func main() {
	file, err := os.Executable()
	if len(os.Args) > 1 {
		file, err = os.Args[1], nil
	}
	if err == nil {
		err = run(os.Stdout, file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "zlib:", err)
		os.Exit(1)
	}
}
