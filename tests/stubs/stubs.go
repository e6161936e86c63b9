// Package stubs is what a user of gangway_amd64.h writes: Go prototypes of typed stubs for C functions, in stubs_amd64.s.
// One for each macro.
package stubs

import (
	"syscall"
	"unsafe"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
	"github.com/gangwayffi/gangway/trampolines"
)

// Addresses of functions of libgwtest.so and libc; set by Open.
var ints6, mixed14, idPointer, gateRead, gateSleep, gateSpin, callI64, stackAddress, capture, printText, errnoLocation gangway.Symbol

// Open looks the addresses up.
func Open(l *gangway.Library) error {
	var err error
	for name, p := range map[string]*gangway.Symbol{
		"gt_ints6": &ints6, "gt_mixed14": &mixed14, "gt_id_pointer": &idPointer, "gt_gate_read": &gateRead,
		"gt_gate_sleep": &gateSleep, "gt_gate_spin": &gateSpin, "gt_call_i64": &callI64,
		"gt_stack_address": &stackAddress, "gt_capture": &capture,
	} {
		if *p, err = l.Symbol(name); err != nil {
			return err
		}
	}
	if printText, err = gangway.Process().Symbol("snprintf"); err != nil {
		return err
	}
	errnoLocation, err = gangway.Process().Symbol("__errno_location")
	return err
}

// StatusText is gw_status_string, a function of Gangway's own object: GW_CALL.
func StatusText(status int32) *byte

// Ints6 is gt_ints6: GW_CALL_ADDR of a variable.
func Ints6(a, b, c, d, e, f int64) int64

// Call2 calls any function of two words: GW_CALL_ADDR of a register.
func Call2(fn gangway.Symbol, a, b uintptr) uintptr

// Mixed14 is gt_mixed14: narrow integers and floats in one call.
func Mixed14(i0 int32, d0 float64, i1 int64, f1 float32, i2 uint8, d2 float64, i3 int16, f3 float32, i4 unsafe.Pointer,
	d4 float64, i5 bool, f5 float32, d6 float64, f7 float32) float64

// Capture is gt_capture, which spoils all registers that it may: GW_CALL_ADDR.
func Capture(a, b uint64) uint64

// Syscall is gw_syscall, whose seventh argument is on the stack: GW_CALL_STACK.
func Syscall(nr, a1, a2, a3, a4, a5, a6 int64) int64

// SyscallAuto is Syscall with up to five arguments: GW_AUTO and GW_CALL_AUTO.
func SyscallAuto(nr, a1, a2, a3, a4, a5 int64) int64

// SyscallState is SyscallAuto's state.
var SyscallState trampolines.AutoState

// SetErrno sets errno unless err is 0, and returns n: GW_CALL_ERRNO.
func SetErrno(err int32, n int64) (int64, syscall.Errno)

// setErrno is not for Go code to call.
func setErrno()

// GateSleep and GateSpin wait at a gate: GW_BLOCKING, and a running call that is taken over.
func GateSleep(gate *testlib.Gate) int32
func GateSpin(gate *testlib.Gate) int32

// GateRead is gt_gate_read: its second argument may be the only reference to an object.
func GateRead(gate *testlib.Gate, p *Payload) int64

// Payload is what GateRead reads.
type Payload struct {
	Value int64
	_     [7]int64
}

// Print is snprintf, a variadic function, with an int and a double.
func Print(buf *byte, n uintptr, format *byte, i int32, x float64) int32

// CallI64 calls the callback fn from C; CallI64Blocking does it in a Blocking call.
func CallI64(fn uintptr, x int64) int64
func CallI64Blocking(fn uintptr, x int64) int64

// StackAddress is gt_stack_address.
func StackAddress() uintptr

func Ask()
func Asked() bool
