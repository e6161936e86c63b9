package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sort"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	reference  = "cgo"
	plainC     = "c"
	purego     = "purego"
	plainGo    = "go"
	wideSpread = 0.15 // (max - min) / median from which a result is marked
)

// A result is a cell as results.json has it.
type result struct {
	Name          string   `json:"name"`
	Impl          string   `json:"impl"`
	Go            string   `json:"go"`
	Median        float64  `json:"ns_median"`
	Min           float64  `json:"ns_min"`
	Max           float64  `json:"ns_max"`
	RatioToCgo    *float64 `json:"ratio_to_cgo"`
	RatioToC      *float64 `json:"ratio_to_c"`
	RatioToPurego *float64 `json:"ratio_to_purego,omitempty"`
	RatioToGo     *float64 `json:"ratio_to_go,omitempty"`
	Allocs        *uint64  `json:"allocs_per_op,omitempty"` // of Go memory, rounded down
	Samples       int      `json:"samples"`
	Dropped       int      `json:"dropped"`
	Disturbed     bool     `json:"disturbed"` // there were too few undisturbed samples: the least disturbed ones count

	row *row
}

// evaluate makes results of the samples, in the order of rows.
func evaluate(rows []*row) (results []*result) {
	for _, r := range rows {
		of := map[string]*result{}
		for _, c := range r.cells {
			ns, disturbed := c.counted()
			of[c.impl] = &result{
				Name: r.title, Impl: c.impl, Go: runtime.Version(),
				Median: median(ns), Min: ns[0], Max: ns[len(ns)-1],
				Samples: len(ns), Dropped: len(c.samples) - len(ns), Disturbed: disturbed,
				Allocs: c.program.benches[c.index].allocs, row: r,
			}
		}
		for _, c := range r.cells {
			of[c.impl].RatioToCgo = ratio(of[c.impl], of[reference])
			of[c.impl].RatioToC = ratio(of[c.impl], of[plainC])
			of[c.impl].RatioToPurego = ratio(of[c.impl], of[purego])
			of[c.impl].RatioToGo = ratio(of[c.impl], of[plainGo])
			results = append(results, of[c.impl])
		}
	}
	return results
}

// counted returns the samples that count, in order: the undisturbed ones, or for want of them the least disturbed.
func (c *cell) counted() (ns []float64, disturbed bool) {
	samples := append([]sample(nil), c.samples...)
	sort.Slice(samples, func(i, j int) bool { return c.disturbance(samples[i]) < c.disturbance(samples[j]) })
	n := c.undisturbed()
	if disturbed = n < minSamples; disturbed {
		n = minSamples
	}
	for _, s := range samples[:n] {
		ns = append(ns, s.ns)
	}
	sort.Float64s(ns)
	return ns, disturbed
}

// median of sorted values.
func median(v []float64) float64 { return (v[(len(v)-1)/2] + v[len(v)/2]) / 2 }

func ratio(a, b *result) *float64 {
	if b == nil {
		return nil
	}
	q := a.Median / b.Median
	return &q
}

func writeJSON(path string, results []*result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func printMachine(w io.Writer, core int) {
	fmt.Fprintf(w, "%s, %s, %s, kernel %s, %d cores, single-threaded rows on core %d, %s\n\n", runtime.Version(),
		firstLine(os.Getenv("CC_VERSION")), processor(), firstLine(output("uname", "-r")), runtime.NumCPU(), core,
		time.Now().UTC().Format("2006-01-02"))
}

// printTable prints every result.
func printTable(out io.Writer, rows []*row, results []*result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range rows {
		fmt.Fprintf(out, "%s\n", r.title)
		fmt.Fprintf(w, "\tmedian\tmin\tmax\tspread\tsamples\tdropped\tto cgo\tto C\tto purego\tto Go\tallocs\tlimit\t\n")
		for _, x := range results {
			if x.row != r {
				continue
			}
			fmt.Fprintf(w, "  %-16s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", x.Impl, duration(x.Median), duration(x.Min),
				duration(x.Max), x.spread(), x.Samples, x.Dropped, ratioText(x.RatioToCgo), ratioText(x.RatioToC),
				ratioText(x.RatioToPurego), ratioText(x.RatioToGo), x.allocs(), x.verdict())
		}
		w.Flush()
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, `Each time is of one operation. allocs: pieces of Go memory for each. limit: of the ratio to cgo, on Go 1.26 or newer,
or of machine code's (jit) to Go.
~: (max - min) / median is over %.0f%%. *: too few undisturbed samples, the least disturbed ones count.
`, 100*wideSpread)
}

// printShort prints medians, a line for each row.
func printShort(out io.Writer, rows []*row, results []*result) {
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
		var auto *result
		for _, i := range impls {
			for _, x := range results {
				if x.row == r && x.Impl == i {
					fmt.Fprintf(w, "%s\t", duration(x.Median))
					if i == impls[0] {
						auto = x
					}
				}
			}
		}
		fmt.Fprintf(w, "%s\t\n", ratioText(auto.RatioToCgo))
	}
	w.Flush()
}

func (x *result) spread() string {
	mark := ""
	s := (x.Max - x.Min) / x.Median
	if s > wideSpread {
		mark += "~"
	}
	if x.Disturbed {
		mark += "*"
	}
	return fmt.Sprintf("%s%.0f%%", mark, 100*s)
}

func (x *result) allocs() string {
	if x.Allocs == nil {
		return ""
	}
	return fmt.Sprint(*x.Allocs)
}

// verdict says how x stands to its limit.
func (x *result) verdict() string {
	q := x.RatioToCgo
	limit, ok := x.row.limits[x.Impl]
	if !ok {
		q = x.RatioToGo
		limit, ok = x.row.toGo[x.Impl]
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

func duration(ns float64) string {
	switch {
	case ns < 1e4:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f us", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
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
