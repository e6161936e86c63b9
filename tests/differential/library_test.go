package differential_test

import (
	"os"
	"sync"
	"testing"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

// What the tests of single types call.
const librarySource = `
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Strings. */
uint64_t gd_length(const char *s) { return s == NULL ? UINT64_MAX : strlen(s); }
uint64_t gd_sum(const char *s)
{
	uint64_t sum = 0;
	for (; *s != 0; s++)
		sum = 31 * sum + (unsigned char)*s;
	return sum;
}
static char joined[1 << 20];
const char *gd_join(const char *a, const char *b) { return strcat(strcpy(joined, a), b); }
const char *gd_no_string(void) { return NULL; }
const char *gd_fails(const char *s, int err) { errno = err; return strcpy(joined, s); }
int64_t gd_with_string(int64_t (*f)(const char *), const char *s) { return f(s); }
int64_t gd_with_no_string(int64_t (*f)(const char *)) { return f(NULL); }
uint64_t gd_late_string(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g, const char *s)
{
	return strlen(s) + (uint64_t)(a + b + c + d + e + f + g);
}

/* Functions as parameters. */
typedef int64_t function(int64_t);
int64_t gd_apply(function *f, int64_t x) { return f == NULL ? -1 : f(x); }
int64_t gd_apply_all(function *f, function *g, function *h, int64_t x) { return f(g(h(x))); }
static function *kept;
int64_t gd_keep(function *f, int64_t x) { kept = f; return f(x); }
int64_t gd_call_kept(int64_t x) { return kept(x); }
typedef struct { double x; int64_t n; char c[5]; } triple;
typedef triple triple_function(triple, const char *);
triple gd_apply_triple(triple_function *f, triple t, const char *s) { return f(t, s); }

/* Structs for which Go has no registers left, and parameters after them for which it has. */
typedef struct { int64_t a, b, c, d; } four;
int64_t gd_after_ints(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, four g, function *h, int32_t i)
{
	return h(a + b + c + d + e + f + g.a + g.b + g.c + g.d) + i;
}
uint64_t gd_string_after_ints(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, four g, const char *s)
{
	return strlen(s) + (uint64_t)(a + b + c + d + e + f + g.a + g.b + g.c + g.d);
}
typedef struct { double a, b; int64_t c; } mixed;
int64_t gd_after_floats(double a, double b, double c, double d, double e, double f, double g, double h, double i, double j,
			double k, double l, double m, double n, mixed x, function *o, const char *s)
{
	double sum = a + b + c + d + e + f + g + h + i + j + k + l + m + n + x.a + x.b;
	return o((int64_t)sum + x.c) + (int64_t)strlen(s);
}
typedef int64_t late_function(double, double, double, double, double, double, double, double, double, double, double, double,
			      double, double, mixed, const char *);
int64_t gd_call_after_floats(late_function *f, const char *s)
{
	return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, (mixed){15, 16, 17}, s);
}
typedef int64_t later_function(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, four, const char *);
int64_t gd_call_after_ints(later_function *f, const char *s) { return f(1, 2, 3, 4, 5, 6, (four){7, 8, 9, 10}, s); }

/* Structs. */
typedef struct { double a; int64_t b; float c; } three;
typedef struct { double a; int64_t b; } two;
two gd_three(three x) { return (two){x.a * x.c, x.b + 1}; }
double gd_many(int64_t a, int8_t b, int64_t c, double d, uint16_t e, int64_t f, double g, int64_t h, int32_t i, double j,
	       int64_t k, _Bool l, double m, int64_t n)
{
	return (double)(a + 2 * b + 3 * c + 4 * e + 5 * f + 6 * h + 7 * i + 8 * k + 9 * l + 10 * n) + 2 * d + 3 * g + 5 * j + 7 * m;
}
typedef struct { unsigned __int128 wide; int64_t a; int32_t b; int16_t c; int8_t d; } tailed;
tailed gd_tailed(tailed x, int8_t by)
{
	return (tailed){x.wide + (unsigned)by, x.a + by, x.b + by, (int16_t)(x.c + by), (int8_t)(x.d + by)};
}
tailed gd_call_tailed(tailed (*f)(tailed, int8_t), tailed x, int8_t by) { return f(x, by); }
typedef struct { int8_t a; long double b; int16_t c; } inner;
long double gd_inner(inner x, double y) { return x.a + x.b + x.c + y; }
inner gd_call_inner(inner (*f)(int32_t, inner), int32_t n, inner x) { return f(n, x); }

/* Types that Go does not have. */
typedef struct __attribute__((packed)) { int8_t kind; int32_t size; } packed;
typedef union { int32_t i; double f; } number;
typedef union { float f[2]; double d; } floats;
typedef struct { _Alignas(16) int64_t a; int64_t b; int64_t *p; } aligned;
typedef struct __attribute__((packed)) { int16_t v[5]; int8_t a; int16_t late; } opaque;
typedef struct { float a; double d[]; } flexible;
typedef struct { int8_t a; packed b; number c[2]; aligned d; } outer;
int32_t gd_packed(int64_t a, packed p, int8_t b) { return p.kind + p.size + (int32_t)a + b; }
number gd_number(number n, floats f) { return (number){.f = n.i + f.f[0] + f.f[1]}; }
aligned gd_aligned(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f, int64_t g, aligned x, int8_t h)
{
	return (aligned){a + b + c + d + e + f + g, x.b + h, *x.p == 77 && x.a == 8 ? x.p : NULL};
}
opaque gd_opaque(opaque x, int16_t by) { x.v[0] += by; x.late += by; return x; }
flexible gd_flexible(flexible x, float by) { return (flexible){x.a / by}; }
outer gd_call_outer(outer (*f)(packed, number, outer, floats), outer x)
{
	return f(x.b, x.c[0], x, (floats){.f = {0.5f, 0.25f}});
}
`

var compiled struct {
	once sync.Once
	lib  *gangway.Library
	err  error
}

// library returns librarySource compiled, for the life of the process.
func library(t *testing.T) *gangway.Library {
	t.Helper()
	testlib.Lib(t) // for the time limit
	cc := compiler(t)
	compiled.once.Do(func() {
		var dir, so string
		if dir, compiled.err = os.MkdirTemp("", "gangway"); compiled.err != nil {
			return
		}
		defer os.RemoveAll(dir)
		if so, compiled.err = compile(cc, dir, "library", librarySource); compiled.err == nil {
			compiled.lib, compiled.err = gangway.Open(so)
		}
	})
	if compiled.err != nil {
		t.Fatalf("%v", compiled.err)
	}
	return compiled.lib
}
