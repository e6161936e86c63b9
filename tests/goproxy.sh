#!/bin/sh
# What a user does: a new module somewhere else, `go get` from the proxy that `make goproxy` packs, a build with cgo off
# and no C compiler to be found, a run; and the program asks for no newer glibc than the baseline.
# Usage: goproxy.sh      in the build directory, after make; environment: srcdir, GO, MAKE
set -eu
srcdir=$(cd "${srcdir:-.}" && pwd)
go=$(command -v "${GO:-go}")
goroot=$("$go" env GOROOT)
gocache=$("$go" env GOCACHE)

MAKEFLAGS= ${MAKE:-make} goproxy
proxy=$(pwd)/goproxy
version=$(cat "$proxy/github.com/gangwayffi/gangway/@v/list")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/nothing" "$work/user" "$work/tmp"
cd "$work/user"

cat >main.go <<'EOF'
package main

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/gangwayffi/gangway"
)

func main() {
	var getpid func() int32
	var strlen func(unsafe.Pointer) uintptr
	libc := gangway.Process()
	if err := libc.Bind("getpid", &getpid); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := libc.Bind("strlen", &strlen); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	text := []byte("gangway\x00")
	fmt.Println(int(getpid()) == os.Getpid(), strlen(unsafe.Pointer(&text[0])))
}
EOF

# A user's environment with nothing of ours in it: own modules, no network, no compiler, no settings from `go env -w`.
user() {
	env -i PATH="$work/nothing" HOME="$work" TMPDIR="$work/tmp" GOROOT="$goroot" GOCACHE="$gocache" \
		GOMODCACHE="$work/mod" GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw GOSUMDB=off \
		GOPROXY="file://$proxy" CGO_ENABLED=0 "$@"
}
user "$go" mod init example.com/user
user "$go" get "github.com/gangwayffi/gangway@$version"
user "$go" build -o user .
output=$(user ./user)
echo "$output"
[ "$output" = "true 7" ] || { echo "goproxy.sh: the program prints '$output', not 'true 7'" >&2; exit 1; }

# The module's checksum hangs on its content alone: packed once more, it is the same.
cp "$proxy/github.com/gangwayffi/gangway/@v/$version.zip" "$work/first.zip"
(cd "$proxy/.." && MAKEFLAGS= ${MAKE:-make} goproxy)
cmp "$work/first.zip" "$proxy/github.com/gangwayffi/gangway/@v/$version.zip"

sh "$srcdir/tests/glibc_baseline.sh" ./user
