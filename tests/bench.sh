#!/bin/sh
# The benchmark's own tests: what its runner does with programs that answer nonsense, end, or hang.
# Usage: bench.sh      in the build directory, after make; environment: GO
set -eu
cd gomod/bench
CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false exec "${GO:-go}" test ./runner
