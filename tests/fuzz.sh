#!/bin/sh
# Hostile and random signatures: the parser, the places, the plans and their machine code (tests/fuzz/fuzz_signature.c).
# The corpus first, then texts made of it. With clang it is libFuzzer that makes them, else tests/fuzz/driver.c.
# Usage: fuzz.sh [ARGUMENT...]      environment: srcdir, CC, CPPFLAGS; GANGWAY_FUZZ_SECONDS (default 20), GANGWAY_FUZZ_SEED,
# GANGWAY_FUZZ_KEEP, a directory for texts that reached new code
# ARGUMENTs, texts that were found, are run instead of all that:      GANGWAY_FUZZ_SECONDS=3600 tests/fuzz.sh
# A finding is written to the working directory: finding-* or, by libFuzzer, crash-*, timeout-*, leak-*.
set -eu
srcdir=${srcdir:-$(dirname "$0")/..}
seconds=${GANGWAY_FUZZ_SECONDS:-20}
seed=${GANGWAY_FUZZ_SEED:-$(date +%s)}
cc=${CC:-gcc}
. "$srcdir/tests/fuzz/units.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# A clang without its run-time libraries cannot link: gcc then.
try() {
	echo '#include <stddef.h>
	int LLVMFuzzerTestOneInput(const char *data, size_t size);
	int LLVMFuzzerTestOneInput(const char *data, size_t size) { return data == NULL && size == 1; }' >"$work/try.c"
	"$@" -o "$work/try" "$work/try.c" >"$work/try.log" 2>&1
}
sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
if try clang $sanitize -fsanitize=fuzzer; then
	# No "function": machine code has no types.
	cc=clang
	sanitize="$sanitize -fno-sanitize=function"
	cover=-fsanitize=fuzzer-no-link
	link=-fsanitize=fuzzer
elif try $cc $sanitize -shared -fPIC; then
	cover=-fsanitize-coverage=trace-pc
	link=
	fuzzer="$fuzzer driver"
else
	echo "fuzz.sh: neither clang nor $cc has the sanitizers:" >&2
	cat "$work/try.log" >&2
	exit 77
fi

objects=
compile() { # object, source, flags
	object=$work/$1.o
	source=$srcdir/$2
	shift 2
	$cc -std=c11 -g -O1 ${CPPFLAGS-} "$@" -c -o "$object" "$source"
	objects="$objects $object"
}
for unit in $core; do
	compile "$unit" "bridge/$unit.c" $sanitize $cover
done
for unit in $sysv; do
	compile "${unit}_sysv" "trampolines/${unit}_sysv.S"
done
for unit in $fuzzer; do
	compile "$unit" "tests/fuzz/$unit.c" $sanitize -Wall -Wextra -Wshadow -Wstrict-prototypes
done
wrap=-Wl,--wrap=gw_arena_keep,--wrap=malloc,--wrap=calloc,--wrap=realloc # memory.c
$cc $sanitize $link $wrap -o "$work/fuzz_signature" $objects "${LIBFFI_A:--lffi}" -lpthread

export ASAN_OPTIONS="abort_on_error=1:detect_stack_use_after_return=0:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="abort_on_error=1:print_stacktrace=1:${UBSAN_OPTIONS-}"
# libFuzzer ends with 77 when it finds something, which is "skipped" to automake.
run() {
	"$work/fuzz_signature" "$@" || exit 1
}
if [ $# -gt 0 ]; then
	run "$@"
elif [ -z "$link" ]; then
	run -seconds="$seconds" -seed="$seed" ${GANGWAY_FUZZ_KEEP:+"-keep=$GANGWAY_FUZZ_KEEP"} "$srcdir/tests/fuzz/corpus"
else
	echo "fuzz.sh: libFuzzer, seed $seed"
	run -runs=0 -max_len=16384 "$srcdir/tests/fuzz/corpus"
	found=${GANGWAY_FUZZ_KEEP:-$work/found}
	mkdir -p "$found"
	run -max_total_time="$seconds" -seed="$((seed % 4294967296))" -max_len=16384 -timeout=60 \
		-print_final_stats=1 -verbosity=0 "$found" "$srcdir/tests/fuzz/corpus"
fi
