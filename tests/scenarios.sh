#!/bin/sh
# Run the tests that tests/scenarios/list.txt names under every Go toolchain to be found, cgo off and on, and write the table
# of doc/scenarios.md from what they said.
# Usage: scenarios.sh [-t | -r REGEXP] [BUILDDIR]      a directory where make has run (the source tree)
#        -t: nothing is run, the logs of the last run count; -r: only these tests are run, for the rest the logs count
# Environment: GANGWAY_GOROOTS, GOROOTs separated by colons, for the usual places
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
table_only=
only=
case ${1-} in
-t) table_only=1; shift ;;
-r) only=$2; shift 2 ;;
esac
cd "${1:-$top}"
list=$top/tests/scenarios/list.txt
logs=$PWD/logs/scenarios
toolchains=$("$top/build-aux/toolchains.sh")
[ -n "$toolchains" ] || { echo 'scenarios.sh: no Go toolchain of 1.19 or newer found; set GANGWAY_GOROOTS' >&2; exit 1; }
packages=$(sed -n '/^[#=]/d; s/.*| //p' "$list" | tr ' ' '\n' | sed -n 's,^\([a-z]*\):Test.*,./tests/\1,p' | sort -u)

run() {
	make --no-print-directory gomod/.stamp
	[ -n "$only" ] || rm -rf "$logs"
	mkdir -p "$logs"
	# What is compiled specially is the same with cgo on and off.
	echo "$toolchains" | while read -r minor root; do
		for cgo in 0 1; do
			echo "go1.$minor, cgo $cgo" >&2
			builds=
			[ $cgo = 1 ] || builds=1
			# shellcheck disable=SC2086
			(cd gomod && GOROOT=$root CGO_ENABLED=$cgo GANGWAY_BUILDS=$builds GOTOOLCHAIN=local GOWORK=off \
				GOFLAGS=-buildvcs=false PATH="$root/bin:$PATH" \
				"$root/bin/go" test -v -short -count=1 -timeout 20m -run "$only" $packages) \
				>>"$logs/go1.$minor-$cgo" 2>&1 </dev/null || echo "go1.$minor, cgo $cgo: some tests failed" >&2
		done
	done
}

# One line for each test in a log: PACKAGE:TEST VERDICT. go test -v prints a package's tests before the package's line. A
# package that has no tests without cgo is PACKAGE:* SKIP.
verdicts() {
	awk '/^ *--- (PASS|FAIL|SKIP): / { n++; name[n] = $3; verdict[n] = substr($2, 1, 4) }
	     /^(ok|FAIL)[ \t]+[^ \t]+\// { p = $2; sub(".*/tests/", "", p)
		for (i = 1; i <= n; i++) print p ":" name[i], verdict[i]; n = 0 }
	     /\[no test files\]/ { p = $2; sub(".*/tests/", "", p); print p ":*", "SKIP" }' "$1"
}

table() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	columns=
	header='| scenario | Go tests it in | our tests |'
	rule='|---|---|---|'
	for minor in $(echo "$toolchains" | cut -d ' ' -f 1); do
		[ -f "$logs/go1.$minor-0" ] || { echo "scenarios.sh: no log of go1.$minor in $logs" >&2; exit 1; }
		for cgo in 0 1; do
			verdicts "$logs/go1.$minor-$cgo" >"$work/$minor-$cgo"
			columns="$columns $work/$minor-$cgo"
		done
		header="$header 1.$minor |"
		rule="$rule---|"
	done
	awk -v header="$header" -v rule="$rule" -v columns="$columns" -f "$top/tests/scenarios.awk" "$list"
}

[ -n "$table_only" ] || run
mkdir -p doc
table >doc/scenarios.new
mv doc/scenarios.new "$top/doc/scenarios.md"
! grep -n ' FAIL ' "$top/doc/scenarios.md"
