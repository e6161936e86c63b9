package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gangwayffi/gangway"
)

// memory opens a database for a test, which ends with every Go function released by SQLite.
func memory(t *testing.T) *DB {
	t.Helper()
	need(t)
	db, err := Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		} else if db.registered != 0 {
			t.Errorf("after Close SQLite holds %d Go functions", db.registered)
		}
	})
	return db
}

// need skips a test on a machine without SQLite. That a function is missing or refused is a failure.
func need(t *testing.T) {
	t.Helper()
	err := load()
	var cannotOpen *gangway.OpenError
	if errors.As(err, &cannotOpen) {
		t.Skipf("this test needs SQLite's library (Debian: libsqlite3-0): %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func query(t *testing.T, db *DB, sql string, args ...any) [][]any {
	t.Helper()
	rows, err := db.Query(sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// wantRows compares the rows of a query with what they should be.
func wantRows(t *testing.T, db *DB, want [][]any, sql string, args ...any) {
	t.Helper()
	if got := query(t, db, sql, args...); !reflect.DeepEqual(got, want) {
		t.Errorf("%s gives %#v, want %#v", sql, got, want)
	}
}

// wantError checks that err is SQLite's, with this code and these words.
func wantError(t *testing.T, err error, code int, words string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Text, words) {
		t.Errorf("the error is %v, want code %d and %q", err, code, words)
	}
}

func TestRun(t *testing.T) {
	need(t)
	n := 2000
	if testing.Short() {
		n = 100
	}
	var out bytes.Buffer
	must(t, run(&out, n))
	want := []string{
		`SQLite 3\.\d+\.\d+`,
		fmt.Sprintf(`inserted %d rows in one transaction`, n),
		`read them back, \d{5,} bytes of blobs among them`,
		`\d{2,} rows have a size below 500000000, their scores sum up to -?[\d.]+`,
		fmt.Sprintf(`%d names match \^file\.\*\[13579\]\\\.txt\$, says a Go function`, n/2),
		"its error passes through SQL: error parsing regexp: missing closing \\): `file\\(` \\(SQLite's code 1\\)",
		`the median of these sizes is \d+, says a Go aggregate`,
		fmt.Sprintf(`file1\.txt to file%d\.txt are in the order of a Go collation`, n),
		`integrity_check: ok`,
		`closed; SQLite held 3 Go functions, now 0`,
		``,
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), out.String())
	}
	for i, line := range lines {
		if !regexp.MustCompile("^" + want[i] + "$").MatchString(line) {
			t.Errorf("line %d is %q, want %s", i+1, line, want[i])
		}
	}
}

// TestValues: what SQLite stores is what was bound, also at the borders, and Bind leaves nothing behind that C would
// read later.
func TestValues(t *testing.T) {
	db := memory(t)
	must(t, db.CreateFunc("same", 1, func(args []any) (any, error) { return args[0], nil }))
	long := strings.Repeat("long ", 20000)
	for _, v := range []struct {
		arg, want any
		typ       string
	}{
		{nil, nil, "null"},
		{7, int64(7), "integer"},
		{int64(math.MinInt64), int64(math.MinInt64), "integer"},
		{int64(math.MaxInt64), int64(math.MaxInt64), "integer"},
		{0.1, 0.1, "real"},
		{math.MaxFloat64, math.MaxFloat64, "real"},
		{math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64, "real"},
		{math.Inf(-1), math.Inf(-1), "real"},
		{math.NaN(), nil, "null"}, // SQLite has no NaN
		{"", "", "text"},
		{"żółw", "żółw", "text"},
		{"nul\x00inside", "nul\x00inside", "text"},
		{long, long, "text"},
		{[]byte(nil), nil, "null"},
		{[]byte{}, []byte{}, "blob"},
		{[]byte{0, 1, 255}, []byte{0, 1, 255}, "blob"},
		{[]byte(long), []byte(long), "blob"},
	} {
		rows := query(t, db, `SELECT ?1, typeof(?1), same(?1)`, v.arg)
		if want := [][]any{{v.want, v.typ, v.want}}; !reflect.DeepEqual(rows, want) {
			t.Errorf("%.40q (%T) comes back as %.80q, want %.80q", v.arg, v.arg, rows, want)
		}
	}

	s, err := db.Prepare(`SELECT ?`)
	must(t, err)
	defer s.Close()
	blob := []byte("before")
	must(t, s.Bind(blob))
	copy(blob, "after!")
	if _, err := s.Step(); err != nil || !reflect.DeepEqual(s.Column(0), []byte("before")) {
		t.Errorf("a blob that was changed after Bind comes back as %q, %v", s.Column(0), err)
	}
}

func TestNames(t *testing.T) {
	db := memory(t)
	s, err := db.Prepare(`SELECT 1 AS one, 'x' AS "zwei drei"`)
	must(t, err)
	defer s.Close()
	if names := s.Names(); !reflect.DeepEqual(names, []string{"one", "zwei drei"}) {
		t.Errorf("the columns are %q", names)
	}
}

func TestErrors(t *testing.T) {
	db := memory(t)
	must(t, db.Exec(`CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL); INSERT INTO t VALUES (1, 'x')`))

	_, err := db.Prepare(`SELEC 1`)
	wantError(t, err, 1, `near "SELEC": syntax error`)
	wantError(t, db.Exec(`INSERT INTO t VALUES (1, 'y')`), 19, "UNIQUE constraint failed: t.a")
	_, err = db.Query(`SELECT missing(1)`)
	wantError(t, err, 1, "no such function: missing")
	_, err = Open(filepath.Join(t.TempDir(), "no", "such", "directory"))
	wantError(t, err, 14, "unable to open database file")

	s, err := db.Prepare(`INSERT INTO t VALUES (?, ?)`)
	must(t, err)
	_, err = s.Exec(2, nil)
	wantError(t, err, 19, "NOT NULL constraint failed: t.b")
	if n, err := s.Exec(2, "y"); n != 1 || err != nil {
		t.Errorf("after its error the statement gives %d, %v", n, err)
	}
	wantError(t, db.Close(), 5, "unable to close due to unfinalized statements")
	s.Close()

	for _, c := range []struct {
		err   error
		words string
	}{
		{second(db.Prepare(``)), "no statement"},
		{second(db.Prepare(` -- a comment`)), "no statement"},
		{second(db.Prepare(`SELECT 1; SELECT 2`)), `after the first statement there is " SELECT 2"`},
		{second(db.Query(`SELECT ?`)), "0 parameters for a statement that has 1"},
		{second(db.Query(`SELECT ?, ?`, 1, 'x')), "parameter 2: SQLite has no values of type int32"},
		{db.Exec("SELECT 1\x00"), "NUL"},
		{second(Open("a\x00b")), "NUL"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.words) {
			t.Errorf("the error is %v, want %q", c.err, c.words)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestTransaction: an error and a panic both roll back.
func TestTransaction(t *testing.T) {
	db := memory(t)
	must(t, db.Exec(`CREATE TABLE t (a)`))
	must(t, db.Transaction(func() error { return db.Exec(`INSERT INTO t VALUES (1)`) }))
	stop := errors.New("stop")
	err := db.Transaction(func() error {
		must(t, db.Exec(`INSERT INTO t VALUES (2)`))
		return stop
	})
	if err != stop {
		t.Errorf("the error is %v", err)
	}
	func() {
		defer func() {
			if r := recover(); r != "enough" {
				t.Errorf("recovered %v", r)
			}
		}()
		db.Transaction(func() error {
			must(t, db.Exec(`INSERT INTO t VALUES (3)`))
			panic("enough")
		})
	}()
	wantRows(t, db, [][]any{{int64(1)}}, `SELECT a FROM t`)
}

func TestExecRows(t *testing.T) {
	db := memory(t)
	var got []string
	row := func(names, values []string) error {
		got = append(got, strings.Join(names, ",")+"="+strings.Join(values, ","))
		runtime.GC()
		return nil
	}
	must(t, db.ExecRows(`SELECT 1 AS a, NULL AS b; SELECT 'x' AS c`, row))
	if want := []string{"a,b=1,", "c=x"}; !reflect.DeepEqual(got, want) {
		t.Errorf("the rows are %q, want %q", got, want)
	}
	stop, rows := errors.New("stop"), 0
	err := db.ExecRows(`VALUES (1), (2), (3)`, func(_, _ []string) error {
		if rows++; rows == 2 {
			return stop
		}
		return nil
	})
	if err != stop || rows != 2 {
		t.Errorf("%v after %d rows, want stop after 2", err, rows)
	}
	wantError(t, db.ExecRows(`SELECT 1; SELEC 2`, row), 1, "syntax error")

	// Each call borrows a callback, and gives it back; the collector may close the idle ones, and the race detector
	// makes sync.Pool lose every fourth.
	before := gangway.Callbacks()
	for i := 0; i < 1000; i++ {
		must(t, db.ExecRows(`SELECT 1`, func(_, _ []string) error { return nil }))
	}
	if after := gangway.Callbacks(); after > before+500 {
		t.Errorf("1000 calls of ExecRows took the number of callbacks from %d to %d", before, after)
	}
}

// TestPanics: a panic of a Go function passes SQLite by, which can go on afterwards.
func TestPanics(t *testing.T) {
	db := memory(t)
	boom := func() { panic("boom") }
	must(t, db.CreateFunc("boom", -1, func([]any) (any, error) { boom(); return nil, nil }))
	must(t, db.CreateCollation("boom", func(a, b string) int { boom(); return 0 }))
	must(t, db.CreateAggregate("boomstep", 1, func() Aggregate { return bad{boom, func() {}} }))
	must(t, db.CreateAggregate("boomresult", 1, func() Aggregate { return bad{func() {}, boom} }))
	must(t, db.CreateAggregate("boombegin", 1, func() Aggregate { boom(); return nil }))
	for _, do := range []func() error{
		func() error { return second(db.Query(`SELECT boom(1, 2)`)) },
		func() error { return second(db.Query(`SELECT boomstep(1)`)) },
		func() error { return second(db.Query(`SELECT boomresult(1)`)) },
		func() error { return second(db.Query(`SELECT boombegin(1)`)) },
		func() error { return db.Exec(`SELECT 'a' < 'b' COLLATE boom`) },
		func() error { return db.ExecRows(`SELECT 1`, func(_, _ []string) error { boom(); return nil }) },
	} {
		func() {
			defer func() {
				if r := recover(); r != "boom" {
					t.Errorf("recovered %v", r)
				}
			}()
			t.Errorf("no panic but %v", do())
		}()
		wantRows(t, db, [][]any{{int64(1)}}, `SELECT 1`)
	}
}

type bad struct{ step, result func() }

func (b bad) Step([]any) error     { b.step(); return nil }
func (b bad) Result() (any, error) { b.result(); return nil, nil }

// TestFunctions: Go functions fail, call SQLite again, run the collector, have no or any number of arguments.
func TestFunctions(t *testing.T) {
	db := memory(t)
	must(t, db.CreateFunc("fail", 1, func(args []any) (any, error) { return nil, fmt.Errorf("%v is wrong", args[0]) }))
	_, err := db.Query(`SELECT fail(?)`, "this one")
	wantError(t, err, 1, "this one is wrong")

	must(t, db.CreateFunc("odd", 0, func([]any) (any, error) { return int32(1), nil }))
	_, err = db.Query(`SELECT odd()`)
	wantError(t, err, 1, "no values of type int32")

	must(t, db.CreateFunc("count_args", -1, func(args []any) (any, error) { return len(args), nil }))
	wantRows(t, db, [][]any{{int64(0), int64(3)}}, `SELECT count_args(), count_args(1, 2, NULL)`)

	// fib(n) asks SQL for fib(n-1): C and Go take turns on the stack.
	must(t, db.CreateFunc("fib", 1, func(args []any) (any, error) {
		n := args[0].(int64)
		if n%4 == 0 {
			runtime.GC()
		}
		if n < 2 {
			return n, nil
		}
		rows, err := db.Query(`SELECT fib(?) + fib(?)`, n-1, n-2)
		if err != nil {
			return nil, err
		}
		return rows[0][0], nil
	}))
	wantRows(t, db, [][]any{{int64(55)}}, `SELECT fib(10)`)
}

// TestAggregates: groups, no rows at all, an error in the middle of a group. No Handle keeps an Aggregate after its
// query.
func TestAggregates(t *testing.T) {
	db := memory(t)
	var begun, collected int32
	must(t, db.CreateAggregate("median", 1, func() Aggregate {
		m := new(median)
		begun++
		runtime.SetFinalizer(m, func(*median) { atomic.AddInt32(&collected, 1) })
		return m
	}))
	must(t, db.Exec(`CREATE TABLE t (g, n)`))
	wantRows(t, db, [][]any{{nil}}, `SELECT median(n) FROM t`)
	must(t, db.Exec(`INSERT INTO t VALUES ('a', 9), ('b', 1), ('a', 3), ('b', 2), ('a', 4)`))
	wantRows(t, db, [][]any{{"a", int64(4)}, {"b", int64(2)}}, `SELECT g, median(n) FROM t GROUP BY g ORDER BY g`)
	must(t, db.Exec(`INSERT INTO t VALUES ('b', 'text')`))
	_, err := db.Query(`SELECT median(n) FROM t`)
	wantError(t, err, 1, "median of a string")
	for end := time.Now().Add(100 * time.Second); atomic.LoadInt32(&collected) < begun; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d aggregates were collected", atomic.LoadInt32(&collected), begun)
		}
		runtime.GC()
	}
	if begun != 4 {
		t.Errorf("%d aggregates for 4 groups", begun)
	}
}

// TestCollation: an index is kept in Go's order.
func TestCollation(t *testing.T) {
	db := memory(t)
	must(t, db.CreateCollation("by_number", natural))
	must(t, db.Exec(`CREATE TABLE t (name TEXT COLLATE by_number UNIQUE)`))
	names := []string{"", "a", "a1", "a2", "a02b", "a10", "b", "b10c2", "b10c11", "żółw9", "żółw10", "9", "10"}
	for _, name := range names {
		if _, err := db.Query(`INSERT INTO t VALUES (?)`, name); err != nil {
			t.Fatal(err)
		}
	}
	_, err := db.Query(`INSERT INTO t VALUES ('a0010')`)
	wantError(t, err, 19, "UNIQUE")
	sort.SliceStable(names, func(i, j int) bool { return natural(names[i], names[j]) < 0 })
	var want [][]any
	for _, name := range names {
		want = append(want, []any{name})
	}
	wantRows(t, db, want, `SELECT name FROM t ORDER BY name`)
	wantRows(t, db, [][]any{{"a02b"}}, `SELECT name FROM t WHERE name = 'a2b'`)
}

// TestDestructors: SQLite releases a function that another replaces, and one that it refuses.
func TestDestructors(t *testing.T) {
	db := memory(t)
	same := func(args []any) (any, error) { return args[0], nil }
	for i := 0; i < 3; i++ {
		must(t, db.CreateFunc("f", 1, same))
		must(t, db.CreateCollation("c", strings.Compare))
	}
	if db.registered != 2 {
		t.Errorf("SQLite holds %d Go functions, want the last of each", db.registered)
	}
	wantError(t, db.CreateFunc("f", 1000, same), 21, "")
	wantError(t, db.CreateFunc(strings.Repeat("f", 300), 1, same), 21, "")
	s, err := db.Prepare(`SELECT f(1) UNION ALL SELECT 'a' < 'b' COLLATE c`)
	must(t, err)
	_, err = s.Step()
	must(t, err)
	wantError(t, db.CreateFunc("f", 1, same), 5, "active statements")
	wantError(t, db.CreateCollation("c", strings.Compare), 5, "active statements")
	if db.registered != 2 {
		t.Errorf("after SQLite refused some, it holds %d Go functions, want 2", db.registered)
	}
	s.Close()
}

// TestGoroutines: databases of several goroutines at once, with Go functions and collections.
func TestGoroutines(t *testing.T) {
	need(t)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 3; j++ {
				if err := run(new(bytes.Buffer), 100); err != nil {
					t.Error(err)
				}
				runtime.GC()
			}
		}()
	}
	wg.Wait()
}
