#!/bin/sh
# The C core with AddressSanitizer and UndefinedBehaviorSanitizer: the C tests (tests/test_*.c), and, called from Go, what the
# differential tests call for C (tests/cdiff). The fuzzer has them always (tests/fuzz.sh).
# Usage: sanitizers.sh [TEST...]      in the build directory, after make; TEST: names of C tests, and differential (default: all)
# Environment: srcdir, CC, CPPFLAGS, GO, LIBFFI_A, CORE_SOURCES
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
cc=${CC:-gcc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
echo 'int main(void) { return 0; }' >"$work/try.c"
# shellcheck disable=SC2086
$cc $sanitize -o "$work/try" "$work/try.c" >"$work/try.log" 2>&1 || {
	echo "sanitizers.sh: $cc has none:" >&2
	cat "$work/try.log" >&2
	exit 77
}

compile() { # object, source, flags
	object=$work/$1.o
	source=$srcdir/$2
	shift 2
	# shellcheck disable=SC2086
	$cc -std=c11 -g -O1 -fPIC -fvisibility=hidden ${CPPFLAGS-} -I"$srcdir/include" "$@" -c -o "$object" "$source"
}
core=
for source in $CORE_SOURCES; do
	name=core_$(basename "$source" | tr . _)
	case $source in
	*.c) compile "$name" "$source" $sanitize ;;
	*.S) compile "$name" "$source" ;;
	esac
	core="$core $work/$name.o"
done

# A test wraps the functions that it defines a __wrap_ for.
build() { # test
	compile "$1" "tests/$1.c" $sanitize -Wno-psabi
	wraps=$(nm "$work/$1.o" | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')
	shared=
	case $1 in
	test_jit*)
		compile jit_program tests/jit_program.c $sanitize
		shared=$work/jit_program.o
		;;
	esac
	# shellcheck disable=SC2086
	$cc $sanitize -o "$work/$1" "$work/$1.o" $shared $core $wraps "$LIBFFI_A" -lcmocka -lm -ldl -lpthread
}

# The Go tests, with libcdiff.so and the run-time libraries of the sanitizers in front of all others. Those look at what happens
# in libcdiff.so alone: Go's memory is not theirs, signals are Go's, and a panic leaves C's frames behind.
differential() {
	# shellcheck disable=SC2086
	$cc $sanitize -std=c11 -g -O1 -fPIC -shared -fvisibility=hidden -Wl,--exclude-libs,ALL \
		-o "$work/libcdiff.so" "$srcdir/tests/cdiff/cdiff.c" $core "$LIBFFI_A" -ldl -lpthread &&
	(cd gomod && CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false \
		"${GO:-go}" test -c -o "$work/differential" ./tests/differential) &&
	(cd gomod/tests/differential && GANGWAY_CDIFF=$work/libcdiff.so CC="env LD_PRELOAD= $cc" \
		LD_PRELOAD="$($cc -print-file-name=libasan.so):$($cc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS="detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:use_sigaltstack=0:$ASAN_OPTIONS" \
		GANGWAY_SIGNATURES="${GANGWAY_SIGNATURES:-300}" "$work/differential" -test.run 'TestDifferential$' -test.v)
}

# Memory that runs out is NULL; what was freed is kept back for a while, but not so much that tests take it for a leak.
export ASAN_OPTIONS="allocator_may_return_null=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=16:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS-}"
[ $# -gt 0 ] || set -- $(cd "$srcdir/tests" && ls test_*.c | sed 's/\.c$//') differential
for test in "$@"; do
	case $test in
	differential) run=differential ;;
	*)
		build "$test"
		run=$work/$test
		;;
	esac
	if $run >"$work/$test.log" 2>&1; then
		echo "sanitizers: $test: ok"
	else
		echo "sanitizers: $test: FAILED"
		cat "$work/$test.log"
		failed=1
	fi
done
exit $failed
