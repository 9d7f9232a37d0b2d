#!/usr/bin/env bash
# Fuzzes the decoders (fuzz/targets/, one a file), each for some seconds, from seeds that our own code makes. Works with the stable
# compiler: what libFuzzer has to see is asked of LLVM by flags, and memory is counted by the targets themselves, so that no sanitizer
# is needed. Needs a C++ compiler for libFuzzer; installs one with apt-get where there is none.
#
# usage: scripts/fuzz.sh [SECONDS [TARGET…]]    all targets, or those named; SECONDS each (default 60)
#        scripts/fuzz.sh again TARGET FILE      one input once more, with what it says
#
# What was found lies in fuzz/artifacts/TARGET/, what was learnt in fuzz/corpus/TARGET/. The exit status is 0 only if nothing was found.
set -euo pipefail
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$ROOT/fuzz"

host="$(rustc -vV | sed -n 's/^host: //p')"
# A workspace of its own under flags of its own: apart from what the program is built into.
export CARGO_TARGET_DIR="${FUZZ_TARGET_DIR:-$ROOT/fuzz/target}" CARGO_INCREMENTAL=0
flags=(--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4)
flags+=(-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table)
flags+=(-Cllvm-args=-sanitizer-coverage-trace-compares)
export RUSTFLAGS="${flags[*]}"

if ! command -v c++ >/dev/null 2>&1; then
    run=()
    [[ "$(id -u)" == 0 ]] || run=(sudo)
    command -v apt-get >/dev/null 2>&1 || fail "a C++ compiler is missing; install it with your system's package manager"
    say "fuzz: installing g++ with apt-get"
    "${run[@]}" apt-get update -qq
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends g++
fi

mapfile -t all < <(cd targets && printf '%s\n' *.rs | sed 's/\.rs$//')
# With --target, build scripts and macros are spared the flags.
cargo build --release --locked --target "$host"
programs="$CARGO_TARGET_DIR/$host/release"

if [[ "${1:-}" == again ]]; then
    [[ $# == 3 ]] || fail "usage: scripts/fuzz.sh again TARGET FILE"
    file="$3"
    [[ "$file" == /* ]] || file="$OLDPWD/$file"
    RUST_BACKTRACE=1 exec "$programs/$2" "$file"
fi

seconds="${1:-60}"
[[ "$seconds" =~ ^[0-9]+$ ]] || fail "seconds are a whole number, not \`$seconds\`"
shift || true
targets=("${@:-${all[@]}}")
for target in "${targets[@]}"; do
    [[ -f "targets/$target.rs" ]] || fail "there is no target \`$target\`; there are ${all[*]}"
done
"$programs/seeds" corpus "${targets[@]}"

# Ten seconds for one input, 2 GB for the whole process: what a target takes for one input it counts itself, and more exactly.
found=0
report=()
for target in "${targets[@]}"; do
    mkdir -p "artifacts/$target"
    log="artifacts/$target.log"
    status=0
    "$programs/$target" "corpus/$target" "-artifact_prefix=artifacts/$target/" "-max_total_time=$seconds" -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 >"$log" 2>&1 || status=$?
    runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    report+=("$(printf '%-10s %12s runs  %s' "$target" "${runs:-?}" "$( ((status)) && echo "FOUND: see fuzz/$log" || echo nothing found)")")
    ((status == 0)) || found=1
done
printf '%s\n' "${report[@]}"
exit "$found"
