// The runner of the benchmark: starts a program per implementation, takes samples from all of them in short interleaved
// rounds, prints a table and writes the results as JSON. bench/run builds everything and calls it:
//
//	runner [-short] [-o FILE] [-core N] LIBBENCH PROGRAM...
//
// # Method
//
// Machines that are shared change their speed for seconds at a time. So every round takes one sample of a few
// milliseconds from each implementation of a row, in another order every time. A sample is disturbed when the fixed piece
// of work before or after it took longer than the same program has shown it can, or when the thread was kept waiting for
// its core. Disturbed samples are dropped, counted, and taken again in a later round, within reason.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	slowerAllowed = 1.10 // calibration, as a multiple of the program's shortest one
	delayAllowed  = 0.02 // of the sample's time
	minSamples    = 9
	maxRepeats    = 3 // at most so many rounds for each sample wanted
)

// A row is one line of questions: what does this cost in each implementation?
type row struct {
	id       string // as the programs call it (package child)
	title    string
	sample   time.Duration // how long a sample is to take, or
	n        int           // how many operations it is to have
	longest  bool          // a sample is the longest of n operations, not their sum
	samples  int
	short    bool // part of -short
	limits   map[string]float64
	toGo     map[string]float64 // limits as ratios to Go
	cells    []*cell
	finished bool // every cell has as many undisturbed samples as wanted
}

// A cell is one row in one implementation.
type cell struct {
	impl    string
	program *program
	index   int // of the benchmark within the program
	n       int
	samples []sample
}

type sample struct {
	ns          float64 // per operation
	calibration float64 // the longer one, ns
	delay       float64 // as a part of the sample's time
}

// The limits are ratios to cgo, or, of machine code that Go calls as its own, to Go.
func rows() []*row {
	call := map[string]float64{"gangway-fast": 0.15, "gangway-auto": 0.15, "gangway-blocking": 1.0}
	callback := map[string]float64{"gangway-fast": 0.30, "gangway-auto": 0.30}
	other := map[string]float64{"gangway-fast": 0.35, "gangway-auto": 0.35} // signatures other than the simplest
	foreign := map[string]float64{"gangway-fast": 1.2, "gangway-auto": 1.2, "gangway-blocking": 1.2}
	gc := map[string]float64{"gangway-auto": 1.2}
	direct := map[string]float64{"jit": 1.5}
	const ms = time.Millisecond
	return []*row{
		{id: "call0", title: "call, no arguments", sample: 3 * ms, samples: 21, short: true, limits: call, toGo: direct},
		{id: "call2", title: "call, two ints", sample: 3 * ms, samples: 21, short: true, limits: call, toGo: direct},
		{id: "call3", title: "call, three doubles", sample: 3 * ms, samples: 21, short: true, limits: call, toGo: direct},
		{id: "call6", title: "call, six ints", sample: 3 * ms, samples: 21, limits: other},
		{id: "call14", title: "call, ten ints and four doubles", sample: 3 * ms, samples: 21, limits: other},
		{id: "structs", title: "call, 24-byte struct in, 16-byte struct out", sample: 3 * ms, samples: 21, limits: other},
		{id: "strlen", title: "strlen of a 32-byte Go string", sample: 3 * ms, samples: 21, limits: other},
		{id: "steady", title: "call, no arguments, a quarter of a second on end", sample: 250 * ms, samples: minSamples, limits: call},
		{id: "callback1", title: "call with one callback", sample: 3 * ms, samples: 21, short: true},
		{id: "callbacks", title: "callback, same thread", sample: 3 * ms, samples: 21, short: true, limits: callback},
		{id: "callback3", title: "callback with three arguments, same thread", sample: 3 * ms, samples: 21, limits: other},
		{id: "callbackstruct", title: "callback, 24-byte struct in, 16-byte struct out", sample: 3 * ms, samples: 21, limits: other},
		{id: "foreign", title: "callback, foreign thread, steady", sample: 3 * ms, samples: 21, limits: foreign},
		{id: "lookup1", title: "finding a function by its address, 1 registered", sample: 3 * ms, samples: 21},
		{id: "lookup1000", title: "finding a function by its address, 1,000 registered", sample: 3 * ms, samples: 21},
		{id: "lookup10000", title: "finding a function by its address, 10,000 registered", sample: 3 * ms, samples: 21},
		{id: "register", title: "registering a function", sample: 3 * ms, samples: 21},
		{id: "qsort", title: "qsort of 100,000 ints, Go comparator", n: 1, samples: minSamples},
		{id: "gc-wall", title: "longest collection, others blocked in C", n: 40, longest: true, samples: minSamples, limits: gc},
		{id: "gc-stop", title: "longest stop, others blocked in C", n: 40, longest: true, samples: minSamples, limits: gc},
		{id: "gc-mixed-wall", title: "longest collection, C blocks now and then", n: 40, longest: true, samples: minSamples},
		{id: "gc-mixed-stop", title: "longest stop, C blocks now and then", n: 40, longest: true, samples: minSamples},
	}
}

func main() {
	short := flag.Bool("short", false, "a few rows, few samples, a small table")
	out := flag.String("o", "", "write the results to this `file`")
	core := flag.Int("core", lastCore(), "pin single-threaded work to this `core`")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}

	var wanted []*row
	for _, r := range rows() {
		if *short && !r.short {
			continue
		}
		if *short {
			r.samples = minSamples
		}
		wanted = append(wanted, r)
	}
	for _, path := range flag.Args()[1:] {
		p, err := start(path, flag.Arg(0), *core)
		fail(err)
		defer p.stop()
		for i, b := range p.benches {
			for _, r := range wanted {
				if r.id == b.row {
					r.cells = append(r.cells, &cell{impl: b.impl, program: p, index: i})
				}
			}
		}
	}
	for _, r := range wanted {
		for _, c := range r.cells {
			fail(c.warmUp(r))
		}
	}
	for round := 0; ; round++ {
		left := 0
		for _, r := range wanted {
			if r.finished || round >= maxRepeats*r.samples {
				continue
			}
			fail(r.round(round))
			left++
		}
		if left == 0 {
			break
		}
	}

	results := evaluate(wanted)
	if *short {
		printShort(os.Stdout, wanted, results)
	} else {
		printMachine(os.Stdout, *core)
		printTable(os.Stdout, wanted, results)
	}
	if *out != "" {
		fail(writeJSON(*out, results))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s\n", strings.TrimSpace(err.Error()))
		os.Exit(1)
	}
}

// warmUp finds how many operations make a sample as long as it is to be, and lets an implementation that learns, learn.
func (c *cell) warmUp(r *row) error {
	c.n = r.n
	if r.n != 0 {
		_, err := c.take(r)
		return err
	}
	for c.n = 64; ; c.n *= 4 {
		s, err := c.take(r)
		if err != nil {
			return err
		}
		if took := s.ns * float64(c.n); took > float64(r.sample)/8 {
			c.n = int(float64(c.n) * float64(r.sample) / took)
			return nil
		}
	}
}

// round takes one sample of each cell.
func (r *row) round(round int) error {
	r.finished = true
	for i := range r.cells {
		c := r.cells[(i+round)%len(r.cells)]
		s, err := c.take(r)
		if err != nil {
			return err
		}
		c.samples = append(c.samples, s)
	}
	for _, c := range r.cells {
		if c.undisturbed() < r.samples {
			r.finished = false
		}
	}
	return nil
}

// take takes a sample.
func (c *cell) take(r *row) (sample, error) {
	ns, before, after, delay, err := c.program.run(c.index, c.n)
	if err != nil {
		return sample{}, err
	}
	s := sample{ns: ns, calibration: before, delay: delay / ns}
	if after > before {
		s.calibration = after
	}
	if r.longest {
		s.delay = 0
	} else {
		s.ns /= float64(c.n)
	}
	return s, nil
}

// undisturbed counts the undisturbed samples of c, by what is known so far.
func (c *cell) undisturbed() (n int) {
	for _, s := range c.samples {
		if c.disturbance(s) <= 1 {
			n++
		}
	}
	return n
}

// disturbance says by how much s is disturbed: at most 1 is not at all.
func (c *cell) disturbance(s sample) float64 {
	d := (s.calibration/c.program.calibration - 1) / (slowerAllowed - 1)
	if w := s.delay / delayAllowed; w > d {
		d = w
	}
	return d
}
