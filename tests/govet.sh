#!/bin/sh
# go vet, its check of assembly against Go prototypes among it, with cgo off and on, and gofmt: of Gangway's module and of
# the benchmark's.
# Usage: govet.sh      in the build directory, after make; environment: GO
set -eu
go=${GO:-go}
export GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false
cd gomod
for module in . bench; do # those of bench/purego and bench/goffi have to be fetched
	(cd $module && CGO_ENABLED=0 "$go" vet ./... && CGO_ENABLED=1 "$go" vet ./...)
done
wrong=$("$("$go" env GOROOT)/bin/gofmt" -l .)
[ -z "$wrong" ] || { echo "govet.sh: not as gofmt writes it: $wrong" >&2; exit 1; }
