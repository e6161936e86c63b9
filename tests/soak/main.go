// Program soak does everything that Gangway can do, at random, for as long as it is told to, checks every result, and looks
// at the end whether memory, threads, callbacks and code are what they were at the start.
//
//	GANGWAY_SOAK_SECONDS=3600 GANGWAY_SEED=1 soak
//
// It prints its seed first; each worker's steps follow from that alone (which of them meet is up to the scheduler). The work
// is done by a child process. When that fails, crashes or comes to a standstill, the seed and the step of every worker are
// printed, which the child leaves in a file that both have mapped.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/gangwayffi/gangway/tests/testlib"
)

func main() {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	seconds := 20.0
	if s := os.Getenv("GANGWAY_SOAK_SECONDS"); s != "" {
		var err error
		if seconds, err = strconv.ParseFloat(s, 64); err != nil {
			fmt.Println("soak: GANGWAY_SOAK_SECONDS:", err)
			os.Exit(2)
		}
	}
	if err := supervise(seconds); err != nil {
		fmt.Println("soak: FAILED:", err)
		os.Exit(1)
	}
}

const (
	childVariable = "GANGWAY_SOAK_CHILD" // seconds to run, in the child
	workers       = 8
)

// A journal says what each worker is doing. It lies in a file that is mapped by the child, which writes, and by its
// supervisor, which reads when the child is gone or does nothing any more.
type journal [workers]struct {
	step int64 // of the operation that is under way, counted from 1
	op   int64 // index into operations
	deep int64 // callbacks further up the stack
	_    [5]int64
}

func mapJournal(f *os.File) (*journal, error) {
	size := int(unsafe.Sizeof(journal{}))
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	m, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*journal)(unsafe.Pointer(&m[0])), nil
}

func (j *journal) String() string {
	text := ""
	for w := range j {
		op := atomic.LoadInt64(&j[w].op)
		text += fmt.Sprintf("soak: worker %d: step %d, %s, below %d callbacks\n", w, atomic.LoadInt64(&j[w].step), operations[op].name,
			atomic.LoadInt64(&j[w].deep))
	}
	return text
}

func (j *journal) steps() int64 {
	n := int64(0)
	for w := range j {
		n += atomic.LoadInt64(&j[w].step)
	}
	return n
}

// standstill is how long no worker may come to another step: Go 1.26 and 1.27 may lose a minute in a collection, see
// doc/trust.md.
const standstill = 200 * time.Second

// supervise runs the child and reports how it fails.
func supervise(seconds float64) error {
	seed := testlib.Seed("soak")
	lib, err := testlib.Path()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "gangway-soak")
	if err != nil {
		return err
	}
	defer f.Close()
	os.Remove(f.Name())
	j, err := mapJournal(f)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%g", childVariable, seconds), fmt.Sprintf("GANGWAY_SEED=%d", seed),
		"GANGWAY_TESTLIB="+lib, "GOTRACEBACK=system",
		// Without the memory that malloc keeps ready for each thread, what it has handed out is exactly what is in use.
		"GLIBC_TUNABLES=glibc.malloc.tcache_count=0")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{f}
	// When this process is killed, so is the child: at the end of the thread that started it, which must not end earlier.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT, syscall.SIGTERM)
	last, since, killed := int64(-1), time.Now(), false
	for {
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("%v; seed %d\n%v", err, seed, j)
			}
			return nil
		case sig := <-interrupted:
			cmd.Process.Kill()
			return fmt.Errorf("%v; seed %d\n%v", sig, seed, j)
		case <-time.After(time.Second):
		}
		switch n := j.steps(); {
		case n != last:
			last, since = n, time.Now()
		case time.Since(since) > standstill+20*time.Second:
			cmd.Process.Kill()
		case time.Since(since) > standstill && !killed:
			fmt.Printf("soak: no step for %v; seed %d\n%v", standstill, seed, j)
			killed = true
			cmd.Process.Signal(syscall.SIGQUIT)
		}
	}
}
