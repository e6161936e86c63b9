#!/bin/sh
# List the Go toolchains of this machine that Gangway supports: lines "MINOR GOROOT", oldest first, one for each version.
# Usage: toolchains.sh      environment: GANGWAY_GOROOTS, GOROOTs separated by colons, for the usual places
set -eu
places=${GANGWAY_GOROOTS:-$(printf '%s:' /usr/lib/go-1.* /usr/local/go "${HOME-}"/gos/usr/lib/go-1.* "${HOME-}"/sdk/go1.*)}
IFS=:
for root in $places; do
	[ -x "$root/bin/go" ] || continue
	version=$(GOTOOLCHAIN=local GOROOT=$root "$root/bin/go" env GOVERSION)
	minor=$(echo "$version" | sed -n 's/^[^0-9]*go1\.\([0-9]*\).*/\1/p')
	[ -n "$minor" ] && [ "$minor" -ge 19 ] && echo "$minor $root"
done | sort -n -u -k 1,1
