package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/gangwayffi/gangway/bench/results"
)

// A row is one line of questions: what does this cost in each implementation?
type row struct {
	id       string // as the programs call it (package child)
	title    string
	kind     string        // of package results
	curve    string        // the title of the curve that it is a point of
	x        int           // and where on it
	sample   time.Duration // how long a sample is to take, or
	n        int           // how many operations it is to have
	whole    bool          // a sample is not the sum of n operations: the longest of them, or a size
	bytes    bool          // a sample is a size
	slow     bool          // a sample may take minutes
	samples  int
	burst    int                // samples of a round; 0 is 1
	short    bool               // part of -short
	limits   map[string]float64 // ratios to cgo
	toGo     map[string]float64 // limits as ratios to Go, of machine code that Go calls as its own
	cells    []*cell
	finished bool // every cell has as many undisturbed samples as wanted
}

// least returns with how many rounds the row is content when time is short.
func (r *row) least() int {
	switch {
	case r.slow:
		return 1
	case r.samples < fewSamples:
		return r.samples
	}
	return fewSamples
}

// most returns how many rounds there are at most.
func (r *row) most() int {
	switch {
	case r.slow:
		return r.samples
	case r.whole: // what else the machine does is a small part of these
		return r.samples + fewSamples
	case r.burst > 1:
		return maxRepeats * r.samples / r.burst
	}
	return maxRepeats * r.samples
}

func (r *row) timeout() time.Duration {
	if r.slow {
		return slowTimeout
	}
	return answerTimeout
}

const (
	ms          = time.Millisecond
	shortSample = 300 * time.Microsecond
	manySamples = 64
	burst       = 8
	buildRounds = 3
	fewSamples  = 3
)

// allRows returns the rows that are no points of curves.
func allRows() []*row {
	call := map[string]float64{"gangway-fast": 0.15, "gangway-auto": 0.15, "gangway-blocking": 1.0}
	callback := map[string]float64{"gangway-fast": 0.30, "gangway-auto": 0.30}
	other := map[string]float64{"gangway-fast": 0.35, "gangway-auto": 0.35} // signatures other than the simplest
	foreign := map[string]float64{"gangway-fast": 0.8, "gangway-auto": 0.8, "gangway-blocking": 0.8}
	direct := map[string]float64{"jit": 1.5}
	rows := []*row{
		{id: "call0", title: "call, no arguments", kind: results.Calls, short: true, limits: call, toGo: direct},
		{id: "call2", title: "call, two ints", kind: results.Calls, short: true, limits: call, toGo: direct},
		{id: "call3", title: "call, three doubles", kind: results.Calls, short: true, limits: call, toGo: direct},
		{id: "call6", title: "call, six ints", kind: results.Calls, limits: other},
		{id: "call14", title: "call, ten ints and four doubles", kind: results.Calls, limits: other},
		{id: "structs", title: "call, 24-byte struct in, 16-byte struct out", kind: results.Calls, limits: other},
		{id: "strlen", title: "strlen of a 32-byte Go string", kind: results.Calls, limits: other},
		{id: "errno", title: "call that sets errno, and errno", kind: results.Calls},
		{id: "variadic", title: "variadic call (...any) of a pointer, an int and a long", kind: results.Calls},
		{id: "steady", title: "call, no arguments, a quarter of a second on end", kind: results.Calls,
			sample: 250 * ms, samples: minSamples, limits: call},
		{id: "callback1", title: "call with one callback", kind: results.Callbacks, short: true},
		{id: "callbacks", title: "callback, same thread", kind: results.Callbacks, short: true, limits: callback},
		{id: "callback0", title: "callback without arguments, same thread", kind: results.Callbacks, limits: callback},
		{id: "callback3", title: "callback with three arguments, same thread", kind: results.Callbacks, limits: other},
		{id: "callbackstruct", title: "callback, 24-byte struct in, 16-byte struct out", kind: results.Callbacks,
			limits: other},
		{id: "foreign", title: "callback, foreign thread, steady", kind: results.Callbacks, limits: foreign},
		{id: "threads", title: "callback, the first of a foreign thread, with making the thread",
			kind: results.Callbacks},
		{id: "funcparam", title: "call with a func parameter, the same func value again", kind: results.Callbacks},
		{id: "qsort", title: "qsort of 100,000 ints, Go comparator", kind: results.Callbacks, n: 1,
			samples: minSamples},

		{id: "bind", title: "Bind, of a signature seen before", kind: results.Setup},
		{id: "firstcall", title: "first call after Bind", kind: results.Setup, sample: ms, burst: burst,
			samples: manySamples / 2},
		{id: "lookup1", title: "finding a function by its address, 1 registered", kind: results.Setup},
		{id: "lookup1000", title: "finding a function by its address, 1,000 registered", kind: results.Setup},
		{id: "lookup10000", title: "finding a function by its address, 10,000 registered", kind: results.Setup},
		{id: "register", title: "registering a function", kind: results.Setup},
		{id: "newcallback", title: "NewCallback and Close", kind: results.Setup},

		{id: "sqlite-query", title: "SQLite: point query by a prepared statement", kind: results.Work, sample: 20 * ms},
		{id: "sqlite-insert", title: "SQLite: 100,000 inserts in a transaction", kind: results.Work, n: 1,
			samples: minSamples},
		{id: "sqlite-func", title: "SQLite: a Go function over a million rows", kind: results.Work, n: 1,
			samples: minSamples},
		{id: "zlib", title: "zlib: compress and uncompress 200 bytes", kind: results.Work, sample: 20 * ms},
		{id: "crc32", title: "zlib: crc32 of 64 bytes", kind: results.Work, sample: 3 * ms},
		{id: "sort", title: "qsort of a million ints, Go comparator", kind: results.Work, n: 1, samples: minSamples},
		{id: "expat", title: "expat: SAX over 50 MB of XML, handlers in Go", kind: results.Work, n: 1,
			samples: minSamples},
		{id: "png", title: "libpng: decode a picture of a megapixel from a Go reader", kind: results.Work, n: 1,
			samples: minSamples},

		{id: "gc-wall", title: "longest collection, others blocked in C", kind: results.Latency, n: 40, whole: true,
			samples: minSamples},
		{id: "gc-stop", title: "longest stop, others blocked in C", kind: results.Latency, n: 40, whole: true,
			samples: minSamples},
		{id: "gc-mixed-wall", title: "longest collection, C blocks now and then", kind: results.Latency, n: 40,
			whole: true, samples: minSamples},
		{id: "gc-mixed-stop", title: "longest stop, C blocks now and then", kind: results.Latency, n: 40,
			whole: true, samples: minSamples},
		{id: "late", title: "longest delay of a goroutine that wakes up, others blocked in C", kind: results.Latency,
			n: 200, whole: true, samples: minSamples},
		{id: "late-mixed", title: "longest delay of a goroutine that wakes up, C blocks now and then",
			kind: results.Latency, n: 200, whole: true, samples: minSamples},

		{id: "build-cold", title: "go build of a hello that calls libm, empty cache", kind: results.Build, n: 1,
			slow: true, samples: buildRounds},
		{id: "build-warm", title: "go build of it after a change", kind: results.Build, n: 1, slow: true, samples: 5},
		{id: "size-stripped", title: "its size, linked with -s -w", kind: results.Build, n: 1, whole: true, bytes: true,
			samples: buildRounds},
		{id: "build-size", title: "its size", kind: results.Build, n: 1, whole: true, bytes: true,
			samples: buildRounds},
		{id: "start", title: "running it", kind: results.Build, n: 10, samples: minSamples},
		{id: "start-stripped", title: "running it, linked with -s -w", kind: results.Build, n: 10, samples: minSamples},
	}
	for _, r := range rows {
		if r.sample == 0 && r.n == 0 {
			r.sample, r.burst = shortSample, burst
		}
		if r.samples == 0 {
			r.samples = minSamples
			if r.burst > 1 {
				r.samples = manySamples
			}
		}
	}
	return rows
}

// Rows named ID/X are the points of curves.
var curves = []struct {
	id, title, point string
	short            bool // a short sample is one like another
}{
	{"args", "arguments", "call with %d int64 arguments", true},
	{"structs", "bytes of a struct, passed and returned", "call, %d-byte struct in and out", true},
	{"strlen", "bytes of a Go string", "strlen of a Go string of %d bytes", true},
	{"bound", "bound functions, called in turn", "call of one of %d bound functions", false},
	{"live", "live callbacks, called in turn", "callback, one of %d", false},
	{"goroutines", "goroutines that call at once", "call, from %d goroutines at once", false},
	{"cores", "cores that call at once", "call, on %d cores at once", false},
}

// A table is what rows there are.
type table struct {
	plain  []*row
	points map[string]*row
}

// newTable returns the table, with few samples if it is to be quick.
func newTable(quick bool) *table {
	t := &table{allRows(), map[string]*row{}}
	for _, r := range t.plain {
		if quick && r.samples > minSamples {
			r.samples = minSamples
		}
	}
	return t
}

// shortRows returns the names of the rows of the small table.
func shortRows() (ids []string) {
	for _, r := range allRows() {
		if r.short {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// row returns the row that programs call id.
func (t *table) row(id string) (*row, error) {
	for _, r := range t.plain {
		if r.id == id {
			return r, nil
		}
	}
	if r := t.points[id]; r != nil {
		return r, nil
	}
	name, text, _ := strings.Cut(id, "/")
	x, err := strconv.Atoi(text)
	for _, c := range curves {
		if c.id == name && err == nil {
			r := &row{id: id, title: fmt.Sprintf(c.point, x), kind: results.Curve, curve: c.title, x: x, sample: 3 * ms,
				samples: minSamples}
			if c.short {
				r.sample, r.samples, r.burst = shortSample, manySamples/2, burst
			}
			t.points[id] = r
			return r, nil
		}
	}
	return nil, fmt.Errorf("there is no row %q", id)
}

// rows returns the rows that some program has, in order.
func (t *table) rows() (rows []*row) {
	for _, r := range t.plain {
		if len(r.cells) > 0 {
			rows = append(rows, r)
		}
	}
	for _, c := range curves {
		var points []*row
		for _, r := range t.points {
			if r.curve == c.title {
				points = append(points, r)
			}
		}
		sort.Slice(points, func(i, j int) bool { return points[i].x < points[j].x })
		rows = append(rows, points...)
	}
	return rows
}

// leftOutBefore returns what bench/run could not build: a line for each.
func leftOutBefore() []string {
	text := strings.TrimSpace(os.Getenv("LEFT_OUT"))
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
