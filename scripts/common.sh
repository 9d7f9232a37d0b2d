# Shared by the scripts of this folder; sourced, not run.
# shellcheck shell=bash

# The project's root, whatever the caller's folder is.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

say() { printf '%s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Cargo's target folder: the environment and Cargo's own configuration both may move it.
target_dir() {
    (cd "$ROOT" && cargo metadata --no-deps --format-version 1) | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

# The built program: $PORTOLAN where it is set, else the release build.
portolan_path() {
    local path="${PORTOLAN:-$(target_dir)/release/portolan}"
    [[ -x "$path" ]] || fail "$path is not there; build it with: cargo build --release -p app"
    (cd "$(dirname "$path")" && printf '%s/%s\n' "$PWD" "$(basename "$path")")
}

# `N passed, N failed`, added up from the test runners' own lines in a log: Cargo's
# `test result: ok. 12 passed; 0 failed; 0 ignored; …` and Vitest's `Tests  1 failed | 12 passed (13)`.
count_tests() { # count_tests LOG
    awk '/^(test result:| *Tests  )/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^failed/) f += $(i - 1) } }
        END { printf "%d passed, %d failed\n", p, f }' "$1"
}

# Milliseconds since some fixed moment.
now_ms() { date +%s%3N; }

# 83412 -> 83.4 s
seconds() { awk -v ms="$1" 'BEGIN { printf "%.1f s", ms / 1000 }'; }
