// The runner of the benchmark: starts a program per implementation, takes samples from all of them in short interleaved
// rounds, prints a table and writes the results as JSON. bench/run builds everything and calls it:
//
//	runner [-short] [-o FILE] [-core N] [-rows NAMES] [-limit TIME] LIBBENCH PROGRAM...
//
// # Method
//
// Machines that are shared change their speed, for seconds at a time or for a millisecond. So every round takes samples
// from each implementation of a row, in another order every time: a few of a third of a millisecond where operations are
// short, else one. A sample is disturbed when the fixed piece of work before or after it took longer than the same program
// has shown it can, or when the thread was kept waiting for its core. Disturbed samples are dropped, counted, and taken
// again, within reason. Minimum, quartiles, median and maximum of the others are reported. (What happens once in many
// samples, collections above all, is not in the median: that favours implementations that allocate.)
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
	maxRepeats    = 6 // at most so many samples for each one wanted
	progress      = 30 * time.Second
)

// A cell is one row in one implementation.
type cell struct {
	impl    string
	program *program
	index   int // of the benchmark within the program
	n       int
	samples []sample
}

type sample struct {
	ns          float64            // per operation
	calibration float64            // the longer one, ns
	delay       float64            // as a part of the sample's time
	quantiles   map[string]float64 // of the events within the sample, ns
}

func main() {
	short := flag.Bool("short", false, "a few rows, few samples, a small table")
	out := flag.String("o", "", "write the results to this `file`")
	core := flag.Int("core", lastCore(), "pin single-threaded work to this `core`")
	only := flag.String("rows", "", "these rows only, by their `names` with commas between")
	limit := flag.Duration("limit", 10*time.Minute, "after this `time`, rows are content with few samples")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}

	begin := time.Now()
	var programs []*program
	var leftOut []string
	t := newTable(*short)
	var ids []string
	if *only != "" {
		ids = strings.Split(*only, ",")
	} else if *short {
		ids = shortRows()
	}
	for _, path := range flag.Args()[1:] {
		p, err := start(path, flag.Arg(0), *core, ids)
		fail(err)
		defer p.stop()
		programs = append(programs, p)
		leftOut = append(leftOut, p.leftOut...)
		for i, b := range p.benches {
			r, err := t.row(b.row)
			fail(err)
			r.cells = append(r.cells, &cell{impl: b.impl, program: p, index: i})
		}
	}
	wanted := t.rows()
	for _, r := range wanted {
		for _, c := range r.cells {
			fail(c.warmUp(r))
		}
	}
	said := begin
	for round := 0; ; round++ {
		left := 0
		for _, r := range wanted {
			late := time.Since(begin) > *limit && round >= r.least()
			if r.finished || late || round >= r.most() {
				continue
			}
			fail(r.round(round))
			left++
		}
		if left == 0 {
			break
		}
		if time.Since(said) > progress {
			said = time.Now()
			fmt.Fprintf(os.Stderr, "bench: %v, %d of %d rows want more samples\n", said.Sub(begin).Round(time.Second), left, len(wanted))
		}
	}

	f := describe(*core, programs)
	f.LeftOut = append(leftOut, leftOutBefore()...)
	f.Results = evaluate(wanted)
	if *short {
		printShort(os.Stdout, wanted, f)
	} else {
		printTable(os.Stdout, wanted, f)
	}
	if *out != "" {
		fail(f.Write(*out))
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
	if r.slow {
		return nil // nothing to learn
	}
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
		for k := 0; k == 0 || k < r.burst && c.undisturbed() < r.samples; k++ {
			s, err := c.take(r)
			if err != nil {
				return err
			}
			c.samples = append(c.samples, s)
		}
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
	a, err := c.program.run(c.index, c.n, r.timeout())
	if err != nil {
		return sample{}, err
	}
	s := sample{ns: a.ns, calibration: a.before, delay: a.delay / a.ns, quantiles: a.quantiles}
	if a.after > a.before {
		s.calibration = a.after
	}
	if r.whole {
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
