#!/bin/sh
# The C tests, and the corpus of the fuzzer (signatures, calls, closures, plans and their code), under valgrind's memcheck.
# Usage: valgrind.sh [TEST...]      in the build directory, after make check has made the tests; TEST: names, and fuzz
# Environment: srcdir, CC, CPPFLAGS
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
cc=${CC:-gcc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
command -v valgrind >/dev/null || {
	echo "valgrind.sh: no valgrind on PATH: apt-get install valgrind" >&2
	exit 77
}

# What cannot hold there: valgrind's own code lies in memory that is writable and executable, which test_code (left out;
# its calls are in test_faults, too) and a test of thunks would find, and which a system that refuses such memory does not
# give; it does not tell programs of a limit on address space; and it reports that test_wait (left out) lets the kernel find
# out whether memory can be read.
left_out='test_code|test_wait'
cannot_hold='thunk_pages_are_never_writable_and_executable
closure_goes_on_without_more_executable_memory
fficall_serves_where_the_kernel_refuses_code
address_space_is_exhausted'

# Structs of a megabyte travel on the stack. Code changes while it is used: thunks are written, run, and written anew.
memcheck() { # log, program...
	log=$1
	shift
	valgrind --log-file="$log.%p" --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
		--max-stackframe=4194304 --freelist-vol=500000 --freelist-big-blocks=100000 --smc-check=all-non-file "$@" &
	pid=$!
	wait $pid
}

failed=0
verdict() { # name, whether it is well
	if [ "$2" = yes ]; then
		echo "valgrind: $1: ok"
	else
		echo "valgrind: $1: FAILED"
		cat "$work/$1.out" "$work/$1.log.$pid"
		failed=1
	fi
}

fuzz() {
	objects=
	. "$srcdir/tests/fuzz/units.sh"
	for unit in $core; do
		$cc -std=c11 -g -O1 ${CPPFLAGS-} -c -o "$work/$unit.o" "$srcdir/bridge/$unit.c"
		objects="$objects $work/$unit.o"
	done
	for unit in $sysv; do
		$cc ${CPPFLAGS-} -c -o "$work/${unit}_sysv.o" "$srcdir/trampolines/${unit}_sysv.S"
		objects="$objects $work/${unit}_sysv.o"
	done
	for unit in driver $fuzzer; do
		$cc -std=c11 -g -O1 ${CPPFLAGS-} -c -o "$work/fuzz_$unit.o" "$srcdir/tests/fuzz/$unit.c"
		objects="$objects $work/fuzz_$unit.o"
	done
	# shellcheck disable=SC2086
	$cc -Wl,--wrap=gw_arena_keep,--wrap=malloc,--wrap=calloc,--wrap=realloc -o "$work/fuzz" $objects "${LIBFFI_A:--lffi}" -lpthread
	# valgrind computes with 64 bits where a long double has 80.
	texts=$(grep -LE 'f80|c160' "$srcdir"/tests/fuzz/corpus/*)
	good=no
	# shellcheck disable=SC2086
	memcheck "$work/fuzz.log" "$work/fuzz" $texts >"$work/fuzz.out" 2>&1 && good=yes
	verdict fuzz $good
}

[ $# -gt 0 ] || set -- $(cd "$srcdir/tests" && ls test_*.c | sed 's/\.c$//' | grep -vxE "$left_out") fuzz
for test in "$@"; do
	if [ "$test" = fuzz ]; then
		fuzz
		continue
	fi
	good=no
	memcheck "$work/$test.log" "tests/$test" >"$work/$test.out" 2>&1 && good=yes
	# Without errors of memcheck's own, those that cannot hold may fail.
	if [ $good = no ] && grep -q 'ERROR SUMMARY: 0 errors' "$work/$test.log.$pid" &&
		grep -q '\[  PASSED  \]' "$work/$test.out" &&
		! sed -n 's/^\[  FAILED  \] \([a-z_0-9]*\)$/\1/p' "$work/$test.out" | grep -vxF "$cannot_hold" | grep -q .; then
		good=yes
	fi
	verdict "$test" $good
done
exit $failed
