// Package differential_test compares calls of random signatures with what the C compiler makes of them: every scalar of
// every argument and result, in both directions.
package differential_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gangwayffi/gangway/tests/testlib"
)

// perFile is how many signatures one C file holds.
const perFile = 250

// TestDifferential tests 2,000 random signatures, GANGWAY_SIGNATURES if that is set, 300 with -short. GANGWAY_SEED replays.
func TestDifferential(t *testing.T) {
	cc := compiler(t)
	seed := testlib.Seed(t.Name())
	n := 2000
	if testing.Short() {
		n = 300
	}
	if s := os.Getenv("GANGWAY_SIGNATURES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("GANGWAY_SIGNATURES: %v", err)
		}
	}
	cdiff := cdiffPath()
	if cdiff == "" {
		t.Log("no libcdiff.so beside libgwtest.so, and no GANGWAY_CDIFF: the C interface and libffi are left out")
	}
	d := &differential{t: t, cc: cc, cdiff: cdiff, dir: t.TempDir(), seed: seed,
		outcome: outcome{Calls: map[string]int{}, Refused: map[string]int{}}}
	var wg sync.WaitGroup
	slots := make(chan bool, 2)
	for first := 0; first < n; first += perFile {
		last := first + perFile
		if last > n {
			last = n
		}
		wg.Add(1)
		slots <- true
		go func(first, last int) {
			defer wg.Done()
			d.batch(first, last)
			<-slots
		}(first, last)
	}
	wg.Wait()
	if n := d.Refused[libffiDiffers]; n*100 > d.Calls["ffi_call"]+200 {
		t.Errorf("libffi, the check of the test itself, disagrees with the compiler %d times", n)
	}
	t.Logf("%d signatures; calls: %v; not offered: %v", n, d.Calls, d.Refused)
}

// compiler returns the C compiler: CC or gcc, which may be several words.
func compiler(t *testing.T) []string {
	t.Helper()
	cc := strings.Fields(os.Getenv("CC"))
	if len(cc) == 0 {
		cc = []string{"gcc"}
	}
	if _, err := exec.LookPath(cc[0]); err != nil {
		t.Skipf("there is no C compiler (CC, or gcc): %v", err)
	}
	return cc
}

// compile makes a shared object of C source.
func compile(cc []string, dir, name, text string) (string, error) {
	c, so := filepath.Join(dir, name+".c"), filepath.Join(dir, name+".so")
	if err := os.WriteFile(c, []byte(text), 0o666); err != nil {
		return "", err
	}
	args := append(append([]string{}, cc[1:]...), "-std=gnu11", "-O1", "-w", "-fPIC", "-shared", "-o", so, c, "-lpthread")
	if out, err := exec.Command(cc[0], args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s %v: %v\n%s", cc[0], args, err, out)
	}
	return so, nil
}

// A differential is a run of the test.
type differential struct {
	t          *testing.T
	cc         []string
	cdiff, dir string
	seed       int64
	files      int32
	mu         sync.Mutex
	outcome    // of all jobs
	failed     int
	shrunk     map[string]bool
}

// batch tests the signatures from first up to last.
func (d *differential) batch(first, last int) {
	var cases []testCase
	for i := first; i < last; i++ {
		seed := d.seed + int64(i)*1000003
		cases = append(cases, testCase{i - first, seed, newSig(rand.New(rand.NewSource(seed)))})
	}
	so, err := d.compile(cases)
	if err != nil {
		d.t.Errorf("signatures %d to %d of seed %d: %v", first, last-1, d.seed, err)
		return
	}
	// A crash ends the process; what comes after it is for the next one.
	for crashes := 0; len(cases) > 0; {
		failures, crashed := d.run(job{Lib: so, Rounds: 1, Cases: cases})
		for _, f := range failures {
			d.report(first+cases[f.Case].Index, cases[f.Case], f)
		}
		if !crashed {
			break
		}
		if crashes++; crashes == 4 {
			d.t.Errorf("signatures %d to %d are left out after %d crashes", first+cases[failures[0].Case].Index+1, last-1, crashes)
			break
		}
		cases = cases[failures[0].Case+1:]
	}
	os.Remove(so)
	os.Remove(strings.TrimSuffix(so, ".so") + ".c")
}

func (d *differential) compile(cases []testCase) (string, error) {
	var sigs []*sig
	for _, c := range cases {
		sigs = append(sigs, c.Sig)
	}
	return compile(d.cc, d.dir, fmt.Sprintf("signatures%d", atomic.AddInt32(&d.files, 1)), source(sigs))
}

// run does a job in a process. When that crashes, the only failure is the one that was under way.
func (d *differential) run(j job) (failures []failure, crashed bool) {
	name := filepath.Join(d.dir, fmt.Sprintf("job%d", atomic.AddInt32(&d.files, 1)))
	j.Cdiff, j.Progress, j.Results = d.cdiff, name+".progress", name+".results"
	defer func() {
		for _, suffix := range []string{"", ".progress", ".results"} {
			os.Remove(name + suffix)
		}
	}()
	text, err := json.Marshal(j)
	must(err)
	must(os.WriteFile(name, text, 0o666))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), jobVariable+"="+name)
	out, err := cmd.CombinedOutput()
	if err == nil {
		var o outcome
		text, err = os.ReadFile(j.Results)
		must(err)
		must(json.Unmarshal(text, &o))
		d.mu.Lock()
		defer d.mu.Unlock()
		for k, n := range o.Calls {
			d.Calls[k] += n
		}
		for k, n := range o.Refused {
			d.Refused[k] += n
		}
		return o.Failures, false
	}
	f := failure{Text: fmt.Sprintf("the process ended: %v\n%s", err, clip(string(out), 6000))}
	if at, e := os.ReadFile(j.Progress); e == nil {
		if i := strings.IndexByte(string(at), ' '); i > 0 {
			f.Case, _ = strconv.Atoi(string(at[:i]))
			f.Road = strings.TrimSpace(string(at[i:]))
		}
	}
	return []failure{f}, true
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "\n..."
	}
	return s
}

// report reports a failure, and the smallest signature that fails in the same way. Only a few are made smaller.
func (d *differential) report(index int, c testCase, f failure) {
	d.mu.Lock()
	d.failed++
	few := d.failed <= 12
	d.mu.Unlock()
	if !few {
		d.t.Errorf("seed %d, signature %d, %s: %s", d.seed, index, f.Road, strings.SplitN(f.Text, "\n", 2)[0])
		return
	}
	d.t.Errorf("seed %d, signature %d, %s: %s\nGo: %s\n%s", d.seed, index, f.Road, clip(f.Text, 6000), clip(typeText(c.Sig.funcType), 1000), clip(code(c.Sig), 2000))
	d.mu.Lock()
	if d.shrunk == nil {
		d.shrunk = map[string]bool{}
	}
	family := strings.Split(f.Road, ",")[0] + strings.SplitN(f.Text, " ", 2)[0]
	skip := f.Road == "" || d.shrunk[family]
	d.shrunk[family] = true
	d.mu.Unlock()
	if skip {
		return
	}
	small, text := d.shrink(c, f)
	d.t.Errorf("smallest signature found for %d, %s: %s\n%s\nGo: %s\n%s", index, f.Road, text, small.Sig.text(), typeText(small.Sig.funcType), code(small.Sig))
}

// shrink leaves out of c whatever it can while the failure stays, for a minute.
func (d *differential) shrink(c testCase, f failure) (testCase, string) {
	text := f.Text
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		var cases []testCase
		for _, s := range c.Sig.smaller() {
			cases = append(cases, testCase{len(cases), c.Seed, s})
		}
		if len(cases) == 0 {
			break
		}
		so, err := d.compile(cases)
		if err != nil {
			d.t.Errorf("%v", err)
			break
		}
		failures, _ := d.run(job{Lib: so, Rounds: 5, Stop: true, Roads: []string{f.Road}, Cases: cases})
		if len(failures) == 0 {
			break
		}
		c, text = cases[failures[0].Case], failures[0].Text
	}
	return c, text
}

// smaller returns the signatures that have one thing less, the smallest first.
func (s *sig) smaller() []*sig {
	var all []*sig
	change := func(f func(s *sig) bool) {
		text, err := json.Marshal(s)
		must(err)
		c := new(sig)
		must(json.Unmarshal(text, c))
		defer func() { recover() }() // Go lays it out differently: not a signature
		if c.lay(); f(c) {
			all = append(all, c.lay())
		}
	}
	half := len(s.Params) / 2
	if half > 1 {
		change(func(s *sig) bool { s.Params = s.Params[half:]; return true })
		change(func(s *sig) bool { s.Params = s.Params[:half]; return true })
	}
	for i := range s.Params {
		i := i
		if !s.Dots || len(s.Params) > 1 {
			change(func(s *sig) bool { s.Params = append(s.Params[:i], s.Params[i+1:]...); return true })
		}
	}
	if s.Dots {
		change(func(s *sig) bool { s.Dots, s.More = false, nil; return true })
	}
	for i := range s.More {
		i := i
		change(func(s *sig) bool { s.More = append(s.More[:i], s.More[i+1:]...); return true })
	}
	if s.Result != nil {
		change(func(s *sig) bool { s.Result = nil; return true })
	}
	if s.Errno {
		change(func(s *sig) bool { s.Errno = false; return true })
	}
	for i, v := range s.values() {
		for k := 0; k < v.changes(); k++ {
			i, k := i, k
			change(func(s *sig) bool { return s.values()[i].change(k) })
		}
	}
	return all
}

// changes is how many ways change knows to make t smaller, or more.
func (t *ctype) changes() int {
	n := 2*len(t.Fields) + 1
	for _, f := range t.Fields {
		n += f.changes()
	}
	if t.Elem != nil {
		n += t.Elem.changes()
	}
	if t.Func != nil {
		n += len(t.Func.Params) + 1
		for _, v := range t.Func.values() {
			n += v.changes()
		}
	}
	return n
}

// change makes t smaller in the k-th way; false if there is none, or Go would lay the result out differently.
func (t *ctype) change(k int) bool {
	n := len(t.Fields)
	switch {
	case k < n:
		t.Fields = append(t.Fields[:k], t.Fields[k+1:]...)
		return len(t.Fields) == 0 || t.Fields[len(t.Fields)-1].lay().size > 0
	case k < 2*n: // a struct or array in a struct becomes what it is made of
		f := t.Fields[k-n]
		if f.Elem != nil {
			t.Fields[k-n] = f.Elem
			return f.Elem.lay().size > 0
		}
		if len(f.Fields) == 0 {
			return false
		}
		t.Fields = append(append(append([]*ctype{}, t.Fields[:k-n]...), f.Fields...), t.Fields[k-n+1:]...)
		return true
	case k == 2*n:
		if t.Kind != "array" || t.N == 1 {
			return false
		}
		t.N = 1
		return true
	}
	k -= 2*n + 1
	parts := append([]*ctype{}, t.Fields...)
	if t.Elem != nil {
		parts = append(parts, t.Elem)
	}
	if t.Func != nil {
		p := len(t.Func.Params)
		switch {
		case k < p:
			t.Func.Params = append(t.Func.Params[:k], t.Func.Params[k+1:]...)
			return true
		case k == p:
			had := t.Func.Result != nil
			t.Func.Result = nil
			return had
		}
		k -= p + 1
		parts = append(parts, t.Func.values()...)
	}
	for _, f := range parts {
		if k < f.changes() {
			return f.change(k) && (f.Kind != "struct" || t.Kind != "struct" || f.lay().size > 0)
		}
		k -= f.changes()
	}
	return false
}
