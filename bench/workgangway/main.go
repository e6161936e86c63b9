// Gangway's side of the real work rows: built without cgo, libraries loaded at run time. What is not installed is
// left out.
package main

import (
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/bench/real"
)

const impl = "gangway-auto"

func main() {
	benches := []child.Bench{{Row: "sort", Impl: impl, CheckN: 1, Long: true, Run: child.Qsort(sorter(),
		real.SortLength)}}
	for _, job := range []struct {
		name, file string
		benches    func(lib *gangway.Library) []child.Bench
	}{
		{"SQLite", "libsqlite3.so.0", sqlite},
		{"zlib", "libz.so.1", zlib},
		{"expat", "libexpat.so.1", expat},
		{"libpng", "libpng16.so.16", png},
	} {
		lib, err := gangway.Open(job.file)
		if err != nil {
			child.LeftOut(job.name+" with Gangway", err)
			continue
		}
		benches = append(benches, job.benches(lib)...)
	}
	child.Serve(benches)
}

// bind binds each name to the func that the pointer beside it points to.
func bind(lib *gangway.Library, functions map[string]any) {
	for name, fn := range functions {
		child.Fail(lib.Bind(name, fn))
	}
}

// pointer returns a callback that lives as long as the program.
func pointer(fn any) uintptr {
	c, err := gangway.NewCallback(fn)
	child.Fail(err)
	return c.Pointer()
}

func sorter() func(base unsafe.Pointer, n uintptr) {
	qsort := gangway.MustFunc[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort")
	compare := pointer(child.CompareInts)
	return func(base unsafe.Pointer, n uintptr) { qsort(base, n, 4, compare) }
}

func sqlite(lib *gangway.Library) []child.Bench {
	const (
		utf8          = 1
		deterministic = 0x800
		transient     = ^uintptr(0) // SQLITE_TRANSIENT
	)
	var (
		s              real.SQLite
		version        func() string
		exec           func(db unsafe.Pointer, sql *byte, callback, arg, message uintptr) int32
		prepare        func(db unsafe.Pointer, sql *byte, n int32, stmt *unsafe.Pointer, tail uintptr) int32
		bindText       func(stmt unsafe.Pointer, i int32, text *byte, n int32, destructor uintptr) int32
		createFunction func(db unsafe.Pointer, name *byte, args, flags int32, user, call, step, final uintptr) int32
	)
	bind(lib, map[string]any{
		"sqlite3_libversion": &version, "sqlite3_open": &s.Open, "sqlite3_exec": &exec, "sqlite3_prepare_v2": &prepare,
		"sqlite3_bind_int64": &s.BindInt64, "sqlite3_bind_text": &bindText, "sqlite3_step": &s.Step,
		"sqlite3_reset":        &s.Reset,
		"sqlite3_column_int64": &s.ColumnInt64, "sqlite3_create_function": &createFunction,
		"sqlite3_value_int64": &s.ValueInt64, "sqlite3_result_int64": &s.ResultInt64,
	})
	scalar := pointer(s.Scalar)
	s.Exec = func(db unsafe.Pointer, sql *byte) int32 { return exec(db, sql, 0, 0, 0) }
	s.Prepare = func(db unsafe.Pointer, sql *byte, n int32, stmt *unsafe.Pointer) int32 {
		return prepare(db, sql, n, stmt, 0)
	}
	s.BindText = func(stmt unsafe.Pointer, i int32, text *byte, n int32) int32 {
		return bindText(stmt, i, text, n, transient)
	}
	s.CreateFunction = func(db unsafe.Pointer, name *byte) int32 {
		return createFunction(db, name, 1, utf8|deterministic, 0, scalar, 0, 0)
	}
	child.Version("SQLite", version())
	return s.Benches(impl)
}

func zlib(lib *gangway.Library) []child.Bench {
	var (
		z       real.Zlib
		version func() string
	)
	bind(lib, map[string]any{
		"zlibVersion": &version, "compress2": &z.Compress, "uncompress": &z.Uncompress, "crc32": &z.CRC32,
	})
	child.Version("zlib", version())
	return z.Benches(impl)
}

func expat(lib *gangway.Library) []child.Bench {
	var (
		e           real.Expat
		version     func() string
		create      func(encoding uintptr) unsafe.Pointer
		setElements func(parser unsafe.Pointer, start, end uintptr)
		setText     func(parser unsafe.Pointer, text uintptr)
	)
	bind(lib, map[string]any{
		"XML_ExpatVersion": &version, "XML_ParserCreate": &create, "XML_SetElementHandler": &setElements,
		"XML_SetCharacterDataHandler": &setText, "XML_Parse": &e.Parse, "XML_ParserFree": &e.Free,
	})
	start := pointer(func(_ uintptr, name *byte, attributes *unsafe.Pointer) { e.Start(name, attributes) })
	end := pointer(func(_ uintptr, name *byte) { e.End(name) })
	text := pointer(func(_ uintptr, s *byte, n int32) { e.Text(s, n) })
	e.Create = func() unsafe.Pointer {
		parser := create(0)
		setElements(parser, start, end)
		setText(parser, text)
		return parser
	}
	child.Version("expat", version()[len("expat_"):])
	return e.Benches(impl)
}

func png(lib *gangway.Library) []child.Bench {
	var (
		p          real.PNG
		version    func(decoder uintptr) string
		create     func(version string, user, fail, warn uintptr) unsafe.Pointer
		createInfo func(decoder unsafe.Pointer) unsafe.Pointer
		setRead    func(decoder unsafe.Pointer, user, read uintptr)
		readRow    func(decoder unsafe.Pointer, row *byte, display uintptr)
		readEnd    func(decoder unsafe.Pointer, info uintptr)
		destroy    func(decoder, info *unsafe.Pointer, end uintptr)
	)
	bind(lib, map[string]any{
		"png_get_libpng_ver": &version, "png_create_read_struct": &create, "png_create_info_struct": &createInfo,
		"png_set_read_fn": &setRead, "png_read_info": &p.ReadInfo, "png_get_rowbytes": &p.RowBytes,
		"png_read_row": &readRow, "png_read_end": &readEnd, "png_destroy_read_struct": &destroy,
	})
	read := pointer(func(_ uintptr, to *byte, n uint) { p.Read(to, n) })
	fail := pointer(func(uintptr, uintptr) { real.Abort("libpng") })
	p.Create = func() (decoder, info unsafe.Pointer) {
		decoder = create(version(0), 0, fail, 0)
		info = createInfo(decoder)
		setRead(decoder, 0, read)
		return decoder, info
	}
	p.ReadRow = func(decoder unsafe.Pointer, row *byte) { readRow(decoder, row, 0) }
	p.ReadEnd = func(decoder unsafe.Pointer) { readEnd(decoder, 0) }
	p.Destroy = func(decoder, info unsafe.Pointer) { destroy(&decoder, &info, 0) }
	child.Version("libpng", version(0))
	return p.Benches(impl)
}
