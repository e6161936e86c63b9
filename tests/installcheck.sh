#!/bin/sh
# An installed Gangway serves a C program, shared and static, and a Go program through a replace directive.
# Usage: installcheck.sh PKGCONFIGDIR      environment: CC, GO, PKG_CONFIG, LIBFFI_A, DESTDIR (as given to make install)
set -eu
go=$(command -v "${GO:-go}")
export PKG_CONFIG_PATH="${DESTDIR-}$1" PKG_CONFIG_SYSROOT_DIR="${DESTDIR-}"
pkgconfig=${PKG_CONFIG:-pkg-config}
command -v "$pkgconfig" >/dev/null || {
	echo "installcheck.sh: $pkgconfig not found: apt-get install pkg-config" >&2
	exit 1
}
libdir=${DESTDIR-}$($pkgconfig --variable=libdir gangway)
gomoddir=${DESTDIR-}$($pkgconfig --variable=gomoddir gangway)
version=$($pkgconfig --modversion gangway)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >user.c <<'EOF'
#include <gangway.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	gw_library *process;
	void *symbol;
	if (gw_library_process(&process) != GW_OK || gw_library_symbol(process, "strlen", &symbol) != GW_OK) {
		fprintf(stderr, "%s\n", gw_last_error());
		return 1;
	}
	size_t (*length)(const char *);
	memcpy(&length, &symbol, sizeof length);
	printf("%s %zu %d\n", gw_version(), length("gangway"), gw_thread_attach() == GW_ENOGO);
	return gw_library_close(process) != GW_OK;
}
EOF
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -o shared user.c $($pkgconfig --cflags --libs gangway)
# shellcheck disable=SC2046
${CC:-cc} -std=c11 -o static user.c $($pkgconfig --cflags gangway) "$libdir/libgangway.a" "${LIBFFI_A:--lffi}" -ldl -lpthread
for program in shared static; do
	output=$(LD_LIBRARY_PATH=$libdir ./$program)
	[ "$output" = "$version 7 1" ] || {
		echo "installcheck.sh: the $program C program prints '$output', not '$version 7 1'" >&2
		exit 1
	}
done

cat >go.mod <<EOF
module example.com/user

go 1.19

require github.com/gangwayffi/gangway v$version

replace github.com/gangwayffi/gangway => $gomoddir
EOF
cat >main.go <<'EOF'
package main

import (
	"fmt"
	"os"

	"github.com/gangwayffi/gangway"
)

func main() {
	var getpid func() int32
	if err := gangway.Process().Bind("getpid", &getpid); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(int(getpid()) == os.Getpid())
}
EOF
output=$(CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOPROXY=off GOFLAGS=-buildvcs=false \
	"$go" run .)
[ "$output" = true ] || {
	echo "installcheck.sh: the Go program prints '$output', not 'true'" >&2
	exit 1
}
