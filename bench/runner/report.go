package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gangwayffi/gangway/bench/results"
)

const (
	reference = "cgo"
	plainC    = "c"
	purego    = "purego"
	plainGo   = "go"
)

// evaluate makes results of the samples, in the order of rows.
func evaluate(rows []*row) (all []*results.Result) {
	for _, r := range rows {
		of := map[string]*results.Result{}
		for _, c := range r.cells {
			if len(c.samples) == 0 {
				continue
			}
			samples, disturbed := c.counted()
			ns := values(samples)
			x := &results.Result{
				Row: r.id, Name: r.title, Kind: r.kind, Curve: r.curve, X: r.x, Impl: c.impl,
				Go: runtime.Version(), Unit: "ns",
				Median: quantile(ns, 0.5), Min: ns[0], Max: ns[len(ns)-1], Quarter: quantile(ns,
					0.25), ThreeQuarters: quantile(ns, 0.75),
				Quantiles: medianQuantiles(samples), Samples: len(ns), Dropped: len(c.samples) - len(ns), Bad: c.bad,
				Disturbed: disturbed,
				Allocs:    c.program.benches[c.index].allocs,
			}
			if r.bytes {
				x.Unit = "bytes"
			}
			x.Wide = x.Spread() > results.WideSpread
			of[c.impl] = x
		}
		for _, c := range r.cells {
			if of[c.impl] == nil {
				continue
			}
			of[c.impl].RatioToCgo = ratio(of[c.impl], of[reference])
			of[c.impl].RatioToC = ratio(of[c.impl], of[plainC])
			of[c.impl].RatioToPurego = ratio(of[c.impl], of[purego])
			of[c.impl].RatioToGo = ratio(of[c.impl], of[plainGo])
			all = append(all, of[c.impl])
		}
	}
	return all
}

// counted returns the samples that count: the undisturbed ones, or for want of them the least disturbed.
func (c *cell) counted() (samples []sample, disturbed bool) {
	samples = append(samples, c.samples...)
	sort.SliceStable(samples, func(i, j int) bool { return c.disturbance(samples[i]) < c.disturbance(samples[j]) })
	n, least := c.undisturbed(), minSamples
	if least > len(samples) {
		least = len(samples)
	}
	if disturbed = n < least; disturbed {
		n = least
	}
	return samples[:n], disturbed
}

func values(samples []sample) (ns []float64) {
	for _, s := range samples {
		ns = append(ns, s.ns)
	}
	sort.Float64s(ns)
	return ns
}

// medianQuantiles returns the median of each quantile that the samples have.
func medianQuantiles(samples []sample) map[string]float64 {
	of := map[string][]float64{}
	for _, s := range samples {
		for name, ns := range s.quantiles {
			of[name] = append(of[name], ns)
		}
	}
	medians := map[string]float64{}
	for name, ns := range of {
		sort.Float64s(ns)
		medians[name] = quantile(ns, 0.5)
	}
	return medians
}

// quantile of sorted values, between two of them if need be.
func quantile(v []float64, q float64) float64 {
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 == len(v) {
		return v[i]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}

func ratio(a, b *results.Result) *float64 {
	if b == nil {
		return nil
	}
	q := a.Median / b.Median
	return &q
}

// describe says where and with what the results came about.
func describe(core int, programs []*program) *results.File {
	f := &results.File{
		Date: time.Now().UTC().Format("2006-01-02"), CPU: processor(), Cores: runtime.NumCPU(), Core: core,
		Kernel: firstLine(output("uname",
			"-r")), Versions: map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")},
	}
	f.Versions["C compiler"] = os.Getenv("CC_VERSION")
	for _, p := range programs {
		if version := os.Getenv("LIBFFI_VERSION"); strings.HasPrefix(p.name, "libffi") && version != "" {
			f.Versions["libffi"] = version
		}
		for name, version := range p.versions {
			f.Versions[name] = version
		}
		f.LeftOut = append(f.LeftOut, p.leftOut...)
	}
	f.LeftOut = append(f.LeftOut, leftOutBefore()...)
	return f
}

// printTable prints every result.
func printTable(out io.Writer, rows []*row, f *results.File) {
	fmt.Fprintf(out, "%s\n%s\n\n", f.Machine(), f.VersionList())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range rows {
		if len(r.cells) == 0 {
			continue
		}
		fmt.Fprintf(out, "%s\n", r.title)
		fmt.Fprintf(w,
			"\tmedian\tmin\tmax\tspread\tsamples\tdropped\tto cgo\tto C\tto purego\tto Go\tallocs\tlimit\t\n")
		for _, x := range f.Results {
			if x.Row != r.id {
				continue
			}
			fmt.Fprintf(w, "  %-16s\t%s\t%s\t%s\t%s%.0f%%\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", x.Impl,
				x.Value(x.Median), x.Value(x.Min),
				x.Value(x.Max), x.Marks(), 100*x.Spread(), x.Samples, dropped(x),
				ratioText(x.RatioToCgo), ratioText(x.RatioToC),
				ratioText(x.RatioToPurego), ratioText(x.RatioToGo), allocs(x), r.verdict(x))
		}
		w.Flush()
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out,
		`Each time is of one operation. allocs: pieces of Go memory for each. limit: of the ratio to cgo, on Go 1.26 or
newer, or of machine code's (jit) to Go.
spread: of the middle half of the samples, as a part of the median; ~: over %.0f%%.
*: too few undisturbed samples, the least disturbed ones count.
`, 100*results.WideSpread)
}

// printShort prints medians, a line for each row.
func printShort(out io.Writer, rows []*row, f *results.File) {
	impls := []string{"gangway-auto", "gangway-blocking", reference, plainC}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	label := 0
	for _, r := range rows {
		if len(r.title) > label {
			label = len(r.title)
		}
	}
	fmt.Fprintf(w, "%-*s\t", label, runtime.Version()+", medians")
	for _, i := range impls {
		fmt.Fprintf(w, "%s\t", i)
	}
	fmt.Fprintf(w, "auto / cgo\t\n")
	for _, r := range rows {
		fmt.Fprintf(w, "%-*s\t", label, r.title)
		for _, i := range impls {
			if x := f.Find(r.id, i); x != nil {
				fmt.Fprintf(w, "%s", x.Value(x.Median))
			}
			fmt.Fprintf(w, "\t")
		}
		if auto := f.Find(r.id, impls[0]); auto != nil {
			fmt.Fprintf(w, "%s", ratioText(auto.RatioToCgo))
		}
		fmt.Fprintf(w, "\t\n")
	}
	w.Flush()
}

// dropped says how many samples were dropped, and how many answers were no measurements.
func dropped(x *results.Result) string {
	if x.Bad == 0 {
		return fmt.Sprint(x.Dropped)
	}
	return fmt.Sprintf("%d+%d bad", x.Dropped, x.Bad)
}

func allocs(x *results.Result) string {
	if x.Allocs == nil {
		return ""
	}
	return fmt.Sprint(*x.Allocs)
}

// verdict says how x stands to its limit.
func (r *row) verdict(x *results.Result) string {
	q := x.RatioToCgo
	limit, ok := r.limits[x.Impl]
	if !ok {
		q = x.RatioToGo
		limit, ok = r.toGo[x.Impl]
	}
	if !ok || q == nil {
		return ""
	}
	if *q <= limit {
		return fmt.Sprintf("%.2f ok", limit)
	}
	return fmt.Sprintf("%.2f OVER", limit)
}

func ratioText(r *float64) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%.2f", *r)
}

// processor returns the name of the processor.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(text), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func output(command string, args ...string) string {
	text, _ := exec.Command(command, args...).Output()
	return string(text)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSpace(s)
}
