#!/bin/sh
# The shared library exports the functions of include/gangway.h and include/gangway_jit.h, no more and no fewer, and
# needs libc alone. No function goes without a test of NULL.
# Usage: exports.sh      in the build directory, after make; environment: srcdir, READELF
set -eu
export LC_ALL=C
library=.libs/libgangway.so.0
include=${srcdir:-.}/include
readelf=${READELF:-readelf}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A public declaration stands behind GW_API; the name is the word before its parameter list.
cat "$include"/gangway.h "$include"/gangway_jit.h | tr '\n' ' ' | tr ';' '\n' | sed -n 's/.*GW_API [^(]*\(gw_[a-z0-9_]*\) *(.*/\1/p' | sort >"$work/declared"
$readelf --wide --dyn-syms "$library" |
	awk '$7 ~ /^[0-9]+$/ && $5 == "GLOBAL" { sub("@.*", "", $8); print $8 }' | sort >"$work/exported"
[ -s "$work/declared" ] || { echo "exports.sh: no GW_API declarations in $include" >&2; exit 1; }
diff "$work/declared" "$work/exported" || {
	echo "exports.sh: $include (<) and $library (>) differ: see bridge/libgangway.map" >&2
	exit 1
}

# Each function that takes a pointer is given NULL by tests/test_null.c.
tr '\n' ' ' <"${srcdir:-.}/tests/test_null.c" >"$work/null"
cat "$include"/gangway.h "$include"/gangway_jit.h | tr '\n' ' ' | tr ';' '\n' |
	sed -n 's/.*GW_API [^(]*\(gw_[a-z0-9_]*\) *(.*\*.*/\1/p' >"$work/pointers"
[ -s "$work/pointers" ] || { echo "exports.sh: no function takes a pointer" >&2; exit 1; }
while read -r name; do
	grep -q "\b$name([^;]*NULL" "$work/null" || {
		echo "exports.sh: tests/test_null.c does not give NULL to $name" >&2
		exit 1
	}
done <"$work/pointers"

if $readelf --wide --dynamic "$library" | grep NEEDED | grep -vE '\[lib(c|pthread|dl)\.so\.[0-9]+\]'; then
	echo "exports.sh: $library needs more than libc" >&2
	exit 1
fi
$readelf --wide --dynamic "$library" | grep -q 'SONAME.*\[libgangway\.so\.0\]' || {
	echo "exports.sh: $library is not libgangway.so.0 by its own name" >&2
	exit 1
}
