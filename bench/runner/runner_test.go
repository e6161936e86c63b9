package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gangwayffi/gangway/bench/results"
)

// The test program plays the runner, and the programs that the runner starts: links to it, by whose names it knows
// what to play.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case name == "runner":
		os.Exit(run(os.Args[1:]))
	case strings.HasPrefix(name, "play-"):
		play(strings.TrimPrefix(name, "play-"))
	default:
		os.Exit(m.Run())
	}
}

const (
	goodAnswer = "1000000 100 100 0"
	stuck      = "a sample that lasts"
)

// play speaks the protocol of bench/child for row call0. Every third answer is that of its name.
func play(part string) {
	if part == "fails" {
		os.Exit(1)
	}
	fmt.Printf("bench call0 %s single -\nready\n", part)
	in := bufio.NewScanner(os.Stdin)
	for i := 1; in.Scan(); i++ {
		var index, n int
		fmt.Sscanf(in.Text(), "run %d %d", &index, &n)
		answer := goodAnswer
		if part == "long" { // an operation takes longer than many samples
			answer = fmt.Sprintf("%d 100 100 0", n*1000000000)
		}
		if i%3 == 0 {
			switch part {
			case "nan":
				answer = "NaN 100 100 0"
			case "inf":
				answer = "+Inf 100 100 0"
			case "zero":
				answer = "0 100 100 0"
			case "quantile":
				answer = goodAnswer + " p50=NaN"
			case "nonsense":
				answer = "what?"
			case "crash":
				os.Exit(2)
			case "slow":
				fmt.Fprintln(os.Stderr, stuck)
				time.Sleep(time.Hour)
			}
		}
		fmt.Println(answer)
	}
}

// runner returns a command that runs the runner with programs that play those parts, and the file of the results.
func runner(t *testing.T, parts ...string) (*exec.Cmd, string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "results.json")
	args := []string{"-short", "-o", out, "libbench"}
	for _, name := range append([]string{"runner"}, parts...) {
		path := filepath.Join(dir, name)
		if name != "runner" {
			path = filepath.Join(dir, "play-"+name)
			args = append(args, path)
		}
		if err := os.Symlink(self, path); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(filepath.Join(dir, "runner"), args...)
	command.Args[0] = "runner"
	return command, out
}

// result returns what the file says of a part, nil if nothing.
func result(t *testing.T, out, part string) (*results.File, *results.Result) {
	f, err := results.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	return f, f.Find("call0", part)
}

func TestBadSamplesAreDropped(t *testing.T) {
	parts := []string{"good", "nan", "inf", "zero", "quantile", "long"}
	command, out := runner(t, parts...)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, part := range parts {
		_, r := result(t, out, part)
		if r == nil {
			t.Fatalf("there is no result of %s", part)
		}
		bad := part != "good" && part != "long"
		if (r.Bad > 0) != bad || r.Samples < minSamples || !(r.Median > 0) || r.Max > 1e10 {
			t.Errorf("%s: %+v", part, r)
		}
	}
}

func TestProgramsThatEnd(t *testing.T) {
	for _, part := range []string{"crash", "nonsense", "fails"} {
		command, out := runner(t, "good", part)
		if text, err := command.CombinedOutput(); err == nil {
			t.Errorf("%s: the runner reports success: %s", part, text)
		}
		f, r := result(t, out, "good")
		if r == nil || r.Samples < minSamples {
			t.Errorf("%s: the other program has %+v", part, r)
		}
		if len(f.LeftOut) != 1 || !strings.Contains(f.LeftOut[0], "play-"+part) {
			t.Errorf("%s: left out is %q", part, f.LeftOut)
		}
	}
}

func TestInterrupt(t *testing.T) {
	command, out := runner(t, "good", "slow")
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for s := bufio.NewScanner(stderr); s.Scan(); {
		said += s.Text()
		if s.Text() == stuck {
			command.Process.Signal(syscall.SIGINT)
		}
	}
	if command.Wait() == nil || !strings.Contains(said, "interrupted") {
		t.Errorf("the runner says %q", said)
	}
	if _, r := result(t, out, "good"); r == nil || r.Samples == 0 {
		t.Errorf("of what was measured, %+v is written", r)
	}
}
