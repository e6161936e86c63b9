//go:build cgo

// Program opener opens the plugins that its arguments name, and lets each run; with the tag opener_gangway it has Gangway itself.
package main

import (
	"fmt"
	"os"
	"plugin"
)

// callbacks are the program's own, for the plugins.
var callbacks []uintptr

func main() {
	for _, path := range os.Args[1:] {
		p, err := plugin.Open(path)
		if err != nil {
			panic(err)
		}
		run, err := p.Lookup("Run")
		if err != nil {
			panic(err)
		}
		callbacks = append(callbacks, run.(func([]uintptr) uintptr)(callbacks))
	}
	own()
	fmt.Println("OK")
}
