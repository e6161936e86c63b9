package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gangwayffi/gangway/jit"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, false); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if err := jit.Available(); err != nil {
		line, rest, _ := strings.Cut(text, "\n")
		if line != "interpreted: "+err.Error() {
			t.Errorf("it begins with %s, not why code cannot be registered: %v", line, err)
		}
		text = rest
	}
	const want = `a * a + b * b == c * c = 1
(a - b) * (c - d) + (a * b - c * d) * 2 < a + b + c + d ? -a : d * d * 3 = 108
cons(a * b, join(l, cons(c, nil))) = [12 1 2 3 5]
sum(join(cons(a, l), join(tail(l), cons(d, l)))) + head(tail(l)) = 16
`
	if text != want {
		t.Errorf("output is\n%swant\n%s", text, want)
	}
}

// random returns a random expression of that kind.
func random(r *rand.Rand, k kind, depth int) string {
	e := func(k kind) string { return random(r, k, depth-1) }
	if depth == 0 {
		if k == list {
			return []string{"l", "nil"}[r.Intn(2)]
		}
		return []string{"a", "b", "c", "d", fmt.Sprint(r.Intn(100)), fmt.Sprint(r.Int63())}[r.Intn(6)]
	}
	if k == list {
		switch r.Intn(6) {
		case 0:
			return "tail(" + e(list) + ")"
		case 1, 2:
			return "cons(" + e(number) + ", " + e(list) + ")"
		case 3:
			return "(" + e(number) + " ? " + e(list) + " : " + e(list) + ")"
		}
		return "join(" + e(list) + ", " + e(list) + ")"
	}
	switch n := r.Intn(12); n {
	case 0:
		return "-" + e(number)
	case 1:
		return "(" + e(number) + " ? " + e(number) + " : " + e(number) + ")"
	case 2:
		return "(" + e(list) + " == " + []string{"nil", "l"}[r.Intn(2)] + ")"
	case 3:
		return "head(" + e(list) + ")"
	case 4, 5:
		return "sum(" + e(list) + ")"
	default:
		return "(" + e(number) + []string{" + ", " - ", " * ", " < ", " == "}[n%5] + e(number) + ")"
	}
}

// TestRandom: machine code and interpreter agree on random expressions, while collections and stack moves happen. The
// seed is printed; EXPR_SEED replays it.
func TestRandom(t *testing.T) {
	if err := jit.Available(); err != nil {
		t.Skip(err)
	}
	seed := time.Now().UnixNano()
	if s, err := strconv.ParseInt(os.Getenv("EXPR_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("EXPR_SEED=%d", seed)
	r := rand.New(rand.NewSource(seed))
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	n := 1000
	if testing.Short() {
		n = 300
	}
	arena, err := jit.NewArena("random", 4096*n, n)
	if err != nil {
		t.Fatal(err)
	}
	lists, maps := 0, 0
	for i := 0; i < n; i++ {
		text := random(r, kind(r.Intn(2)), r.Intn(6))
		e, err := newExpression(arena, text)
		if errors.Is(err, errTooDeep) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := compile("expr.again", text, e.tree); len(f.Maps) > 2 {
			maps++
		}
		if e.tree.kind == list {
			lists++
		}
		done := make(chan bool)
		go func() { // on a small stack
			defer close(done)
			for k := 0; k < 3; k++ {
				in := &input{r.Int63() - r.Int63(), r.Int63n(100), -r.Int63n(100), r.Int63n(3), nil}
				for m := r.Intn(4); m > 0; m-- {
					in.l = &cell{r.Int63n(1000), in.l}
				}
				got := e.compute(in)
				if i%16 == 0 {
					runtime.GC()
				}
				if want := interpret(e.tree, in); !same(e.tree.kind, got, want) {
					t.Errorf("%s is %s by machine code, %s by the interpreter",
						text, got.text(e.tree.kind), want.text(e.tree.kind))
				}
			}
		}()
		<-done
	}
	if lists < n/10 || maps < n/20 {
		t.Errorf("%d of %d are lists, %d have several stack maps", lists, n, maps)
	}
}

func TestErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                     "character 1: the text ends where a value is wanted",
		"a +":                  "character 4: the text ends where a value is wanted",
		"(a":                   `character 3: "" where ")" is wanted`,
		"a b":                  `character 3: "b" is too much`,
		"x":                    `character 1: "x" is no value`,
		"a + l":                "character 3: operand 2 is a list, not a number",
		"l < l":                "character 3: operand 1 is a list, not a number",
		"a == nil":             "character 3: operand 2 is a list, not a number",
		"a ? l : b":            "character 3: operand 3 is a number, not a list",
		"cons(l, l)":           "character 1: operand 1 is a list, not a number",
		"cons(a)":              `character 7: ")" where "," is wanted`,
		"head a":               `character 6: "a" where "(" is wanted`,
		"-nil":                 "character 1: operand 1 is a list, not a number",
		"99999999999999999999": "character 1: 99999999999999999999 is too large",
		"a = b":                `character 3: "=" is too much`,
	} {
		if n, err := parse(text); err == nil || err.Error() != says {
			t.Errorf("%q: %v, %v, want %s", text, n, err, says)
		}
	}
	deep := strings.Repeat("(1+", 70) + "1" + strings.Repeat(")", 70)
	n, err := parse(deep)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compile("expr.deep", deep, n); err != errTooDeep {
		t.Errorf("70 values that wait: %v", err)
	}
}
