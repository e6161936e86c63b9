package differential_test

import (
	"fmt"
	"strings"
)

// What every generated file begins with. gd_in is what functions take values from, gd_log where they write what they got.
const cPrelude = `#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct { uint32_t offset, size; } leaf;
uint8_t gd_in[1 << 20], gd_log[1 << 20], gd_arena[1 << 16];
uint64_t gd_in_at, gd_log_len;

static void put(const void *from, size_t n)
{
	if (n <= sizeof gd_log - gd_log_len)
		memcpy(gd_log + gd_log_len, from, n);
	gd_log_len += n;
}
static void fill(void *to, size_t n)
{
	memcpy(to, gd_in + gd_in_at, n);
	gd_in_at += n;
}
static void put_leaves(const void *from, const leaf *l, int n)
{
	for (; n > 0; n--, l++)
		put((const char *)from + l->offset, l->size);
}
static void fill_leaves(void *to, const leaf *l, int n)
{
	for (; n > 0; n--, l++)
		fill((char *)to + l->offset, l->size);
}
static uint32_t next(void)
{
	uint32_t n;
	fill(&n, sizeof n);
	return n;
}
static int put_null(const void *p)
{
	uint8_t null = p == NULL;
	put(&null, 1);
	return null;
}
static void put_str(const char *s)
{
	if (put_null(s))
		return;
	uint64_t n = strlen(s);
	put(&n, sizeof n);
	put(s, n);
}
static const char *next_str(void)
{
	uint32_t n = next();
	const char *s = (const char *)gd_in + gd_in_at;
	if (n == UINT32_MAX)
		return NULL;
	gd_in_at += n + 1;
	return s;
}

typedef void caller(void *fn);
struct job { caller *c; void *fn; };
static void *run_job(void *arg)
{
	struct job *j = arg;
	j->c(j->fn);
	return NULL;
}
void gd_run(caller *c, void *fn) { c(fn); }
int gd_run_on_thread(caller *c, void *fn)
{
	struct job j = {c, fn};
	pthread_t t;
	int err = pthread_create(&t, NULL, run_job, &j);
	if (err == 0)
		pthread_join(t, NULL);
	return err;
}
`

// A cfile is C source under construction.
type cfile struct {
	b     strings.Builder
	id    int
	names map[*ctype]string
}

func (c *cfile) f(format string, args ...any) { fmt.Fprintf(&c.b, format, args...) }

// source returns a file with f0, c0, f1, c1 ... of the signatures.
func source(sigs []*sig) string {
	c := &cfile{names: map[*ctype]string{}}
	c.b.WriteString(cPrelude)
	for i, s := range sigs {
		c.functions(fmt.Sprint(i), s)
	}
	return c.b.String()
}

// code returns the part of source that is about s.
func code(s *sig) string { return strings.TrimPrefix(source([]*sig{s}), cPrelude) }

// structs declares the structs that t is made of, with their leaves.
func (c *cfile) structs(t *ctype) {
	if t.Elem != nil {
		c.structs(t.Elem)
	}
	if t.Func != nil {
		for _, v := range t.Func.values() {
			c.structs(v)
		}
	}
	if !t.hasFields() || c.names[t] != "" {
		return
	}
	for _, f := range t.Fields {
		c.structs(f)
	}
	c.id++
	name := fmt.Sprintf("S%d", c.id)
	c.names[t] = name
	switch {
	case t.Pack == 1:
		c.f("typedef %s __attribute__((packed)) {", t.Kind)
	case t.Pack != 0:
		c.f("#pragma pack(push, %d)\ntypedef %s {", t.Pack, t.Kind)
	default:
		c.f("typedef %s {", t.Kind)
	}
	for i, f := range t.Fields {
		if f.At != 0 {
			c.f(" _Alignas(%d)", f.At)
		}
		c.f(" %s;", c.declare(f, fmt.Sprintf("f%d", i)))
	}
	c.f(" } %s;\n", name)
	if t.Pack > 1 {
		c.f("#pragma pack(pop)\n")
	}
	c.f("_Static_assert(sizeof(%s) == %d && _Alignof(%s) == %d, \"%s\");\n", name, t.size, name, t.align, name)
}

func (t *ctype) hasFields() bool { return t.Kind == "struct" || t.Kind == "union" }

// leafTable declares the leaves of a struct that is passed.
func (c *cfile) leafTable(t *ctype) {
	if t.Kind == "slice" {
		c.leafTable(t.Elem)
		return
	}
	if t.Func != nil {
		for _, v := range t.Func.values() {
			c.leafTable(v)
		}
	}
	if !t.hasFields() {
		return
	}
	n := c.names[t]
	c.f("static const leaf l%s[] = {", n)
	for _, l := range t.leaves {
		size := fmt.Sprintf("sizeof ((%s *)0)->%s", n, l.path[1:])
		if l.kind == "ldouble" {
			size = "10"
		}
		c.f(" {offsetof(%s, %s), %s},", n, l.path[1:], size)
	}
	c.f(" {0, 0} };\n")
}

// declare returns the declaration of a name of type t.
func (c *cfile) declare(t *ctype, name string) string {
	switch t.Kind {
	case "struct", "union":
		return c.names[t] + " " + name
	case "flex":
		return c.declare(t.Elem, name+"[]")
	case "array":
		return c.declare(t.Elem, fmt.Sprintf("%s[%d]", name, t.N))
	case "str":
		return "const char *" + name
	case "slice":
		return c.declare(t.Elem, "*"+name)
	case "func":
		return c.prototype(t.Func, "(*"+name+")")
	}
	return scalars[t.Kind].c + " " + name
}

// prototype returns the declaration of a function.
func (c *cfile) prototype(s *sig, name string) string {
	var params []string
	for i, p := range s.Params {
		params = append(params, c.declare(p, fmt.Sprintf("a%d", i)))
	}
	if s.Dots {
		params = append(params, "...")
	}
	if len(params) == 0 {
		params = []string{"void"}
	}
	name += "(" + strings.Join(params, ", ") + ")"
	if s.Result == nil {
		return "void " + name
	}
	return c.declare(s.Result, name)
}

// put writes the statement that logs a variable.
func (c *cfile) put(t *ctype, name string) {
	switch t.Kind {
	case "struct", "union":
		c.f("\tput_leaves(&%s, l%s, %d);\n", name, c.names[t], len(t.leaves))
	case "str":
		c.f("\tput_str(%s);\n", name)
	default:
		c.f("\tput(&%s, %d);\n", name, scalars[t.Kind].size)
	}
}

// fill writes the statements that declare a variable and take its value from gd_in.
func (c *cfile) fill(t *ctype, name string) {
	c.f("\t%s;\n", c.declare(t, name))
	switch t.Kind {
	case "struct", "union":
		c.f("\tmemset(&%s, 0xa5, sizeof %s);\n", name, name)
		c.f("\tfill_leaves(&%s, l%s, %d);\n", name, c.names[t], len(t.leaves))
	case "str":
		c.f("\t%s = next_str();\n", name)
	default:
		c.f("\tfill(&%s, %d);\n", name, scalars[t.Kind].size)
	}
}

// call writes a call of the function pointer fn with arguments from gd_in, whose result is logged.
func (c *cfile) call(s *sig, fn string) {
	var args []string
	for i, p := range s.Params {
		args = append(args, fmt.Sprintf("b%d", i))
		c.fill(p, args[i])
	}
	call := fn + "(" + strings.Join(args, ", ") + ")"
	if s.Result == nil {
		c.f("\t%s;\n", call)
		return
	}
	c.f("\t%s = %s;\n", c.declare(s.Result, "r"), call)
	c.put(s.Result, "r")
}

// take writes the statements that log a parameter, and use it if it is a slice or function.
func (c *cfile) take(t *ctype, name string) {
	switch t.Kind {
	case "slice":
		c.f("\tif (!put_null(%s))\n\tfor (uint32_t i = 0, n = next(); i < n; i++) {\n", name)
		c.put(t.Elem, name+"[i]")
		c.f("\t}\n")
	case "func":
		c.f("\tif (!put_null(%s)) {\n", name)
		c.call(t.Func, name)
		c.f("\t}\n")
	default:
		c.put(t, name)
	}
}

// callable tells whether a callback can have the type of s.
func (s *sig) callable() bool {
	for _, p := range s.Params {
		if p.Kind == "slice" || p.Kind == "func" {
			return false
		}
	}
	return !s.Dots && (s.Result == nil || s.Result.Kind != "str")
}

// functions writes f and c of a signature.
func (c *cfile) functions(n string, s *sig) {
	for _, v := range s.values() {
		c.structs(v)
	}
	for _, v := range s.values() {
		c.leafTable(v)
	}
	c.f("%s\n{\n", c.prototype(s, "f"+n))
	for i, p := range s.Params {
		c.take(p, fmt.Sprintf("a%d", i))
	}
	if s.Dots {
		c.f("\tva_list list;\n\tva_start(list, a%d);\n", len(s.Params)-1)
		for i, m := range s.More {
			name, p := fmt.Sprintf("v%d", i), m.promoted()
			c.f("\t%s = va_arg(list, %s);\n", c.declare(p, name), strings.TrimSpace(c.declare(p, "")))
			c.put(p, name)
		}
		c.f("\tva_end(list);\n")
	}
	if s.Result != nil {
		c.fill(s.Result, "r")
	}
	if s.Errno {
		c.f("\tint err = (int)next();\n\tif (err != 0)\n\t\terrno = err;\n")
	}
	if s.Result != nil {
		c.f("\treturn r;\n")
	}
	c.f("}\n")
	if s.callable() {
		c.f("void c%s(%s)\n{\n", n, c.prototype(s, "(*cb)"))
		c.call(s, "cb")
		c.f("}\n")
	}
	c.f("\n")
}
