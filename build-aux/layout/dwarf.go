package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"strings"
)

// A field is a path of members in a structure of the runtime, or sizeof for the size of the structure. Where releases
// spell a member differently, | stands between the spellings, the first of which names the constant; with a ? at its
// end some releases lack it, which is an offset of -1.
type field struct {
	structure string
	path      string
}

// What the trampolines rely on.
var threadFields = []field{
	{"g", "stack.lo"},
	{"g", "stack.hi"},
	{"g", "stackguard0"},
	{"g", "m"},
	{"g", "sched.sp"},
	{"g", "sched.pc"},
	{"g", "sched.bp"},
	{"g", "syscallsp"},
	{"g", "syscallpc"},
	{"g", "goid"},
	{"g", "schedlink"},
	{"g", "waitsince"},
	{"g", "lockedm"},
	{"m", "g0"},
	{"m", "gsignal"},
	{"m", "curg"},
	{"m", "incgo"},
	{"m", "isExtraInC?"},
	{"m", "ncgo"},
	{"m", "cgoCallers"},
	{"m", "lockedExt"},
	{"m", "lockedInt"},
	{"m", "lockedg"},
	{"m", "preemptGen"},
	{"m", "signalPending"},
}

// What registering code relies on: bridge/jit.h.
var moduleFields = []field{
	{"moduledata", "sizeof"},
	{"moduledata", "pcHeader"},
	{"moduledata", "funcnametab"},
	{"moduledata", "cutab"},
	{"moduledata", "filetab"},
	{"moduledata", "pctab"},
	{"moduledata", "pclntable"},
	{"moduledata", "ftab"},
	{"moduledata", "findfunctab"},
	{"moduledata", "minpc"},
	{"moduledata", "maxpc"},
	{"moduledata", "text"},
	{"moduledata", "etext"},
	{"moduledata", "gofunc"},
	{"moduledata", "bad"},
	{"moduledata", "next"},
	{"pcHeader", "sizeof"},
	{"pcHeader", "nfunc"},
	{"pcHeader", "textStart?"},
	{"pcHeader", "funcnameOffset"},
	{"pcHeader", "pctabOffset"},
	{"pcHeader", "pclnOffset"},
	{"_func", "sizeof"},
	{"_func", "entryOff|entryoff"},
	{"_func", "nameOff|nameoff"},
	{"_func", "args"},
	{"_func", "pcsp"},
	{"_func", "pcfile"},
	{"_func", "pcln"},
	{"_func", "npcdata"},
	{"_func", "cuOffset"},
	{"_func", "startLine?"},
	{"_func", "nfuncdata"},
	{"functab", "sizeof"},
	{"functab", "entryoff"},
	{"functab", "funcoff"},
	{"findfuncbucket", "sizeof"},
	{"findfuncbucket", "idx"},
	{"findfuncbucket", "subbuckets"},
	{"stackmap", "n"},
	{"stackmap", "nbit"},
	{"stackmap", "bytedata"},
	{"g", "stackguard0"},
}

func (f field) String() string { return f.structure + "." + f.path }

// constant is the name by which the assembly knows the offset, with const_ before it.
func (f field) constant() string {
	path, _, _ := strings.Cut(strings.TrimSuffix(f.path, "?"), "|")
	return strings.TrimPrefix(f.structure, "_") + "_" + strings.ReplaceAll(path, ".", "_")
}

// offset returns where the field is in a structure.
func (f field) offset(t *dwarf.StructType) (offset int64, err error) {
	if f.path == "sizeof" {
		return t.ByteSize, nil
	}
	for _, path := range strings.Split(strings.TrimSuffix(f.path, "?"), "|") {
		if offset, err = offsetOf(t, path); err == nil {
			return offset, nil
		}
	}
	if strings.HasSuffix(f.path, "?") {
		return -1, nil
	}
	return 0, err
}

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
	for _, t := range tables {
		for _, f := range t.fields {
			structures["runtime."+f.structure] = nil
		}
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
	for _, t := range tables {
		for _, f := range t.fields {
			structure := structures["runtime."+f.structure]
			if structure == nil {
				return nil, fmt.Errorf("DWARF has no runtime.%s", f.structure)
			}
			if offsets[f.constant()], err = f.offset(structure); err != nil {
				return nil, err
			}
		}
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
