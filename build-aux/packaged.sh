#!/bin/sh
# In a git checkout: the tarball of `make dist` holds every tracked file but those that only a checkout needs.
# Usage: packaged.sh      in the source tree, after make dist or distcheck
set -eu
[ -e .git ] && command -v git >/dev/null || { echo 'not a git checkout: nothing to compare'; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
tarball=$(ls -t gangway-*.tar.gz | head -n 1)
tar -tzf "$tarball" | sed 's,^[^/]*/,,' | sort >"$work/packed"
git -c safe.directory="$(pwd)" ls-files | grep -vxE '\.gitignore|\.clang-format|\.ci/.*' | sort >"$work/tracked"
comm -13 "$work/packed" "$work/tracked" >"$work/left-out"
[ ! -s "$work/left-out" ] || {
	echo "packaged.sh: tracked, but not in lists.am (run ./autogen.sh):" >&2
	cat "$work/left-out" >&2
	exit 1
}
