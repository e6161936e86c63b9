#!/bin/sh
# The object keeps the rules of Go's internal linker, and the same sources make the same bytes wherever they lie.
# Usage: object.sh      in the build directory, after make; environment: srcdir and build-aux/object.sh's
set -eu
srcdir=$(cd "${srcdir:-.}" && pwd)
object=$(pwd)/trampolines/gangway_linux_amd64.syso
export LC_ALL=C
failed=0
fail() {
	echo "object.sh: $1" >&2
	failed=1
}

readelf=${READELF:-readelf}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
$readelf --wide --section-headers "$object" >"$work/sections"
$readelf --wide --relocs "$object" >"$work/relocs"
$readelf --wide --symbols "$object" >"$work/symbols"
[ -s "$work/sections" ] && grep -q R_X86_64_PC32 "$work/relocs" && grep -q gw_rt_init "$work/symbols" ||
	fail "readelf shows nothing of the object"

# Constructors are dropped silently; thread-local storage and code that is not position independent do not link.
if grep -E '\.(init_array|fini_array|preinit_array|ctors|dtors|init|fini)\b' "$work/sections"; then
	fail "it has constructors or destructors"
fi
if grep -E '\.t(data|bss)\b' "$work/sections" || grep -E ' TLS ' "$work/symbols"; then
	fail "it has thread-local variables"
fi
# 64-bit absolute words in data are what a position independent executable relocates; anywhere else, and in 32 bits, not.
if grep -E 'R_X86_64_(32S?|16|8|TLS|GOTTPOFF|TPOFF|DTPOFF)' "$work/relocs"; then
	fail "it has relocations that are not position independent"
fi
if awk '/^Relocation section/ { text = /\.rela\.text/ } text && /R_X86_64_64/' "$work/relocs" | grep .; then
	fail "it has absolute addresses in code"
fi
if awk '/ WAX | AWX /' "$work/sections" | grep .; then
	fail "it has a section that is writable and executable"
fi

# A program may have a libffi of its own.
if grep -E ' (GLOBAL|WEAK) .* [0-9]+ ffi_' "$work/symbols"; then
	fail "it exports libffi's names"
fi
# Only our names are offered; a stray one would meet a user's.
if awk '($5 == "GLOBAL" || $5 == "WEAK") && $7 != "UND" && $8 !~ /^gw_/' "$work/symbols" | grep .; then
	fail "it exports names that do not begin with gw_"
fi
if strings -a "$object" 2>/dev/null | grep -F -e "$srcdir" -e "$(pwd)"; then
	fail "it names the directory that it was built in"
fi

# Once more, from a copy of the sources elsewhere, under another name, at another time, with other settings.
mkdir "$work/elsewhere"
cp -R "$srcdir/bridge" "$srcdir/include" "$srcdir/build-aux" "$work/elsewhere/"
mkdir "$work/elsewhere/trampolines"
cp "$srcdir"/trampolines/*.[hS] "$work/elsewhere/trampolines/"
chmod -R u+w "$work/elsewhere"
# shellcheck disable=SC2086
TZ=Asia/Tokyo SOURCE_DATE_EPOCH=1 CFLAGS=-O0 \
	sh "$work/elsewhere/build-aux/object.sh" "$work/again.syso" "$work/elsewhere" $CORE_SOURCES
cmp "$object" "$work/again.syso" || fail "it differs when built again elsewhere"

exit $failed
