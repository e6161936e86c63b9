#!/bin/sh
# What is generated is what its source says: the imports of the object, and the layout of the runtime in the Go that
# builds and in every toolchain of this machine (GANGWAY_GOROOTS or the usual places). And Go's mirror of the C core's table
# has its names in its order.
# Usage: generated.sh      in the build directory, after make; environment: srcdir, GO
set -eu
go=${GO:-go}
goroots=$("$go" env GOROOT)$(sh "${srcdir:-.}/build-aux/toolchains.sh" | sed 's/^[0-9]* /:/' | tr -d '\n')
export CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -n 's/^[[:space:]]*DO(\([a-z0-9_]*\)).*/\1/p' "${srcdir:-.}/bridge/core.c" >"$work/core"
sed -n '/^type coreTable/,/^}/s/^[[:space:]]*\([A-Z][A-Za-z0-9]*\) *uintptr$/\1/p' "${srcdir:-.}/trampolines/core.go" |
	sed 's/\([A-Z]\)/_\l\1/g; s/^_//' >"$work/mirror"
[ -s "$work/core" ] && diff "$work/core" "$work/mirror" || {
	echo 'generated.sh: trampolines/core.go does not mirror bridge/core.c' >&2
	exit 1
}

cd gomod
"$go" run ./build-aux/imports -check -o trampolines/zimports_linux_amd64.go trampolines/gangway_linux_amd64.syso
"$go" run ./build-aux/layout -check -goroots "$goroots"
