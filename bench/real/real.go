// Package real holds the programs of the real work rows. They are the same for cgo and for Gangway, which differ in
// how the functions of the libraries come about: bench/workcgo and bench/workgangway fill in structs of funcs. A
// *byte is a char * or unsigned char *, an unsafe.Pointer one of the library's objects.
package real

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/gangwayffi/gangway/bench/child"
)

// SortLength is how many numbers the sort row sorts.
const SortLength = 1000000

// cstring returns s as C wants it.
func cstring(s string) *byte { return &append([]byte(s), 0)[0] }

// must ends the program unless a library's status is what it has to be.
func must(what string, status, want int32) {
	if status != want {
		child.Fail(fmt.Errorf("%s returns %d", what, status))
	}
}

// Abort ends the program: a library has called its error handler, which must not return.
func Abort(what string) {
	fmt.Fprintf(os.Stderr, "%s: %s reports an error\n", os.Args[0], what)
	os.Exit(1)
}

// at returns the element i of an array of pointers in C.
func at(array *unsafe.Pointer, i int) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(array), i*int(unsafe.Sizeof(array))))
}
