// Package gangway calls C from Go and Go from C without cgo and without a C compiler, on linux/amd64.
//
//	var strlen func(s unsafe.Pointer) uintptr
//	err := gangway.Process().Bind("strlen", &strlen)
//
// # Types
//
// A bound function or a callback has a Go func type; each Go type stands for one C type:
//
//	bool                     _Bool
//	int8 ... uint64          int8_t ... uint64_t
//	int, uint, uintptr       long, unsigned long, size_t
//	float32, float64         float, double
//	complex64, complex128    float _Complex, double _Complex
//	unsafe.Pointer, *T       a pointer
//	struct                   that struct, by value: fields of these types, arrays, structs
//	LongDouble               long double
//	Int128, Uint128          __int128, unsigned __int128
//
// Parameters only:
//
//	string                   const char *: a NUL-terminated copy that lives for the call; C sees an interior NUL as its end
//	[]T                      T *: the address of the first element, NULL for nil
//	func                     a C function pointer, valid until the call returns (NewCallback for longer); NULL for nil
//	...any                   the arguments of a variadic C function, with C's promotions
//
// A variadic C function can also be bound with a fixed signature, for one way of calling it: of promoted types, so
// float64 and not float32, and no integers narrower than 32 bits.
//
// A string result is a copy of the C string, "" for NULL; whoever owned the original still does. In a callback a string
// parameter is such a copy, too. A last result of type [syscall.Errno] is errno as the function left it, 0 when it set
// none. A struct must have the same fields and the same layout in C as in Go; padding that C puts in by itself is there
// in Go as well, but not before a LongDouble or Int128, which C aligns to 16 bytes: write it as a blank field, _
// [8]byte. Anything else is an error of Bind or NewCallback that names the parameter, its type and the reason.
//
// # Packed structs, unions, aligned structs
//
// The same bytes are not enough for a value: a union of an int and a double travels in another register than a double
// does, and a packed struct {char; int} in memory, where a struct of five bytes travels in a register. Go has no such
// types, and Gangway cannot see that one is meant. Say so in a tag on a blank first field of type struct{}: it holds
// the C type, as gw_signature_parse in gangway.h reads it, and the other fields are any that have its size.
//
//	struct __attribute__((packed)) { char kind; int size; }    union { int i; double d; }
//	type record struct {                                       type number struct {
//		_    struct{} `gangway:"packed{i8, i32}"`                  _    struct{} `gangway:"union{i32, f64}"`
//		Kind int8                                                  Bits uint64
//		Size [4]byte                                           }
//	}
//
// i8 to i64, u8 to u64, f32, f64, f80, bool and ptr are what they seem, c64, c128, i128 and u128 the complex numbers
// and __int128; {a, b} is a struct, union{a, b} a union, packed{a, b} a packed struct and packed4{a, b} one of #pragma
// pack(4); [n]t is an array; padN is padding; t@16 is a member declared with _Alignas(16); [0]t as the last member is a
// flexible array; mem40@8 is anything that travels in memory, of 40 bytes, aligned to 8: a struct of more than 16 bytes
// or with an unaligned field. A struct that is over-aligned but has the layout of Go's needs a tag as well ("{i64@16,
// i64}"), since its alignment counts where it is passed on the stack. In memory that pointers lead to only layout
// matters, and no tag is needed.
//
// Vectors (__m128), _Float16, __float128, decimal floats, _BitInt and bit-fields cannot be passed by value; an integer
// can stand for the bit-fields that lie in it. Nor can C++ classes that are not trivial: C++ passes their address.
//
// # How calls are made
//
// By default (Auto) Gangway finds out for each C function whether its calls are short. Calls of short ones cost a few
// nanoseconds: the goroutine keeps its processor, and loses it after the fact should the call turn out to be long.
// Calls of others tell the scheduler beforehand, as cgo does. Blocking and Fast choose one for good.
//
// # Pointers
//
// The rules are cgo's: C may use a Go pointer that it was passed until the call returns, the memory must not hold Go
// pointers itself (unless they are pinned, with runtime.Pinner), and C must not keep it. Pointer arguments stay visible
// to the collector during the call.
//
// Calls do not check that. With GANGWAY_CHECK=pointers in the environment they do, at the price of some microseconds
// each: a call whose arguments lead to memory with Go pointers in it, and a callback whose result is or holds a Go
// pointer, panic with a *PointerError. What is looked at is what the type says that C sees: one T for a *T, all
// elements of a slice up to its capacity, the pointers of a struct, and the whole object for an unsafe.Pointer. The
// runtime's own check does the work, the one that cgo makes: GODEBUG=cgocheck=0 turns it off. Go code that stores Go
// pointers in C's memory is found in programs built with GOEXPERIMENT=cgocheck2 (GODEBUG=cgocheck=2 up to Go 1.20),
// with Gangway as with cgo.
//
// What C has in a void * may be an integer. Declare that as uintptr: the runtime ends the program when it finds a
// number from 1 to 4,095 in a pointer of Go's. GANGWAY_CHECK=pointers finds those, too, in results of C functions and
// arguments of callbacks, structs included, and in arguments of C functions. Handles are above 4,096.
//
// # Signal handlers
//
// As with cgo, C must install its signal handlers with SA_ONSTACK (see package os/signal): without, they run on
// whatever stack the signal hits, a goroutine's small one perhaps, and overwrite what lies below. With
// GANGWAY_CHECK=signals in the environment the program says on standard error which handlers lack the flag: at its
// start, after each Open, and every 10 ms. (Several checks go between commas: GANGWAY_CHECK=pointers,signals.) A
// handler that a library has installed can be given the flag afterwards, by C's sigaction; the one of signal 10, say:
//
//	var sigaction func(sig int32, set, old *[19]uint64) int32 // struct sigaction: handler, mask, flags, restorer
//	err := gangway.Process().Bind("sigaction", &sigaction)
//	var sa [19]uint64
//	sigaction(10, nil, &sa)
//	sa[17] |= 0x08000000 // sa_flags, SA_ONSTACK
//	sigaction(10, &sa, nil)
//
// # Panics
//
// A panic in a callback unwinds through the C functions that led to it, as with cgo: their frames are abandoned, and
// whatever they would have released is not.
//
// C must not jump (longjmp) past the Go frames of a callback, nor end the thread there (pthread_exit). When it does,
// the program ends with a report that names the callback, as soon as C returns to Go or calls it again, or its thread
// ends (with cgo on, threads that end are runtime/cgo's, and there may be no report). A callback that is to end in such
// a jump asks for it with Then.
package gangway

import "github.com/gangwayffi/gangway/trampolines"

// A Road is a way in which calls between Go and C are carried out.
type Road int

const (
	RoadFast     Road = trampolines.RoadFast     // running calls; the scheduler is told after the fact
	RoadBlocking Road = trampolines.RoadBlocking // every call tells the scheduler beforehand
	RoadSafe     Road = trampolines.RoadSafe     // through runtime.cgocall and runtime.cgocallback alone
)

func (r Road) String() string {
	switch r {
	case RoadFast:
		return "fast"
	case RoadBlocking:
		return "blocking"
	case RoadSafe:
		return "safe"
	}
	return "unknown"
}

// CurrentRoad returns the road that this process takes and why. It is decided when the program starts: RoadSafe on a Go
// release whose runtime Gangway does not know, when a start-up check of the runtime's layout fails, and under the race
// detector; RoadBlocking when GODEBUG turns asynchronous preemption off. The environment variable GANGWAY_ROAD (fast,
// blocking or safe) asks for one, but not in a program that has more rights than its caller, such as a set-user-ID one.
func CurrentRoad() (Road, string) {
	r, why := trampolines.Road()
	return Road(r), why
}

// Takeovers returns how many running calls have been turned into system calls so far, in the whole process.
func Takeovers() uint64 { return trampolines.Takeovers() }
