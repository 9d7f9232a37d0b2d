#!/usr/bin/env bash
# The console, format check, clippy, all tests and doctests, documentation. Every step runs even when an earlier
# one failed, so that one look shows everything; the exit status is 0 only if all passed.
#
# The last line is `N passed, N failed`, added up from the test runners' own lines.
# TEST_LOG names the file that keeps the runner's output (default: test.log in the target folder).
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT"

target="$(target_dir)"
log="${TEST_LOG:-$target/test.log}"
mkdir -p "$(dirname "$log")"
: >"$log"
report=()
failed=0

step() { # step NAME COMMAND...
    local name="$1" start status=0 verdict=ok
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    start="$(now_ms)"
    "$@" || status=$?
    if ((status)); then
        failed=1
        verdict="FAILED (exit status $status)"
    fi
    report+=("$(printf '%-8s %9s  %s' "$name" "$(seconds $(($(now_ms) - start)))" "$verdict")")
}

# Doctests and the plain runner's summary lines are wanted, so `cargo test`, not nextest. Output of
# passing tests is shown to find out which of them skipped, and cut down to those lines.
# Property tests draw their cases from one seed here, so that the same tree gives the same verdict twice; a plain
# `cargo test` draws anew each time, and scripts/properties.sh goes through many seeds.
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-20260101}"

# shellcheck disable=SC2329 # called through `step`
run_tests() {
    cargo test --release --locked --workspace --no-fail-fast -- --show-output 2>&1 | tee -a "$log" | awk '
        /^successes:$/ { inside = 1; next }
        /^(failures:$|test result:)/ { inside = 0 }
        !inside || /^skipped: / { print; fflush() }'
}

# shellcheck disable=SC2329 # called through `step`
document() { RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --workspace; }

# shellcheck disable=SC2329 # called through `step`
test_console() { scripts/console.sh test 2>&1 | tee -a "$log"; }

# Against the program that the tests have built.
# shellcheck disable=SC2329 # called through `step`
test_clients() { scripts/tracking/clients.sh "$target/release/portolan" 2>&1 | tee -a "$log"; }
# shellcheck disable=SC2329 # called through `step`
test_console_for_real() {
    cargo build --release --locked --workspace --bin portolan && scripts/console.sh real 2>&1 | tee -a "$log"
}

# First, because the program embeds what it builds.
step console test_console
step fmt cargo fmt --all --check
step clippy cargo clippy --release --locked --workspace --all-targets -- -D warnings
step tests run_tests
step clients test_clients
step browser test_console_for_real
step doc document
step deny scripts/deny.sh

printf '\n'
grep '^test result:' "$log" || true
if grep -q '^skipped: ' "$log"; then
    printf '\nskipped, with the reason:\n'
    grep '^skipped: ' "$log" | sort | uniq -c
fi
printf '\n'
printf '%s\n' "${report[@]}"
count_tests "$log"
exit "$failed"
