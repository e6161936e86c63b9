#!/bin/sh
# doc/scenarios.md has the rows of tests/scenarios/list.txt, the tests that these name exist, every scenario of ours is in a row,
# and so is every test for cgo in the source of the Go release at hand.
# Usage: scenarios_table.sh      in the build directory, after make; environment: srcdir, GO
set -eu
export LC_ALL=C
srcdir=${srcdir:-.}
list=$srcdir/tests/scenarios/list.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
complain() {
	echo "scenarios_table.sh: $1" >&2
	sed 's/^/    /' "$2" >&2
	failed=1
}

awk -v header=H -v rule=R -f "$srcdir/tests/scenarios.awk" "$list" | grep '^[|] ' >"$work/rows"
grep '^| ' "$srcdir/doc/scenarios.md" | grep -v '^| scenario ' | awk -F ' *[|] *' '{ print "| " $2 " | " $3 " | " $4 " |" }' >"$work/have"
diff "$work/rows" "$work/have" >"$work/diff" || complain 'the rows of the list (<) and of doc/scenarios.md (>) differ: run tests/scenarios.sh' "$work/diff"
! grep ' FAIL ' "$srcdir/doc/scenarios.md" >"$work/fail" || complain 'scenarios that failed' "$work/fail"

sed -n '/^[#=]/d; s/.*| //p' "$list" | tr ' ' '\n' | grep '^[a-z]*:Test' | sort -u >"$work/ours"
while IFS=: read -r package test; do
	grep -q "^func ${test%%/*}(t " "$srcdir/tests/$package/"*_test.go || echo "$package:$test"
done <"$work/ours" >"$work/none"
[ ! -s "$work/none" ] || complain 'no such test' "$work/none"
sed -n 's|.*{group: "\([a-z]*\)", name: "\([a-z-]*\)".*|TestScenarios/\1/\2|p' "$srcdir/tests/scenarios/scenarios_test.go" | sort -u |
	while read -r test; do grep -q "^scenarios:$test\(/.*\)\{0,1\}$" "$work/ours" || echo "$test"; done >"$work/none"
[ ! -s "$work/none" ] || complain 'scenarios without a row' "$work/none"

# Distributions may leave tests out of GOROOT; what is there counts.
goroot=$("${GO:-go}" env GOROOT)
for file in "$goroot"/src/runtime/crash_cgo_test.go "$goroot"/src/cmd/cgo/internal/test/*_test.go \
	"$goroot"/src/cmd/cgo/internal/testnocgo/*_test.go "$goroot"/src/cmd/cgo/internal/testcarchive/*_test.go \
	"$goroot"/misc/cgo/test/*_test.go; do
	[ ! -f "$file" ] || sed -n 's/^func \(Test[A-Z0-9][A-Za-z0-9]*\)(t .*/\1/p' "$file"
done | sort -u >"$work/theirs"
awk -F ' *[|] *' '!/^[#=]/ { print $2 }' "$list" | tr ' ' '\n' | sort -u >"$work/named"
comm -23 "$work/theirs" "$work/named" >"$work/none"
[ ! -s "$work/none" ] || complain "tests of $goroot that no row names" "$work/none"
echo "$(wc -l <"$work/theirs") tests for cgo in $goroot, $(wc -l <"$work/ours") of ours for them"
exit $failed
