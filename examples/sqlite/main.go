// Sqlite: libsqlite3.so.0 keeps a database in memory. A small package over the C library (api.go, sqlite.go) is all
// that the program sees of it; SQL calls functions, aggregates and collations written in Go (func.go). Every answer is
// checked against Go's own.
package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strings"
)

// An item is a row of the table.
type item struct {
	id    int64
	name  string
	size  int64
	score float64
	data  []byte // nil is NULL
}

// row returns the item as SQLite has it.
func (it item) row() []any {
	row := []any{it.id, it.name, it.size, it.score, nil}
	if it.data != nil {
		row[4] = it.data
	}
	return row
}

// someItems returns n items in random order, the same ones each time.
func someItems(n int) []item {
	random := rand.New(rand.NewSource(1))
	items := make([]item, n)
	for i, id := range random.Perm(n) {
		it := item{id: int64(id + 1), name: fmt.Sprintf("file%d.txt", id+1), size: random.Int63n(1e9)}
		it.score = float64(random.Intn(4000)-2000) / 4 // sums are exact
		if i%10 != 0 {
			it.data = make([]byte, random.Intn(3000))
			random.Read(it.data)
		}
		items[i] = it
	}
	return items
}

func fill(db *DB, items []item) error {
	if err := db.Exec(`CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, size INTEGER, score REAL, data BLOB)`); err != nil {
		return err
	}
	return db.Transaction(func() error {
		insert, err := db.Prepare(`INSERT INTO item VALUES (?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, it := range items {
			n, err := insert.Exec(it.row()...)
			if err != nil {
				return fmt.Errorf("insert of item %d: %w", it.id, err)
			}
			if n != 1 {
				return fmt.Errorf("insert of item %d changed %d rows", it.id, n)
			}
		}
		return nil
	})
}

// median is an SQL aggregate: the number in the middle, the upper one of two.
type median struct{ numbers []int64 }

func (m *median) Step(args []any) error {
	n, ok := args[0].(int64)
	if !ok {
		return fmt.Errorf("median of a %T", args[0])
	}
	m.numbers = append(m.numbers, n)
	return nil
}

func (m *median) Result() (any, error) {
	if len(m.numbers) == 0 {
		return nil, nil
	}
	sort.Slice(m.numbers, func(i, j int) bool { return m.numbers[i] < m.numbers[j] })
	return m.numbers[len(m.numbers)/2], nil
}

// matches is SQLite's operator REGEXP, which it leaves to a function of this name and order: text REGEXP pattern.
func matches(args []any) (any, error) {
	pattern, ok1 := args[0].(string)
	text, ok2 := args[1].(string)
	if !ok1 || !ok2 {
		return nil, errors.New("regexp wants texts")
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return re.MatchString(text), nil
}

// natural orders texts as people do: numbers in them by value, so that file9 comes before file10.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na == 0 || nb == 0 {
			if a[0] != b[0] {
				return int(a[0]) - int(b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

// digits returns how many digits s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// check compares an answer of SQLite with Go's.
func check(what string, got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s: SQLite has %s, Go %s", what, short(got), short(want))
	}
	return nil
}

// short is for errors: some values are long.
func short(v any) string {
	text := fmt.Sprint(v)
	if len(text) > 200 {
		text = text[:200] + "..."
	}
	return text
}

// checkQuery compares the rows of a query with Go's.
func checkQuery(db *DB, want [][]any, sql string, args ...any) error {
	rows, err := db.Query(sql, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	for i := 0; i < len(rows) && i < len(want); i++ {
		if err := check(fmt.Sprintf("%s: row %d", sql, i+1), rows[i], want[i]); err != nil {
			return err
		}
	}
	return check(sql+": the number of rows", len(rows), len(want))
}

// report runs everything on a database of n items.
func report(w io.Writer, db *DB, n int) error {
	items := someItems(n)
	if err := fill(db, items); err != nil {
		return err
	}
	fmt.Fprintf(w, "inserted %d rows in one transaction\n", n)

	// Every value comes back as it went.
	sort.Slice(items, func(i, j int) bool { return items[i].id < items[j].id })
	rows := make([][]any, n)
	stored := 0
	for i, it := range items {
		rows[i] = it.row()
		stored += len(it.data)
	}
	if err := checkQuery(db, rows, `SELECT * FROM item ORDER BY id`); err != nil {
		return err
	}
	fmt.Fprintf(w, "read them back, %d bytes of blobs among them\n", stored)

	// SQLite's own aggregates, with a parameter.
	const limit = 500_000_000
	count, sum, sizes := int64(0), 0.0, []int64(nil)
	for _, it := range items {
		if it.size < limit {
			count++
			sum += it.score
			sizes = append(sizes, it.size)
		}
	}
	if err := checkQuery(db, [][]any{{count, sum}}, `SELECT count(*), sum(score) FROM item WHERE size < ?`, limit); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d rows have a size below %d, their scores sum up to %v\n", count, limit, sum)

	// A Go function.
	const pattern = `^file.*[13579]\.txt$`
	if err := db.CreateFunc("regexp", 2, matches); err != nil {
		return err
	}
	matching := int64(0)
	for _, it := range items {
		if regexp.MustCompile(pattern).MatchString(it.name) {
			matching++
		}
	}
	if err := checkQuery(db, [][]any{{matching}}, `SELECT count(*) FROM item WHERE name REGEXP ?`, pattern); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d names match %s, says a Go function\n", matching, pattern)
	_, err := db.Query(`SELECT count(*) FROM item WHERE name REGEXP 'file('`)
	var fromSQLite *Error
	if !errors.As(err, &fromSQLite) {
		return fmt.Errorf("a bad pattern gives %v, want an Error", err)
	}
	fmt.Fprintf(w, "its error passes through SQL: %v\n", fromSQLite)

	// A Go aggregate.
	if err := db.CreateAggregate("median", 1, func() Aggregate { return new(median) }); err != nil {
		return err
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	middle := sizes[len(sizes)/2]
	if err := checkQuery(db, [][]any{{middle}}, `SELECT median(size) FROM item WHERE size < ?`, limit); err != nil {
		return err
	}
	fmt.Fprintf(w, "the median of these sizes is %d, says a Go aggregate\n", middle)

	// A Go collation.
	compared := 0
	err = db.CreateCollation("by_number", func(a, b string) int {
		compared++
		return natural(a, b)
	})
	if err != nil {
		return err
	}
	names := make([][]any, n)
	for i := range names {
		names[i] = []any{fmt.Sprintf("file%d.txt", i+1)}
	}
	if err := checkQuery(db, names, `SELECT name FROM item ORDER BY name COLLATE by_number`); err != nil {
		return err
	}
	if compared < n-1 {
		return fmt.Errorf("SQLite called the collation %d times for %d rows", compared, n)
	}
	fmt.Fprintf(w, "%v to %v are in the order of a Go collation\n", names[0][0], names[n-1][0])

	// A Go func for one call.
	var said []string
	err = db.ExecRows(`PRAGMA integrity_check`, func(names, values []string) error {
		said = append(said, names[0]+": "+values[0])
		return nil
	})
	if err != nil {
		return err
	}
	if err := check("the integrity check", said, []string{"integrity_check: ok"}); err != nil {
		return err
	}
	fmt.Fprintln(w, said[0])
	return nil
}

func run(w io.Writer, n int) error {
	db, err := Open(":memory:")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "SQLite %s\n", sqlite.libversion())
	failed := report(w, db, n)
	held := db.registered
	if err := db.Close(); failed == nil {
		failed = err
	}
	if failed != nil {
		return failed
	}
	fmt.Fprintf(w, "closed; SQLite held %d Go functions, now %d\n", held, db.registered)
	return nil
}

func main() {
	if err := run(os.Stdout, 2000); err != nil {
		fmt.Fprintln(os.Stderr, "sqlite:", err)
		os.Exit(1)
	}
}
