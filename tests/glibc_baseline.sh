#!/bin/sh
# Fails when an ELF program needs a symbol version of glibc newer than 2.17, and names what needs it.
# Usage: glibc_baseline.sh PROGRAM...
set -eu
export LC_ALL=C
bad=0
for program in "$@"; do
	versions=$(readelf -VW "$program" | sed -n 's/.*Name: \(GLIBC_[^ ]*\) .*/\1/p' | sort -u)
	[ -n "$versions" ] || { echo "$program: needs no glibc at all, so this says nothing" >&2; exit 1; }
	for v in $versions; do
		# A version that is no number asks for a newer loader (GLIBC_ABI_DT_RELR) or for glibc's own build (GLIBC_PRIVATE).
		case $v in
		GLIBC_[0-9]*) newest=$(printf '%s\n%s\n' "$v" GLIBC_2.17 | sort -V | tail -n 1) ;;
		*) newest=$v ;;
		esac
		if [ "$newest" != GLIBC_2.17 ]; then
			echo "$program needs $v:" >&2
			readelf --dyn-syms -W "$program" | grep -F "@$v " >&2 || true
			bad=1
		fi
	done
done
exit $bad
