//go:build cgo

// Program second is another plugin with Gangway, see program plugin.
package main

/*
#include <stdint.h>
extern int64_t secondExport(int64_t);
static int64_t enter(int64_t x) { return secondExport(x); }
static uintptr_t enter_address(void) { return (uintptr_t)enter; }
*/
import "C"

import "github.com/gangwayffi/gangway/tests/programs/plugin/exercise"

//export secondExport
func secondExport(x C.int64_t) C.int64_t { return x }

// Run is what the program that opens it looks up.
func Run(others []uintptr) uintptr { return exercise.Run("second", uintptr(C.enter_address()), others) }

func main() {}
