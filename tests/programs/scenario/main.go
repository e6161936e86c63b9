// Program scenario plays one scenario in a process of its own: what C does to threads, signals and stacks there is nobody
// else's business. It prints OK when all is well; tests/scenarios starts it.
// Usage: scenario NAME MODE
package main

import (
	"fmt"
	"os"
	"sort"
	"sync"

	"github.com/gangwayffi/gangway"
	"github.com/gangwayffi/gangway/tests/testlib"
)

var scenarios = map[string]func(){}

// mode is how the calls of the scenario are made.
var mode gangway.Option

func main() {
	if len(os.Args) < 3 || scenarios[os.Args[1]] == nil {
		var names []string
		for name := range scenarios {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Println("usage: scenario NAME MODE, a name of", names)
		os.Exit(1)
	}
	for _, m := range testlib.Modes {
		if m.Name == os.Args[2] {
			mode = m.Option
		}
	}
	testlib.Watch("scenario "+os.Args[1]+" "+os.Args[2], 90)
	scenarios[os.Args[1]]()
	fmt.Println("OK")
}

// bind returns a function of the tests' C library that is called in the scenario's mode.
func bind[F any](name string) F { return gangway.MustFunc[F](testlib.MustOpen(), name, mode) }

// check ends the program when ok is false.
func check(ok bool, format string, args ...any) {
	if !ok {
		fmt.Printf(format+"\n", args...)
		os.Exit(1)
	}
}

// equal ends the program when got is not want.
func equal(what string, got, want any) { check(got == want, "%s: %v, not %v", what, got, want) }

// during runs f again and again on another goroutine while g runs.
func during(f, g func()) {
	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			select {
			case <-stop:
				return
			default:
				f()
			}
		}
	}()
	g()
	close(stop)
	wg.Wait()
}
