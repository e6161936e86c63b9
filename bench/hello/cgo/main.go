//go:build cgo

// The hello of the build rows: it calls libm, with cgo.
package main

// #cgo LDFLAGS: -lm
// #include <math.h>
import "C"

import "fmt"

func main() {
	fmt.Printf("hello, cos(1) = %.4f\n", float64(C.cos(1)))
}
