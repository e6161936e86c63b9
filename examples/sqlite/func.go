package main

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// A Func is an SQL function. The arguments are its own.
type Func func(args []any) (any, error)

// An Aggregate is one run of an SQL aggregate function: Step for each row of a group, then Result, once. SQLite asks
// for the Result even when the statement fails in between.
type Aggregate interface {
	Step(args []any) error
	Result() (any, error)
}

// A registration is what the Handle stands for that SQLite keeps with a function or collation.
type registration struct {
	db        *DB
	call      Func
	aggregate func() Aggregate
	compare   func(a, b string) int
}

// callbacks are the functions that SQLite calls, one set for all registrations: user data tells them apart.
var callbacks callbackSet

type callbackSet struct {
	call, step, final, compare, destroy uintptr
}

func (s *callbackSet) make() error {
	for _, c := range []struct {
		pointer *uintptr
		fn      any
	}{
		{&s.call, callFunc},
		{&s.step, stepAggregate},
		{&s.final, finishAggregate},
		{&s.compare, compareText},
		{&s.destroy, destroyRegistration},
	} {
		callback, err := gangway.NewCallback(c.fn) // never closed, as the library is not
		if err != nil {
			return err
		}
		*c.pointer = callback.Pointer()
	}
	return nil
}

// CreateFunc makes call an SQL function of n arguments, -1 for any number. Equal arguments must give equal results.
func (db *DB) CreateFunc(name string, n int, call Func) error {
	h := db.register(&registration{call: call})
	return db.check(sqlite.createFunction(db.c, name, int32(n), sqliteUTF8|sqliteDeterministic, h,
		callbacks.call, 0, 0, callbacks.destroy))
}

// CreateAggregate makes an SQL aggregate function; begin is called for each group.
func (db *DB) CreateAggregate(name string, n int, begin func() Aggregate) error {
	h := db.register(&registration{aggregate: begin})
	return db.check(sqlite.createFunction(db.c, name, int32(n), sqliteUTF8|sqliteDeterministic, h, 0,
		callbacks.step, callbacks.final, callbacks.destroy))
}

// CreateCollation makes an order of text: compare returns a number below, equal to or above 0.
func (db *DB) CreateCollation(name string, compare func(a, b string) int) error {
	h := db.register(&registration{compare: compare})
	status := sqlite.createCollation(db.c, name, sqliteUTF8, h, callbacks.compare, callbacks.destroy)
	if status != sqliteOK {
		destroyRegistration(h) // create_function does that itself when it fails, create_collation does not
	}
	return db.check(status)
}

func (db *DB) register(r *registration) gangway.Handle {
	r.db = db
	db.registered++
	return gangway.NewHandle(r)
}

// destroyRegistration is called by SQLite when it needs a function no more: it was replaced, or the database closed.
func destroyRegistration(h gangway.Handle) {
	h.Value().(*registration).db.registered--
	h.Delete()
}

// catch is deferred by what SQLite calls. A panic must not leave SQLite's functions, which hold locks: it ends here, as
// an error of the SQL function if c is not nil, and goes on in DB.check.
func (db *DB) catch(c *cContext) {
	if p := recover(); p != nil {
		db.panicked = p
		if c != nil {
			setError(c, fmt.Errorf("panic: %v", p))
		}
	}
}

// callFunc is an xFunc: void (*)(sqlite3_context *, int, sqlite3_value **).
func callFunc(c *cContext, n int32, args **cValue) {
	r := sqlite.userData(c).Value().(*registration)
	defer r.db.catch(c)
	v, err := r.call(values(args, n))
	setResult(c, v, err)
}

// stepAggregate is an xStep, with callFunc's type. The memory that SQLite has for each group holds a Handle of the
// Aggregate.
func stepAggregate(c *cContext, n int32, args **cValue) {
	r := sqlite.userData(c).Value().(*registration)
	defer r.db.catch(c)
	h := sqlite.aggregateContext(c, int32(unsafe.Sizeof(gangway.Handle(0))))
	if h == nil {
		setError(c, errors.New("out of memory"))
		return
	}
	if *h == 0 { // as SQLite made it
		*h = gangway.NewHandle(r.aggregate())
	}
	if err := h.Value().(Aggregate).Step(values(args, n)); err != nil {
		setError(c, err)
	}
}

// finishAggregate is an xFinal: void (*)(sqlite3_context *).
func finishAggregate(c *cContext) {
	r := sqlite.userData(c).Value().(*registration)
	defer r.db.catch(c)
	var a Aggregate
	if h := sqlite.aggregateContext(c, 0); h == nil || *h == 0 {
		a = r.aggregate() // there was no row
	} else {
		a = h.Value().(Aggregate)
		h.Delete()
	}
	v, err := a.Result()
	setResult(c, v, err)
}

// compareText is an xCompare: int (*)(void *, int, const void *, int, const void *). It cannot fail.
func compareText(h gangway.Handle, na int32, a *byte, nb int32, b *byte) (order int32) {
	r := h.Value().(*registration)
	defer r.db.catch(nil)
	switch n := r.compare(string(copied(a, na)), string(copied(b, nb))); {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// values returns the n arguments of an SQL function, as copies.
func values(args **cValue, n int32) []any {
	list := make([]any, n)
	for i, v := range unsafe.Slice(args, n) {
		switch sqlite.valueType(v) {
		case sqliteInteger:
			list[i] = sqlite.valueInt64(v)
		case sqliteFloat:
			list[i] = sqlite.valueFloat(v)
		case sqliteText:
			text := sqlite.valueText(v) // before valueBytes, as with columns
			list[i] = string(copied(text, sqlite.valueBytes(v)))
		case sqliteBlob:
			blob := sqlite.valueBlob(v)
			list[i] = copied(blob, sqlite.valueBytes(v))
		}
	}
	return list
}

func setResult(c *cContext, v any, err error) {
	if err != nil {
		setError(c, err)
		return
	}
	switch v := v.(type) {
	case nil:
		sqlite.resultNull(c)
	case int:
		sqlite.resultInt64(c, int64(v))
	case int64:
		sqlite.resultInt64(c, v)
	case float64:
		sqlite.resultDouble(c, v)
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		sqlite.resultInt64(c, n)
	case string:
		sqlite.resultText(c, v, uint64(len(v)), sqliteTransient, sqliteUTF8)
	case []byte:
		sqlite.resultBlob(c, v, uint64(len(v)), sqliteTransient)
	default:
		setError(c, fmt.Errorf("SQLite has no values of type %T", v))
	}
}

// setError makes the statement fail with the error's text, of which SQLite makes a copy.
func setError(c *cContext, err error) { sqlite.resultError(c, err.Error(), -1) }
