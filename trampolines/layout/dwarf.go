package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"strings"
)

// A field is a path of members in a structure of the runtime.
type field struct {
	structure string
	path      string
}

var fields = []field{
	{"g", "stack.lo"},
	{"g", "stack.hi"},
	{"g", "m"},
	{"g", "sched.sp"},
	{"g", "sched.pc"},
	{"g", "sched.bp"},
	{"g", "syscallsp"},
	{"g", "lockedm"},
	{"m", "g0"},
	{"m", "gsignal"},
	{"m", "curg"},
	{"m", "incgo"},
	{"m", "ncgo"},
	{"m", "lockedExt"},
	{"m", "lockedInt"},
	{"m", "lockedg"},
	{"m", "preemptGen"},
	{"m", "signalPending"},
}

func (f field) String() string { return f.structure + "." + f.path }

// constant is the name by which the assembly knows the offset, with const_ before it.
func (f field) constant() string { return f.structure + "_" + strings.ReplaceAll(f.path, ".", "_") }

// readOffsets returns the offset of every field in the program's runtime, by constant.
func readOffsets(program string) (map[string]int64, error) {
	file, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		return nil, fmt.Errorf("DWARF: %w", err)
	}
	structures := map[string]*dwarf.StructType{}
	for _, f := range fields {
		structures["runtime."+f.structure] = nil
	}
	for r := data.Reader(); ; {
		entry, err := r.Next()
		if err != nil {
			return nil, fmt.Errorf("DWARF: %w", err)
		}
		if entry == nil {
			break
		}
		if entry.Tag != dwarf.TagStructType {
			continue
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		if known, wanted := structures[name]; wanted && known == nil {
			t, err := data.Type(entry.Offset)
			if err != nil {
				return nil, fmt.Errorf("DWARF of %s: %w", name, err)
			}
			structures[name] = t.(*dwarf.StructType)
		}
		r.SkipChildren()
	}
	offsets := map[string]int64{}
	for _, f := range fields {
		t := structures["runtime."+f.structure]
		if t == nil {
			return nil, fmt.Errorf("DWARF has no runtime.%s", f.structure)
		}
		offset, err := offsetOf(t, f.path)
		if err != nil {
			return nil, err
		}
		offsets[f.constant()] = offset
	}
	return offsets, nil
}

// offsetOf returns the offset of a path of members.
func offsetOf(t *dwarf.StructType, path string) (int64, error) {
	name, rest, nested := strings.Cut(path, ".")
	for _, member := range t.Field {
		if member.Name != name {
			continue
		}
		if !nested {
			return member.ByteOffset, nil
		}
		inner := member.Type
		if d, ok := inner.(*dwarf.TypedefType); ok {
			inner = d.Type
		}
		s, ok := inner.(*dwarf.StructType)
		if !ok {
			return 0, fmt.Errorf("%s.%s is no structure", t.StructName, name)
		}
		offset, err := offsetOf(s, rest)
		return member.ByteOffset + offset, err
	}
	return 0, fmt.Errorf("%s has no member %s", t.StructName, name)
}
