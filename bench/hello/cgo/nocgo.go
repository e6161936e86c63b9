//go:build !cgo

// The hello of the build rows: there is nothing to it without cgo.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench/hello/cgo: built with CGO_ENABLED=0")
	os.Exit(1)
}
