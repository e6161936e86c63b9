#!/bin/sh
# The Go tests as `make check` runs them: an executable, cgo off, the fast road. `check` and tests/matrix run the others.
# Usage: gotest.sh      in the build directory, after make; environment: srcdir, GO
set -eu
exec sh "${srcdir:-.}/build-aux/gotest.sh" gomod exe nocgo fast
