#!/bin/sh
# Build an object that Go's linker takes in: compile the C core and the SysV trampolines, merge them with the members of
# libffi that they need, and hide libffi's names so that the object can stand in a program that has its own libffi.
# Usage: object.sh OUTPUT SRCDIR SOURCE...      OUTPUT absolute; sources relative to SRCDIR
# Environment: CC LD OBJCOPY CPPFLAGS WARN_CFLAGS, LIBFFI_A (empty: without libffi)
# The same sources and tools give the same bytes: everything is compiled by relative name, in the order given, and the
# user's CFLAGS have no say (a stack protector or a sanitizer in here would not survive Go's linker).
set -eu
export LC_ALL=C

output=$1 srcdir=$2
shift 2
cd "$srcdir"

# What Go's internal linker demands: position independent code, no thread-local storage, no constructors (GW_OBJECT
# leaves them out); and no unwind tables for C, which its unwinder never reads. It leaves out sections that nothing refers
# to: each function has one.
cflags="-DGW_OBJECT -std=c11 -O2 -fPIC -fvisibility=hidden -fno-asynchronous-unwind-tables -fcf-protection=none
	-ffunction-sections -fdata-sections
	-fno-stack-protector -fno-ident -U_FORTIFY_SOURCE -ffile-prefix-map=$(pwd)=."

work=$output.tmp
rm -rf "$work"
mkdir "$work"
trap 'rm -rf "$work"' EXIT

objects=
for source in "$@"; do
	object=$work/$(echo "$source" | tr / _).o
	# shellcheck disable=SC2086
	$CC $cflags ${WARN_CFLAGS-} ${CPPFLAGS-} -Iinclude -c -o "$object" "$source"
	objects="$objects $object"
done
# shellcheck disable=SC2086
$LD -r -o "$work/merged" $objects ${LIBFFI_A:+"$LIBFFI_A"}
$OBJCOPY --enable-deterministic-archives --strip-debug --remove-section=.comment \
	--remove-section=.note.gnu.property --wildcard --localize-symbol='ffi_*' "$work/merged" "$work/object"
mv -f "$work/object" "$output"
