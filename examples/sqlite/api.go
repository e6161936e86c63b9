package main

import (
	"sync"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// What this program uses of sqlite3.h. Only SQLite looks into its objects; to Go they are pointers that one cannot mix
// up.
type (
	cDB      struct{ _ byte } // sqlite3
	cStmt    struct{ _ byte } // sqlite3_stmt
	cContext struct{ _ byte } // sqlite3_context
	cValue   struct{ _ byte } // sqlite3_value
)

// api holds SQLite's functions. int is int32; a char * that ends in NUL is a string, one with a length beside it a
// string or []byte when C reads it and a *byte when C returns it; void * for user data is the Handle that travels in
// it.
//
// What SQLite keeps after the call is never Go memory: text and blobs go with sqliteTransient (it copies them), user
// data is a Handle, and functions come from NewCallback. Only exec calls its function during the call alone: a Go func
// will do.
type api struct {
	libversion func() string

	open    func(file string, db **cDB) int32
	close   func(db *cDB) int32
	errmsg  func(db *cDB) string
	exec    func(db *cDB, sql string, row func(arg uintptr, n int32, values, names **byte) int32, arg uintptr, errmsg **byte) int32
	changes func(db *cDB) int32

	prepare     func(db *cDB, sql []byte, n int32, stmt **cStmt, tail *uintptr) int32
	finalize    func(s *cStmt) int32
	reset       func(s *cStmt) int32
	step        func(s *cStmt) int32
	bindCount   func(s *cStmt) int32
	bindNull    func(s *cStmt, i int32) int32
	bindInt64   func(s *cStmt, i int32, v int64) int32
	bindDouble  func(s *cStmt, i int32, v float64) int32
	bindText    func(s *cStmt, i int32, v string, n uint64, destructor uintptr, encoding uint8) int32
	bindBlob    func(s *cStmt, i int32, v []byte, n uint64, destructor uintptr) int32
	columnCount func(s *cStmt) int32
	columnName  func(s *cStmt, i int32) string
	columnType  func(s *cStmt, i int32) int32
	columnInt64 func(s *cStmt, i int32) int64
	columnFloat func(s *cStmt, i int32) float64
	columnText  func(s *cStmt, i int32) *byte
	columnBlob  func(s *cStmt, i int32) *byte
	columnBytes func(s *cStmt, i int32) int32

	createFunction  func(db *cDB, name string, args, flags int32, user gangway.Handle, call, step, final, destroy uintptr) int32
	createCollation func(db *cDB, name string, encoding int32, user gangway.Handle, compare, destroy uintptr) int32

	userData         func(c *cContext) gangway.Handle
	aggregateContext func(c *cContext, n int32) *gangway.Handle
	valueType        func(v *cValue) int32
	valueInt64       func(v *cValue) int64
	valueFloat       func(v *cValue) float64
	valueText        func(v *cValue) *byte
	valueBlob        func(v *cValue) *byte
	valueBytes       func(v *cValue) int32
	resultNull       func(c *cContext)
	resultInt64      func(c *cContext, v int64)
	resultDouble     func(c *cContext, v float64)
	resultText       func(c *cContext, v string, n uint64, destructor uintptr, encoding uint8)
	resultBlob       func(c *cContext, v []byte, n uint64, destructor uintptr)
	resultError      func(c *cContext, text string, n int32)
}

const (
	sqliteOK   = 0
	sqliteRow  = 100
	sqliteDone = 101

	sqliteInteger = 1
	sqliteFloat   = 2
	sqliteText    = 3
	sqliteBlob    = 4

	sqliteUTF8          = 1
	sqliteDeterministic = 0x800

	sqliteTransient = ^uintptr(0) // (sqlite3_destructor_type)-1: copy it now
)

// sqlite is loaded by the first Open, for good.
var (
	sqlite   api
	loadOnce sync.Once
	loadErr  error
)

func load() error {
	loadOnce.Do(func() { loadErr = sqlite.load() })
	return loadErr
}

func (a *api) load() error {
	lib, err := gangway.Open("libsqlite3.so.0", "libsqlite3.so")
	if err != nil {
		return err // dlerror's words, for each name
	}
	for name, fn := range map[string]any{
		"sqlite3_libversion":           &a.libversion,
		"sqlite3_open":                 &a.open,
		"sqlite3_close":                &a.close,
		"sqlite3_errmsg":               &a.errmsg,
		"sqlite3_exec":                 &a.exec,
		"sqlite3_changes":              &a.changes,
		"sqlite3_prepare_v2":           &a.prepare,
		"sqlite3_finalize":             &a.finalize,
		"sqlite3_reset":                &a.reset,
		"sqlite3_step":                 &a.step,
		"sqlite3_bind_parameter_count": &a.bindCount,
		"sqlite3_bind_null":            &a.bindNull,
		"sqlite3_bind_int64":           &a.bindInt64,
		"sqlite3_bind_double":          &a.bindDouble,
		"sqlite3_bind_text64":          &a.bindText,
		"sqlite3_bind_blob64":          &a.bindBlob,
		"sqlite3_column_count":         &a.columnCount,
		"sqlite3_column_name":          &a.columnName,
		"sqlite3_column_type":          &a.columnType,
		"sqlite3_column_int64":         &a.columnInt64,
		"sqlite3_column_double":        &a.columnFloat,
		"sqlite3_column_text":          &a.columnText,
		"sqlite3_column_blob":          &a.columnBlob,
		"sqlite3_column_bytes":         &a.columnBytes,
		"sqlite3_create_function_v2":   &a.createFunction,
		"sqlite3_create_collation_v2":  &a.createCollation,
		"sqlite3_user_data":            &a.userData,
		"sqlite3_aggregate_context":    &a.aggregateContext,
		"sqlite3_value_type":           &a.valueType,
		"sqlite3_value_int64":          &a.valueInt64,
		"sqlite3_value_double":         &a.valueFloat,
		"sqlite3_value_text":           &a.valueText,
		"sqlite3_value_blob":           &a.valueBlob,
		"sqlite3_value_bytes":          &a.valueBytes,
		"sqlite3_result_null":          &a.resultNull,
		"sqlite3_result_int64":         &a.resultInt64,
		"sqlite3_result_double":        &a.resultDouble,
		"sqlite3_result_text64":        &a.resultText,
		"sqlite3_result_blob64":        &a.resultBlob,
		"sqlite3_result_error":         &a.resultError,
	} {
		if err := lib.Bind(name, fn); err != nil {
			return err
		}
	}
	return callbacks.make()
}

// copied returns a copy of n bytes of C's.
func copied(p *byte, n int32) []byte {
	b := make([]byte, n)
	copy(b, unsafe.Slice(p, n))
	return b
}

// cstring returns a copy of the C string at p; "" for NULL.
func cstring(p *byte) string {
	n := int32(0)
	for p != nil && *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(copied(p, n))
}
