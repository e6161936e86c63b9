package main

// A cell is an element of a list; nil is the empty list. Machine code knows where its fields are.
type cell struct {
	head int64
	tail *cell
}

const (
	cellHead = 0
	cellTail = 8
)

// What expressions call, interpreted and compiled alike: consCell and joinLists allocate.

func consCell(head int64, tail *cell) *cell { return &cell{head, tail} }

func joinLists(a, b *cell) *cell {
	if a == nil {
		return b
	}
	return &cell{a.head, joinLists(a.tail, b)}
}

func sumList(l *cell) (s int64) {
	for ; l != nil; l = l.tail {
		s += l.head
	}
	return s
}

// A value is a number or a list, as the kind of the expression says.
type value struct {
	number int64
	list   *cell
}

// An input is the values of the variables.
type input struct {
	a, b, c, d int64
	l          *cell
}

func truth(b bool) value {
	if b {
		return value{number: 1}
	}
	return value{}
}

// interpret computes n.
func interpret(n *node, in *input) value {
	var v [3]value
	if n.op != choose {
		for i, a := range n.args {
			v[i] = interpret(a, in)
		}
	}
	switch n.op {
	case literal:
		return value{number: n.value}
	case variable:
		return [...]value{{number: in.a}, {number: in.b}, {number: in.c}, {number: in.d}, {list: in.l}}[n.value]
	case negate:
		return value{number: -v[0].number}
	case add:
		return value{number: v[0].number + v[1].number}
	case subtract:
		return value{number: v[0].number - v[1].number}
	case multiply:
		return value{number: v[0].number * v[1].number}
	case less:
		return truth(v[0].number < v[1].number)
	case equal:
		return truth(v[0] == v[1])
	case choose:
		if interpret(n.args[0], in).number != 0 {
			return interpret(n.args[1], in)
		}
		return interpret(n.args[2], in)
	case head:
		if v[0].list == nil {
			return value{}
		}
		return value{number: v[0].list.head}
	case tail:
		if v[0].list == nil {
			return value{}
		}
		return value{list: v[0].list.tail}
	case cons:
		return value{list: consCell(v[0].number, v[1].list)}
	case join:
		return value{list: joinLists(v[0].list, v[1].list)}
	case sum:
		return value{number: sumList(v[0].list)}
	}
	return value{} // empty
}
