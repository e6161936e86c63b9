#!/bin/sh
# What is generated is what its source says: the imports of the object, and the layout of the runtime in the Go that
# builds and in every toolchain of this machine (GANGWAY_GOROOTS or the usual places).
# Usage: generated.sh      in the build directory, after make; environment: srcdir, GO
set -eu
go=${GO:-go}
goroots=$("$go" env GOROOT)$(sh "${srcdir:-.}/build-aux/toolchains.sh" | sed 's/^[0-9]* /:/' | tr -d '\n')
export CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false
cd gomod
"$go" run ./trampolines/imports -check -o trampolines/zimports_linux_amd64.go trampolines/gangway_linux_amd64.syso
"$go" run ./trampolines/layout -check -goroots "$goroots"
