#!/bin/sh
# Write lists.am, which Makefile.am includes: which files are of which kind, by where they lie and how they are called. In a
# checkout these are the files that git tracks, so a new one wants `git add` and then this, or ./autogen.sh. A tarball has
# its lists.am; sources without either (git archive) are taken as they lie there.
# Usage: lists.sh      in the source tree, before automake
set -eu
export LC_ALL=C
if [ -e .git ]; then
	all=$(git -c safe.directory="$(pwd)" ls-files)
elif [ -f lists.am ]; then
	exit 0
else
	all=$(find . -type f | sed 's,^\./,,')
fi
# What only a checkout needs, and ./check, whose name no rule may have for a file: Makefile.am packs it by hand.
all=$(echo "$all" | grep -vxE '\.gitignore|\.clang-format|\.ci/.*|check|lists\.am' | sort | while read -r file; do
	[ ! -f "$file" ] || echo "$file"
done)

# list NAME: a variable with the lines of standard input.
list() {
	printf '\n%s =' "$1"
	while read -r file; do
		printf ' \\\n\t%s' "$file"
	done
	echo
}

# of PATTERN [BUT]: the files whose whole names match the one and not the other.
of() {
	echo "$all" | grep -xE "$1" | grep -vxE "${2-}" || true
}

module='go\.mod|COPYING|README\.md|[a-z]+\.go|(include|examples|jit|trampolines)/.*'
assembly='trampolines/.*_sysv\.[Sh]'
tests='.*_test\.go|bench/.*|build-aux/.*/.*|tests/.*/.*'
{
	echo '# Written by build-aux/lists.sh.'
	of 'bridge/.*\.c|trampolines/.*_sysv\.S' | list core_sources
	of 'bridge/.*\.h|trampolines/.*_sysv\.h' | list core_headers
	of "$module" "$assembly|.*_test\.go" | list module_sources
	of "$tests" 'tests/(clib|cdiff|fuzz)/.*' | list module_tests
	of 'tests/clib/.*\.c' | list test_library_sources
	of 'tests/test_.*\.c' | sed 's/\.c$//' | list c_tests
	of 'tests/[^/]*\.h' | list c_test_headers
	echo "$all" | list all_files
} >lists.am.tmp
mv -f lists.am.tmp lists.am
