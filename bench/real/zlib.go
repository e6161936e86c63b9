package real

import (
	"bytes"
	"hash/crc32"
	"strings"
	"time"

	"github.com/gangwayffi/gangway/bench/child"
)

// Zlib is what the rows use of zlib.h.
type Zlib struct {
	Compress   func(dest *byte, destLen *uint, source *byte, n uint, level int32) int32
	Uncompress func(dest *byte, destLen *uint, source *byte, n uint) int32
	CRC32      func(crc uint, buf *byte, n uint32) uint
}

// Benches returns the rows.
func (z *Zlib) Benches(impl string) []child.Bench {
	return []child.Bench{
		{Row: "zlib", Impl: impl, CheckN: child.CheckN, Run: z.runCompress},
		{Row: "crc32", Impl: impl, CheckN: child.CheckN, Run: z.runCRC32},
	}
}

// runCompress compresses and uncompresses 200 bytes n times.
func (z *Zlib) runCompress(n int) time.Duration {
	text := []byte(strings.Repeat("many small buffers, ", 10))
	packed, unpacked := make([]byte, 2*len(text)), make([]byte, len(text))
	start := time.Now()
	for i := 0; i < n; i++ {
		text[i%len(text)]++
		size, length := uint(len(packed)), uint(len(unpacked))
		must("compress2", z.Compress(&packed[0], &size, &text[0], uint(len(text)), 1), 0)
		must("uncompress", z.Uncompress(&unpacked[0], &length, &packed[0], size), 0)
	}
	took := time.Since(start)
	child.Check("zlib", bytes.Equal(text, unpacked))
	return took
}

// runCRC32 makes n checksums of 64 bytes.
func (z *Zlib) runCRC32(n int) time.Duration {
	text := []byte(strings.Repeat("a buffer", 8))
	var sum uint
	start := time.Now()
	for i := 0; i < n; i++ {
		sum += z.CRC32(0, &text[0], uint32(len(text)))
	}
	took := time.Since(start)
	child.Check("crc32", sum == uint(n)*uint(crc32.ChecksumIEEE(text)))
	return took
}
