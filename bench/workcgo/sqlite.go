//go:build cgo && bench_sqlite

package main

/*
#cgo LDFLAGS: -lsqlite3
#include <sqlite3.h>

void goScalar(void *, int, void *);

static int create_function(sqlite3 *db, const char *name)
{
	return sqlite3_create_function(db, name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				       (void (*)(sqlite3_context *, int, sqlite3_value **))goScalar, NULL, NULL);
}

// A macro that cgo cannot express.
static int bind_text(sqlite3_stmt *stmt, int i, const char *text, int n)
{
	return sqlite3_bind_text(stmt, i, text, n, SQLITE_TRANSIENT);
}
*/
import "C"

import (
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
	"github.com/gangwayffi/gangway/bench/real"
)

func init() { libraries = append(libraries, func() []child.Bench { return sqlite.Benches(impl) }) }

var sqlite = real.SQLite{
	Open: func(file *byte, db *unsafe.Pointer) int32 {
		return int32(C.sqlite3_open((*C.char)(unsafe.Pointer(file)), (**C.sqlite3)(unsafe.Pointer(db))))
	},
	Exec: func(db unsafe.Pointer, sql *byte) int32 {
		return int32(C.sqlite3_exec((*C.sqlite3)(db), (*C.char)(unsafe.Pointer(sql)), nil, nil, nil))
	},
	Prepare: func(db unsafe.Pointer, sql *byte, n int32, stmt *unsafe.Pointer) int32 {
		return int32(C.sqlite3_prepare_v2((*C.sqlite3)(db), (*C.char)(unsafe.Pointer(sql)), C.int(n),
			(**C.sqlite3_stmt)(unsafe.Pointer(stmt)), nil))
	},
	BindInt64: func(stmt unsafe.Pointer, i int32, v int64) int32 {
		return int32(C.sqlite3_bind_int64((*C.sqlite3_stmt)(stmt), C.int(i), C.sqlite3_int64(v)))
	},
	BindText: func(stmt unsafe.Pointer, i int32, text *byte, n int32) int32 {
		return int32(C.bind_text((*C.sqlite3_stmt)(stmt), C.int(i), (*C.char)(unsafe.Pointer(text)), C.int(n)))
	},
	Step:  func(stmt unsafe.Pointer) int32 { return int32(C.sqlite3_step((*C.sqlite3_stmt)(stmt))) },
	Reset: func(stmt unsafe.Pointer) int32 { return int32(C.sqlite3_reset((*C.sqlite3_stmt)(stmt))) },
	ColumnInt64: func(stmt unsafe.Pointer, i int32) int64 {
		return int64(C.sqlite3_column_int64((*C.sqlite3_stmt)(stmt), C.int(i)))
	},
	CreateFunction: func(db unsafe.Pointer, name *byte) int32 {
		return int32(C.create_function((*C.sqlite3)(db), (*C.char)(unsafe.Pointer(name))))
	},
	ValueInt64: func(value unsafe.Pointer) int64 { return int64(C.sqlite3_value_int64((*C.sqlite3_value)(value))) },
	ResultInt64: func(context unsafe.Pointer, v int64) {
		C.sqlite3_result_int64((*C.sqlite3_context)(context), C.sqlite3_int64(v))
	},
}
