// Command imports generates trampolines/zimports_linux_amd64.go: the pragmas by which Go's linker binds the libc
// functions that the object uses, each with a symbol version.
//
//	go run ./build-aux/imports [-check] -o trampolines/zimports_linux_amd64.go OBJECT
//
// The list is the object's undefined symbols. The versions are for a baseline of glibc 2.17: of each symbol the newest
// version not above it that the libc of this machine exports. Where a program made here runs, that version means the
// same function; an import without a version might bind to the oldest one (pthread_cond_* of 2.2.5 is another
// implementation). glibc 2.17 has threads in libpthread.so.0 and dlopen in libdl.so.2; newer ones still ship both.
package main

import (
	"bytes"
	"debug/elf"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

const (
	baseline = "GLIBC_2.17"

	libc       = "libc.so.6"
	libpthread = "libpthread.so.0"
	libdl      = "libdl.so.2"
)

func main() {
	output := flag.String("o", "", "`file` to write or to compare with")
	check := flag.Bool("check", false, "fail when the file differs from what would be written")
	dirs := flag.String("libdirs", "/lib/x86_64-linux-gnu:/lib64:/usr/lib64",
		"colon-separated `list` of directories with libc.so.6")
	flag.Parse()
	if flag.NArg() != 1 || *output == "" {
		fmt.Fprintln(os.Stderr, "usage: imports [-check] -o FILE OBJECT")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *output, *check, filepath.SplitList(*dirs)); err != nil {
		fmt.Fprintln(os.Stderr, "imports:", err)
		os.Exit(1)
	}
}

func run(object, output string, check bool, dirs []string) error {
	symbols, err := undefined(object)
	if err != nil {
		return fmt.Errorf("%s: %w", object, err)
	}
	versions, err := exported(dirs)
	if err != nil {
		return err
	}
	text, err := generate(symbols, versions)
	if err != nil {
		return fmt.Errorf("%s: %w", object, err)
	}
	if !check {
		return os.WriteFile(output, text, 0o666)
	}
	old, err := os.ReadFile(output)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, text) {
		return fmt.Errorf("%s does not list what %s needs: run make", output, object)
	}
	return nil
}

// undefined returns the names of the object's undefined symbols, sorted. _GLOBAL_OFFSET_TABLE_, which the assembler
// adds to whatever addresses the GOT, needs no import: Go's linker takes the name for its own .got.
func undefined(object string) ([]string, error) {
	f, err := elf.Open(object)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range all {
		if s.Section == elf.SHN_UNDEF && s.Name != "" && elf.ST_BIND(s.Info) != elf.STB_LOCAL &&
			s.Name != "_GLOBAL_OFFSET_TABLE_" {
			names = append(names, s.Name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// exported returns the versions of every symbol that the machine's C library exports.
func exported(dirs []string) (map[string][]string, error) {
	versions := map[string][]string{}
	found := false
	for _, name := range []string{libc, libpthread, libdl} {
		for _, dir := range dirs {
			f, err := elf.Open(filepath.Join(dir, name))
			if err != nil {
				continue
			}
			err = exportedBy(f, versions)
			f.Close()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
			}
			found = found || name == libc
			break
		}
	}
	if !found {
		return nil, fmt.Errorf("no %s in %s", libc, strings.Join(dirs, ", "))
	}
	return versions, nil
}

// exportedBy adds the versioned symbols that f defines. debug/elf resolves only the versions of imports, so this reads
// .gnu.version_d itself.
func exportedBy(f *elf.File, versions map[string][]string) error {
	names, err := versionNames(f)
	if err != nil {
		return err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return err
	}
	section := f.Section(".gnu.version")
	if section == nil {
		return fmt.Errorf("no symbol versions")
	}
	indexes, err := section.Data()
	if err != nil {
		return err
	}
	for i, s := range symbols {
		at := 2 * (i + 1) // DynamicSymbols leaves out the null symbol
		if s.Section == elf.SHN_UNDEF || at+2 > len(indexes) {
			continue
		}
		index := f.ByteOrder.Uint16(indexes[at:]) &^ 0x8000 // the bit marks versions that are not the default
		if v := names[index]; v != "" {
			versions[s.Name] = append(versions[s.Name], v)
		}
	}
	return nil
}

// versionNames returns the names of the version definitions of f by index.
func versionNames(f *elf.File) (map[uint16]string, error) {
	section := f.Section(".gnu.version_d")
	if section == nil {
		return nil, fmt.Errorf("no version definitions")
	}
	data, err := section.Data()
	if err != nil {
		return nil, err
	}
	if int(section.Link) >= len(f.Sections) {
		return nil, fmt.Errorf("version definitions without names")
	}
	table, err := f.Sections[section.Link].Data()
	if err != nil {
		return nil, err
	}
	names := map[uint16]string{}
	for at := 0; at+20 <= len(data); {
		index := f.ByteOrder.Uint16(data[at+4:])
		aux := at + int(f.ByteOrder.Uint32(data[at+12:]))
		next := int(f.ByteOrder.Uint32(data[at+16:]))
		if aux+4 > len(data) {
			return nil, fmt.Errorf("version definitions are cut short")
		}
		name := int(f.ByteOrder.Uint32(data[aux:]))
		if name >= len(table) {
			return nil, fmt.Errorf("version name outside its table")
		}
		if end := bytes.IndexByte(table[name:], 0); end >= 0 {
			names[index] = string(table[name : name+end])
		}
		if next == 0 {
			break
		}
		at += next
	}
	return names, nil
}

// newest returns the newest of the versions that the baseline has, or "".
func newest(versions []string) string {
	best := ""
	for _, v := range versions {
		if strings.HasPrefix(v, "GLIBC_") && !less(baseline, v) && (best == "" || less(best, v)) {
			best = v
		}
	}
	return best
}

// less compares GLIBC_2.2.5 with GLIBC_2.17 number by number. GLIBC_PRIVATE sorts above everything.
func less(a, b string) bool {
	x := strings.Split(strings.TrimPrefix(a, "GLIBC_"), ".")
	y := strings.Split(strings.TrimPrefix(b, "GLIBC_"), ".")
	for i := 0; i < len(x) && i < len(y); i++ {
		if len(x[i]) != len(y[i]) {
			return len(x[i]) < len(y[i])
		}
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return len(x) < len(y)
}

// libraryOf returns the library that has the symbol in the baseline, given its versions here. glibc 2.34 moved the
// small libraries into libc.so.6 and gave what it moved a second version: such a symbol is not libc's in the baseline.
func libraryOf(symbol string, versions []string) (string, error) {
	switch {
	case strings.HasPrefix(symbol, "pthread_"), strings.HasPrefix(symbol, "sem_"):
		return libpthread, nil
	case symbol == "dl_iterate_phdr":
		return libc, nil
	case strings.HasPrefix(symbol, "dl"):
		return libdl, nil
	}
	for _, v := range versions {
		if v == "GLIBC_2.34" {
			return "", fmt.Errorf("%s moved to %s with glibc 2.34: libraryOf must name its library of %s",
				symbol, libc, baseline)
		}
	}
	return libc, nil
}

func generate(symbols []string, versions map[string][]string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated by build-aux/imports; DO NOT EDIT.\n\n"+
		"//go:build !cgo\n\npackage trampolines\n\n")
	used := map[string]bool{libc: true}
	for _, s := range symbols {
		v := newest(versions[s])
		if v == "" {
			return nil, fmt.Errorf("%s is not in glibc as of %s (this machine exports %q)", s, baseline, versions[s])
		}
		lib, err := libraryOf(s, versions[s])
		if err != nil {
			return nil, err
		}
		used[lib] = true
		fmt.Fprintf(&b, "//go:cgo_import_dynamic %s %s#%s %q\n", s, s, v, lib)
	}
	fmt.Fprintf(&b, "\n")
	for _, lib := range []string{libc, libpthread, libdl} {
		if used[lib] {
			fmt.Fprintf(&b, "//go:cgo_import_dynamic _ _ %q\n", lib)
		}
	}
	return b.Bytes(), nil
}
