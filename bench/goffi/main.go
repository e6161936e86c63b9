// Implementation "goffi": github.com/go-webgpu/goffi, built without cgo. It passes at most 15 words.
package main

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/go-webgpu/goffi/ffi"
	"github.com/go-webgpu/goffi/types"

	"github.com/gangwayffi/gangway/bench/child"
)

var (
	i32     = types.SInt32TypeDescriptor
	i64     = types.SInt64TypeDescriptor
	u64     = types.UInt64TypeDescriptor
	f64     = types.DoubleTypeDescriptor
	pointer = types.PointerTypeDescriptor
)

// A function is a C function, prepared.
type function struct {
	cif types.CallInterface
	fn  unsafe.Pointer
}

func prepare(lib unsafe.Pointer, name string, result *types.TypeDescriptor, args ...*types.TypeDescriptor) *function {
	f := new(function)
	var err error
	f.fn, err = ffi.GetSymbol(lib, name)
	child.Fail(err)
	child.Fail(ffi.PrepareCallInterface(&f.cif, types.DefaultCall, result, args))
	return f
}

// call calls f as goffi's users do: an array of pointers to the arguments. It returns errno.
func (f *function) call(result unsafe.Pointer, args ...unsafe.Pointer) syscall.Errno {
	errno, err := ffi.CallFunction(&f.cif, f.fn, result, args)
	child.Fail(err)
	return errno
}

// structure returns the type of a struct.
func structure(members ...*types.TypeDescriptor) *types.TypeDescriptor {
	t := &types.TypeDescriptor{Kind: types.StructType, Members: members, Alignment: 8}
	for _, m := range members {
		t.Size += m.Size
	}
	return t
}

// words returns a function of a struct of so many words that returns it.
func words[T any](lib unsafe.Pointer, name string, count int) func(T) T {
	members := make([]*types.TypeDescriptor, count)
	for i := range members {
		members[i] = i64
	}
	t := structure(members...)
	f := prepare(lib, name, t, t)
	return func(in T) (out T) {
		f.call(unsafe.Pointer(&out), unsafe.Pointer(&in))
		return out
	}
}

// niladic returns a func that calls f without arguments.
func (f *function) niladic() func() int64 {
	return func() (result int64) {
		f.call(unsafe.Pointer(&result))
		return result
	}
}

func main() {
	child.ModuleVersion("goffi", "github.com/go-webgpu/goffi")
	lib, err := ffi.LoadLibrary(child.Library())
	child.Fail(err)
	libc, err := ffi.LoadLibrary("libc.so.6")
	child.Fail(err)

	call0 := prepare(lib, "bench_call0", i64)
	steady := prepare(lib, "bench_steady", i64)
	call2 := prepare(lib, "bench_call2", i32, i32, i32)
	call3 := prepare(lib, "bench_call3", f64, f64, f64, f64)
	call6 := prepare(lib, "bench_call6", i32, i32, i32, i32, i32, i32, i32)
	call14 := prepare(lib, "bench_call14", f64, i32, i32, i32, i32, i32, i32, i32, i32, i32, i32, f64, f64, f64, f64)
	structs := prepare(lib, "bench_structs", structure(i64, f64), structure(i64, f64, i32, i32))
	failing := prepare(lib, "bench_errno", i32, i32)
	strlen := prepare(lib, "bench_strlen", u64, pointer)
	callback1 := prepare(lib, "bench_callback1", i64, pointer, i64)
	callbacks := prepare(lib, "bench_callbacks", i64, pointer, i64)
	callbacks3 := prepare(lib, "bench_callbacks3", i64, pointer, i64)
	foreign := prepare(lib, "bench_foreign", i64, pointer, i64, pointer)
	threads := prepare(lib, "bench_threads", i64, pointer, i64)
	many := prepare(lib, "bench_callbacks_many", i64, pointer, i64, i64, i64)
	qsort := prepare(libc, "qsort", types.VoidTypeDescriptor, pointer, u64, u64, pointer)

	args := map[int]*function{}
	for _, count := range []int{1, 2, 4, 6, 8, 9, 12, 14} {
		types := make([]*types.TypeDescriptor, count)
		for i := range types {
			types[i] = i64
		}
		args[count] = prepare(lib, fmt.Sprint("bench_args", count), i64, types...)
	}
	callbacks0 := prepare(lib, "bench_callbacks0", i64, pointer, i64)

	fortyTwo := ffi.NewCallback(child.FortyTwo)
	successor := ffi.NewCallback(child.Successor)
	scaled := ffi.NewCallback(func(x int64, y int32, p uintptr) int64 {
		return child.Scaled(x, y, *(*unsafe.Pointer)(unsafe.Pointer(&p)))
	})
	compare := ffi.NewCallback(func(a, b uintptr) int32 {
		return child.CompareInts(*(*unsafe.Pointer)(unsafe.Pointer(&a)), *(*unsafe.Pointer)(unsafe.Pointer(&b)))
	})
	// back calls f, which calls cb back n times.
	back := func(f *function, cb uintptr, n int64) (sum int64) {
		f.call(unsafe.Pointer(&sum), unsafe.Pointer(&cb), unsafe.Pointer(&n))
		return sum
	}

	const impl = "goffi"
	benches := child.Rows(impl, child.Functions{
		Call0:  call0.niladic(),
		Steady: steady.niladic(),
		Call2: func(a, b int32) (r int32) {
			call2.call(unsafe.Pointer(&r), unsafe.Pointer(&a), unsafe.Pointer(&b))
			return r
		},
		Call3: func(a, b, c float64) (r float64) {
			call3.call(unsafe.Pointer(&r), unsafe.Pointer(&a), unsafe.Pointer(&b), unsafe.Pointer(&c))
			return r
		},
		Call6: func(a, b, c, d, e, f int32) (r int32) {
			call6.call(unsafe.Pointer(&r), unsafe.Pointer(&a), unsafe.Pointer(&b), unsafe.Pointer(&c),
				unsafe.Pointer(&d),
				unsafe.Pointer(&e), unsafe.Pointer(&f))
			return r
		},
		Call14: func(a, b, c, d, e, f, g, h, i, j int32, k, l, m, n float64) (r float64) {
			call14.call(unsafe.Pointer(&r), unsafe.Pointer(&a), unsafe.Pointer(&b), unsafe.Pointer(&c),
				unsafe.Pointer(&d),
				unsafe.Pointer(&e), unsafe.Pointer(&f), unsafe.Pointer(&g), unsafe.Pointer(&h), unsafe.Pointer(&i),
				unsafe.Pointer(&j), unsafe.Pointer(&k), unsafe.Pointer(&l), unsafe.Pointer(&m), unsafe.Pointer(&n))
			return r
		},
		Structs: func(in child.In) (out child.Out) {
			structs.call(unsafe.Pointer(&out), unsafe.Pointer(&in))
			return out
		},
		Errno: func(code int32) (r int32, errno syscall.Errno) {
			errno = failing.call(unsafe.Pointer(&r), unsafe.Pointer(&code))
			return r, errno
		},
		Strlen: func(s string) (r uint) {
			text := append([]byte(s), 0)
			p := &text[0]
			strlen.call(unsafe.Pointer(&r), unsafe.Pointer(&p))
			runtime.KeepAlive(p)
			return r
		},
		Callback0: func(n int64) int64 { return back(callbacks0, fortyTwo, n) },
		Callback1: func() int64 { return back(callback1, successor, 1) },
		Callbacks: func(n int64) int64 { return back(callbacks, successor, n) },
		Callback3: func(n int64) int64 { return back(callbacks3, scaled, n) },
		Foreign: func(n int64) (sum, ns int64) {
			out := new(int64)
			foreign.call(unsafe.Pointer(&ns), unsafe.Pointer(&successor), unsafe.Pointer(&n), unsafe.Pointer(&out))
			return *out, ns
		},
		Threads: func(n int64) int64 { return back(threads, successor, n) },
		Sort: func(base unsafe.Pointer, n uintptr) {
			size := uintptr(4)
			qsort.call(nil, unsafe.Pointer(&base), unsafe.Pointer(&n), unsafe.Pointer(&size), unsafe.Pointer(&compare))
		},
		Args: child.Args{
			N0: call0.niladic(),
			N1: func(a0 int64) (r int64) {
				args[1].call(unsafe.Pointer(&r), unsafe.Pointer(&a0))
				return r
			},
			N2: func(a0, a1 int64) (r int64) {
				args[2].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1))
				return r
			},
			N4: func(a0, a1, a2, a3 int64) (r int64) {
				args[4].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1), unsafe.Pointer(&a2),
					unsafe.Pointer(&a3))
				return r
			},
			N6: func(a0, a1, a2, a3, a4, a5 int64) (r int64) {
				args[6].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1), unsafe.Pointer(&a2),
					unsafe.Pointer(&a3), unsafe.Pointer(&a4), unsafe.Pointer(&a5))
				return r
			},
			N8: func(a0, a1, a2, a3, a4, a5, a6, a7 int64) (r int64) {
				args[8].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1), unsafe.Pointer(&a2),
					unsafe.Pointer(&a3), unsafe.Pointer(&a4), unsafe.Pointer(&a5), unsafe.Pointer(&a6),
					unsafe.Pointer(&a7))
				return r
			},
			N9: func(a0, a1, a2, a3, a4, a5, a6, a7, a8 int64) (r int64) {
				args[9].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1), unsafe.Pointer(&a2),
					unsafe.Pointer(&a3), unsafe.Pointer(&a4), unsafe.Pointer(&a5), unsafe.Pointer(&a6),
					unsafe.Pointer(&a7), unsafe.Pointer(&a8))
				return r
			},
			N12: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11 int64) (r int64) {
				args[12].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1),
					unsafe.Pointer(&a2), unsafe.Pointer(&a3), unsafe.Pointer(&a4), unsafe.Pointer(&a5),
					unsafe.Pointer(&a6), unsafe.Pointer(&a7), unsafe.Pointer(&a8), unsafe.Pointer(&a9),
					unsafe.Pointer(&a10), unsafe.Pointer(&a11))
				return r
			},
			N14: func(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13 int64) (r int64) {
				args[14].call(unsafe.Pointer(&r), unsafe.Pointer(&a0), unsafe.Pointer(&a1),
					unsafe.Pointer(&a2), unsafe.Pointer(&a3), unsafe.Pointer(&a4), unsafe.Pointer(&a5),
					unsafe.Pointer(&a6), unsafe.Pointer(&a7), unsafe.Pointer(&a8), unsafe.Pointer(&a9),
					unsafe.Pointer(&a10), unsafe.Pointer(&a11), unsafe.Pointer(&a12), unsafe.Pointer(&a13))
				return r
			},
		},
		Sizes: child.Sizes{
			B8:  words[child.Bytes8](lib, "bench_bytes8", 1),
			B16: words[child.Bytes16](lib, "bench_bytes16", 2),
			B24: words[child.Bytes24](lib, "bench_bytes24", 3),
			B32: words[child.Bytes32](lib, "bench_bytes32", 4),
			B64: words[child.Bytes64](lib, "bench_bytes64", 8),
		},
		Bind: func() func() int64 { return prepare(lib, "bench_call0", i64).niladic() },
	})
	const mostCallbacks = 1000 // 2,000, and none is ever freed
	benches = append(benches, child.Live(impl, mostCallbacks,
		func() uintptr { return ffi.NewCallback(child.Successor) },
		func(cbs *uintptr, count, step, n int64) (sum int64) {
			many.call(unsafe.Pointer(&sum), unsafe.Pointer(&cbs), unsafe.Pointer(&count), unsafe.Pointer(&step),
				unsafe.Pointer(&n))
			return sum
		})...)
	child.Serve(benches)
}
