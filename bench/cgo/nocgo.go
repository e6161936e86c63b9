//go:build !cgo

// Implementation "cgo": there is nothing to it without cgo.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench/cgo: built with CGO_ENABLED=0")
	os.Exit(1)
}
