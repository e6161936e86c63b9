//go:build cgo && bench_zlib

package main

// #cgo LDFLAGS: -lz
// #include <zlib.h>
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/bench/real"
)

func init() { libraries = append(libraries, func() []child.Bench { return zlib.Benches(impl) }) }

var zlib = real.Zlib{
	Compress: func(dest *byte, destLen *uint, source *byte, n uint, level int32) int32 {
		return int32(C.compress2((*C.Bytef)(unsafe.Pointer(dest)), (*C.uLongf)(unsafe.Pointer(destLen)),
			(*C.Bytef)(unsafe.Pointer(source)), C.uLong(n), C.int(level)))
	},
	Uncompress: func(dest *byte, destLen *uint, source *byte, n uint) int32 {
		return int32(C.uncompress((*C.Bytef)(unsafe.Pointer(dest)), (*C.uLongf)(unsafe.Pointer(destLen)),
			(*C.Bytef)(unsafe.Pointer(source)), C.uLong(n)))
	},
	CRC32: func(crc uint, buf *byte, n uint32) uint {
		return uint(C.crc32(C.uLong(crc), (*C.Bytef)(unsafe.Pointer(buf)), C.uInt(n)))
	},
}
