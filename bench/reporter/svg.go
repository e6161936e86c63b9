package main

import (
	"fmt"
	"math"
	"strings"
)

// A picture is SVG in the making. Lengths are in pixels.
type picture struct {
	strings.Builder
	width, height float64
}

func newPicture(width, height float64) *picture {
	p := &picture{width: width, height: height}
	fmt.Fprintf(p,
		`<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" viewBox="0 0 %g %g" `+
			`font-family="Helvetica, Arial, sans-serif">`+"\n",
		width, height, width, height)
	fmt.Fprintf(p, `<rect width="%g" height="%g" fill="#fff"/>`+"\n", width, height)
	return p
}

func (p *picture) end() string {
	p.WriteString("</svg>\n")
	return p.String()
}

func (p *picture) line(x1, y1, x2, y2, width float64, colour string) {
	fmt.Fprintf(p, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"/>`+"\n", x1, y1, x2,
		y2, colour, width)
}

func (p *picture) dot(x, y, r float64, colour string) {
	fmt.Fprintf(p, `<circle cx="%.1f" cy="%.1f" r="%g" fill="%s" stroke="#fff" stroke-width="0.7"/>`+"\n", x, y, r,
		colour)
}

// text writes at a baseline; anchor is start, middle or end.
func (p *picture) text(x, y, size float64, anchor, colour, text string) {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	fmt.Fprintf(p, `<text x="%.1f" y="%.1f" font-size="%g" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, size,
		anchor, colour, text)
}

func (p *picture) path(points [][2]float64, colour string) {
	var d strings.Builder
	for i, at := range points {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], at[0], at[1])
	}
	fmt.Fprintf(p, `<path d="%s" fill="none" stroke="%s" stroke-width="1.6"/>`+"\n", d.String(), colour)
}

// legend writes the implementations in lines from (x, y) on that end before right, and returns the y below them.
func (p *picture) legend(x, y, right float64, impls []implementation) float64 {
	at := x
	for _, impl := range impls {
		width := 26 + 6.8*float64(len(impl.title))
		if at+width > right && at > x {
			at = x
			y += 18
		}
		p.dot(at+5, y-4, 4.5, impl.colour)
		p.text(at+13, y, 12, "start", "#222", impl.title)
		at += width
	}
	return y + 18
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// A scale is a logarithmic axis.
type scale struct{ low, high, from, to float64 }

// newScale returns the scale from the power of ten at or below low to that at or above high.
func newScale(low, high, from, to float64) scale {
	s := scale{math.Pow(10, math.Floor(math.Log10(low)+1e-9)), math.Pow(10, math.Ceil(math.Log10(high)-1e-9)), from, to}
	if s.high <= s.low {
		s.high = 10 * s.low
	}
	return s
}

func (s scale) at(v float64) float64 {
	return s.from + (s.to-s.from)*math.Log(v/s.low)/math.Log(s.high/s.low)
}

// ticks returns the powers of ten.
func (s scale) ticks() (ticks []float64) {
	for v := s.low; v < s.high*1.01; v *= 10 {
		ticks = append(ticks, v)
	}
	return ticks
}
