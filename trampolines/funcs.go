package trampolines

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// A FuncPool lends C function pointers for the funcs that calls have as arguments, all of one type. A call has one for
// itself alone, so that it may be nested and others may make the same call; afterwards the pointer is kept for the next
// one, as long as sync.Pool keeps anything, and until then refuses what C calls late. It holds no func in between.
type FuncPool struct {
	New  func() *LentFunc
	free sync.Pool // of *LentFunc
}

// A LentFunc is a C function pointer, and where its func is (CallbackRecord.Fn or ReflectedRecord.Fn).
type LentFunc struct {
	Code   uintptr
	Fn     *unsafe.Pointer
	Refuse unsafe.Pointer // is there while nobody has it
}

// Take returns a C function pointer that calls fn until Put.
func (p *FuncPool) Take(fn unsafe.Pointer) *LentFunc {
	l, _ := p.free.Get().(*LentFunc)
	if l == nil {
		l = p.New()
	}
	SetFunc(l.Fn, fn)
	return l
}

// Put takes it back.
func (p *FuncPool) Put(l *LentFunc) {
	SetFunc(l.Fn, l.Refuse)
	p.free.Put(l)
}

// SetFunc stores a func into a record. On the safe road the race detector may watch.
func SetFunc(at *unsafe.Pointer, fn unsafe.Pointer) {
	if road == RoadSafe {
		atomic.StorePointer(at, fn)
		return
	}
	*at = fn
}
