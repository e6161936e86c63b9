// Package results is what bench/run writes, bench/report draws and bench/compare compares: results.json.
package results

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
)

// A File is one run of the benchmark.
type File struct {
	Date     string            `json:"date"` // UTC
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Core     int               `json:"core"` // that single-threaded rows ran on
	Kernel   string            `json:"kernel"`
	Versions map[string]string `json:"versions"` // of toolchains, peers and libraries
	LeftOut  []string          `json:"left_out"` // what could not be built, and why
	Results  []*Result         `json:"results"`
}

// Kinds of rows, in the order of reports.
const (
	Calls     = "calls"
	Callbacks = "callbacks"
	Setup     = "setup"
	Work      = "real work"
	Latency   = "latency"
	Build     = "build"
	Curve     = "curve" // one point of a curve: Curve and X say which
)

// A Result is one row in one implementation.
type Result struct {
	Row           string             `json:"row"`
	Name          string             `json:"name"`
	Kind          string             `json:"kind"`
	Curve         string             `json:"curve,omitempty"`
	X             int                `json:"x,omitempty"`
	Impl          string             `json:"impl"`
	Go            string             `json:"go"`
	Unit          string             `json:"unit"` // ns or bytes
	Median        float64            `json:"ns_median"`
	Min           float64            `json:"ns_min"`
	Max           float64            `json:"ns_max"`
	Quarter       float64            `json:"ns_p25"`
	ThreeQuarters float64            `json:"ns_p75"`
	Quantiles     map[string]float64 `json:"quantiles,omitempty"` // of a sample's events; medians of the samples'
	RatioToCgo    *float64           `json:"ratio_to_cgo"`
	RatioToC      *float64           `json:"ratio_to_c"`
	RatioToPurego *float64           `json:"ratio_to_purego,omitempty"`
	RatioToGo     *float64           `json:"ratio_to_go,omitempty"`
	Allocs        *uint64            `json:"allocs_per_op,omitempty"` // of Go memory, rounded down
	Samples       int                `json:"samples"`
	Dropped       int                `json:"dropped"`
	Bad           int                `json:"bad,omitempty"` // answers that were no measurements: dropped, too
	Disturbed     bool               `json:"disturbed"`     // too few were undisturbed: the least disturbed ones count
	Wide          bool               `json:"wide"`          // the spread is over WideSpread
}

// WideSpread is the Spread from which a result is marked.
const WideSpread = 0.15

// Spread returns how far the middle half of the samples lies apart, as a part of their median.
func (r *Result) Spread() float64 { return (r.ThreeQuarters - r.Quarter) / r.Median }

// Value formats a value of r's unit.
func (r *Result) Value(v float64) string {
	switch {
	case r.Unit == "bytes" && v >= 1e6:
		return fmt.Sprintf("%.2f MB", v/1e6)
	case r.Unit == "bytes":
		return fmt.Sprintf("%.0f kB", v/1e3)
	case v < 9.95:
		return fmt.Sprintf("%.1f ns", v)
	case v < 1e3:
		return fmt.Sprintf("%.0f ns", v)
	case v < 9.95e3:
		return fmt.Sprintf("%.1f us", v/1e3)
	case v < 1e6:
		return fmt.Sprintf("%.0f us", v/1e3)
	case v < 9.95e6:
		return fmt.Sprintf("%.1f ms", v/1e6)
	case v < 1e9:
		return fmt.Sprintf("%.0f ms", v/1e6)
	}
	return fmt.Sprintf("%.1f s", v/1e9)
}

// Marks returns the signs for a wide spread and for disturbed samples.
func (r *Result) Marks() string {
	marks := ""
	if r.Wide {
		marks += "~"
	}
	if r.Disturbed {
		marks += "*"
	}
	return marks
}

// Find returns the result of a row in an implementation, nil if there is none.
func (f *File) Find(row, impl string) *Result {
	for _, r := range f.Results {
		if r.Row == row && r.Impl == impl {
			return r
		}
	}
	return nil
}

// Machine describes the machine in a line.
func (f *File) Machine() string {
	linux, _, _ := strings.Cut(f.Kernel, "-")
	return fmt.Sprintf("%s, %d cores (single-threaded rows on core %d), Linux %s, %s", f.CPU, f.Cores, f.Core, linux,
		f.Date)
}

// VersionList returns the versions in a line.
func (f *File) VersionList() string {
	names := make([]string, 0, len(f.Versions))
	for name := range f.Versions {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = name + " " + f.Versions[name]
	}
	return strings.Join(names, ", ")
}

// Read reads a file that Write wrote.
func Read(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := new(File)
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(f.Results) == 0 {
		return nil, fmt.Errorf("%s holds no results", path)
	}
	return f, nil
}

// Write writes f as indented JSON.
func (f *File) Write(path string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	// All or nothing, also when it is interrupted.
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
