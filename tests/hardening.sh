#!/bin/sh
# What the dynamic linker protects in libgangway.so is protected, and nothing of Gangway reads the environment but the Go
# side, for GANGWAY_ROAD and GANGWAY_CHECK, when it may (tests/security).
# Usage: hardening.sh      in the build directory, after make; environment: srcdir, CC, CPPFLAGS, CORE_SOURCES, READELF
set -eu
export LC_ALL=C
library=.libs/libgangway.so.0
object=trampolines/gangway_linux_amd64.syso
srcdir=${srcdir:-.}
readelf=${READELF:-readelf}
failed=0
fail() {
	echo "hardening.sh: $1" >&2
	failed=1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

$readelf --wide --program-headers "$library" >"$work/segments"
$readelf --wide --dynamic "$library" >"$work/dynamic"
grep -q ' LOAD ' "$work/segments" && grep -q SONAME "$work/dynamic" || fail "readelf shows nothing of $library"
grep -E '^ *GNU_STACK .* RW +0x' "$work/segments" >/dev/null || fail "$library does not say that the stack is not executable"
grep -E '^ *GNU_RELRO ' "$work/segments" >/dev/null || fail "$library has no RELRO segment"
grep -E '\(FLAGS(_1)?\).*NOW' "$work/dynamic" >/dev/null || fail "$library is not bound at once: its GOT stays writable"
grep -E '\(FLAGS_1\).*NODELETE' "$work/dynamic" >/dev/null ||
	fail "$library can be unloaded: threads end in code that is gone"
if grep TEXTREL "$work/dynamic"; then
	fail "the code of $library is relocated"
fi
if grep -E '^ *LOAD .* RWE ' "$work/segments"; then
	fail "$library has a segment that is writable and executable"
fi

# Built for indirect branch tracking and shadow stacks the library is marked for both. Its own files decide: those that
# the compiler adds (crti.o) do not have marks on every system. The Go object has none.
properties() { # file: what it says it is fit for
	$readelf --wide --notes "$1" | sed -n 's/.*x86 feature: *//p'
}
objects=
for source in $CORE_SOURCES; do
	objects="$objects $work/$(basename "$source" | tr . _).o"
	# shellcheck disable=SC2086
	${CC:-cc} -std=c11 -O1 -fPIC -fcf-protection=full -fvisibility=hidden ${CPPFLAGS-} -I"$srcdir/include" -c \
		-o "$work/$(basename "$source" | tr . _).o" "$srcdir/$source"
done
# shellcheck disable=SC2086
${CC:-cc} -fcf-protection=full -shared -nostdlib -o "$work/protected.so" $objects
[ "$(properties "$work/protected.so")" = 'IBT, SHSTK' ] ||
	fail "built with -fcf-protection the library says '$(properties "$work/protected.so")', not 'IBT, SHSTK'"
[ -z "$(properties "$object")" ] || fail "$object says that it is fit for CET, in Go programs"
for file in "$work"/*_sysv_S.o; do
	# The instruction after the line of a function's name.
	${OBJDUMP:-objdump} --disassemble --no-show-raw-insn "$file" >"$work/disassembly"
	awk -v file="$(basename "$file")" '
		name { functions++ }
		name && $2 != "endbr64" { print "hardening.sh: " name " in " file " begins with " $2; bad = 1 }
		{ name = "" }
		/^[0-9a-f]+ <gw_.*>:$/ { name = $2 }
		END { exit bad || functions == 0 }' "$work/disassembly" >&2 ||
		fail "$file: functions without endbr64, or none"
done

for file in "$library" "$object"; do
	$readelf --wide --symbols "$file" >"$work/symbols"
	grep -q ' UND malloc' "$work/symbols" || fail "readelf shows no malloc among what $file needs"
	if grep -E ' UND (getenv|secure_getenv|__libc_secure_getenv|environ|__environ)' "$work/symbols"; then
		fail "$file reads the environment"
	fi
done
read_by_go=$(grep -rhoE 'os\.(Getenv|LookupEnv|Environ)\([^)]*\)|syscall\.Getenv\([^)]*\)' "$srcdir"/*.go "$srcdir"/trampolines/*.go | sort -u)
[ "$read_by_go" = 'os.Getenv("GANGWAY_CHECK")
syscall.Getenv("GANGWAY_ROAD")
syscall.Getenv("GODEBUG")' ] || fail "the Go side reads of the environment: $read_by_go"

exit $failed
