//go:build cgo && bench_png

package main

/*
#cgo LDFLAGS: -lpng
#include <png.h>

void goRead(void *, void *, size_t);
void goFail(void *, void *);

static png_structp create_decoder(void)
{
	png_structp p = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, (png_error_ptr)goFail, NULL);
	png_set_read_fn(p, NULL, (png_rw_ptr)goRead);
	return p;
}

static void destroy_decoder(png_structp p, png_infop info) { png_destroy_read_struct(&p, &info, NULL); }
*/
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/bench/real"
)

func init() { libraries = append(libraries, func() []child.Bench { return png.Benches(impl) }) }

var png = real.PNG{
	Create: func() (decoder, info unsafe.Pointer) {
		p := C.create_decoder()
		return unsafe.Pointer(p), unsafe.Pointer(C.png_create_info_struct(p))
	},
	ReadInfo: func(decoder, info unsafe.Pointer) { C.png_read_info((C.png_structp)(decoder), (C.png_infop)(info)) },
	RowBytes: func(decoder, info unsafe.Pointer) uint {
		return uint(C.png_get_rowbytes((C.png_structp)(decoder), (C.png_infop)(info)))
	},
	ReadRow: func(decoder unsafe.Pointer, row *byte) {
		C.png_read_row((C.png_structp)(decoder), (C.png_bytep)(unsafe.Pointer(row)), nil)
	},
	ReadEnd: func(decoder unsafe.Pointer) { C.png_read_end((C.png_structp)(decoder), nil) },
	Destroy: func(decoder, info unsafe.Pointer) { C.destroy_decoder((C.png_structp)(decoder), (C.png_infop)(info)) },
}
