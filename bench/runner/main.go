// The runner of the benchmark: starts a program per implementation, takes samples from all of them in short interleaved
// rounds, prints a table and writes the results as JSON. bench/run builds everything and calls it:
//
//	runner [-short] [-o FILE] [-core N] [-rows NAMES] [-limit TIME] LIBBENCH PROGRAM...
//
// # Method
//
// Machines that are shared change their speed, for seconds at a time or for a millisecond. So every round takes
// samples from each implementation of a row, in another order every time: a few of a third of a millisecond where
// operations are short, else one. A sample is disturbed when the fixed piece of work before or after it took longer
// than the same program has shown it can, or when the thread was kept waiting for its core. Disturbed samples are
// dropped, counted, and taken again, within reason. Minimum, quartiles, median and maximum of the others are
// reported. (What happens once in many samples, collections above all, is not in the median: that favours
// implementations that allocate.)
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gangwayffi/gangway/bench/results"
)

const (
	slowerAllowed = 1.10 // calibration, as a multiple of the program's shortest one
	delayAllowed  = 0.02 // of the sample's time
	minSamples    = 9
	maxRepeats    = 6                // at most so many samples for each one wanted
	maxBad        = 100              // answers that are no measurements, after which a cell is left as it is
	progress      = 30 * time.Second // after which the results so far are written, too
)

// A cell is one row in one implementation.
type cell struct {
	impl    string
	program *program
	index   int // of the benchmark within the program
	n       int
	samples []sample
	bad     int // answers that are no measurements: no time, or none at all
}

type sample struct {
	ns          float64            // per operation
	calibration float64            // the longer one, ns
	delay       float64            // as a part of the sample's time
	quantiles   map[string]float64 // of the events within the sample, ns
}

func main() { os.Exit(run(os.Args[1:])) }

// run is the runner with these arguments; it returns the exit status. What has been measured is written in any case:
// when a program ends, hangs or answers nonsense, the rows go on without it, and an interrupt ends the rounds.
func run(args []string) (status int) {
	flags := flag.NewFlagSet("runner", flag.ExitOnError)
	short := flags.Bool("short", false, "a few rows, few samples, a small table")
	out := flags.String("o", "", "write the results to this `file`")
	core := flags.Int("core", lastCore(), "pin single-threaded work to this `core`")
	only := flags.String("rows", "", "these rows only, by their `names` with commas between")
	limit := flags.Duration("limit", 10*time.Minute, "after this `time`, rows are content with few samples")
	flags.Parse(args)
	if flags.NArg() < 2 {
		flags.Usage()
		return 2
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	interrupted := make(chan struct{})
	go func() {
		<-signals
		close(interrupted)
	}()

	begin := time.Now()
	t := newTable(*short)
	var ids []string
	if *only != "" {
		ids = strings.Split(*only, ",")
	} else if *short {
		ids = shortRows()
	}
	var programs []*program
	for _, path := range flags.Args()[1:] {
		p := start(path, flags.Arg(0), *core, ids, interrupted)
		defer p.stop()
		programs = append(programs, p)
		for i, b := range p.benches {
			r, err := t.row(b.row)
			if err != nil {
				p.fail(err)
				break
			}
			r.cells = append(r.cells, &cell{impl: b.impl, program: p, index: i})
		}
	}
	wanted := t.rows()
	write := func() *results.File {
		f := describe(*core, programs)
		f.Results = evaluate(wanted)
		if *out != "" {
			if err := f.Write(*out); err != nil {
				fmt.Fprintf(os.Stderr, "bench: %v\n", err)
				status = 1
			}
		}
		return f
	}
	for _, r := range wanted {
		for _, c := range r.cells {
			c.warmUp(r)
		}
	}
	said := begin
	for round := 0; !done(interrupted); round++ {
		left := 0
		for _, r := range wanted {
			late := time.Since(begin) > *limit && round >= r.least()
			if r.finished || late || round >= r.most() {
				continue
			}
			r.round(round)
			left++
		}
		if left == 0 {
			break
		}
		if time.Since(said) > progress {
			said = time.Now()
			fmt.Fprintf(os.Stderr, "bench: %v, %d of %d rows want more samples\n",
				said.Sub(begin).Round(time.Second), left, len(wanted))
			write()
		}
	}

	f := write()
	if *short {
		printShort(os.Stdout, wanted, f)
	} else {
		printTable(os.Stdout, wanted, f)
	}
	for _, p := range programs {
		if p.err != nil {
			status = 1
		}
	}
	if done(interrupted) {
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		status = 1
	}
	return status
}

func done(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// warmUp finds how many operations make a sample as long as it is to be, and lets an implementation that learns, learn.
func (c *cell) warmUp(r *row) {
	c.n = r.n
	if r.slow {
		return // nothing to learn
	}
	if r.n != 0 {
		c.take(r)
		return
	}
	for c.n = 64; c.program.err == nil; c.n *= 4 {
		s, ok := c.take(r)
		if !ok {
			if c.bad > maxBad {
				return
			}
			continue
		}
		if took := s.ns * float64(c.n); took > float64(r.sample)/8 {
			// An operation may take longer than a sample is to take.
			c.n = int(math.Max(1, float64(c.n)*float64(r.sample)/took))
			return
		}
	}
}

// round takes one sample of each cell whose program is there.
func (r *row) round(round int) {
	for i := range r.cells {
		c := r.cells[(i+round)%len(r.cells)]
		for k := 0; c.asked() && (k == 0 || k < r.burst && c.undisturbed() < r.samples); k++ {
			if s, ok := c.take(r); ok {
				c.samples = append(c.samples, s)
			}
		}
	}
	r.finished = true
	for _, c := range r.cells {
		if c.asked() && c.undisturbed() < r.samples {
			r.finished = false
		}
	}
}

// take takes a sample; ok tells whether there is one. An answer that is no measurement is counted.
func (c *cell) take(r *row) (s sample, ok bool) {
	a, err := c.program.run(c.index, c.n, r.timeout())
	if err != nil {
		c.program.fail(err)
		return sample{}, false
	}
	s = sample{ns: a.ns, calibration: math.Max(a.before, a.after), delay: a.delay / a.ns, quantiles: a.quantiles}
	if r.whole {
		s.delay = 0
	} else {
		s.ns /= float64(c.n)
	}
	if !a.measures() || c.n < 1 {
		c.bad++
		return sample{}, false
	}
	return s, true
}

// asked tells whether c's program is there and gives answers.
func (c *cell) asked() bool { return c.program.err == nil && c.bad <= maxBad }

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
