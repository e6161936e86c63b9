// Command layout generates trampolines/layout_go*.go and jit/layout_go*.go: the offsets of the runtime's private fields
// that the trampolines and package jit rely on, read from the DWARF of a program built by each Go toolchain.
//
//	go run ./build-aux/layout -goroots DIR:DIR... [-out .]    write the files
//	go run ./build-aux/layout -check -goroots DIR:DIR...     compare them with the toolchains
//
// Without -goroots it looks at the toolchain that runs it. A release that no range covers is reported, and is no error:
// programs built with it take the safe road, and package jit registers nothing.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// A table is what one package has to know: the same fields for each range of releases, in a file of its own.
type table struct {
	dir     string // below -out; also the package's name
	fields  []field
	facts   func(r *releaseRange) string // what else the file says
	ranges  []releaseRange
	without string // what programs of a release that no range covers do
}

// A release range shares one file. last is the newest release in it that is known; trampolines/unknown.go and
// jit/unknown.go say which releases no range covers.
type releaseRange struct {
	file        string
	constraint  string
	first, last int // minor releases of Go 1
}

var tables = []*table{
	{
		dir:     "trampolines",
		fields:  threadFields,
		facts:   threadFacts,
		without: "programs take the safe road",
		ranges: []releaseRange{
			{"layout_go119.go", "!go1.21", 19, 20},
			{"layout_go121.go", "go1.21 && !go1.22", 21, 21},
			{"layout_go122.go", "go1.22 && !go1.23", 22, 22},
			{"layout_go123.go", "go1.23 && !go1.24", 23, 23},
			{"layout_go124.go", "go1.24 && !go1.25", 24, 24},
			{"layout_go125.go", "go1.25 && !go1.26", 25, 25},
			{"layout_go126.go", "go1.26 && !go1.28", 26, 27},
		},
	},
	{
		dir:     "jit",
		fields:  moduleFields,
		without: "package jit registers nothing",
		ranges: []releaseRange{
			{"layout_go119.go", "!go1.20", 19, 19},
			{"layout_go121.go", "go1.21 && !go1.23", 21, 22},
			{"layout_go123.go", "go1.23 && !go1.25", 23, 24},
			{"layout_go125.go", "go1.25 && !go1.26", 25, 25},
			{"layout_go126.go", "go1.26 && !go1.27", 26, 26},
			{"layout_go127.go", "go1.27 && !go1.28", 27, 27},
		},
	},
}

// threadFacts: what is known of these releases besides offsets.
func threadFacts(r *releaseRange) string {
	return fmt.Sprintf("// layoutKnown: a table covers this release.\nconst layoutKnown = true\n\n"+
		"// checkmarkStopsPreemption: GODEBUG=gccheckmark=1 implies asyncpreemptoff=1, as since Go 1.25.\n"+
		"const checkmarkStopsPreemption = %v\n\n", r.first >= 25)
}

func (r *releaseRange) String() string {
	if r.first == r.last {
		return fmt.Sprintf("of Go 1.%d", r.first)
	}
	return fmt.Sprintf("of Go 1.%d to 1.%d", r.first, r.last)
}

func (t *table) rangeOf(minor int) *releaseRange {
	for i := range t.ranges {
		if t.ranges[i].first <= minor && minor <= t.ranges[i].last {
			return &t.ranges[i]
		}
	}
	return nil
}

func main() {
	goroots := flag.String("goroots", "", "colon-separated `list` of GOROOTs (default: of the go command on PATH)")
	out := flag.String("out", ".", "`directory` of the module, whose generated files are meant")
	check := flag.Bool("check", false, "compare with the generated files instead of writing them")
	flag.Parse()
	if err := run(*goroots, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "layout:", err)
		os.Exit(1)
	}
}

// A toolchain is a Go release and its offsets by constant.
type toolchain struct {
	version string
	minor   int
	offsets map[string]int64
}

func run(goroots, out string, check bool) error {
	if goroots == "" {
		o, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("go env GOROOT: %w", err)
		}
		goroots = strings.TrimSpace(string(o))
	}
	var toolchains []*toolchain
	for _, root := range filepath.SplitList(goroots) {
		c, err := readToolchain(root)
		if err != nil {
			return fmt.Errorf("%s: %w", root, err)
		}
		toolchains = append(toolchains, c)
	}
	bad := 0
	for _, t := range tables {
		n, err := t.run(toolchains, filepath.Join(out, t.dir), check)
		if err != nil {
			return err
		}
		bad += n
	}
	if bad > 0 {
		return fmt.Errorf("%d offsets differ", bad)
	}
	return nil
}

// run compares the table with the toolchains, or writes it to out unless they differ among themselves. It returns the
// number of offsets that differ.
func (t *table) run(toolchains []*toolchain, out string, check bool) (bad int, err error) {
	seen := map[*releaseRange]map[string]int64{} // offsets by constant
	names := map[*releaseRange][]string{}        // releases read
	for _, c := range toolchains {
		r := t.rangeOf(c.minor)
		if r == nil {
			fmt.Printf("%s: unknown release to %s, %s\n", c.version, t.dir, t.without)
			continue
		}
		want := seen[r]
		if check {
			if want, err = readFile(filepath.Join(out, r.file)); err != nil {
				return bad, err
			}
		}
		if want != nil {
			n := t.compare(c.version, r.file, want, c.offsets)
			bad += n
			if n == 0 && check {
				fmt.Printf("%s: agrees with %s/%s\n", c.version, t.dir, r.file)
			}
		} else {
			seen[r] = c.offsets
		}
		names[r] = append(names[r], c.version)
	}
	if check || bad > 0 {
		return bad, nil
	}
	for r, offsets := range seen {
		sort.Strings(names[r])
		if err := t.writeFile(filepath.Join(out, r.file), r, names[r], offsets); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// readToolchain builds a small program with the toolchain at root and reads its DWARF.
func readToolchain(root string) (*toolchain, error) {
	c := &toolchain{}
	dir, err := os.MkdirTemp("", "layout")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "main.go")
	if err = os.WriteFile(source, []byte("package main\n\nfunc main() { println() }\n"), 0o666); err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "program")
	goCommand := func(args ...string) (string, error) {
		cmd := exec.Command(filepath.Join(root, "bin", "go"), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOROOT="+root, "GOTOOLCHAIN=local", "CGO_ENABLED=0",
			"GOFLAGS=", "GO111MODULE=off", "GOWORK=off")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		o, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.Bytes())
		}
		return strings.TrimSpace(string(o)), err
	}
	if c.version, err = goCommand("env", "GOVERSION"); err != nil {
		return nil, err
	}
	if c.minor, err = minorOf(c.version); err != nil {
		return nil, err
	}
	if _, err = goCommand("build", "-o", program, source); err != nil {
		return nil, err
	}
	c.offsets, err = readOffsets(program)
	return c, err
}

// minorOf returns 24 for go1.24.3, go1.24 and go1.24rc1.
func minorOf(version string) (int, error) {
	if !strings.HasPrefix(version, "go1.") {
		return 0, fmt.Errorf("version %q is not a release of Go 1", version)
	}
	digits := version[len("go1."):]
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	return strconv.Atoi(digits[:end])
}

// compare prints each constant in which two layouts differ and returns how many there are.
func (t *table) compare(version, file string, want, got map[string]int64) int {
	bad := 0
	for _, f := range t.fields {
		offset, known := want[f.constant()]
		switch {
		case !known:
			fmt.Printf("%s: %s is at %d, %s does not say\n", version, f, got[f.constant()], file)
		case offset != got[f.constant()]:
			fmt.Printf("%s: %s is at %d, %s says %d\n", version, f, got[f.constant()], file, offset)
		default:
			continue
		}
		bad++
	}
	return bad
}

func (t *table) writeFile(name string, r *releaseRange, versions []string, offsets map[string]int64) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated by build-aux/layout; DO NOT EDIT.\n")
	fmt.Fprintf(&b, "// Read from %s.\n\n", strings.Join(versions, ", "))
	fmt.Fprintf(&b, "//go:build %s\n\npackage %s\n\n", r.constraint, t.dir)
	fmt.Fprintf(&b, "const layoutGo = %q\n\n", r)
	if t.facts != nil {
		b.WriteString(t.facts(r))
	}
	fmt.Fprintf(&b, "// Offsets in bytes.\nconst (\n")
	for _, f := range t.fields {
		fmt.Fprintf(&b, "%s = %d\n", f.constant(), offsets[f.constant()])
	}
	fmt.Fprintf(&b, ")\n")
	text, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o666)
}

// readFile returns the constants of a generated file.
func readFile(name string) (map[string]int64, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	offsets := map[string]int64{}
	for _, line := range strings.Split(string(text), "\n") {
		var constant string
		var offset int64
		if n, _ := fmt.Sscanf(line, "\t%s = %d", &constant, &offset); n == 2 {
			offsets[constant] = offset
		}
	}
	if len(offsets) == 0 {
		return nil, errors.New(name + " holds no offsets")
	}
	return offsets, nil
}
