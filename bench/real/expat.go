package real

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

// Expat is what the row uses of expat.h.
type Expat struct {
	// Create makes a parser with handlers that call Start, End and Text.
	Create func() unsafe.Pointer
	Parse  func(parser unsafe.Pointer, text *byte, n, final int32) int32
	Free   func(parser unsafe.Pointer)

	starts, ends, attributes, names, text int64
}

// Benches returns the row.
func (e *Expat) Benches(impl string) []child.Bench {
	return []child.Bench{{Row: "expat", Impl: impl, CheckN: 1, Long: true, Run: e.run}}
}

// Start is the handler of start tags: it counts them, their attributes, and what the names of elements are long.
func (e *Expat) Start(name *byte, attributes *unsafe.Pointer) {
	e.starts++
	e.names += int64(length(name))
	for i := 0; at(attributes, i) != nil; i += 2 {
		e.attributes++
	}
}

// End is the handler of end tags.
func (e *Expat) End(*byte) { e.ends++ }

// Text is the handler of character data.
func (e *Expat) Text(_ *byte, n int32) { e.text += int64(n) }

func length(s *byte) (n int) {
	for *(*byte)(unsafe.Add(unsafe.Pointer(s), n)) != 0 {
		n++
	}
	return n
}

const (
	xmlItems = 400000
	xmlHead  = "<list>\n"
	xmlItem  = "<item id=\"%06d\" kind=\"spare\"><name>part %06d</name><price>%04d.50</price>" +
		"<note>in stock, and a little text</note></item>\n"
	xmlTail = "</list>\n"
)

// xmlFile returns the file to parse, which is beside libbench.so; the first program that needs it makes it.
func xmlFile() *os.File {
	path := filepath.Join(filepath.Dir(child.Library()), "bench.xml")
	f, err := os.Open(path)
	if err == nil {
		return f
	}
	if !errors.Is(err, os.ErrNotExist) {
		child.Fail(err)
	}
	f, err = os.Create(path)
	child.Fail(err)
	w := bufio.NewWriter(f)
	w.WriteString(xmlHead)
	for i := 0; i < xmlItems; i++ {
		fmt.Fprintf(w, xmlItem, i, i, i%10000)
	}
	w.WriteString(xmlTail)
	child.Fail(w.Flush())
	_, err = f.Seek(0, io.SeekStart)
	child.Fail(err)
	return f
}

// run parses the file n times, in pieces as they are read.
func (e *Expat) run(n int) (took time.Duration) {
	f := xmlFile()
	defer f.Close()
	buffer := make([]byte, 64<<10)
	for ; n > 0; n-- {
		e.starts, e.ends, e.attributes, e.names, e.text = 0, 0, 0, 0, 0
		start := time.Now()
		parser := e.Create()
		for {
			got, err := io.ReadFull(f, buffer)
			final := int32(0)
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				final = 1
			} else {
				child.Fail(err)
			}
			must("XML_Parse", e.Parse(parser, &buffer[0], int32(got), final), 1)
			if final != 0 {
				break
			}
		}
		e.Free(parser)
		took += time.Since(start)
		_, err := f.Seek(0, io.SeekStart)
		child.Fail(err)
		child.Check("expat", e.starts == 4*xmlItems+1 && e.ends == e.starts && e.attributes == 2*xmlItems &&
			e.names == int64(len("list")+xmlItems*len("itemnamepricenote")) &&
			e.text == int64(1+xmlItems*len("part 000000"+"0000.50"+"in stock, and a little text"+"\n")))
	}
	return took
}
