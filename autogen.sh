#!/bin/sh
# Make ./configure in a checkout: the lists of files, autoconf, automake and libtool in one step.
set -eu
cd "$(dirname "$0")"
for tool in autoreconf automake libtoolize; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool not found: apt-get install autoconf automake libtool" >&2
		exit 1
	}
done
mkdir -p build-aux/m4
build-aux/lists.sh
exec autoreconf --install --force --warnings=all,no-portability,no-obsolete
