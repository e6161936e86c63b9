package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unsafe"
)

// A DB is a connection. One goroutine at a time may use it and its statements; each may do so from another thread.
//
// Values are nil, int64, float64, string and []byte, as SQLite has NULL, INTEGER, REAL, TEXT and BLOB.
type DB struct {
	c          *cDB
	registered int // Go functions that SQLite holds
	panicked   any // what a Go function panicked with, below SQLite's frames
}

// Error is what SQLite says about a failed call.
type Error struct {
	Code int    // SQLITE_CONSTRAINT and the like
	Text string // sqlite3_errmsg's
}

func (e *Error) Error() string { return fmt.Sprintf("%s (SQLite's code %d)", e.Text, e.Code) }

// Open opens a database file; ":memory:" is a new one in memory.
func Open(file string) (*DB, error) {
	if err := load(); err != nil {
		return nil, err
	}
	if strings.IndexByte(file, 0) >= 0 {
		return nil, errors.New("a file name with a NUL byte")
	}
	db := new(DB)
	if err := db.check(sqlite.open(file, &db.c)); err != nil {
		sqlite.close(db.c) // there is one in spite of the error; it had the error's text
		return nil, err
	}
	return db, nil
}

// Close closes the database. It fails, and changes nothing, while there are statements. A second Close does nothing.
func (db *DB) Close() error {
	if err := db.check(sqlite.close(db.c)); err != nil {
		return err
	}
	db.c = nil
	return nil
}

// check makes an error of a status. When a Go function has panicked meanwhile, the panic goes on here.
func (db *DB) check(status int32) error {
	if p := db.panicked; p != nil {
		db.panicked = nil
		panic(p)
	}
	switch status {
	case sqliteOK, sqliteRow, sqliteDone:
		return nil
	}
	return &Error{int(status), sqlite.errmsg(db.c)}
}

// Exec runs any number of SQL statements that have no parameters.
func (db *DB) Exec(sql string) error { return db.ExecRows(sql, nil) }

// ExecRows is Exec that calls row for each row, with all values as text, until row returns an error.
func (db *DB) ExecRows(sql string, row func(names, values []string) error) error {
	if strings.IndexByte(sql, 0) >= 0 {
		return errors.New("SQL with a NUL byte")
	}
	if row == nil {
		return db.check(sqlite.exec(db.c, sql, nil, 0, nil))
	}
	var failed error
	status := sqlite.exec(db.c, sql, func(_ uintptr, n int32, values, names **byte) (stop int32) {
		stop = 1 // should row panic
		defer db.catch(nil)
		if failed = row(stringsOf(names, n), stringsOf(values, n)); failed == nil {
			stop = 0
		}
		return stop
	}, 0, nil)
	if err := db.check(status); failed == nil {
		return err
	}
	return failed
}

// stringsOf copies n C strings.
func stringsOf(p **byte, n int32) []string {
	list := make([]string, n)
	for i, s := range unsafe.Slice(p, n) {
		list[i] = cstring(s)
	}
	return list
}

// Transaction runs do between BEGIN and COMMIT; an error or a panic of do rolls back.
func (db *DB) Transaction(do func() error) error {
	if err := db.Exec("BEGIN"); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			db.Exec("ROLLBACK")
		}
	}()
	if err := do(); err != nil {
		return err
	}
	err := db.Exec("COMMIT")
	done = err == nil
	return err
}

// Query returns all rows of one statement.
func (db *DB) Query(sql string, args ...any) (rows [][]any, err error) {
	s, err := db.Prepare(sql)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Bind(args...); err != nil {
		return nil, err
	}
	for {
		more, err := s.Step()
		if err != nil || !more {
			return rows, err
		}
		rows = append(rows, s.Row())
	}
}

// A Stmt is a prepared statement.
type Stmt struct {
	db *DB
	c  *cStmt
}

// Prepare compiles one SQL statement. Close the result before the database.
func (db *DB) Prepare(sql string) (*Stmt, error) {
	if len(sql) > math.MaxInt32 {
		return nil, errors.New("SQL of more than 2 GiB")
	}
	// SQLite points the tail into the text: a []byte, since a string would reach C as a copy. Bytes and tail are
	// both in the heap, and the tail is a number, so that C never writes a Go pointer.
	text, tail := []byte(sql), new(uintptr)
	s := &Stmt{db: db}
	if err := db.check(sqlite.prepare(db.c, text, int32(len(text)), &s.c, tail)); err != nil {
		return nil, err
	}
	if s.c == nil {
		return nil, errors.New("no statement in the SQL")
	}
	if rest := text[*tail-uintptr(unsafe.Pointer(&text[0])):]; strings.TrimSpace(string(rest)) != "" {
		s.Close()
		return nil, fmt.Errorf("after the first statement there is %q", rest)
	}
	return s, nil
}

// Close frees the statement. A second Close does nothing.
func (s *Stmt) Close() {
	sqlite.finalize(s.c) // its status is that of the last Step, which returned it
	s.c = nil
}

// Bind sets all parameters and starts the statement anew. SQLite copies text and blobs. A nil []byte is NULL, as nil
// is.
func (s *Stmt) Bind(args ...any) error {
	sqlite.reset(s.c) // the status is that of the last Step, as with Close
	if want := int(sqlite.bindCount(s.c)); len(args) != want {
		return fmt.Errorf("%d parameters for a statement that has %d", len(args), want)
	}
	for i, arg := range args {
		if err := s.bind(int32(i+1), arg); err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *Stmt) bind(i int32, arg any) error {
	var status int32
	switch v := arg.(type) {
	case nil:
		status = sqlite.bindNull(s.c, i)
	case int:
		status = sqlite.bindInt64(s.c, i, int64(v))
	case int64:
		status = sqlite.bindInt64(s.c, i, v)
	case float64:
		status = sqlite.bindDouble(s.c, i, v)
	case string:
		status = sqlite.bindText(s.c, i, v, uint64(len(v)), sqliteTransient, sqliteUTF8)
	case []byte:
		status = sqlite.bindBlob(s.c, i, v, uint64(len(v)), sqliteTransient)
	default:
		return fmt.Errorf("SQLite has no values of type %T", arg)
	}
	return s.db.check(status)
}

// Step goes to the next row and tells whether there is one.
func (s *Stmt) Step() (row bool, err error) {
	status := sqlite.step(s.c)
	return status == sqliteRow, s.db.check(status)
}

// Exec runs a statement that has no rows and returns how many rows it changed.
func (s *Stmt) Exec(args ...any) (changed int, err error) {
	if err := s.Bind(args...); err != nil {
		return 0, err
	}
	defer sqlite.reset(s.c)
	for more := true; more; {
		if more, err = s.Step(); err != nil {
			return 0, err
		}
	}
	return int(sqlite.changes(s.db.c)), nil
}

// Names returns the names of the columns.
func (s *Stmt) Names() []string {
	names := make([]string, sqlite.columnCount(s.c))
	for i := range names {
		names[i] = sqlite.columnName(s.c, int32(i))
	}
	return names
}

// Row returns the values of the row that Step went to, as copies.
func (s *Stmt) Row() []any {
	row := make([]any, sqlite.columnCount(s.c))
	for i := range row {
		row[i] = s.Column(i)
	}
	return row
}

// Column returns one of them; the first is number 0.
func (s *Stmt) Column(n int) any {
	i := int32(n)
	switch sqlite.columnType(s.c, i) {
	case sqliteInteger:
		return sqlite.columnInt64(s.c, i)
	case sqliteFloat:
		return sqlite.columnFloat(s.c, i)
	case sqliteText:
		text := sqlite.columnText(s.c, i) // before columnBytes, says its manual
		return string(copied(text, sqlite.columnBytes(s.c, i)))
	case sqliteBlob:
		blob := sqlite.columnBlob(s.c, i)
		return copied(blob, sqlite.columnBytes(s.c, i))
	}
	return nil
}
