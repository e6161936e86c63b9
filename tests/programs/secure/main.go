// Program secure says who it is, which road it takes and why, then calls C and is called back. It is for copies with more
// rights than their caller: it uses nothing but the process's own library.
package main

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

func main() {
	road, why := gangway.CurrentRoad()
	fmt.Printf("uid %d euid %d gid %d egid %d\nroad %v: %s\n", os.Getuid(), os.Geteuid(), os.Getgid(), os.Getegid(), road, why)
	qsort := gangway.MustFunc[func(base unsafe.Pointer, n, size, compare uintptr)](gangway.Process(), "qsort")
	compare, err := gangway.NewCallback(func(a, b *int32) int32 { return *a - *b })
	if err != nil {
		panic(err)
	}
	v := []int32{3, 1, 2}
	qsort(unsafe.Pointer(&v[0]), 3, 4, compare.Pointer())
	if v[0] != 1 || v[1] != 2 || v[2] != 3 {
		panic(v)
	}
	getauxval := gangway.MustFunc[func(uint64) uint64](gangway.Process(), "getauxval")
	fmt.Println("secure", getauxval(23))
	fmt.Println("OK")
}
