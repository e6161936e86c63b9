//go:build cgo && !go1.24

package main

import "github.com/gangwayffi/gangway/bench/child"

// direct returns nothing: this toolchain does not know of nocallback.
func direct() []child.Bench { return nil }
