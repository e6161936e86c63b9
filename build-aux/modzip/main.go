// Command modzip packs a module tree as the file tree of a Go module proxy, so that GOPROXY=file://... serves it.
//
//	modzip -dir TREE -version vX.Y.Z -out PROXY
//
// Every file under TREE goes into the zip, under module@version/ as the go command demands, in sorted order and with a
// fixed time: the same tree gives the same bytes, and so the same checksum in its users' go.sum.
package main

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The first instant that a zip file can hold.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

func main() {
	log.SetFlags(0)
	log.SetPrefix("modzip: ")
	dir := flag.String("dir", "", "module `tree` to pack")
	version := flag.String("version", "", "module `version`, vX.Y.Z")
	out := flag.String("out", "", "proxy `tree` to write")
	flag.Parse()
	if *dir == "" || *version == "" || *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := pack(*dir, *version, *out); err != nil {
		log.Fatal(err)
	}
}

func pack(dir, version, out string) error {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	module, err := modulePath(mod)
	if err != nil {
		return err
	}
	archive, err := zipTree(dir, module+"@"+version)
	if err != nil {
		return err
	}
	// Upper-case letters in a module path are escaped in a proxy's paths; ours has none.
	if module != strings.ToLower(module) {
		return fmt.Errorf("module path %s has upper-case letters", module)
	}
	at := filepath.Join(out, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	info := fmt.Sprintf("{\"Version\":%q,\"Time\":%q}\n", version, epoch.Format(time.RFC3339))
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"list", []byte(version + "\n")},
		{version + ".info", []byte(info)},
		{version + ".mod", mod},
		{version + ".zip", archive},
	} {
		if err := os.WriteFile(filepath.Join(at, f.name), f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// modulePath returns the path that a go.mod file declares.
func modulePath(mod []byte) (string, error) {
	for _, line := range strings.Split(string(mod), "\n") {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "module" {
			return f[1], nil
		}
	}
	return "", fmt.Errorf("go.mod has no module line")
}

// zipTree packs the regular files under dir, in the sorted order that WalkDir visits them in, below prefix.
func zipTree(dir, prefix string) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := w.CreateHeader(&zip.FileHeader{
			Name:     prefix + "/" + filepath.ToSlash(name),
			Method:   zip.Deflate,
			Modified: epoch,
		})
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
