package gangway

import (
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/gangwayffi/gangway/trampolines"
)

// listTypes is the trampolines.ListTypes of a variadic function: it keeps a plan for each combination of integers,
// floats and strings that has come by.
type listTypes struct {
	sig   *signature
	mu    sync.Mutex   // for writing
	plans atomic.Value // map[listKey]uintptr, never changed
	last  atomic.Value // *listPlan, of the call before: most often that of the next
}

type listPlan struct {
	key  listKey
	plan uintptr
}

// A listKey has two bits for each argument.
type listKey struct {
	n     int
	kinds [trampolines.ListMax / 32]uint64
}

// kind is what of a class matters to a plan.
func kind(c trampolines.ListClass) uint64 {
	switch c {
	case trampolines.ListFloat32, trampolines.ListFloat64:
		return 1
	case trampolines.ListString:
		return 2
	}
	return 0
}

var kindTexts = [...]string{"u64", "f64", "str"}

// Plan implements trampolines.ListTypes. It leaves to reflection what it does not know, wrong types included.
func (l *listTypes) Plan(list []any) (plan uintptr, classes trampolines.ListClasses, ok bool) {
	key := listKey{n: len(list)}
	if key.n > trampolines.ListMax {
		return 0, classes, false
	}
	for i, v := range list {
		c, ok := listClass(v)
		if !ok {
			return 0, classes, false
		}
		classes.Set(i, c)
		key.kinds[i/32] |= kind(c) << (i % 32 * 2)
	}
	if last, _ := l.last.Load().(*listPlan); last != nil && last.key == key {
		return last.plan, classes, true
	}
	plans, _ := l.plans.Load().(map[listKey]uintptr)
	plan, ok = plans[key]
	if !ok {
		plan, ok = l.compile(key)
	}
	if ok {
		l.last.Store(&listPlan{key, plan})
	}
	return plan, classes, ok
}

func (l *listTypes) compile(key listKey) (uintptr, bool) {
	texts := make([]string, key.n)
	for i := range texts {
		texts[i] = kindTexts[key.kinds[i/32]>>(i%32*2)&3]
	}
	plan, err := l.sig.plan(false, texts...)
	if err != nil {
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old, _ := l.plans.Load().(map[listKey]uintptr)
	plans := make(map[listKey]uintptr, len(old)+1)
	for k, p := range old {
		plans[k] = p
	}
	plans[key] = plan
	l.plans.Store(plans)
	return plan, true
}

// listClass returns the class of a variadic argument; ok is false for what goes through reflection.
func listClass(v any) (c trampolines.ListClass, ok bool) {
	switch v.(type) {
	case int, uint, int64, uint64, uintptr:
		return trampolines.ListWord, true
	case int32:
		return trampolines.ListI32, true
	case float64:
		return trampolines.ListFloat64, true
	case string:
		return trampolines.ListString, true
	case nil:
		return 0, false
	}
	t := reflect.TypeOf(v)
	switch t.Kind() {
	case reflect.Bool, reflect.Uint8:
		return trampolines.ListU8, true
	case reflect.Int8:
		return trampolines.ListI8, true
	case reflect.Uint16:
		return trampolines.ListU16, true
	case reflect.Int16:
		return trampolines.ListI16, true
	case reflect.Uint32:
		return trampolines.ListU32, true
	case reflect.Int32:
		return trampolines.ListI32, true
	case reflect.Int, reflect.Uint, reflect.Int64, reflect.Uint64, reflect.Uintptr:
		return trampolines.ListWord, true
	case reflect.Ptr, reflect.UnsafePointer:
		return trampolines.ListPointer, true
	case reflect.Float32:
		return trampolines.ListFloat32, true
	case reflect.Float64:
		return trampolines.ListFloat64, true
	case reflect.String:
		return trampolines.ListString, true
	case reflect.Slice:
		return trampolines.ListWord, sliceFits(t)
	}
	return 0, false
}

var slices sync.Map // reflect.Type to bool

// sliceFits returns whether C can have the elements of a slice type.
func sliceFits(t reflect.Type) bool {
	if fits, ok := slices.Load(t); ok {
		return fits.(bool)
	}
	_, reason := newValue(t)
	slices.Store(t, reason == "")
	return reason == ""
}
