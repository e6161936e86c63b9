// Jit-expr compiles expressions to machine code at run time: text in, a Go function out. The machine code is registered
// with the Go runtime (road c of package jit): it calls Go functions that allocate, and holds lists, which are Go
// pointers, in its frame while they do.
//
//	a * b + (c < d)        numbers: int64, with + - * < ==, and x ? y : z
//	sum(join(cons(a, l), l))   lists: nil, cons(number, list), join(list, list), head(list), tail(list)
//
// The parameters are the numbers a, b, c, d and the list l. Where code cannot be registered (jit.Available) the
// expressions are interpreted. The program checks machine code against the interpreter and measures both.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/gangwayffi/gangway/jit"
)

// An expression is ready to be computed.
type expression struct {
	text    string
	tree    *node
	entry   *jit.Entry // nil when it is interpreted
	numbers func(a, b, c, d int64, l *cell) int64
	lists   func(a, b, c, d int64, l *cell) *cell
}

// newExpression parses the text and compiles it into the arena; with a nil arena it is interpreted.
func newExpression(arena *jit.Arena, text string) (*expression, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	e := &expression{text: text, tree: tree}
	if arena == nil {
		return e, nil
	}
	f, err := compile("expr.compiled", text, tree)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	if e.entry, err = arena.Add(f); err != nil {
		return nil, err
	}
	if tree.kind == list {
		return e, e.entry.Direct(&e.lists)
	}
	return e, e.entry.Direct(&e.numbers)
}

// compute returns the value of the expression.
func (e *expression) compute(in *input) value {
	switch {
	case e.numbers != nil:
		return value{number: e.numbers(in.a, in.b, in.c, in.d, in.l)}
	case e.lists != nil:
		return value{list: e.lists(in.a, in.b, in.c, in.d, in.l)}
	}
	return interpret(e.tree, in)
}

// same says whether two values of that kind are the same, element by element.
func same(k kind, a, b value) bool {
	if k == number {
		return a.number == b.number
	}
	for a.list != nil && b.list != nil {
		if a.list.head != b.list.head {
			return false
		}
		a.list, b.list = a.list.tail, b.list.tail
	}
	return a.list == b.list
}

func (v value) text(k kind) string {
	if k == number {
		return fmt.Sprint(v.number)
	}
	text := "["
	for l := v.list; l != nil; l = l.tail {
		text += fmt.Sprint(l.head)
		if l.tail != nil {
			text += " "
		}
	}
	return text + "]"
}

// measure returns the nanoseconds that f takes, once.
func measure(f func()) float64 {
	best := 0.0
	for round := 0; round < 5; round++ {
		const n = 20000
		start := time.Now()
		for i := 0; i < n; i++ {
			f()
		}
		if ns := float64(time.Since(start).Nanoseconds()) / n; round == 0 || ns < best {
			best = ns
		}
	}
	return best
}

func run(w io.Writer, timings bool) error {
	arena, err := jit.NewArena("expressions", 1<<20, 1000)
	if err != nil {
		fmt.Fprintf(w, "interpreted: %v\n", err)
		arena = nil
	}
	in := &input{a: 3, b: 4, c: 5, d: -6, l: &cell{1, &cell{2, &cell{3, nil}}}}
	for _, text := range []string{
		"a * a + b * b == c * c",
		"(a - b) * (c - d) + (a * b - c * d) * 2 < a + b + c + d ? -a : d * d * 3",
		"cons(a * b, join(l, cons(c, nil)))",
		"sum(join(cons(a, l), join(tail(l), cons(d, l)))) + head(tail(l))",
	} {
		e, err := newExpression(arena, text)
		if err != nil {
			return err
		}
		got := e.compute(in)
		if arena != nil {
			runtime.GC() // a list that only machine code has held
			if want := interpret(e.tree, in); !same(e.tree.kind, got, want) {
				return fmt.Errorf("%s is %s by machine code, %s by the interpreter",
					text, got.text(e.tree.kind), want.text(e.tree.kind))
			}
		}
		fmt.Fprintf(w, "%s = %s\n", text, got.text(e.tree.kind))
		if timings {
			compiled := measure(func() { e.compute(in) })
			interpreted := measure(func() { interpret(e.tree, in) })
			fmt.Fprintf(w, "    %.0f ns, interpreted %.0f ns\n", compiled, interpreted)
		}
	}
	return nil
}

func main() {
	if err := run(os.Stdout, true); err != nil {
		fmt.Fprintln(os.Stderr, "jit-expr:", err)
		os.Exit(1)
	}
}
