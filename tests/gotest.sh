#!/bin/sh
# The Go tests as `make check` runs them: an executable, cgo off, the fast road. `check` and tests/matrix run the others.
# Usage: gotest.sh      in the build directory, after make; environment: srcdir, GO
set -eu
# In full, programs that are built specially among them, unless GANGWAY_SHORT asks for less.
[ -n "${GANGWAY_SHORT-}" ] || GANGWAY_BUILDS=1
export GANGWAY_BUILDS="${GANGWAY_BUILDS-}"
exec sh "${srcdir:-.}/build-aux/gotest.sh" gomod exe nocgo fast
