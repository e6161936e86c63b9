#!/bin/sh
# The soak program (tests/soak): everything at once, at random; every result checked, and memory, threads and callbacks flat at
# the end.
# Usage: soak.sh      in the build directory, after make gomod/.stamp
# Environment: GO; GANGWAY_SOAK_SECONDS (20), or GANGWAY_SHORT=1 for 3 of them; GANGWAY_SEED; GANGWAY_ROAD; CGO_ENABLED (0)
# An hour:      GANGWAY_SOAK_SECONDS=3600 tests/soak.sh
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export CGO_ENABLED="${CGO_ENABLED-0}" GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false
[ -z "${GANGWAY_SHORT-}" ] || export GANGWAY_SOAK_SECONDS=3
cd gomod
"${GO:-go}" build -o "$work/soak" ./tests/soak
GANGWAY_TESTLIB=$PWD/tests/clib/libgwtest.so "$work/soak"
