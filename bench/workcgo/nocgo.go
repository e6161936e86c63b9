//go:build !cgo

// Cgo's side of the real work rows: there is nothing to it without cgo.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench/workcgo: built with CGO_ENABLED=0")
	os.Exit(1)
}
