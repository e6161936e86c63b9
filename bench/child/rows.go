package child

import (
	"fmt"
	"reflect"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// What libbench.so returns (bench/c/bench.h).
const (
	Call0Result  = 42
	SteadyResult = 43
)

// CheckN is a Bench's CheckN for rows of cheap operations.
const CheckN = 100

// Functions are an implementation's ways to call libbench.so, nil for what it cannot do. They are func values, so that
// all implementations run the same loops; package child's functions below say what each has to do. The tags name the C
// functions that Bound binds.
type Functions struct {
	Call0    func() int64                                                         `c:"bench_call0"`
	Steady   func() int64                                                         `c:"bench_steady"`
	Call2    func(a, b int32) int32                                               `c:"bench_call2"`
	Call3    func(a, b, c float64) float64                                        `c:"bench_call3"`
	Call6    func(a, b, c, d, e, f int32) int32                                   `c:"bench_call6"`
	Call14   func(a, b, c, d, e, f, g, h, i, j int32, k, l, m, n float64) float64 `c:"bench_call14"`
	Structs  func(In) Out                                                         `c:"bench_structs"`
	Strlen   func(s string) uint                                                  `c:"bench_strlen"`
	Errno    func(code int32) (int32, syscall.Errno)                              `c:"bench_errno"`
	Variadic func(handle unsafe.Pointer, option int32, rest ...any) int64         `c:"bench_option"`
	FuncArg  func(fn func(int64) int64, x int64) int64                            `c:"bench_callback1"`

	Option         func(option int32, value int64) int64 // where Variadic takes something else
	Callback0      func(n int64) int64
	Callback1      func() int64
	Callbacks      func(n int64) int64
	Callback3      func(n int64) int64
	CallbackStruct func(ins *In, n int64) int64
	Foreign        func(n int64) (sum, ns int64)
	Threads        func(n int64) int64
	Sort           func(base unsafe.Pointer, n uintptr)
	Many           func(cbs *uintptr, count, step, n int64) int64 `c:"bench_callbacks_many"`

	Args  Args
	Sizes Sizes

	Bind        func() (call0 func() int64) // each time another func value
	NewCallback func() (done func())        // makes a callback; done frees it
}

// Bound returns the functions of an implementation that binds func values to C functions, and makes C functions of
// Go's; without those of which bind reports that it cannot.
func Bound(bind func(name string, fn any) bool, callback func(fn any) uintptr) (f Functions) {
	bindTagged(reflect.ValueOf(&f).Elem(), bind)
	var back struct {
		zero    func(cb uintptr, n int64) int64                     `c:"bench_callbacks0"`
		one     func(cb uintptr, x int64) int64                     `c:"bench_callback1"`
		many    func(cb uintptr, n int64) int64                     `c:"bench_callbacks"`
		three   func(cb uintptr, n int64) int64                     `c:"bench_callbacks3"`
		structs func(cb uintptr, ins *In, n int64) int64            `c:"bench_callbacks_struct"`
		foreign func(cb uintptr, n int64, sum *int64) int64         `c:"bench_foreign"`
		threads func(cb uintptr, n int64) int64                     `c:"bench_threads"`
		qsort   func(base unsafe.Pointer, n, size, compare uintptr) `c:"qsort"`
	}
	bindTagged(reflect.ValueOf(&back).Elem(), bind)
	fortyTwo, successor, scaled := callback(FortyTwo), callback(Successor), callback(Scaled)
	convert, compare := callback(Convert), callback(CompareInts)
	f.Callback0 = func(n int64) int64 { return back.zero(fortyTwo, n) }
	f.Callback1 = func() int64 { return back.one(successor, 1) }
	f.Callbacks = func(n int64) int64 { return back.many(successor, n) }
	f.Callback3 = func(n int64) int64 { return back.three(scaled, n) }
	f.CallbackStruct = func(ins *In, n int64) int64 { return back.structs(convert, ins, n) }
	f.Foreign = func(n int64) (sum, ns int64) {
		out := new(int64)
		ns = back.foreign(successor, n, out)
		return *out, ns
	}
	f.Threads = func(n int64) int64 { return back.threads(successor, n) }
	f.Sort = func(base unsafe.Pointer, n uintptr) { back.qsort(base, n, 4, compare) }
	return f
}

// bindTagged binds the fields of a struct, and of those in it, that have a tag.
func bindTagged(v reflect.Value, bind func(name string, fn any) bool) {
	for i := 0; i < v.NumField(); i++ {
		field := v.Field(i)
		if field.Kind() == reflect.Struct {
			bindTagged(field, bind)
			continue
		}
		name, ok := v.Type().Field(i).Tag.Lookup("c")
		if ok && !bind(name, reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Interface()) {
			reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.Zero(field.Type()))
		}
	}
}

// Rows returns the rows of the functions that are there.
func Rows(impl string, f Functions) (benches []Bench) {
	add := func(there bool, b Bench) {
		if there {
			b.Impl = impl
			if b.CheckN == 0 {
				b.CheckN = CheckN
			}
			benches = append(benches, b)
		}
	}
	add(f.Call0 != nil, Bench{Row: "call0", Run: Call0("call0", f.Call0, Call0Result)})
	add(f.Call2 != nil, Bench{Row: "call2", Run: Call2(f.Call2)})
	add(f.Call3 != nil, Bench{Row: "call3", Run: Call3(f.Call3)})
	add(f.Call6 != nil, Bench{Row: "call6", Run: Call6(f.Call6)})
	add(f.Call14 != nil, Bench{Row: "call14", Run: Call14(f.Call14)})
	add(f.Structs != nil, Bench{Row: "structs", Run: Structs(f.Structs)})
	add(f.Strlen != nil, Bench{Row: "strlen", Run: Strlen("strlen", f.Strlen, Text)})
	add(f.Errno != nil, Bench{Row: "errno", Run: Errno(f.Errno)})
	add(f.Steady != nil, Bench{Row: "steady", Run: Call0("steady", f.Steady, SteadyResult)})
	add(f.Callback1 != nil, Bench{Row: "callback1", Run: Callback1(f.Callback1)})
	add(f.Callbacks != nil, Bench{Row: "callbacks", Run: Callbacks(f.Callbacks)})
	add(f.Callback0 != nil, Bench{Row: "callback0", Run: Callback0(f.Callback0)})
	add(f.Variadic != nil, Bench{Row: "variadic", Run: Variadic(f.Variadic)})
	add(f.Option != nil, Bench{Row: "variadic", Run: Option(f.Option)})
	add(f.FuncArg != nil, Bench{Row: "funcparam", Run: FuncArg(f.FuncArg)})
	add(f.Callback3 != nil, Bench{Row: "callback3", Run: Callback3(f.Callback3)})
	add(f.CallbackStruct != nil, Bench{Row: "callbackstruct", Run: CallbackStruct(f.CallbackStruct)})
	add(f.Foreign != nil, Bench{Row: "foreign", Threads: true, Run: Foreign(f.Foreign)})
	add(f.Threads != nil, Bench{Row: "threads", Threads: true, Run: Threads(f.Threads)})
	add(f.Sort != nil, Bench{Row: "qsort", CheckN: 1, Run: Qsort(f.Sort, sortLength)})
	add(f.Bind != nil, Bench{Row: "bind", Run: Bind(f.Bind)})
	add(f.Bind != nil, Bench{Row: "firstcall", Run: FirstCall(f.Bind)})
	add(f.NewCallback != nil, Bench{Row: "newcallback", Run: NewCallback(f.NewCallback)})
	if f.Strlen != nil {
		for _, n := range []int{8, 64, 512, 4 << 10, 16 << 10, 64 << 10} {
			row := fmt.Sprintf("strlen/%d", n)
			add(true, Bench{Row: row, Run: Strlen(row, f.Strlen, strings.Repeat("x", n))})
		}
	}
	for _, b := range append(f.Args.rows(), f.Sizes.rows()...) {
		add(true, b)
	}
	return benches
}

// Sum returns the sum of i&1023 + rest for i below n, which rows of calls add up: their first argument is i&1023, the
// others are the same in each call and make up the rest.
func Sum(n int, rest int64) (sum int64) {
	for i := 0; i < n; i++ {
		sum += int64(i&1023) + rest
	}
	return sum
}

const (
	Call2Rest  = 7                                             // f(i&1023, 7)
	Call6Rest  = 2*2 + 3*3 + 4*4 + 5*5 + 6*6                   // f(i&1023, 2, 3, 4, 5, 6)
	Call14Rest = Call6Rest + 7*7 + 8*8 + 9*9 + 10*10 + call14d // f(i&1023, 2, ..., 10, 0.5, 1.5, 2.5, 3.5)
	call14d    = 0.5 + 2*1.5 + 3*2.5 + 4*3.5
)

// Call0 returns the call0 or steady row of a func value whose calls return result.
func Call0(row string, f func() int64, result int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += f()
		}
		took := time.Since(start)
		Check(row, sum == result*int64(n))
		return took
	}
}

// Call2 returns the call2 row of a func value.
func Call2(f func(a, b int32) int32) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += int64(f(int32(i&1023), 7))
		}
		took := time.Since(start)
		Check("call2", sum == Sum(n, Call2Rest))
		return took
	}
}

// Call3 returns the call3 row of a func value.
func Call3(f func(a, b, c float64) float64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum float64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += f(2, 3, 4)
		}
		took := time.Since(start)
		Check("call3", sum == 10*float64(n))
		return took
	}
}

// Call6 returns the call6 row of a func value.
func Call6(call func(a, b, c, d, e, f int32) int32) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += int64(call(int32(i&1023), 2, 3, 4, 5, 6))
		}
		took := time.Since(start)
		Check("call6", sum == Sum(n, Call6Rest))
		return took
	}
}

// Call14 returns the call14 row of a func value.
func Call14(call func(a, b, c, d, e, f, g, h, i, j int32, k, l, m, n float64) float64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum float64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += call(int32(i&1023), 2, 3, 4, 5, 6, 7, 8, 9, 10, 0.5, 1.5, 2.5, 3.5)
		}
		took := time.Since(start)
		Check("call14", sum == float64(Sum(n, Call14Rest)))
		return took
	}
}

// In is struct bench_in, Out is struct bench_out.
type (
	In struct {
		A    int64
		B    float64
		C, D int32
	}
	Out struct {
		A int64
		B float64
	}
)

// Ins is what the struct rows pass; why it is made beforehand says bench/c/child.h.
var Ins = func() (ins [1024]In) {
	for i := range ins {
		ins[i] = In{A: int64(i), B: 2.5, C: 3, D: 4}
	}
	return
}()

// What Convert, or the C function like it, makes of Ins[i]: A is i + StructsRest, B is StructsB.
const (
	StructsRest = 3
	StructsB    = 10
)

// Structs returns the structs row of a func value.
func Structs(f func(In) Out) func(n int) time.Duration {
	return func(n int) time.Duration {
		var a int64
		var b float64
		start := time.Now()
		for i := 0; i < n; i++ {
			out := f(Ins[i&1023])
			a += out.A
			b += out.B
		}
		took := time.Since(start)
		Check("structs", a == Sum(n, StructsRest) && b == StructsB*float64(n))
		return took
	}
}

// Text is the string of the strlen row, of 32 bytes. No constant: strings are rarely known beforehand.
var Text = strings.Repeat("0123456789abcdef", 2)

// Strlen returns the row of a func value that returns how long text is.
func Strlen(row string, f func(s string) uint, text string) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum uint
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += f(text)
		}
		took := time.Since(start)
		Check(row, sum == uint(len(text)*n))
		return took
	}
}

// Errno returns the errno row: f returns the code it is given and sets errno to it.
func Errno(f func(code int32) (int32, syscall.Errno)) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum, errors int64
		start := time.Now()
		for i := 0; i < n; i++ {
			code, errno := f(int32(i&31 + 1))
			sum += int64(code)
			errors += int64(errno)
		}
		took := time.Since(start)
		var want int64
		for i := 0; i < n; i++ {
			want += int64(i&31 + 1)
		}
		Check("errno", sum == want && errors == want)
		return took
	}
}

// Variadic returns the variadic row of a function that takes its last argument as any: it is known not to be
// constant, but small, so that making an interface of it allocates nothing.
func Variadic(f func(handle unsafe.Pointer, option int32, rest ...any) int64) func(n int) time.Duration {
	return Option(func(option int32, value int64) int64 { return f(nil, option, value) })
}

// Option returns the variadic row.
func Option(f func(option int32, value int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var sum int64
		start := time.Now()
		for i := 0; i < n; i++ {
			sum += f(int32(i&1023), 7)
		}
		took := time.Since(start)
		Check("variadic", sum == Sum(n, Call2Rest))
		return took
	}
}

// FuncArg returns the funcparam row: f calls fn with x and adds 1; fn is the same func value each time.
func FuncArg(f func(fn func(int64) int64, x int64) int64) func(n int) time.Duration {
	fn := Successor
	return Call0("funcparam", func() int64 { return f(fn, 1) }, 3)
}

// FortyTwo is the Go function of the callback0 row.
func FortyTwo() int64 { return Call0Result }

// Callback0 returns the callback0 row: one call of f, which calls FortyTwo back n times and returns the sum.
func Callback0(f func(n int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		sum := f(int64(n))
		took := time.Since(start)
		Check("callback0", sum == Call0Result*int64(n))
		return took
	}
}

// Successor is the Go function that C calls back.
func Successor(x int64) int64 { return x + 1 }

// Callback1 returns the callback1 row: n calls of f, which calls Successor(1) back and adds 1 to its result.
func Callback1(f func() int64) func(n int) time.Duration { return Call0("callback1", f, 3) }

// Callbacks returns the callbacks row: one call of f, which calls Successor back for 0 to n-1 and returns the sum.
func Callbacks(f func(n int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		sum := f(int64(n))
		took := time.Since(start)
		Check("callbacks", sum == SuccessorSum(n))
		return took
	}
}

// SuccessorSum returns the sum of Successor(i) for i below n.
func SuccessorSum(n int) int64 { return int64(n) * int64(n+1) / 2 }

// Scaled is the Go function of the callback3 row: p points to an int64.
func Scaled(x int64, y int32, p unsafe.Pointer) int64 { return x + int64(y)**(*int64)(p) }

// Callback3 returns the callback3 row: one call of f, which calls Scaled back with i, 7 and 3 for i below n and returns
// the sum.
func Callback3(f func(n int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		sum := f(int64(n))
		took := time.Since(start)
		Check("callback3", sum == SuccessorSum(n)+20*int64(n))
		return took
	}
}

// Convert is the Go function of the callbackstruct row.
func Convert(in In) Out { return Out{in.A + int64(in.C), in.B * float64(in.D)} }

// CallbackStruct returns the callbackstruct row: one call of f, which calls Convert back with Ins[i&1023] for i below
// n and returns the sum of all that the results hold.
func CallbackStruct(f func(ins *In, n int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		sum := f(&Ins[0], int64(n))
		took := time.Since(start)
		Check("callbackstruct", sum == Sum(n, StructsRest+StructsB))
		return took
	}
}

// Foreign returns the foreign row: f has a new thread call Successor back n times, and returns the sum and the time.
func Foreign(f func(n int64) (sum, ns int64)) func(n int) time.Duration {
	return func(n int) time.Duration {
		sum, ns := f(int64(n))
		Check("foreign", ns >= 0 && sum == SuccessorSum(n))
		return time.Duration(ns)
	}
}

// Threads returns the threads row: f makes n threads, one after the other, each of which calls Successor back once
// with its number, and returns the sum.
func Threads(f func(n int64) int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		sum := f(int64(n))
		took := time.Since(start)
		Check("threads", sum == SuccessorSum(n))
		return took
	}
}

// CompareInts is the comparator of the qsort row.
func CompareInts(a, b unsafe.Pointer) int32 {
	x, y := *(*int32)(a), *(*int32)(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

const sortLength = 100000

// Qsort returns the row of sorting length numbers: f sorts n int32 at base by libc's qsort and CompareInts.
func Qsort(f func(base unsafe.Pointer, n uintptr), length int) func(n int) time.Duration {
	unsorted := make([]int32, length)
	x := uint64(1)
	for i := range unsorted {
		x = xorshift(x)
		unsorted[i] = int32(x >> 32)
	}
	sorted := make([]int32, length)
	return func(n int) (took time.Duration) {
		for i := 0; i < n; i++ {
			copy(sorted, unsorted)
			start := time.Now()
			f(unsafe.Pointer(&sorted[0]), uintptr(length))
			took += time.Since(start)
			var before, after uint64
			for j := range sorted {
				Check("qsort", j == 0 || sorted[j-1] <= sorted[j])
				before += uint64(uint32(unsorted[j]))
				after += uint64(uint32(sorted[j]))
			}
			Check("qsort", before == after)
		}
		return took
	}
}

// Bind returns the bind row: f binds bench_call0 to another func value each time.
func Bind(f func() func() int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		var last func() int64
		start := time.Now()
		for i := 0; i < n; i++ {
			last = f()
		}
		took := time.Since(start)
		Check("bind", last() == Call0Result)
		return took
	}
}

// FirstCall returns the firstcall row: the first calls of what f binds, without the binding.
func FirstCall(f func() func() int64) func(n int) time.Duration {
	return func(n int) time.Duration {
		calls := make([]func() int64, n)
		for i := range calls {
			calls[i] = f()
		}
		var sum int64
		start := time.Now()
		for _, call := range calls {
			sum += call()
		}
		took := time.Since(start)
		Check("firstcall", sum == int64(n)*Call0Result)
		return took
	}
}

// NewCallback returns the newcallback row: f makes a callback, and what it returns frees it.
func NewCallback(f func() func()) func(n int) time.Duration {
	return func(n int) time.Duration {
		start := time.Now()
		for i := 0; i < n; i++ {
			f()()
		}
		return time.Since(start)
	}
}
