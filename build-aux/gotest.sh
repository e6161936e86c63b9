#!/bin/sh
# Run the Go tests of a module tree in one configuration.
# Usage: gotest.sh MODULE exe|pie nocgo|cgo fast|safe [GO-TEST-ARGUMENT...]
# Environment: GO, the go command (go); GANGWAY_SHORT=1 for go test -short
# Never from the test cache: a program's road hangs on what Go's bookkeeping does not see (the object, the environment as
# the runtime reads it before main).
set -eu
module=$1 mode=$2 cgo=$3 road=$4
shift 4
[ -z "${GANGWAY_SHORT-}" ] || set -- -short "$@"
case $mode in
exe | pie) set -- -buildmode="$mode" "$@" ;;
*) echo "gotest.sh: unknown build mode $mode" >&2; exit 2 ;;
esac
case $cgo in
nocgo) CGO_ENABLED=0 ;;
cgo) CGO_ENABLED=1 ;;
*) echo "gotest.sh: unknown cgo setting $cgo" >&2; exit 2 ;;
esac
case $road in
fast) unset GANGWAY_ROAD ;;
safe) export GANGWAY_ROAD=safe ;;
*) echo "gotest.sh: unknown road $road" >&2; exit 2 ;;
esac
export CGO_ENABLED GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false
cd "$module"
exec "${GO:-go}" test -count=1 -timeout 20m "$@" ./...
