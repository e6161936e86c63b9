// The reporter makes something to read of results.json. The scripts bench/report and bench/compare build and start it:
//
//	reporter report [-o DIR] [-readme ROOT] [RESULTS]
//	reporter compare OLD NEW
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gangwayffi/gangway/bench/results"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	var err error
	switch os.Args[1] {
	case "report":
		err = report(os.Args[2:])
	case "compare":
		err = compareFiles(os.Args[2:])
	default:
		usage()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: bench/report [-o DIR] [-readme] [RESULTS]\n       bench/compare OLD NEW")
	os.Exit(2)
}

// What a report consists of, in the directory for it; in the source tree, the pictures are in doc/.
const (
	markdownName = "bench.md"
	chartName    = "bench.svg"
	curvesName   = "bench-curves.svg"
)

func report(args []string) error {
	flags := flag.NewFlagSet("bench/report", flag.ExitOnError)
	dir := flags.String("o", "", "write to this `directory`; else that of the results")
	readme := flags.String("readme", "",
		"put the tables into README.md, and the pictures into doc/, of this source `tree`")
	flags.Parse(args)
	if flags.NArg() != 1 {
		usage()
	}
	f, err := results.Read(flags.Arg(0))
	if err != nil {
		return err
	}
	if *dir == "" {
		*dir = filepath.Dir(flags.Arg(0))
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	if *readme != "" {
		*dir = filepath.Join(*readme, "doc")
		if err := rewrite(filepath.Join(*readme, "README.md"), summary(f, "doc/")); err != nil {
			return err
		}
	} else if err := os.WriteFile(filepath.Join(*dir, markdownName), []byte(everything(f)), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(*dir, chartName), []byte(chart(f)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(*dir, curvesName), []byte(curves(f)), 0o644)
}

// The lines of README.md that the tables stand between.
const (
	begin = "<!-- bench/report -readme writes from here -->\n"
	end   = "<!-- to here -->\n"
)

// rewrite replaces what stands between begin and end.
func rewrite(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		return fmt.Errorf("%s has no place for the tables: lines %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+text+end+after), 0o644)
}
