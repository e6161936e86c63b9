# Sourced by demo, check, tests/matrix and .ci/run: steps that are announced, timed and counted.
# shellcheck shell=sh

steps_passed=0
steps_failed=0

# A machine without HOME (a bare container) still needs a place for Go's caches.
export HOME="${HOME:-$PWD}"
jobs=$(getconf _NPROCESSORS_ONLN)

# step TITLE COMMAND...: run it; the first failure ends the script.
step() {
	step_title=$1
	shift
	printf '\n== %s\n' "$step_title"
	step_begin=$(date +%s)
	if "$@"; then
		steps_passed=$((steps_passed + 1))
		printf '== %s: ok, %s s\n' "$step_title" $(($(date +%s) - step_begin))
	else
		steps_failed=$((steps_failed + 1))
		printf '== %s: FAILED\n' "$step_title" >&2
		steps_summary
		exit 1
	fi
}

# The closing line, which .ci/run adds up.
steps_summary() {
	printf '\n%s steps passed, %s failed\n' "$steps_passed" "$steps_failed"
}
