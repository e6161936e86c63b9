#!/bin/sh
# Lay a Go module out: copy files from a list of roots, the first that has the file, into DEST.
# Usage: stage.sh DEST ROOT[:ROOT...] FILE...      DEST is replaced; FILE relative to its root and to DEST
# Times are kept (Go's caches look at them); modes become 644, directories writable, whatever the source tree has.
set -eu
dest=$1 roots=$2
shift 2
chmod -R u+w "$dest" 2>/dev/null || true
rm -rf "$dest"
mkdir -p "$dest"
for file in "$@"; do
	from=
	IFS=:
	for root in $roots; do
		[ -f "$root/$file" ] && { from=$root/$file; break; }
	done
	unset IFS
	[ -n "$from" ] || { echo "stage.sh: no $file under $roots" >&2; exit 1; }
	case $file in
	*/*) mkdir -p "$dest/${file%/*}" ;;
	esac
	cp -p "$from" "$dest/$file"
	chmod 644 "$dest/$file"
done
