package main

import (
	"fmt"
	"strconv"
)

// A kind is the type of an expression.
type kind int

const (
	number kind = iota // int64
	list               // *cell
)

func (k kind) String() string { return [...]string{"number", "list"}[k] }

// An op says what a node computes of its operands.
type op int

const (
	literal op = iota
	variable
	empty // nil
	negate
	add
	subtract
	multiply
	less
	equal
	choose // a ? b : c
	head
	tail
	cons // these are Go functions
	join
	sum
)

// A node is an expression.
type node struct {
	op    op
	kind  kind
	at    int   // in the text, from 1
	value int64 // of a literal; the index of a variable
	args  []*node
}

// The parameters of an expression.
var variables = []struct {
	name string
	kind kind
}{{"a", number}, {"b", number}, {"c", number}, {"d", number}, {"l", list}}

// Functions that an expression may call.
var functions = map[string]struct {
	op     op
	kind   kind
	params []kind
}{
	"head": {head, number, []kind{list}},
	"tail": {tail, list, []kind{list}},
	"cons": {cons, list, []kind{number, list}},
	"join": {join, list, []kind{list, list}},
	"sum":  {sum, number, []kind{list}},
}

// A parser reads the grammar
//
//	expression = comparison ["?" expression ":" expression]
//	comparison = terms [("<" | "==") terms]
//	terms      = factors {("+" | "-") factors}
//	factors    = factor {"*" factor}
//	factor     = "-" factor | "(" expression ")" | number | name | name "(" expression {"," expression} ")"
type parser struct {
	text string
	at   int
}

type syntaxError struct {
	at   int
	text string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("character %d: %s", e.at, e.text) }

// parse returns the expression of the text. The error is a *syntaxError.
func parse(text string) (n *node, err error) {
	p := &parser{text: text}
	defer func() {
		if e, ok := recover().(*syntaxError); ok {
			n, err = nil, e
		}
	}()
	n = p.expression()
	if p.peek() != "" {
		p.fail("%q is too much", p.peek())
	}
	return n, nil
}

func (p *parser) fail(format string, args ...any) {
	panic(&syntaxError{p.at + 1, fmt.Sprintf(format, args...)})
}

// peek returns the next word, "" at the end.
func (p *parser) peek() string {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	end := p.at
	in := func(lo, hi byte) bool { return end < len(p.text) && lo <= p.text[end] && p.text[end] <= hi }
	switch {
	case in('0', '9'):
		for in('0', '9') {
			end++
		}
	case in('a', 'z'):
		for in('a', 'z') {
			end++
		}
	case in('=', '=') && end+1 < len(p.text) && p.text[end+1] == '=':
		end += 2
	case end < len(p.text):
		end++
	}
	return p.text[p.at:end]
}

// accept takes the next word if it is one of these.
func (p *parser) accept(words ...string) (word string, at int) {
	next := p.peek()
	for _, w := range words {
		if next == w {
			at = p.at + 1
			p.at += len(w)
			return w, at
		}
	}
	return "", 0
}

func (p *parser) expect(word string) {
	if w, _ := p.accept(word); w == "" {
		p.fail("%q where %q is wanted", p.peek(), word)
	}
}

// make returns a node after checking its operands.
func (p *parser) make(op op, k kind, at int, args []*node, want ...kind) *node {
	for i, a := range args {
		if a.kind != want[i] {
			p.at = at - 1
			p.fail("operand %d is a %s, not a %s", i+1, a.kind, want[i])
		}
	}
	return &node{op: op, kind: k, at: at, args: args}
}

func (p *parser) expression() *node {
	n := p.comparison()
	if w, at := p.accept("?"); w != "" {
		x := p.expression()
		p.expect(":")
		y := p.expression()
		return p.make(choose, x.kind, at, []*node{n, x, y}, number, x.kind, x.kind)
	}
	return n
}

func (p *parser) comparison() *node {
	n := p.terms()
	switch w, at := p.accept("<", "=="); w {
	case "<":
		return p.make(less, number, at, []*node{n, p.terms()}, number, number)
	case "==":
		return p.make(equal, number, at, []*node{n, p.terms()}, n.kind, n.kind)
	}
	return n
}

func (p *parser) terms() *node {
	n := p.factors()
	for {
		w, at := p.accept("+", "-")
		if w == "" {
			return n
		}
		n = p.make(map[string]op{"+": add, "-": subtract}[w], number, at, []*node{n, p.factors()}, number, number)
	}
}

func (p *parser) factors() *node {
	n := p.factor()
	for {
		w, at := p.accept("*")
		if w == "" {
			return n
		}
		n = p.make(multiply, number, at, []*node{n, p.factor()}, number, number)
	}
}

func (p *parser) factor() *node {
	if w, at := p.accept("-"); w != "" {
		return p.make(negate, number, at, []*node{p.factor()}, number)
	}
	if w, _ := p.accept("("); w != "" {
		n := p.expression()
		p.expect(")")
		return n
	}
	word := p.peek()
	n := &node{at: p.at + 1}
	switch {
	case word == "":
		p.fail("the text ends where a value is wanted")
	case '0' <= word[0] && word[0] <= '9':
		v, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			p.fail("%s is too large", word)
		}
		n.value = v
	case word == "nil":
		n.op, n.kind = empty, list
	default:
		for i, v := range variables {
			if v.name == word {
				n.op, n.kind, n.value = variable, v.kind, int64(i)
			}
		}
		if f, ok := functions[word]; ok {
			return p.call(word, f.op, f.kind, f.params)
		}
		if n.op != variable {
			p.fail("%q is no value", word)
		}
	}
	p.at += len(word)
	return n
}

func (p *parser) call(name string, o op, k kind, params []kind) *node {
	at := p.at + 1
	p.at += len(name)
	p.expect("(")
	args := []*node{p.expression()}
	for len(args) < len(params) {
		p.expect(",")
		args = append(args, p.expression())
	}
	p.expect(")")
	return p.make(o, k, at, args, params...)
}
