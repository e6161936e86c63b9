#!/bin/sh
# go vet, its check of assembly against Go prototypes among it, with cgo off and on, and gofmt.
# Usage: govet.sh      in the build directory, after make; environment: GO
set -eu
go=${GO:-go}
export GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false
cd gomod
CGO_ENABLED=0 "$go" vet ./...
CGO_ENABLED=1 "$go" vet ./...
wrong=$("$("$go" env GOROOT)/bin/gofmt" -l .)
[ -z "$wrong" ] || { echo "govet.sh: not as gofmt writes it: $wrong" >&2; exit 1; }
