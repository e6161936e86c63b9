package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/gangwayffi/gangway/bench/results"
)

// leastChange is the smallest change of a median that is reported.
const leastChange = 0.03

// compareFiles prints what changed from one run to another.
func compareFiles(args []string) error {
	if len(args) != 2 {
		usage()
	}
	before, err := results.Read(args[0])
	if err != nil {
		return err
	}
	after, err := results.Read(args[1])
	if err != nil {
		return err
	}
	if before.CPU != after.CPU || before.Cores != after.Cores || before.Kernel != after.Kernel {
		fmt.Printf("not the same machine: %s; %s\n", before.Machine(), after.Machine())
	}
	for name, version := range after.Versions {
		if old, ok := before.Versions[name]; ok && old != version {
			fmt.Printf("%s was %s, is %s\n", name, old, version)
		}
	}
	compare(before, after)
	return nil
}

func compare(before, after *results.File) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	same, changed, gone, added := 0, 0, 0, 0
	for _, n := range after.Results {
		o := before.Find(n.Row, n.Impl)
		switch {
		case o == nil:
			added++
		case !differ(o, n):
			same++
		default:
			changed++
			word := "slower"
			if n.Unit == "bytes" {
				word = "larger"
			}
			if n.Median < o.Median {
				word = map[string]string{"slower": "faster", "larger": "smaller"}[word]
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s%s\t->\t%s%s\t%+.0f%%\n", word, n.Impl, n.Name, o.Value(o.Median), o.Marks(),
				n.Value(n.Median), n.Marks(), 100*(n.Median/o.Median-1))
		}
	}
	for _, o := range before.Results {
		if after.Find(o.Row, o.Impl) == nil {
			gone++
			fmt.Fprintf(w, "gone\t%s\t%s\n", o.Impl, o.Name)
		}
	}
	w.Flush()
	fmt.Printf("%d changed beyond the noise, %d did not, %d are new, %d are gone\n", changed, same, added, gone)
}

// leastSamples is how many samples say something of the noise among them.
const leastSamples = 3

// differ tells whether two results are further apart than noise explains: the medians differ by more than
// leastChange, the middle halves of the samples lie apart, and the fastest samples moved the same way.
func differ(o, n *results.Result) bool {
	change := n.Median/o.Median - 1
	switch {
	case n.Unit == "ns" && (o.Samples < leastSamples || n.Samples < leastSamples):
		return false
	case change > leastChange:
		return n.Quarter > o.ThreeQuarters && n.Min > o.Min
	case change < -leastChange:
		return n.ThreeQuarters < o.Quarter && n.Min < o.Min
	}
	return false
}
