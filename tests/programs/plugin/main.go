//go:build cgo

// Program plugin is a plugin with Gangway (build mode plugin), for program opener. Program second is another one.
package main

/*
#include <stdint.h>
extern int64_t firstExport(int64_t);
static int64_t enter(int64_t x) { return firstExport(x); }
static uintptr_t enter_address(void) { return (uintptr_t)enter; }
*/
import "C"

import "github.com/gangwayffi/gangway/tests/programs/plugin/exercise"

//export firstExport
func firstExport(x C.int64_t) C.int64_t { return x }

// Run is what the program that opens it looks up.
func Run(others []uintptr) uintptr { return exercise.Run("first", uintptr(C.enter_address()), others) }

func main() {}
