package real

import (
	"bytes"
	"image"
	"image/png"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

// PNG is what the row uses of png.h.
type PNG struct {
	// Create makes the structs of a decoder that reads by Read and calls Abort when it finds an error.
	Create   func() (decoder, info unsafe.Pointer)
	ReadInfo func(decoder, info unsafe.Pointer)
	RowBytes func(decoder, info unsafe.Pointer) uint
	ReadRow  func(decoder unsafe.Pointer, row *byte)
	ReadEnd  func(decoder unsafe.Pointer)
	Destroy  func(decoder, info unsafe.Pointer)

	left []byte // of the file
}

// Benches returns the row.
func (p *PNG) Benches(impl string) []child.Bench {
	var picture *image.NRGBA
	var file []byte
	return []child.Bench{{Row: "png", Impl: impl, CheckN: 1, Long: true, Run: func(n int) time.Duration {
		if picture == nil {
			picture, file = drawn()
		}
		return p.run(n, picture, file)
	}}}
}

const pictureSide = 1000

// drawn returns a picture with smooth and with rough places, not opaque, and the file that holds it.
func drawn() (*image.NRGBA, []byte) {
	picture := image.NewNRGBA(image.Rect(0, 0, pictureSide, pictureSide))
	for y := 0; y < pictureSide; y++ {
		for x := 0; x < pictureSide; x++ {
			copy(picture.Pix[picture.PixOffset(x, y):], []byte{byte(x / 4), byte(y / 4), byte(x * y / 64),
				byte(128 + (x^y)&127)})
		}
	}
	var file bytes.Buffer
	child.Fail(png.Encode(&file, picture))
	return picture, file.Bytes()
}

// Read is what the decoder reads by.
func (p *PNG) Read(to *byte, n uint) {
	if uint(len(p.left)) < n {
		Abort("the end of the file")
	}
	copy(unsafe.Slice(to, n), p.left)
	p.left = p.left[n:]
}

// run decodes the file n times, row by row.
func (p *PNG) run(n int, picture *image.NRGBA, file []byte) (took time.Duration) {
	pixels := make([]byte, len(picture.Pix))
	for ; n > 0; n-- {
		p.left = file
		start := time.Now()
		decoder, info := p.Create()
		p.ReadInfo(decoder, info)
		child.Check("png", p.RowBytes(decoder, info) == uint(picture.Stride))
		for y := 0; y < pictureSide; y++ {
			p.ReadRow(decoder, &pixels[y*picture.Stride])
		}
		p.ReadEnd(decoder)
		p.Destroy(decoder, info)
		took += time.Since(start)
		child.Check("png", bytes.Equal(pixels, picture.Pix) && len(p.left) == 0)
	}
	return took
}
