// So: a Go program uses a C library (../c) that calls Go from threads of its own. Here the library is a shared object,
// loaded with gangway.Open when the program runs. Package ../syso links the same library in.
//
// The library knows nothing of Go but a gw_host table (gangway.h), by which its threads attach themselves to the Go
// program before their first call. User data is a gangway.Handle: C keeps a number, Go the value.
package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

// clibRun is, from clib.h,
//
//	gw_status clib_run(const gw_host *host, int threads, int64_t calls, clib_function fn, void *user, double *sum)
type clibRun func(host unsafe.Pointer, threads int32, calls int64, fn uintptr, user gangway.Handle, sum *float64) int32

// open loads the library: GANGWAY_CLIB, or where make leaves it.
func open() (clibRun, error) {
	names := []string{"../c/libclib.so", "examples/clib/c/libclib.so"}
	if name := os.Getenv("GANGWAY_CLIB"); name != "" {
		names = []string{name}
	}
	lib, err := gangway.Open(names...)
	if err != nil {
		return nil, fmt.Errorf("%w\nrun make first, which builds libclib.so, or say in GANGWAY_CLIB where it is", err)
	}
	// clib_run waits for its threads: a Blocking call from the start.
	return gangway.Func[clibRun](lib, "clib_run", gangway.Blocking())
}

// A tally is the user data of one clib_run.
type tally struct{ calls, sum int64 }

// add is what the C threads call in the end, several at once.
func (t *tally) add(a int64, b float64) float64 {
	atomic.AddInt64(&t.calls, 1)
	atomic.AddInt64(&t.sum, a)
	return float64(a) + b
}

// use makes one clib_run and checks what came of it.
func use(run clibRun, callback *gangway.Callback, threads int32, calls int64) error {
	t := new(tally)
	user := gangway.NewHandle(t)
	defer user.Delete()
	var sum float64
	if status := run(gangway.Host(), threads, calls, callback.Pointer(), user, &sum); status != 0 {
		return fmt.Errorf("clib_run: gw_status %d", status)
	}
	n := int64(threads) * calls
	sumA := n * (n - 1) / 2
	if t.calls != n || t.sum != sumA {
		return fmt.Errorf("Go was called %d times with numbers that add up to %d, want %d and %d",
			t.calls, t.sum, n, sumA)
	}
	if want := float64(sumA) + float64(threads)*float64(calls*(calls-1))/4; sum != want {
		return fmt.Errorf("C adds the results up to %g, want %g", sum, want)
	}
	return nil
}

func run(w io.Writer) error {
	const users, threads, calls = 3, 4, 5000
	clib, err := open()
	if err != nil {
		return err
	}
	// One callback for all: user tells them apart.
	callback, err := gangway.NewCallback(func(user gangway.Handle, a int64, b float64) float64 {
		return user.Value().(*tally).add(a, b)
	})
	if err != nil {
		return err
	}
	defer callback.Close()
	errs := make([]error, users)
	var all sync.WaitGroup
	for i := range errs {
		i := i
		all.Add(1)
		go func() {
			defer all.Done()
			errs[i] = use(clib, callback, threads, calls)
		}()
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "clib, a shared object: %d users, %d C threads each, %d calls of Go from every thread, "+
		"the sums are right\n",
		users, threads, calls)
	return nil
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "clib:", err)
		os.Exit(1)
	}
}
