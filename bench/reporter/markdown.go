package main

import (
	"fmt"
	"strings"

	"github.com/gangwayffi/gangway/bench/results"
)

// An implementation as reports name and draw it, in the order of columns.
type implementation struct{ id, title, colour string }

var implementations = []implementation{
	{"gangway-auto", "Gangway (Auto)", "#d55e00"},
	{"gangway-blocking", "Gangway (Blocking)", "#e69f00"},
	{"gangway-fast", "Gangway (Fast)", "#8c3d00"},
	{"gangway-stub", "Gangway (stub)", "#cc79a7"},
	{"cgo", "cgo", "#0072b2"},
	{"cgo-nocallback", "cgo (noescape, nocallback)", "#56b4e9"},
	{"purego", "purego", "#009e73"},
	{"goffi", "goffi", "#66c2a5"},
	{"libffi", "libffi, from C", "#7f7f7f"},
	{"libffi-plan", "libffi's plans, from C", "#a0a0a0"},
	{"gangway-c", "Gangway, from C", "#f0c000"},
	{"luajit", "LuaJIT", "#6a3d9a"},
	{"c", "C, through a pointer", "#000000"},
	{"go", "Go, not inlined", "#b0b000"},
	{"jit", "machine code, registered", "#ff7f9f"},
	{"jit-counted", "machine code, calls counted", "#ff7f9f"},
	{"jit-a", "machine code, on the system stack", "#b15928"},
	{"jit-b", "machine code, behind the gate", "#fb9a99"},
	{"jit-c", "machine code, registered", "#ff7f9f"},
}

const (
	auto = "gangway-auto"
	cgo  = "cgo"
)

// used returns the implementations that some result of the rows has, but those of the list.
func used(f *results.File, rows []string, without ...string) (impls []implementation) {
	for _, impl := range implementations {
		left := false
		for _, w := range without {
			left = left || w == impl.id
		}
		for _, row := range rows {
			if !left && f.Find(row, impl.id) != nil {
				impls = append(impls, impl)
				break
			}
		}
	}
	return impls
}

// rowsOf returns the names of the rows of some kinds, in the order of the file.
func rowsOf(f *results.File, kinds ...string) (rows []string) {
	for _, r := range f.Results {
		for _, kind := range kinds {
			if r.Kind == kind && (len(rows) == 0 || rows[len(rows)-1] != r.Row) {
				rows = append(rows, r.Row)
			}
		}
	}
	return rows
}

// title returns the title of a row.
func title(f *results.File, row string) string {
	for _, r := range f.Results {
		if r.Row == row {
			return r.Name
		}
	}
	return row
}

// table writes medians, a line for each row and a column for each implementation, and the ratio of Auto to cgo.
func table(b *strings.Builder, f *results.File, rows []string, impls []implementation) {
	b.WriteString("| |")
	for _, impl := range impls {
		fmt.Fprintf(b, " %s |", impl.title)
	}
	b.WriteString(" Auto / cgo |\n|---|" + strings.Repeat("--:|", len(impls)) + "--:|\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", title(f, row))
		for _, impl := range impls {
			if r := f.Find(row, impl.id); r != nil {
				fmt.Fprintf(b, " %s%s |", r.Value(r.Median), marks(r))
			} else {
				b.WriteString(" |")
			}
		}
		if a, c := f.Find(row, auto), f.Find(row, cgo); a != nil && c != nil {
			fmt.Fprintf(b, " %.2f |\n", a.Median/c.Median)
		} else {
			b.WriteString(" |\n")
		}
	}
	b.WriteString("\n")
}

// marks returns a result's marks as Markdown shows them as they are.
func marks(r *results.Result) string {
	return strings.NewReplacer("~", "\\~", "*", "\\*").Replace(r.Marks())
}

func head(b *strings.Builder, f *results.File) {
	fmt.Fprintf(b, "Medians of one run on %s.\n%s.\n\n", f.Machine(), f.VersionList())
}

// latency writes the distributions.
func latency(b *strings.Builder, f *results.File) {
	rows := rowsOf(f, results.Latency)
	impls := used(f, rows)
	if len(rows) == 0 {
		return
	}
	b.WriteString("| |")
	for _, impl := range impls {
		fmt.Fprintf(b, " %s: median | 90%% | 99%% | longest |", impl.title)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", 4*len(impls)) + "\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |", strings.TrimPrefix(title(f, row), "longest "))
		for _, impl := range impls {
			r := f.Find(row, impl.id)
			if r == nil {
				b.WriteString(" | | | |")
				continue
			}
			q := r.Quantiles
			fmt.Fprintf(b, " %s | %s | %s | %s%s |", r.Value(q["p50"]), r.Value(q["p90"]), r.Value(q["p99"]),
				r.Value(r.Median), marks(r))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func foot(b *strings.Builder, f *results.File) {
	fmt.Fprintf(b,
		"\\~: the middle half of the samples lies further apart than %.0f%% of the median. \\*: too few samples were "+
			"undisturbed, the least disturbed\nones count.",
		100*results.WideSpread)
	for i, what := range f.LeftOut {
		what, _, _ = strings.Cut(what, ":") // why is in results.json
		fmt.Fprintf(b, "%s%s", []string{" Left out: ", ", "}[min(i, 1)], what)
	}
	bad := 0
	for _, r := range f.Results {
		bad += r.Bad
	}
	if bad > 0 {
		fmt.Fprintf(b, " Answers that were no measurements, and were dropped: %d.", bad)
	}
	b.WriteString("\n")
}

// summary is what README.md shows: the pictures are in dir.
func summary(f *results.File, dir string) string {
	b := new(strings.Builder)
	head(b, f)
	rows := rowsOf(f, results.Calls, results.Callbacks)
	table(b, f, rows, used(f, rows, "gangway-fast", "gangway-stub", "cgo-nocallback", "go", "jit", "jit-counted",
		"jit-a", "jit-b", "jit-c"))
	if rows := rowsOf(f, results.Work, results.Build); len(rows) > 0 {
		table(b, f, rows, used(f, rows))
	}
	fmt.Fprintf(b, "![Medians relative to cgo's](%s%s)\n\n![Curves](%s%s)\n\n", dir, chartName, dir, curvesName)
	foot(b, f)
	return b.String()
}

// everything is the whole report.
func everything(f *results.File) string {
	b := new(strings.Builder)
	b.WriteString("# Gangway's benchmark\n\n")
	head(b, f)
	fmt.Fprintf(b, "![Medians relative to cgo's](%s)\n\n", chartName)
	for _, part := range []struct{ title, kind string }{
		{"Calls", results.Calls}, {"Callbacks", results.Callbacks}, {"Before the first call", results.Setup},
		{"Real work", results.Work}, {"Latency", results.Latency}, {"Build", results.Build},
	} {
		rows := rowsOf(f, part.kind)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(b, "## %s\n\n", part.title)
		if part.kind == results.Latency {
			latency(b, f)
		} else {
			table(b, f, rows, used(f, rows))
		}
	}
	if all := curvesOf(f); len(all) > 0 {
		fmt.Fprintf(b, "## Curves\n\n![Curves](%s)\n\n", curvesName)
		for _, c := range all {
			table(b, f, c.rows, used(f, c.rows))
		}
	}
	foot(b, f)
	return b.String()
}
