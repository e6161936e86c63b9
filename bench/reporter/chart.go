package main

import (
	"fmt"
	"math"

	"github.com/gangwayffi/gangway/bench/results"
)

const (
	grey  = "#888"
	light = "#e4e4e4"
	black = "#222"
)

// hidden is what would lie on others' dots, and what is no call of C.
var hidden = []string{"gangway-fast", "gangway-stub", "jit", "jit-counted", "jit-a", "jit-b", "jit-c"}

// chart draws every row that cgo has: the median of each implementation, and the middle half of its samples, relative
// to cgo's median.
func chart(f *results.File) string {
	const width, left, right, rowHeight = 1000, 400, 890, 21
	parts := []struct{ title, kind string }{
		{"Calls", results.Calls}, {"Callbacks", results.Callbacks}, {"Real work", results.Work}, {"Latency",
			results.Latency}, {"Build", results.Build},
	}
	low, high, lines := 0.1, 10.0, 0
	var all []string
	for _, part := range parts {
		rows := relative(f, part.kind)
		if len(rows) > 0 {
			lines += len(rows) + 1
		}
		all = append(all, rows...)
	}
	impls := used(f, all, hidden...)
	for _, row := range all {
		c := f.Find(row, cgo).Median
		for _, impl := range impls {
			if r := f.Find(row, impl.id); r != nil {
				low, high = math.Min(low, r.Quarter/c), math.Max(high, r.ThreeQuarters/c)
			}
		}
	}
	height := float64(lines*rowHeight) + 110 + float64(18*(len(impls)/5))
	p := newPicture(width, height)
	p.text(20, 28, 17, "start", black, "Time relative to cgo's: further left is faster")
	p.text(20, 46, 11, "start", grey, "Medians; bars hold the middle half of the samples. "+f.Machine())
	y := p.legend(20, 70, width-20, impls) + 18
	x := newScale(low, high, left, right)
	bottom := y + float64(lines*rowHeight)
	for _, t := range x.ticks() {
		colour, w := light, 1.0
		if math.Abs(t-1) < 1e-9 {
			colour, w = "#0072b2", 1.4
		}
		p.line(x.at(t), y-8, x.at(t), bottom, w, colour)
		p.text(x.at(t), y-12, 11, "middle", grey, fmt.Sprintf("%g", t))
	}
	p.text(right+24, y-12, 11, "start", grey, "Auto")
	y += rowHeight - 8
	for _, part := range parts {
		rows := relative(f, part.kind)
		if len(rows) == 0 {
			continue
		}
		p.text(20, y, 13, "start", black, part.title)
		y += rowHeight
		for _, row := range rows {
			p.text(left-12, y, 12, "end", black, shorten(title(f, row), 62))
			p.line(left, y-4, right, y-4, 0.5, light)
			c := f.Find(row, cgo).Median
			for i := len(impls) - 1; i >= 0; i-- { // Gangway's dots lie on top
				if r := f.Find(row, impls[i].id); r != nil {
					p.line(x.at(r.Quarter/c), y-4, x.at(r.ThreeQuarters/c), y-4, 3, impls[i].colour+"66")
					p.dot(x.at(r.Median/c), y-4, 4.5, impls[i].colour)
				}
			}
			if r := f.Find(row, auto); r != nil {
				p.text(right+24, y, 12, "start", black, r.Value(r.Median))
			}
			y += rowHeight
		}
	}
	return p.end()
}

// relative returns the rows of a kind that cgo has.
func relative(f *results.File, kind string) (rows []string) {
	for _, row := range rowsOf(f, kind) {
		if f.Find(row, cgo) != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n-2] + ".."
}

// A curve is its title and the rows that are its points.
type curve struct {
	title string
	rows  []string
}

func curvesOf(f *results.File) (all []curve) {
	for _, row := range rowsOf(f, results.Curve) {
		for _, r := range f.Results {
			if r.Row != row {
				continue
			}
			if len(all) == 0 || all[len(all)-1].title != r.Curve {
				all = append(all, curve{title: r.Curve})
			}
			c := &all[len(all)-1]
			c.rows = append(c.rows, row)
			break
		}
	}
	return all
}

// curves draws a panel for each curve.
func curves(f *results.File) string {
	const columns, panelWidth, panelHeight = 2, 490, 300
	all := curvesOf(f)
	var rows []string
	for _, c := range all {
		rows = append(rows, c.rows...)
	}
	impls := used(f, rows, hidden...)
	lines := (len(all) + columns - 1) / columns
	p := newPicture(20+columns*panelWidth, float64(110+lines*panelHeight))
	p.text(20, 28, 17, "start", black, "Time of an operation")
	p.text(20, 46, 11, "start", grey, "Medians; both axes are logarithmic. "+f.Machine())
	top := p.legend(20, 70, p.width-20, impls)
	for i, c := range all {
		panel(p, f, c, impls, float64(20+i%columns*panelWidth), top+float64(i/columns*panelHeight), panelWidth-20,
			panelHeight-20)
	}
	return p.end()
}

func panel(p *picture, f *results.File, c curve, impls []implementation, left, top, width, height float64) {
	var points []*results.Result
	for _, row := range c.rows {
		for _, impl := range impls {
			if r := f.Find(row, impl.id); r != nil {
				points = append(points, r)
			}
		}
	}
	lowX, highX, lowY, highY := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, r := range points {
		lowX, highX = math.Min(lowX, place(r.X)), math.Max(highX, place(r.X))
		lowY, highY = math.Min(lowY, r.Median), math.Max(highY, r.Median)
	}
	// The x axis ends where the points do: they need not be powers of ten.
	x := scale{lowX, math.Max(highX, lowX*2), left + 50, left + width - 10}
	y := newScale(lowY, highY, top+height-40, top+24)
	p.text(left, top+12, 13, "start", black, "By "+c.title)
	for _, t := range y.ticks() {
		p.line(x.from, y.at(t), x.to, y.at(t), 0.7, light)
		p.text(x.from-6, y.at(t)+4, 11, "end", grey, points[0].Value(t))
	}
	last := math.Inf(-1)
	for _, row := range c.rows {
		for _, r := range points {
			if at := x.at(place(r.X)); r.Row == row && at > last+26 {
				p.text(at, y.from+16, 11, "middle", grey, count(r.X))
				p.line(at, y.from, at, y.from+4, 0.7, grey)
				last = at
			}
		}
	}
	for i := len(impls) - 1; i >= 0; i-- {
		var path [][2]float64
		for _, r := range points {
			if r.Impl == impls[i].id {
				path = append(path, [2]float64{x.at(place(r.X)), y.at(r.Median)})
			}
		}
		if len(path) > 1 {
			p.path(path, impls[i].colour)
		}
		for _, at := range path {
			p.dot(at[0], at[1], 3, impls[i].colour)
		}
	}
}

// place returns where n is on a logarithmic axis that has a 0: half as far as 1.
func place(n int) float64 { return math.Max(float64(n), 0.5) }

func count(n int) string {
	switch {
	case n >= 1000000 && n%1000000 == 0:
		return fmt.Sprintf("%dM", n/1000000)
	case n >= 1024 && n%1024 == 0:
		return fmt.Sprintf("%dKi", n/1024)
	case n >= 1000 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}
