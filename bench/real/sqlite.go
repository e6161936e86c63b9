package real

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

// SQLite is what the rows use of sqlite3.h.
type SQLite struct {
	Open        func(file *byte, db *unsafe.Pointer) int32
	Exec        func(db unsafe.Pointer, sql *byte) int32 // without callback and message
	Prepare     func(db unsafe.Pointer, sql *byte, n int32, stmt *unsafe.Pointer) int32
	BindInt64   func(stmt unsafe.Pointer, i int32, v int64) int32
	BindText    func(stmt unsafe.Pointer, i int32, text *byte, n int32) int32 // which SQLite copies
	Step        func(stmt unsafe.Pointer) int32
	Reset       func(stmt unsafe.Pointer) int32
	ColumnInt64 func(stmt unsafe.Pointer, i int32) int64
	// CreateFunction makes an SQL function of one argument that calls Scalar.
	CreateFunction func(db unsafe.Pointer, name *byte) int32
	ValueInt64     func(value unsafe.Pointer) int64
	ResultInt64    func(context unsafe.Pointer, v int64)
}

const (
	sqliteOK   = 0
	sqliteRow  = 100
	sqliteDone = 101

	queryRows  = 100000
	insertRows = 100000
	scalarRows = 1000000
)

// Scalar is the SQL function of the sqlite-func row: twice its argument and one.
func (s *SQLite) Scalar(context unsafe.Pointer, _ int32, values *unsafe.Pointer) {
	s.ResultInt64(context, 2*s.ValueInt64(at(values, 0))+1)
}

// A sqliteWork is the database, made when it is first needed.
type sqliteWork struct {
	*SQLite
	db                   unsafe.Pointer
	query, insert, count unsafe.Pointer
	scalar               unsafe.Pointer
	name                 []byte
}

// Benches returns the rows.
func (s *SQLite) Benches(impl string) []child.Bench {
	w := &sqliteWork{SQLite: s, name: []byte("a name of some length")}
	return []child.Bench{
		{Row: "sqlite-query", Impl: impl, CheckN: child.CheckN, Run: w.runQuery},
		{Row: "sqlite-insert", Impl: impl, CheckN: 1, Long: true, Run: w.runInsert},
		{Row: "sqlite-func", Impl: impl, CheckN: 1, Long: true, Run: w.runScalar},
	}
}

func (w *sqliteWork) open() {
	if w.db != nil {
		return
	}
	var db unsafe.Pointer // by itself: cgo refuses addresses within what holds Go pointers
	must("sqlite3_open", w.Open(cstring(":memory:"), &db), sqliteOK)
	w.db = db
	w.exec("CREATE TABLE q (id INTEGER PRIMARY KEY, v INTEGER)")
	w.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
	w.exec(fmt.Sprintf("INSERT INTO q WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c WHERE i<%d) "+
		"SELECT i, 3*i FROM c", queryRows-1))
	must("sqlite3_create_function", w.CreateFunction(w.db, cstring("scalar")), sqliteOK)
	w.query = w.prepare("SELECT v FROM q WHERE id = ?")
	w.insert = w.prepare("INSERT INTO t VALUES (?, ?)")
	w.count = w.prepare("SELECT count(*) FROM t WHERE length(name) = 21")
}

func (w *sqliteWork) exec(sql string) { must(sql, w.Exec(w.db, cstring(sql)), sqliteOK) }

func (w *sqliteWork) prepare(sql string) (stmt unsafe.Pointer) {
	must(sql, w.Prepare(w.db, cstring(sql), -1, &stmt), sqliteOK)
	return stmt
}

// runQuery looks up n rows that lie apart.
func (w *sqliteWork) runQuery(n int) time.Duration {
	w.open()
	var sum, want int64
	start := time.Now()
	for i := 0; i < n; i++ {
		id := int64(i * 61 % queryRows)
		must("sqlite3_bind_int64", w.BindInt64(w.query, 1, id), sqliteOK)
		must("sqlite3_step", w.Step(w.query), sqliteRow)
		sum += w.ColumnInt64(w.query, 0)
		must("sqlite3_reset", w.Reset(w.query), sqliteOK)
	}
	took := time.Since(start)
	for i := 0; i < n; i++ {
		want += 3 * int64(i*61%queryRows)
	}
	child.Check("sqlite-query", sum == want)
	return took
}

// runInsert fills a table n times.
func (w *sqliteWork) runInsert(n int) (took time.Duration) {
	w.open()
	for ; n > 0; n-- {
		start := time.Now()
		w.exec("BEGIN")
		for i := int64(0); i < insertRows; i++ {
			must("sqlite3_bind_int64", w.BindInt64(w.insert, 1, i), sqliteOK)
			must("sqlite3_bind_text", w.BindText(w.insert, 2, &w.name[0], int32(len(w.name))), sqliteOK)
			must("sqlite3_step", w.Step(w.insert), sqliteDone)
			must("sqlite3_reset", w.Reset(w.insert), sqliteOK)
		}
		w.exec("COMMIT")
		took += time.Since(start)
		child.Check("sqlite-insert", w.one(w.count) == insertRows)
		w.exec("DELETE FROM t")
	}
	return took
}

// runScalar has SQL call Scalar for each row of a table, n times.
func (w *sqliteWork) runScalar(n int) time.Duration {
	w.open()
	if w.scalar == nil {
		w.exec("CREATE TABLE s (v INTEGER)")
		w.exec(fmt.Sprintf("INSERT INTO s WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c WHERE i<%d) "+
			"SELECT i FROM c", scalarRows-1))
		w.scalar = w.prepare("SELECT sum(scalar(v)) FROM s")
	}
	start := time.Now()
	for i := 0; i < n; i++ {
		child.Check("sqlite-func", w.one(w.scalar) == scalarRows*scalarRows)
	}
	return time.Since(start)
}

// one returns the only value of a statement's only row.
func (w *sqliteWork) one(stmt unsafe.Pointer) int64 {
	must("sqlite3_step", w.Step(stmt), sqliteRow)
	v := w.ColumnInt64(stmt, 0)
	must("sqlite3_reset", w.Reset(stmt), sqliteOK)
	return v
}
